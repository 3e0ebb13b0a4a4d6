/** What a port of RDS that implements `fileStorage` can be asked, as actions of its connector: `/storage` of its interface. */
import { defineAction } from '../../connector/define.ts';
import type { Action, OpenConnection } from '../../connector/definition.ts';

const filepath = { name: 'filepath', optional: false } as const;
const entry = [{ name: 'path' }, { name: 'name' }, { name: 'kind' }] as const;

/** A file or folder, as far as the interface tells of it. */
interface Entry {
  readonly path: string;
  readonly name: string;
  readonly kind: 'FILE' | 'FOLDER';
}

/** Requests carry their arguments as JSON bodies, on GET too. */
export const fileStorageActions: Readonly<Record<string, Action>> = {
  list_folder: defineAction({
    title: 'List folder',
    readOnly: true,
    capability: { name: 'listFiles', input: { filepath: 'path' } },
    input: [filepath],
    output: entry,
    list: true,
    execute: async (connection, input) =>
      entriesOf(await connection.get('storage/folder').payload({ filepath: input.filepath })),
  }),
  /** The interface tells of folders alone, so a file is looked for in the one where it lies. */
  get_file: defineAction({
    title: 'Get file',
    readOnly: true,
    capability: { name: 'getFile', input: { filepath: 'path' } },
    input: [filepath],
    output: entry,
    execute: (connection, input) => find(connection, input.filepath),
  }),
  download_file: defineAction({
    title: 'Download file',
    readOnly: true,
    capability: { name: 'readFile', input: { filepath: 'path' } },
    input: [filepath],
    output: [{ name: 'content', type: 'stream' }],
    execute: (connection, input) => ({
      content: connection
        .get('storage/file')
        .payload({ filepath: input.filepath })
        .responseFormat('raw', { content: true }),
    }),
  }),
  upload_file: defineAction({
    title: 'Upload file',
    capability: { name: 'writeFile', input: { filepath: 'path' } },
    input: [
      filepath,
      { name: 'mediaType' },
      { name: 'overwrite', type: 'boolean' },
      { name: 'content', type: 'stream', optional: false },
    ],
    output: [{ name: 'path' }],
    async execute(connection, { filepath: path, mediaType, overwrite, content }) {
      if (overwrite === false && (await find(connection, path))) {
        connection.error('A file of that path is there already.', 'exists');
      }
      const name = path.slice(path.lastIndexOf('/') + 1);
      await connection
        .post('storage/file')
        .multipart({ filepath: path, files: [content, mediaType ?? content.mediaType, name] });
      return { path };
    },
  }),
  delete_file: defineAction({
    title: 'Delete file',
    capability: { name: 'deleteFile', input: { filepath: 'path' } },
    input: [filepath],
    output: [{ name: 'deleted', type: 'boolean' }],
    async execute(connection, input) {
      await connection.delete('storage/file', { filepath: input.filepath });
      return { deleted: true };
    },
  }),
};

async function find(connection: OpenConnection, filepathOfIt: string): Promise<Entry | null> {
  const path = withoutEnd(filepathOfIt);
  if (path === '') return { path: '/', name: '/', kind: 'FOLDER' };
  const folder = path.slice(0, path.lastIndexOf('/')) || '/';
  const entries = entriesOf(await connection.get('storage/folder').payload({ filepath: folder }));
  return entries.find((one) => one.path === path) ?? null;
}

/** `{ "files": ["/abs/file", "/abs/folder/"] }`: folders end with a slash. */
function entriesOf(answer: unknown): Entry[] {
  const files: unknown = (answer as { readonly files?: unknown } | null)?.files;
  if (!Array.isArray(files)) return [];
  return files
    .filter((file): file is string => typeof file === 'string' && withoutEnd(file) !== '')
    .map((file) => {
      const path = withoutEnd(file);
      return { path, name: path.slice(path.lastIndexOf('/') + 1), kind: file.endsWith('/') ? 'FOLDER' : 'FILE' };
    });
}

function withoutEnd(path: string): string {
  return path.replace(/\/+$/, '');
}
