/** `/metadata` of a port (RDS' `interface_port_metadata.yml`): the capability MetadataStorage of a connector. */
import type { FastifyInstance } from 'fastify';
import { isPlainObject } from '../../../connector/check-keys.ts';
import type { RdsDesk } from '../desk.ts';
import { badRequest, notFound, RdsRefusal } from '../failure.ts';
import { addPortCall, refusalOf } from './route.ts';

const project = '/metadata/project/:project';

export function addMetadataRoutes(app: FastifyInstance, desk: RdsDesk): void {
  addPortCall(app, desk, 'GET', '/metadata/project', async ({ askAll }) => {
    return { body: (await askAll('listProjects', {})).map(show) };
  });

  addPortCall(app, desk, 'POST', '/metadata/project', async ({ body, ask }) => {
    const { metadata } = body;
    return { body: show(await ask('createProject', isPlainObject(metadata) ? { metadata } : {})) };
  });

  addPortCall(app, desk, 'GET', project, async ({ params, ask }) => {
    const found = await ask('getProject', { id: params['project'] });
    if (!found) throw notFound('There is no such project.');
    return { body: found.metadata ?? {} };
  });

  addPortCall(app, desk, 'PATCH', project, async ({ params, body, ask }) => {
    const { metadata } = body;
    if (!isPlainObject(metadata)) throw badRequest('metadata: expected a JSON object.');
    const changed = await ask('updateProject', { id: params['project'], metadata });
    return { body: changed?.metadata ?? {} };
  });

  addPortCall(app, desk, 'PUT', project, async ({ params, ask }) => {
    const published = await ask('publishProject', { id: params['project'] }).catch((error: unknown) => {
      throw notPublished(error);
    });
    const doi: unknown = published?.doi;
    return typeof doi === 'string' && doi !== '' ? { body: { DOI: doi } } : { status: 204 };
  });

  addPortCall(app, desk, 'DELETE', project, async ({ params, ask }) => {
    await ask('deleteProject', { id: params['project'] });
    return { status: 204 };
  });

  addFileRoutes(app, desk);
}

function addFileRoutes(app: FastifyInstance, desk: RdsDesk): void {
  addPortCall(app, desk, 'GET', `${project}/files`, async ({ params, askAll }) => {
    const files = await askAll('listProjectFiles', { project: params['project'] });
    return { body: files.map(({ id, name }) => ({ id, filename: name, content: '' })) };
  });

  /** The interface has no words for it; what it says of one file it is taken to say of all. */
  addPortCall(app, desk, 'DELETE', `${project}/files`, async ({ params, ask, askAll }) => {
    const of = { project: params['project'] };
    for (const { id } of await askAll('listProjectFiles', of)) await ask('deleteProjectFile', { ...of, id });
    return { body: { success: true } };
  });

  addPortCall(app, desk, 'DELETE', `${project}/files/:file`, async ({ params, ask }) => {
    await ask('deleteProjectFile', { project: params['project'], id: params['file'] });
    return { body: { success: true } };
  });
}

function show({ id, metadata }: { readonly id: unknown; readonly metadata?: unknown }) {
  return { projectId: id, metadata: metadata ?? {} };
}

/** A provider that does not want it published is 400, whatever it says itself; credentials and absence keep their names. */
function notPublished(error: unknown): unknown {
  const refusal = refusalOf(error);
  if (!(refusal instanceof RdsRefusal) || [401, 404].includes(refusal.status)) return refusal;
  return badRequest(refusal.message);
}
