/** `/user`: subjects of the tenant. */
import type { FastifyInstance } from 'fastify';
import { isSubjectName } from '../../connection/subjects.ts';
import type { ConnectionRecord } from '../../connection/connection-record.ts';
import { serviceNameOf } from '../../importers/rds/service-name.ts';
import { callerFor, type RdsDesk } from './desk.ts';
import { listOf, readUser, userEnvelope } from './envelope.ts';
import { badRequest, notFound, raised } from './failure.ts';
import { listServices } from './services.ts';

export type OfUser = { readonly Params: { readonly user: string } };

export function addUserRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get('/user', async () => {
    const { subjects } = desk.served();
    const connected = (await listConnections(desk)).map(({ value }) => value.subject!);
    return listOf([...new Set([...(await subjects.list(desk.tenant)), ...connected])].map(userEnvelope));
  });

  app.post('/user', async ({ body }) => {
    const username = readUser(body);
    if (!isSubjectName(username)) {
      throw badRequest('This is no user: expected { "username" }, a text of 1–200 characters.');
    }
    if (!(await isUser(desk, username)) && (await desk.served().subjects.add(desk.tenant, username))) {
      return { success: true };
    }
    throw raised('UserExistsAlreadyError', 'There is a user of that name already.');
  });

  app.get<OfUser>('/user/:user', async ({ params: { user } }) => {
    if (await isUser(desk, user)) return userEnvelope(user);
    throw notFound('There is no user of that name.');
  });

  app.delete<OfUser>('/user/:user', async ({ params: { user } }) => {
    if (!(await isUser(desk, user))) throw notFound('There is no user of that name.');
    const { connecting, subjects } = desk.served();
    const caller = callerFor(desk, user);
    for (const { id } of await connectionsOf(desk, user)) await connecting.disconnect(caller, id);
    await subjects.remove(desk.tenant, user);
    return { success: true };
  });
}

/** Whether somebody named it, or it has connected something: in RDS' way or in GraphQL. */
export async function isUser(desk: RdsDesk, user: string): Promise<boolean> {
  if (!isSubjectName(user)) return false;
  return (await desk.served().subjects.has(desk.tenant, user)) || (await connectionsOf(desk, user)).length > 0;
}

/** Connections of a user to services that are not only begun, in the order in which they were made. */
export async function connectionsOf(desk: RdsDesk, user: string): Promise<readonly ConnectionRecord[]> {
  if (!isSubjectName(user)) return [];
  const all = await desk.served().stored.list(callerFor(desk, user));
  return tokensAmong(all.filter(({ value }) => value.subject === user && serviceNameOf(value.connector) !== undefined));
}

/** The same of all users, for the services that are registered. */
export async function listConnections(desk: RdsDesk): Promise<readonly ConnectionRecord[]> {
  const { stored } = desk.served();
  const services = await listServices(desk);
  const all = await Promise.all(services.map(({ connector }) => stored.listOfTenant(desk.tenant, connector)));
  return tokensAmong(all.flat().filter(({ value }) => value.subject !== null));
}

function tokensAmong(records: readonly ConnectionRecord[]): readonly ConnectionRecord[] {
  return records
    .filter(({ value }) => value.acquired !== null && value.label === null)
    .toSorted((one, other) => one.createdAt - other.createdAt);
}
