/** `/connectors/clients`: a subject's connections. */
import type { FastifyInstance } from 'fastify';
import type { ConnectionRecord, ConnectionState } from '../../connection/connection-record.ts';
import { connectionNotation } from '../../connection/entered-fields.ts';
import { GatewayError } from '../../errors.ts';
import { createOpenRun } from '../../resolvers/opened-connection.ts';
import type { FacadeRooms, ServedRooms } from '../facade.ts';
import { descriptionIds } from './descriptions.ts';
import { ConnctdRefusal, notFound } from './failure.ts';
import { instanceId, readConfiguration } from './instances.ts';
import { linksFrom } from './links.ts';
import { addCall, type Asked, type Call } from './route.ts';
import type { ConnctdSettings } from './settings.ts';

/** connctd's words for our states. */
const statuses: Readonly<Record<ConnectionState, 'STARTING' | 'STARTED' | 'ERROR'>> = {
  PENDING: 'STARTING',
  STARTED: 'STARTED',
  REAUTH_REQUIRED: 'ERROR',
  ERROR: 'ERROR',
};

export function addClientRoutes(app: FastifyInstance, rooms: FacadeRooms, { finishInBrowser }: ConnctdSettings): void {
  const call = (method: Call['method'], url: string): Call => {
    return { method, url: `/connectors/clients${url}`, scope: 'connctd.connector', needsSubject: true };
  };
  const linkTo = () => linksFrom(rooms.baseUrl());

  addCall(app, rooms, call('POST', ''), async ({ caller, body }) => {
    const { connectors, connecting } = rooms.served();
    const { connector, configuration } = readConfiguration(connectors, body);
    // connctd's own example has a field that no connector knows.
    const known = new Set(connectionNotation(connector).map(({ name }) => name));
    const fields = Object.fromEntries(Object.entries(configuration).filter(([name]) => known.has(name)));
    const way = { onlyNew: true, needsRegistration: true, ...(finishInBrowser && { finishInBrowser }) };
    const { connection, authorizationUrl, device } = await connecting.begin(caller, connector, { fields }, way);
    const { id } = connection;
    const location = authorizationUrl ?? device?.verificationUrlComplete ?? device?.verificationUrl;
    // Clients of before March 2018 read `id`, those of later `client_id`.
    const answer = { id, client_id: id, ...(device && { user_code: device.userCode }) };
    return location === undefined
      ? { status: 201, body: answer }
      : { status: 303, headers: { location }, body: answer };
  });

  addCall(app, rooms, call('GET', ''), async ({ caller, subject }) => {
    const all = await rooms.served().stored.list(caller);
    const own = all.filter(({ value }) => value.subject === subject);
    return { status: 200, body: own.map(({ id }) => linkTo()('connectors', 'clients', id)) };
  });

  addCall(app, rooms, call('GET', '/:id'), async (asked) => {
    const served = rooms.served();
    const client = await findClient(served, asked);
    const { connector: name, state } = client.value;
    const connector = served.connectors.get(name);
    const registration = connector && (await served.registrations.find(asked.caller.tenant, connector));
    const number = descriptionIds(served.connectors.keys()).get(name);
    return {
      status: 200,
      body: {
        id: client.id,
        ...(registration && { instance: linkTo()('connectors', 'instances', instanceId(registration)) }),
        ...(number !== undefined && { connector: linkTo()('connectors', 'descriptions', number) }),
        mappings: await mappingsOf(served, client, asked),
        status: statuses[state],
      },
    };
  });

  addCall(app, rooms, call('DELETE', '/:id'), async (asked) => {
    const served = rooms.served();
    const { id } = await findClient(served, asked);
    try {
      await served.connecting.disconnect(asked.caller, id);
    } catch (error) {
      if (!(error instanceof GatewayError) || !error.code.startsWith('STORE_')) throw error;
      // Client and things go in one step, so both are there still.
      const message = 'The things of this client could not be removed, so it stays. Remove it again.';
      throw new ConnctdRefusal(500, 'THING_REMOVAL_FAILED', message);
    }
    return { status: 204 };
  });
}

/** The subject's own: one of its tenant is nobody's client. @throws ConnctdRefusal 404 */
async function findClient(
  { stored, connecting }: ServedRooms,
  { caller, subject, params }: Asked,
): Promise<ConnectionRecord> {
  const found = await stored.find(caller, params['id']!);
  if (found?.value.subject === subject) return connecting.advance(found);
  throw notFound('CONNECTOR_CLIENT_DOESNT_EXIST', 'There is no connector client of that id of this subject.');
}

/** What the client shows at its provider, mapped now where it is not yet. */
async function mappingsOf(
  { things, connections }: ServedRooms,
  client: ConnectionRecord,
  { caller, signal }: Asked,
): Promise<readonly Mapping[]> {
  const mapped = await things
    .of(caller, createOpenRun(connections, caller, signal))
    .list({ connection: client.id, connector: client.value.connector });
  return mapped.map(({ record }) => ({ connector_thing_id: record.value.key ?? '', thing_id: record.id }));
}

interface Mapping {
  readonly connector_thing_id: string;
  readonly thing_id: string;
}
