/** `/service`: registrations of the connectors that services are here. */
import type { FastifyInstance } from 'fastify';
import type { Registration } from '../../connection/registration.ts';
import type { Connector } from '../../connector/definition.ts';
import { GatewayError } from '../../errors.ts';
import { connectorNameOf, serviceNameOf } from '../../importers/rds/service-name.ts';
import type { RdsDesk } from './desk.ts';
import { listOf } from './envelope.ts';
import { notFound } from './failure.ts';
import { readService } from './read-service.ts';
import { serviceEnvelope } from './show-service.ts';

type Named = { readonly Params: { readonly service: string } };

export function addServiceRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get('/service', async () => listOf((await listServices(desk)).map(serviceEnvelope)));

  app.post('/service', async ({ body }, reply) => {
    const { servicename, fields, endpoints } = readService(body);
    const { registrations } = desk.served();
    try {
      const created = await registrations.create(desk.tenant, connectorOf(desk, servicename), { fields, endpoints });
      if (created) return { success: true };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      // RDS catches whatever its store fails with.
      if (error.code.startsWith('STORE_')) return reply.code(400).send({ success: false, message: 'BadRequest' });
      if (error.code !== 'REGISTRATION_CONFIGURED') throw error;
    }
    return { success: false, message: 'ServiceExistsAlreadyError' };
  });

  app.get<Named>('/service/:service', async ({ params }) => {
    const found = await findService(desk, params.service.toLowerCase());
    if (found) return serviceEnvelope(found.registration);
    throw notFound('There is no service of that name.');
  });

  app.delete<Named>('/service/:service', async ({ params }) => {
    const { registrations } = desk.served();
    return { success: await registrations.remove(desk.tenant, connectorOf(desk, params.service)) };
  });
}

/** A service that has registered. */
export interface Service {
  readonly connector: Connector;
  readonly registration: Registration;
}

/** In the order in which they registered; those of the operator first. */
export async function listServices({ tenant, served }: RdsDesk): Promise<readonly Registration[]> {
  const all = await served().registrations.list(tenant);
  return all
    .filter(({ connector }) => serviceNameOf(connector) !== undefined)
    .sort((one, other) => (one.createdAt ?? 0) - (other.createdAt ?? 0));
}

/** @param servicename - exactly. */
export async function findService(desk: RdsDesk, servicename: string): Promise<Service | undefined> {
  const { connectors, registrations } = desk.served();
  const connector = connectors.get(connectorNameOf(servicename));
  const registration = connector && (await registrations.find(desk.tenant, connector));
  return registration && { connector, registration };
}

function connectorOf({ served }: RdsDesk, servicename: string): Connector {
  const connector = served().connectors.get(connectorNameOf(servicename));
  if (connector) return connector;
  throw notFound('There is no service of that name.');
}
