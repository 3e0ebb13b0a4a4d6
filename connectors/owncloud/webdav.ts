/** What is asked of WebDAV, and how its answers are read. */
import type { OpenConnection, Request } from '../../src/connector/define.ts';
import { cleanPath, davFolder, davPath, davRoot, nameOf } from './dav-path.ts';

/** A file or folder as the object `file` has it. */
export interface FileRow {
  readonly path: string;
  readonly name: string;
  readonly kind: 'FILE' | 'FOLDER';
  readonly size: string | null;
  readonly media_type: string | null;
  readonly etag: string | null;
  readonly file_id: string | null;
  readonly permissions: string | null;
  readonly modified_at: string | null;
  /** Path on the server, as the server writes it. */
  readonly href: string;
}

/** What is at a path; null where there is nothing. @see https://www.rfc-editor.org/rfc/rfc4918#section-9.1 */
export async function findFile(connection: OpenConnection, path: string): Promise<FileRow | null> {
  const asked = propfind(connection, davPath(path), 0).afterErrorResponse(404, () => null);
  const found = rowsOf(await asked, connection);
  return found?.[0] ?? null;
}

/** What is at a path. @throws the connector's own error `not_found` */
export async function requireFile(connection: OpenConnection, path: string): Promise<FileRow> {
  const found = await findFile(connection, path);
  return found ?? connection.error(`There is nothing at ${JSON.stringify(path)}.`, 'not_found');
}

/** A folder and what lies in it; null where there is none. */
export async function readFolder(
  connection: OpenConnection,
  path: string,
): Promise<{ readonly self: FileRow; readonly rows: readonly FileRow[] } | null> {
  const asked = propfind(connection, davFolder(path), 1).afterErrorResponse(404, () => null);
  const found = rowsOf(await asked, connection);
  if (!found) return null;
  const own = cleanPath(path);
  const self = found.find((row) => row.path === own);
  if (!self) return connection.error('ownCloud listed a folder without the folder itself.', 'invalid_response');
  return { self, rows: found.filter((row) => row !== self) };
}

/** Of a folder, the address of which ends with a slash. */
export function addressOf({ path, kind }: Pick<FileRow, 'path' | 'kind'>): string {
  return kind === 'FOLDER' ? davFolder(path) : davPath(path);
}

/** Where something is moved or copied to: on the server as it writes paths itself, which proxies and folders do not change. */
export function destinationOf(source: FileRow, to: string): string {
  const start = source.href.slice(0, source.href.indexOf(davRoot));
  return start + addressOf({ path: cleanPath(to, 'to'), kind: source.kind });
}

/** Moves or copies; answers what lies there then. */
export async function relocate(
  connection: OpenConnection,
  method: 'move' | 'copy',
  { from, to, overwrite }: { readonly from: string; readonly to: string; readonly overwrite: boolean | null },
): Promise<FileRow> {
  const source = await requireFile(connection, from);
  const headers = { destination: destinationOf(source, to), overwrite: overwrite ? 'T' : 'F' };
  await writing(connection[method](addressOf(source)).headers(headers), connection, cleanPath(to, 'to'));
  return requireFile(connection, to);
}

/** What servers say of a write that they do not carry out, in words of files. @see https://www.rfc-editor.org/rfc/rfc4918#section-9.7 */
export function writing(request: Request, connection: OpenConnection, path: string): Request {
  const shown = JSON.stringify(path);
  return request
    .responseFormat('raw')
    .afterErrorResponse(412, () =>
      connection.error(`There is something at ${shown} already. Choose another path, or overwrite it.`, 'conflict'),
    )
    .afterErrorResponse(405, () => connection.error(`There is something at ${shown} already.`, 'conflict'))
    .afterErrorResponse(409, () =>
      connection.error(`The folder in which ${shown} would lie does not exist. Make it first.`, 'not_found'),
    )
    .afterErrorResponse(507, () => connection.error('There is no room left at ownCloud.', 'no_room'))
    .afterResponse(({ status }) =>
      status === 207 ? connection.error(`Only a part was done for ${shown}. Look at what is there now.`) : null,
    );
}

const properties = [
  'd:resourcetype',
  'd:getcontentlength',
  'd:getcontenttype',
  'd:getetag',
  'd:getlastmodified',
  'oc:size',
  'oc:id',
  'oc:permissions',
];
const namespaces = { 'xmlns:d': 'DAV:', 'xmlns:oc': 'http://owncloud.org/ns' };

function propfind(connection: OpenConnection, url: string, depth: 0 | 1): Request {
  return connection
    .request('PROPFIND', url, { 'd:prop': Object.fromEntries(properties.map((name) => [name, ''])) })
    .headers({ depth })
    .formatXml('d:propfind', { namespaces, stripResponseNamespaces: true });
}

/** Every element of an answer is a list (`http/formats/xml`). */
function rowsOf(answer: any, connection: OpenConnection): FileRow[] | null {
  if (answer === null) return null;
  const responses: unknown = answer?.multistatus?.[0]?.response;
  if (!Array.isArray(responses)) {
    return connection.error('ownCloud answered PROPFIND with XML that lists no files.', 'invalid_response');
  }
  return responses.map((response) => rowOf(response, connection));
}

function rowOf(response: any, connection: OpenConnection): FileRow {
  const href = pathOf(response.href?.[0]?.['content!']);
  const start = href?.indexOf(davRoot) ?? -1;
  const path = start < 0 ? undefined : decoded(href!.slice(start + davRoot.length));
  if (href === undefined || path === undefined) {
    return connection.error('ownCloud answered PROPFIND with a file that lies nowhere.', 'invalid_response');
  }
  const prop = (response.propstat ?? []).find((each: any) => / 200 /.test(each.status?.[0]?.['content!']))?.prop?.[0];
  const text = (name: string): string | null => prop?.[name]?.[0]?.['content!'] ?? null;
  const isFolder = prop?.resourcetype?.[0]?.collection !== undefined;
  const clean = path.replace(/\/+$/, '') || '/';
  const modified = Date.parse(text('getlastmodified') ?? '');
  return {
    path: clean,
    name: nameOf(clean),
    kind: isFolder ? 'FOLDER' : 'FILE',
    size: text('size') ?? text('getcontentlength'),
    media_type: text('getcontenttype'),
    etag: text('getetag')?.replace(/^(?:W\/)?"|"$/g, '') ?? null,
    file_id: text('id'),
    permissions: text('permissions'),
    modified_at: Number.isNaN(modified) ? null : new Date(modified).toISOString(),
    href,
  };
}

/** Servers may write the whole URL (RFC 4918 §8.3). */
function pathOf(href: unknown): string | undefined {
  if (typeof href !== 'string') return undefined;
  return href.startsWith('/') ? href : URL.canParse(href) ? new URL(href).pathname : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
