/** `/connectors/instances`: a tenant's registrations; those of the operator are instances of every tenant that they are for. */
import type { FastifyInstance } from 'fastify';
import type { Registration } from '../../connection/registration.ts';
import type { Connector } from '../../connector/definition.ts';
import type { FacadeRooms, ServedRooms } from '../facade.ts';
import { callbackField, descriptionIds } from './descriptions.ts';
import { badRequest, conflict, notFound } from './failure.ts';
import { linksFrom } from './links.ts';
import { addCall, objectOf, type Call } from './route.ts';

const scope = 'connctd.connector';

export function addInstanceRoutes(app: FastifyInstance, rooms: FacadeRooms): void {
  const call = (method: Call['method'], url: string): Call => ({ method, url: `/connectors/instances${url}`, scope });
  const linkTo = () => linksFrom(rooms.baseUrl());

  addCall(app, rooms, call('POST', ''), async ({ caller, body }) => {
    const { connectors, registrations } = rooms.served();
    const { connector, configuration } = readConfiguration(connectors, body);
    const { [callbackField]: returnUrl, ...fields } = configuration;
    if (returnUrl !== undefined && typeof returnUrl !== 'string') {
      throw badRequest('CONFIGURATION_INVALID', `configuration.${callbackField}: expected a URL.`);
    }
    const created = await registrations.create(caller.tenant, connector, { fields, returnUrl });
    if (created) return { status: 201, body: { id: instanceId(created) } };
    throw conflict('CONNECTOR_INSTANCE_EXISTS', `There is an instance of ${connector.name} already; there can be one.`);
  });

  addCall(app, rooms, call('GET', ''), async ({ caller }) => {
    const all = await listInstances(rooms.served(), caller.tenant);
    return { status: 200, body: all.map((one) => linkTo()('connectors', 'instances', instanceId(one))) };
  });

  addCall(app, rooms, call('GET', '/:id'), async ({ caller, params }) => {
    const served = rooms.served();
    const instance = await findInstance(served, caller.tenant, params['id']!);
    const clients = await served.stored.listOfTenant(caller.tenant, instance.connector);
    return {
      status: 200,
      body: {
        id: instanceId(instance),
        clients: clients.map(({ id }) => linkTo()('connectors', 'clients', id)),
        connector: linkTo()(
          'connectors',
          'descriptions',
          descriptionIds(served.connectors.keys()).get(instance.connector)!,
        ),
      },
    };
  });

  addCall(app, rooms, call('DELETE', '/:id'), async ({ caller, params }) => {
    const { tenant } = caller;
    const served = rooms.served();
    const instance = await findInstance(served, tenant, params['id']!);
    if (instance.id === undefined) {
      throw conflict(
        'CONNECTOR_INSTANCE_CONFIGURED',
        'The operator configured this instance: only the operator removes it.',
      );
    }
    const connector = served.connectors.get(instance.connector)!;
    const isUsed = async () => (await served.stored.listOfTenant(tenant, connector.name)).length > 0;
    const outcome = await served.registrations.removeUnused(tenant, connector, isUsed);
    if (outcome === 'removed') return { status: 204 };
    if (outcome === 'absent') throw unknownInstance();
    throw conflict('CONNECTOR_INSTANCE_IN_USE', 'Clients are attached to this instance. Remove them first.');
  });
}

/**
 * What both kinds of creation send: `{ connector_type_id, configuration }`.
 *
 * @throws ConnctdRefusal 400
 */
export function readConfiguration(connectors: ReadonlyMap<string, Connector>, body: unknown) {
  const { connector_type_id: type, configuration = {} } = objectOf(body);
  const connector = typeof type === 'string' ? connectors.get(type) : undefined;
  if (!connector) {
    const message = 'connector_type_id: expected the type_id of one of the descriptions; got another.';
    throw badRequest('CONNECTOR_TYPE_DOESNT_EXIST', message);
  }
  return { connector, configuration: objectOf(configuration ?? {}, 'configuration') };
}

/** Those whose connector is served. */
async function listInstances({ registrations, connectors }: ServedRooms, tenant: string) {
  return (await registrations.list(tenant)).filter(({ connector }) => connectors.has(connector));
}

/** @throws ConnctdRefusal 404 */
async function findInstance(served: ServedRooms, tenant: string, id: string): Promise<Registration> {
  const found = (await listInstances(served, tenant)).find((one) => instanceId(one) === id);
  if (found) return found;
  throw unknownInstance();
}

function unknownInstance() {
  return notFound('CONNECTOR_INSTANCE_DOESNT_EXIST', 'There is no connector instance of that id.');
}

/** One that stands in the configuration has no record, and so goes by the name of its connector. */
export function instanceId({ id, connector }: Registration): string {
  return id ?? `configured-${connector}`;
}
