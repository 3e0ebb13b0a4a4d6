/** `/user/{id}/token` and `/token`: connections of users to services. */
import type { FastifyInstance } from 'fastify';
import type { ConnectionRecord } from '../../connection/connection-record.ts';
import type { Connector } from '../../connector/definition.ts';
import { AuthorizationError } from '../../errors.ts';
import { isSubjectName } from '../../connection/subjects.ts';
import { callerFor, type RdsDesk } from './desk.ts';
import { listOf, type Envelope } from './envelope.ts';
import { badRequest, conflict, notFound, raised } from './failure.ts';
import { keepToken, readToken } from './read-token.ts';
import { findService, type Service } from './services.ts';
import { serviceNameOf } from '../../importers/rds/service-name.ts';
import { tokenEnvelope } from './show-token.ts';
import { connectionsOf, isUser, listConnections, type OfUser } from './users.ts';

type OfToken = { readonly Params: { readonly user: string; readonly token: string } };

export function addTokenRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get<OfUser>('/user/:user/token', async ({ params: { user } }) => {
    if (!(await isUser(desk, user))) throw notFound('There is no user of that name.');
    return listOf(await showAll(desk, await connectionsOf(desk, user)));
  });

  app.post<OfUser>('/user/:user/token', async ({ params: { user }, body }, reply) => {
    const token = readToken(body);
    if (!isSubjectName(user)) throw badRequest('A user has a name of 1–200 characters.');
    const service = await findService(desk, token.servicename);
    if (!service) throw raised('ServiceNotExistsError', 'There is no service of that name.');
    const isKnown = await isUser(desk, user);
    await keep(desk, user, service, token);
    const isNew = await desk.served().subjects.add(desk.tenant, user);
    return reply.code(isNew && !isKnown ? 201 : 200).send({ success: true });
  });

  addTokenOfUserRoutes(app, desk);

  app.get('/token', async () => listOf(await showAll(desk, await listConnections(desk))));
  // RDS has these paths, and nothing behind them.
  app.post('/token', refuseUnwritten);
  app.get('/token/:token', refuseUnwritten);
  app.put('/token/:token', refuseUnwritten);
}

function addTokenOfUserRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get<OfToken>('/user/:user/token/:token', async ({ params }) => {
    const found = await findToken(desk, params);
    if (found) return tokenEnvelope(desk, found.record, found.service.registration);
    throw notFound('This user has no such token.');
  });

  app.put<OfToken>('/user/:user/token/:token', async ({ params }, reply) => {
    const found = await findToken(desk, params);
    if (!found) throw notFound('This user has no such token.');
    if (found.record.value.tokens === null) return reply.send({ success: false });
    try {
      await renew(desk, found.record, found.service.connector);
    } catch {
      // RDS says no more, whatever it was; the log of the connection does.
      throw raised('InternalServerError', 'The token could not be renewed. What is kept stays.');
    }
    return { success: true };
  });

  app.delete<OfToken>('/user/:user/token/:token', async ({ params }) => {
    const found = await findToken(desk, params);
    if (!found) throw raised('UserNotExistsError', 'There is no such user, or it has no such token.');
    await desk.served().connecting.disconnect(callerFor(desk, params.user), found.record.id);
    return { success: true };
  });
}

async function refuseUnwritten(): Promise<never> {
  throw raised('NotImplementedError', 'Tokens are reached by their users: /user/{id}/token.');
}

/** @throws RdsRefusal 409 where the user has one of that service. */
async function keep(desk: RdsDesk, user: string, service: Service, token: ReturnType<typeof readToken>): Promise<void> {
  try {
    await keepToken(desk, user, service, token);
  } catch (error) {
    if (!(error instanceof AuthorizationError) || error.code !== 'CONNECTION_EXISTS') throw error;
    throw conflict('This user has a token of that service already.');
  }
}

/** A token whose service has registered; those of others are kept, and there again when it comes back. */
export interface FoundToken {
  readonly record: ConnectionRecord;
  readonly service: Service;
}

/** By its place in the user's list, or by the name of its service. */
async function findToken(desk: RdsDesk, { user, token }: OfToken['Params']): Promise<FoundToken | undefined> {
  const all = await withServices(desk, await connectionsOf(desk, user));
  if (/^\d+$/.test(token)) return all[Number(token)];
  return all.find(({ record }) => serviceNameOf(record.value.connector) === token);
}

/** The token of a user for a service. @param servicename - exactly. */
export async function findTokenOf(desk: RdsDesk, user: string, servicename: string): Promise<FoundToken | undefined> {
  const all = await withServices(desk, await connectionsOf(desk, user));
  return all.find(({ record }) => serviceNameOf(record.value.connector) === servicename);
}

export async function withServices(
  desk: RdsDesk,
  records: readonly ConnectionRecord[],
): Promise<readonly FoundToken[]> {
  const services = await Promise.all(records.map(({ value }) => findService(desk, serviceNameOf(value.connector)!)));
  return records.flatMap((record, index) => {
    const service = services[index];
    return service ? [{ record, service }] : [];
  });
}

async function showAll(desk: RdsDesk, records: readonly ConnectionRecord[]): Promise<readonly Envelope[]> {
  const all = await withServices(desk, records);
  return all.map(({ record, service }) => tokenEnvelope(desk, record, service.registration));
}

async function renew(desk: RdsDesk, record: ConnectionRecord, connector: Connector): Promise<void> {
  const { foreignTokens } = desk.served();
  if (!foreignTokens.isRenewable(record)) throw new TypeError('There is no refresh token.');
  await foreignTokens.renew(record, connector);
}
