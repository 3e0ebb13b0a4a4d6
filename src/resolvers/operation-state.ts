/** What the resolvers of one operation share: opened connections, loaders, and which rows are only parts of rows. */
import type { GraphQLResolveInfo } from 'graphql';
import type { Caller } from '../connection/caller.ts';
import type { Connections } from '../connection/connections.ts';
import type { Connector } from '../connector/definition.ts';
import { untilAborted } from '../connector/until-aborted.ts';
import { GatewayError, InputError } from '../errors.ts';
import type { RequestBudget } from '../http/budget.ts';
import { requireScope } from './check-scopes.ts';
import type { OperationContext } from './operation-context.ts';
import { toOpenedConnection, type OpenedConnection } from './opened-connection.ts';
import { createLoaders, type LoadRow, type LoadRows, type EntityActions } from './loaders.ts';
import { PartialRows } from './partial-rows.ts';

export interface OperationState {
  readonly caller: Caller;
  readonly context: OperationContext;
  /**
   * Opens the caller's connection for a connector, once per operation.
   *
   * @param scopes - that the action needs: an error that asks the subject to connect names them too.
   * @throws AuthorizationError
   */
  readonly open: (
    connector: Connector,
    connectionId?: string | null,
    scopes?: readonly string[],
  ) => Promise<OpenedConnection>;
  /**
   * The connector of a connection of the caller, for fields that any connector may answer.
   *
   * @throws AuthorizationError CONNECTION_NOT_FOUND
   */
  readonly connectorOf: (connectionId: string) => Promise<Connector>;
  /** Remembers which connection a root field uses, so that joins below it use the same. */
  readonly useConnection: (info: GraphQLResolveInfo, opened: OpenedConnection) => void;
  /** The same for a connection that is opened only when a join asks for it. */
  readonly nameConnection: (info: GraphQLResolveInfo, connector: Connector, connectionId: string | undefined) => void;
  /**
   * The connection for a join: the root field's own where the connector is the same, else the caller's usual one.
   *
   * @param scopes - as for `open`.
   * @throws CallerError FORBIDDEN when the caller may not read from the connector, whatever the root field was.
   */
  readonly connectionBelow: (
    info: GraphQLResolveInfo,
    connector: Connector,
    scopes?: readonly string[],
  ) => OpenedConnection | Promise<OpenedConnection>;
  /** Id of the connection that `connectionBelow` gives; `undefined` while it has opened none. */
  readonly connectionIdBelow: (info: GraphQLResolveInfo, connector: Connector) => string | undefined;
  readonly loadRow: LoadRow;
  readonly loadRows: LoadRows;
  readonly partialRows: PartialRows;
  /** The cursor behind which a subscription begins, instead of the one in its arguments. */
  readonly resumeAfter?: string | undefined;
}

/**
 * State of one operation.
 *
 * @param budget - of the requests that all its fields send; absent: only each call is bounded.
 */
export function createOperationState(
  context: OperationContext,
  connections: Connections,
  entityActions: EntityActions,
  budget?: RequestBudget,
): OperationState {
  const opened = new Map<Connector, Map<string | undefined, Opening>>();
  const byRootField = new Map<string | number, RootConnection>();
  const openingOf = (connector: Connector, connectionId: string | undefined): Opening => {
    let openings = opened.get(connector);
    if (!openings) opened.set(connector, (openings = new Map()));
    let opening = openings.get(connectionId);
    if (!opening)
      openings.set(connectionId, (opening = startOpening(connector, connectionId, context, connections, budget)));
    return opening;
  };
  const withScopes = ({ promise }: Opening, connector: Connector, scopes: readonly string[] = []) => {
    if (scopes.length === 0) return promise;
    return promise.catch((error: unknown) => {
      throw connections.withScopes(error, connector, scopes);
    });
  };
  return {
    caller: context.caller,
    context,
    open: (connector, connectionId, scopes) => {
      return withScopes(openingOf(connector, connectionId ?? undefined), connector, scopes);
    },
    connectorOf: (connectionId) => connections.connectorOf(context.caller, connectionId),
    useConnection: (info, connection) => {
      byRootField.set(rootKey(info), { connector: connection.connector, id: connection.run.id, opened: connection });
    },
    nameConnection: (info, connector, id) => void byRootField.set(rootKey(info), { connector, id, opened: undefined }),
    connectionBelow: (info, connector, scopes) => {
      requireScope(context.caller, 'read', connector.name);
      const above = byRootField.get(rootKey(info));
      const isSame = above?.connector === connector;
      if (isSame && above.opened) return above.opened;
      const opening = openingOf(connector, isSame ? above.id : undefined);
      return opening.connection ?? withScopes(opening, connector, scopes);
    },
    connectionIdBelow: (info, connector) => {
      const above = byRootField.get(rootKey(info));
      return above?.connector === connector ? above.id : opened.get(connector)?.get(undefined)?.connection?.run.id;
    },
    ...createLoaders(entityActions),
    partialRows: new PartialRows(),
  };
}

/** Which connection a root field uses. */
interface RootConnection {
  readonly connector: Connector;
  readonly id: string | undefined;
  readonly opened: OpenedConnection | undefined;
}

/** A connection that is being opened, and the connection itself once it is there: rows then need not wait for it. */
interface Opening {
  readonly promise: Promise<OpenedConnection>;
  connection: OpenedConnection | undefined;
}

function startOpening(
  connector: Connector,
  connectionId: string | undefined,
  context: OperationContext,
  connections: Connections,
  budget: RequestBudget | undefined,
): Opening {
  const { caller, signal } = context;
  // It may wait for a token endpoint, or for connector code that gets credentials.
  const usable = untilAborted(connections.open(caller, connector, connectionId), signal, (reason) =>
    tooLate(connector, reason),
  );
  const promise = usable.then((found) => {
    return (opening.connection = toOpenedConnection(found, caller.tenant, signal, connections, budget));
  });
  const opening: Opening = { promise, connection: undefined };
  return opening;
}

function tooLate({ name, title = name }: Connector, reason: unknown): GatewayError {
  const why = reason instanceof GatewayError ? reason : new GatewayError('REQUEST_CANCELLED', 'The client has gone.');
  const ErrorClass = why instanceof InputError ? InputError : GatewayError;
  return new ErrorClass(why.code, `${title}: its connection was not ready. ${why.message}`, { connector: name });
}

/** Response key of the root field that a field stands below: unique in its operation. */
function rootKey(info: GraphQLResolveInfo): string | number {
  let path = info.path;
  while (path.prev) path = path.prev;
  return path.key;
}
