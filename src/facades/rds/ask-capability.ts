/** A capability of a connector, asked for one connection as the facade's routes need it. */
import type { Caller } from '../../connection/caller.ts';
import type { UsableConnection } from '../../connection/connections.ts';
import type { Connector } from '../../connector/definition.ts';
import type { RunnableAction } from '../../connector/run-action.ts';
import { followingToken, pageRequest, pageSize, type PageToken } from '../../connector/read-page.ts';
import { toOpenedConnection, type OpenedConnection } from '../../resolvers/opened-connection.ts';
import type { ServedRooms } from '../facade.ts';

export interface Asking {
  readonly caller: Caller;
  readonly connector: Connector;
  /** Id of a connection of the caller, or one that the request brought. */
  readonly connection: string | UsableConnection | undefined;
  readonly signal: AbortSignal;
}

type Values = Readonly<Record<string, unknown>>;

/** Whether the connector has it. */
export function findCapability(rooms: ServedRooms, connector: Connector, name: string): RunnableAction | undefined {
  const capability = rooms.capabilities.find((each) => each.name === name);
  return capability && rooms.capability(connector, capability);
}

/** Asks for one answer. @throws as the action */
export async function askOne(rooms: ServedRooms, asking: Asking, action: RunnableAction, input: Values): Promise<any> {
  const { run } = await open(rooms, asking, action);
  return action.run(run, await action.coerceInput(run, input));
}

/** Asks for all rows, page by page, up to a bound that no honest folder or account reaches. @throws as the action */
export async function askAll(
  rooms: ServedRooms,
  asking: Asking,
  action: RunnableAction,
  input: Values,
): Promise<readonly any[]> {
  const { run } = await open(rooms, asking, action);
  const given = await action.coerceInput(run, input);
  const { paginate } = action.definition;
  if (!paginate) throw new TypeError(`${action.name} does not page.`);
  const size = pageSize(paginate, maxPageSize);
  const rows: unknown[] = [];
  for (let token: PageToken = null; rows.length < maxRows;) {
    const page = await action.readPage(run, given, token, size);
    rows.push(...page.rows);
    if (page.next === null) break;
    // Only the page itself can tell where not even the provider knows whether it is there.
    if (page.next === undefined && page.rows.length === 0) break;
    token = page.next ?? followingToken(pageRequest(paginate, token, size), page.rows.length);
  }
  return rows;
}

const maxPageSize = 100;
const maxRows = 10_000;

/** @throws AuthorizationError as `Connections.open`; SCOPE_MISSING */
export async function open(
  rooms: ServedRooms,
  { caller, connector, connection, signal }: Asking,
  action: RunnableAction,
): Promise<OpenedConnection> {
  const { connections } = rooms;
  const usable = typeof connection === 'object' ? connection : await connections.open(caller, connector, connection);
  const opened = toOpenedConnection(usable, caller.tenant, signal, connections, rooms.operationBudget());
  opened.requireGranted(action.definition.scopes);
  return opened;
}
