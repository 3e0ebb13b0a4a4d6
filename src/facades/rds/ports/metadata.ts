/** `/metadata` of a port (RDS' `interface_port_metadata.yml`): the capability MetadataStorage of a connector. */
import type { FastifyInstance } from 'fastify';
import { isPlainObject } from '../../../connector/check-keys.ts';
import { ProviderError } from '../../../errors.ts';
import type { RdsDesk } from '../desk.ts';
import { badRequest, notFound, RdsRefusal } from '../failure.ts';
import { addUpload } from './content-route.ts';
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

  addUpload(
    app,
    desk,
    'POST',
    `${project}/files`,
    ({ params, fields, filename, mediaType }) => ({
      capability: 'writeProjectFile',
      input: {
        project: params['project'],
        name: fields['filename'] || filename || 'file',
        ...(fields['folder'] ? { folder: fields['folder'] } : undefined),
        ...(mediaType !== undefined && { mediaType }),
      },
    }),
    isSuccess,
  );

  /** The interface has no words for it; what it says of one file it is taken to say of all. */
  addPortCall(app, desk, 'DELETE', `${project}/files`, async ({ params, ask, askAll }) => {
    const of = { project: params['project'] };
    for (const { id } of await askAll('listProjectFiles', of)) await ask('deleteProjectFile', { ...of, id });
    return { body: { success: true } };
  });

  addFileRoutesOfOne(app, desk);
}

function addFileRoutesOfOne(app: FastifyInstance, desk: RdsDesk): void {
  addPortCall(app, desk, 'GET', `${project}/files/:file`, async ({ params, ask, fetchText }) => {
    const of = { project: params['project'], id: params['file'] };
    const file = await ask('getProjectFile', of);
    if (!file) throw notFound('There is no such file.');
    return { body: { id: file.id, filename: file.name, content: await fetchText('readProjectFile', of) } };
  });

  addUpload(
    app,
    desk,
    'PATCH',
    `${project}/files/:file`,
    async ({ params, mediaType, ask }) => {
      const of = { project: params['project'] };
      const file = await ask('getProjectFile', { ...of, id: params['file'] });
      if (!file) throw notFound('There is no such file.');
      const input = { ...of, name: file.name, ...(mediaType !== undefined && { mediaType }) };
      return { capability: 'writeProjectFile', input };
    },
    isSuccess,
  );

  addPortCall(app, desk, 'DELETE', `${project}/files/:file`, async ({ params, ask }) => {
    await ask('deleteProjectFile', { project: params['project'], id: params['file'] });
    return { body: { success: true } };
  });
}

function show({ id, metadata }: { readonly id: unknown; readonly metadata?: unknown }) {
  return { projectId: id, metadata: metadata ?? {} };
}

/** A provider that does not take a file is no failure of the port: RDS asks for `success`. */
async function isSuccess(work: Promise<unknown>) {
  try {
    await work;
    return { body: { success: true } };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const refusal = refusalOf(error);
    const isSaid = refusal instanceof RdsRefusal && ![401, 404].includes(refusal.status);
    // What a connector says on purpose is the provider's no, too.
    if (isSaid || error.code === 'CONNECTOR_ERROR') return { body: { success: false } };
    throw error;
  }
}

/** A provider that does not want it published is 400, whatever it says itself; credentials and absence keep their names. */
function notPublished(error: unknown): unknown {
  const refusal = refusalOf(error);
  if (!(refusal instanceof RdsRefusal) || [401, 404].includes(refusal.status)) return refusal;
  return badRequest(refusal.message);
}
