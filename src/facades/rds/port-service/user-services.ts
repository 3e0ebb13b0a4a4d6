/** `/port-service/user/{id}/service`: the services that a user has connected, and its projects there. */
import type { FastifyInstance } from 'fastify';
import { signalOf } from '../../call-signal.ts';
import { askAll, askOne, findCapability, type Asking } from '../ask-capability.ts';
import { callerFor, type RdsDesk } from '../desk.ts';
import { listOf } from '../envelope.ts';
import { notFound, raised } from '../failure.ts';
import { implementsOf, serviceData } from '../show-service.ts';
import { accessOf, tokenEnvelope } from '../show-token.ts';
import { findTokenOf, withServices, type FoundToken } from '../tokens.ts';
import { connectionsOf, isUser, type OfUser } from '../users.ts';

type OfService = { readonly Params: { readonly user: string; readonly service: string } };
type OfProject = { readonly Params: { readonly user: string; readonly service: string; readonly project: string } };

export function addUserServiceRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get<OfUser>('/port-service/user/:user/service', async ({ params: { user } }, reply) => {
    if (!(await isUser(desk, user))) throw raised('UserNotFoundError', 'There is no user of that name.');
    const signal = signalOf(reply);
    const tokens = await withServices(desk, await connectionsOf(desk, user));
    return listOf(await Promise.all(tokens.map((token, id) => show(desk, user, token, id, signal))));
  });

  app.get<OfService>(path, async ({ params }) => {
    const { record, service } = await findToken(desk, params);
    return tokenEnvelope(desk, record, service.registration);
  });

  app.delete<OfService>(path, async ({ params }) => {
    const found = await findTokenOf(desk, params.user, portName(params.service));
    if (!found) return { success: false };
    await desk.served().connecting.disconnect(callerFor(desk, params.user), found.record.id);
    return { success: true };
  });

  addProjectRoutes(app, desk);
}

const path = '/port-service/user/:user/service/:service';

function addProjectRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get<OfService>(`${path}/projects`, async ({ params }, reply) => {
    return projectsOf(desk, params.user, await findToken(desk, params), signalOf(reply));
  });

  app.post<OfService>(`${path}/projects`, async ({ params }, reply) => {
    const token = await findToken(desk, params);
    const create = findCapability(desk.served(), token.service.connector, 'createProject');
    if (!create) throw raised('Exception', 'Projects of this service cannot be made here.');
    const project = await askOne(desk.served(), asking(desk, params.user, token, signalOf(reply)), create, {
      input: {},
    });
    return { projectId: project.id };
  });

  app.get<OfProject>(`${path}/projects/:project`, async ({ params }, reply) => {
    const projects = await projectsOf(desk, params.user, await findToken(desk, params), signalOf(reply));
    const { project } = params;
    const found = projects.find(({ projectId }) => projectId === project) ?? projects[Number(project)];
    if (found) return found;
    throw notFound('There is no such project.');
  });

  app.delete<OfProject>(`${path}/projects/:project`, async ({ params }, reply) => {
    const token = await findToken(desk, params);
    const remove = findCapability(desk.served(), token.service.connector, 'deleteProject');
    const input = { id: params.project };
    if (
      !remove ||
      !(await isDone(askOne(desk.served(), asking(desk, params.user, token, signalOf(reply)), remove, input)))
    ) {
      throw notFound('There is no such project, or it cannot be removed.');
    }
    return reply.code(204).send();
  });
}

/** Whatever it fails with, RDS says no more. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** @throws RdsRefusal 404 */
async function findToken(desk: RdsDesk, { user, service }: OfService['Params']): Promise<FoundToken> {
  const found = await findTokenOf(desk, user, portName(service));
  if (found) return found;
  throw notFound('This user has no token of that service.');
}

/** Every real port is called `port-…`, and its consumers leave that out. */
export function portName(name: string): string {
  const servicename = name.toLowerCase();
  return servicename.startsWith('port-') ? servicename : `port-${servicename}`;
}

async function show(desk: RdsDesk, user: string, token: FoundToken, id: number, signal: AbortSignal) {
  const { record, service } = token;
  const informations = serviceData(service.registration);
  return {
    id,
    servicename: informations['servicename'],
    access_token: accessOf(desk, record),
    // One service that fails hides nothing of the others, as in RDS.
    projects: await projectsOf(desk, user, token, signal).catch(() => []),
    implements: implementsOf(service.registration),
    informations,
  };
}

interface ShownProject {
  readonly projectId: string;
  readonly metadata: unknown;
}

/** Empty where nothing is known of the service's projects: its address, or that it has any. */
async function projectsOf(
  desk: RdsDesk,
  user: string,
  token: FoundToken,
  signal: AbortSignal,
): Promise<readonly ShownProject[]> {
  const list = findCapability(desk.served(), token.service.connector, 'listProjects');
  if (!list) return [];
  const projects = await askAll(desk.served(), asking(desk, user, token, signal), list, {});
  return projects.map(({ id, metadata }) => ({ projectId: id, metadata }));
}

function asking(desk: RdsDesk, user: string, { record, service }: FoundToken, signal: AbortSignal): Asking {
  return { caller: callerFor(desk, user), connector: service.connector, connection: record.id, signal };
}
