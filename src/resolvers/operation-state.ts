/** What the resolvers of one operation share: opened connections, loaders, and which rows are only parts of rows. */
import type { GraphQLResolveInfo } from 'graphql';
import type { Connections } from '../connection/connections.ts';
import type { Connector } from '../connector/definition.ts';
import type { OperationContext } from './operation-context.ts';
import { toOpenedConnection, type OpenedConnection } from './opened-connection.ts';
import { createLoaders, type LoadRow, type EntityActions } from './loaders.ts';
import type { PartialRows } from './partial-rows.ts';

export interface OperationState extends OperationContext {
  /** Opens the caller's connection for a connector, once per operation. @throws AuthorizationError */
  readonly open: (connector: Connector, connectionId?: string | null) => Promise<OpenedConnection>;
  /** Remembers which connection a root field uses, so that joins below it use the same. */
  readonly useConnection: (info: GraphQLResolveInfo, opened: OpenedConnection) => void;
  /** The connection for a join: the root field's own where the connector is the same, else the caller's usual one. */
  readonly connectionBelow: (info: GraphQLResolveInfo, connector: Connector) => Promise<OpenedConnection>;
  readonly loadRow: LoadRow;
  readonly partialRows: PartialRows;
}

/** State of one operation. */
export function createOperationState(
  context: OperationContext,
  connections: Connections,
  entityActions: EntityActions,
): OperationState {
  const opened = new Map<string, Promise<OpenedConnection>>();
  const byRootField = new Map<string | number, OpenedConnection>();
  const open = (connector: Connector, connectionId?: string | null) => {
    const key = JSON.stringify([connector.name, connectionId ?? null]);
    let opening = opened.get(key);
    if (!opening) {
      opening = connections
        .open(context.caller, connector, connectionId)
        .then((usable) => toOpenedConnection(usable, context.signal));
      opened.set(key, opening);
    }
    return opening;
  };
  return {
    ...context,
    open,
    useConnection: (info, connection) => void byRootField.set(rootKey(info), connection),
    connectionBelow: async (info, connector) => {
      const above = byRootField.get(rootKey(info));
      return above?.connector === connector ? above : open(connector);
    },
    loadRow: createLoaders(entityActions),
    partialRows: new WeakMap(),
  };
}

/** Response key of the root field that a field stands below: unique in its operation. */
function rootKey(info: GraphQLResolveInfo): string | number {
  let path = info.path;
  while (path.prev) path = path.prev;
  return path.key;
}
