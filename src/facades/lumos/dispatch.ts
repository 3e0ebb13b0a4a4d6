/** One capability of one connector, asked as Lumos asks it and answered in its envelope. */
import { createHash } from 'node:crypto';
import type { Caller } from '../../connection/caller.ts';
import type { UsableConnection } from '../../connection/connections.ts';
import type { Connector } from '../../connector/definition.ts';
import type { RunnableAction } from '../../connector/run-action.ts';
import { InputError, ProviderError } from '../../errors.ts';
import type { Capability } from '../../connector/capability.ts';
import { rowsKeys, type LumosCapability } from '../../importers/lumos/wire-names.ts';
import { CapabilityRow } from '../../resolvers/capability-row.ts';
import { requireScope } from '../../resolvers/check-scopes.ts';
import { toOpenedConnection, type OpenedConnection } from '../../resolvers/opened-connection.ts';
import { readRelayConnection } from '../../resolvers/relay-connection.ts';
import type { ServedRooms } from '../facade.ts';
import { answered, encountered, notImplemented, type Envelope } from './envelope.ts';
import { givenConnection } from './given-connection.ts';
import { InvalidRequest, invalidInput, readRequest, type LumosRequest } from './request.ts';
import { fromWire, toWire } from './translate.ts';

/** Who asks whom, and how. */
export interface LumosCall {
  readonly connector: Connector;
  readonly asked: LumosCapability;
  readonly body: unknown;
  readonly caller: Caller;
  /** Id of a connection of the caller, where it has several. */
  readonly connection: string | undefined;
  readonly signal: AbortSignal;
  /** Told of what nobody foresaw. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Runs a capability. Whatever fails in it is in the envelope.
 *
 * @throws InvalidRequest for a body that is no request of the capability; CallerError FORBIDDEN.
 */
export async function dispatch(rooms: ServedRooms, call: LumosCall): Promise<Envelope> {
  const { connector, asked, caller } = call;
  const capability = rooms.capabilities.find(({ name }) => name === asked.name);
  const action = capability && rooms.capability(connector, capability);
  if (!capability || !action) return notImplemented(asked.written);
  requireScope(caller, capability.readOnly ? 'read' : 'write', connector.name);
  const request = readRequest(call.body);
  const raisedIn = action.name === 'test' ? 'test' : `actions.${action.name}`;
  try {
    return await run(rooms, call, capability, action, request);
  } catch (error) {
    if (error instanceof InvalidRequest) throw error;
    const envelope = encountered(error, connector, raisedIn);
    if (envelope.error?.raised_by === null) call.onFault(error);
    return envelope;
  }
}

async function run(
  rooms: ServedRooms,
  call: LumosCall,
  capability: Capability,
  action: RunnableAction,
  request: LumosRequest,
): Promise<Envelope> {
  const opened = await open(rooms, call, request);
  opened.requireGranted(action.definition.scopes);
  const input = await coerce(capability, action, opened, request);
  if (capability.shape === 'connection') return listed(rooms, capability, action, opened, input, request);
  const row = await action.run(opened.run, input);
  if (!(row instanceof CapabilityRow)) {
    throw new ProviderError('PROVIDER_ANSWER_INVALID', `${action.name}: expected one answer, an object.`);
  }
  const raw = request.includeRawData ? { [action.name]: CapabilityRow.rawOf(row) } : null;
  return answered(toWire(capability.outputType, capability.output, row), { raw_data: raw });
}

async function coerce(
  capability: Capability,
  action: RunnableAction,
  opened: OpenedConnection,
  { request }: LumosRequest,
): Promise<Record<string, unknown>> {
  try {
    return await action.coerceInput(opened.run, fromWire(capability.inputType, capability.input, request));
  } catch (error) {
    throw error instanceof InputError ? invalidInput(error) : error;
  }
}

/** The caller's connection, or the one that the request brings. */
async function open(rooms: ServedRooms, call: LumosCall, { auth, settings }: LumosRequest): Promise<OpenedConnection> {
  const { connections, registrations } = rooms;
  const { connector, caller, signal } = call;
  let usable: UsableConnection;
  if (auth) {
    const registration = await registrations.find(caller.tenant, connector);
    usable = givenConnection(connector, auth, settings ?? {}, registration);
  } else usable = await connections.open(caller, connector, call.connection);
  return toOpenedConnection(usable, caller.tenant, signal, connections, rooms.operationBudget());
}

async function listed(
  { lists }: ServedRooms,
  capability: Capability,
  action: RunnableAction,
  opened: OpenedConnection,
  input: Readonly<Record<string, unknown>>,
  { page, includeRawData }: LumosRequest,
): Promise<Envelope> {
  const { paginate } = action.definition;
  if (!paginate) throw new TypeError(`${action.name} does not page.`);
  // A size is a wish here: a caller that wishes for more than there may be gets what there may be.
  const first = page?.size ? Math.min(page.size, lists.maxFirst) : null;
  const { cursors, maxFirst } = lists;
  const list = await readRelayConnection(
    { first, after: page?.token ?? null },
    {
      paginate,
      cursors,
      maxFirst,
      scope: cursors.scope(`lumos:${action.connector.name}.${action.name}`, input, ownerOf(opened)),
      readPage: (token, size) => action.readPage(opened.run, input, token, size),
    },
  );
  const rows = list.edges.map(({ node }) => node as CapabilityRow);
  const last = list.edges.at(-1);
  const token = last && (await list.hasNextPage()) ? list.cursorOf(last) : undefined;
  const key = rowsKeys[capability.name] ?? capability.field;
  return answered(
    { [key]: rows.map((row) => toWire(capability.outputType, capability.output, row)) },
    {
      raw_data: includeRawData ? { [action.name]: rows.map((row) => CapabilityRow.rawOf(row)) } : null,
      page: token === undefined ? null : { token, size: page?.size ?? null },
    },
  );
}

/** A place in a list is for whoever has the connection; one that the request brings is known by its fields. */
function ownerOf({ run }: OpenedConnection): string {
  return run.id ?? createHash('sha256').update(JSON.stringify(run.credentials.fields())).digest('base64');
}
