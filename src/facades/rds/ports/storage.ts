/** `/storage` of a port (RDS' `interface_port_file_storage.yml`): the capability FileStorage of a connector. */
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../../../errors.ts';
import type { RdsDesk } from '../desk.ts';
import { RdsRefusal } from '../failure.ts';
import { addDownload, addUpload } from './content-route.ts';
import { addPortCall, refusalOf, textIn } from './route.ts';

export function addStorageRoutes(app: FastifyInstance, desk: RdsDesk): void {
  addPortCall(app, desk, 'GET', '/storage/folder', async ({ body, askAll }) => {
    const filepath = textIn(body, 'filepath');
    const files = await emptyWhereNone(askAll('listFiles', { path: withoutEnd(filepath) }));
    return { body: { files: files.map(({ path, kind }) => (kind === 'FOLDER' ? `${withoutEnd(path)}/` : path)) } };
  });

  addDownload(app, desk, '/storage/file', (_params, body) => {
    const path = textIn(body, 'filepath');
    return { capability: 'readFile', input: { path }, name: path };
  });

  // The interface makes files by POST and changes them by PATCH; here either does what is to be done.
  for (const method of ['POST', 'PATCH'] as const) {
    addUpload(
      app,
      desk,
      method,
      '/storage/file',
      ({ fields, mediaType }) => ({
        capability: 'writeFile',
        input: { path: textIn(fields, 'filepath'), ...(mediaType !== undefined && { mediaType }) },
      }),
      async (work) => {
        await work;
        return { body: { success: true } };
      },
    );
  }

  addPortCall(app, desk, 'DELETE', '/storage/file', async ({ body, ask }) => {
    await ask('deleteFile', { path: textIn(body, 'filepath') });
    return { body: { success: true } };
  });
}

/** Ours end with no slash, but for the first one of all. */
function withoutEnd(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

/** "Otherwise the array is empty", says the interface of what is no folder. */
async function emptyWhereNone(rows: Promise<readonly any[]>): Promise<readonly any[]> {
  try {
    return await rows;
  } catch (error) {
    // A port that is not there, or has no files, is refused before anything was asked.
    if (error instanceof RdsRefusal) throw error;
    const refusal = refusalOf(error);
    const status = refusal instanceof RdsRefusal ? refusal.status : 500;
    // A connector that knows the path for that of a file says so itself.
    const isFile = status === 400 && error instanceof GatewayError && error.code === 'CONNECTOR_ERROR';
    if (status === 404 || isFile) return [];
    throw error;
  }
}
