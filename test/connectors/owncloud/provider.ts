/** ownCloud on loopback: one user with files in memory, shares, and its sign-in without pages. */
import { startFakeProvider, type FakeProvider, type RecordedRequest, type Reply } from '../../support/fake-provider.ts';
import { exception, multistatus, ocsAnswer, responseOf, shareRow, tokens, user, type Entry } from './answers.ts';

/** Letters and digits alone, as ownCloud makes them. */
export const clientId = 'owncloudclient';
export const clientSecret = 'owncloudsecret';
export const authorizationCode = 'the-code';
export const appPassword = 'ABCDE-FGHIJ';

/** ownCloud in a folder of its server. */
const base = '/owncloud';
const dav = `${base}/remote.php/webdav`;

export interface OwnCloud extends FakeProvider {
  readonly server: string;
  readonly files: Map<string, Entry>;
  /** Writes as a client would; `undefined` makes a folder. */
  readonly put: (path: string, content?: string) => void;
  /** Answers PROPFIND by itself. */
  propfindWith: string | undefined;
  readonly unmatched: readonly string[];
}

export async function startOwnCloud(): Promise<OwnCloud> {
  const files = new Map<string, Entry>();
  const shares = new Map([[shareRow.id, shareRow]]);
  let counter = 0;
  const modified = 'Tue, 01 Dec 2026 10:00:00 GMT';
  const put = (path: string, content?: string): void => {
    if (path !== '/' && !files.has(parentOf(path))) put(parentOf(path));
    const made = (at: string, rest: object): Entry => {
      const etag = `e${++counter}`;
      return { path: at, modified, id: files.get(at)?.id ?? `${counter}`.padStart(8, '0'), ...rest, etag };
    };
    files.set(path, made(path, content === undefined ? {} : { content }));
    // A change shows in every folder above.
    for (let at = path; at !== '/'; at = parentOf(at)) files.set(parentOf(at), made(parentOf(at), {}));
  };
  put('/Documents');
  put('/Documents/Example.odt', 'An example.');
  const unmatched: string[] = [];
  const state = { files, shares, put, propfindWith: undefined as string | undefined };
  const provider = await startFakeProvider((request) => {
    const reply = answer(request, state);
    if (reply) return reply;
    unmatched.push(`${request.method} ${request.url}`);
    return { status: 501 };
  });
  return Object.assign(state, provider, { server: `${provider.origin}${base}`, unmatched });
}

interface State {
  readonly files: Map<string, Entry>;
  readonly shares: Map<string, typeof shareRow>;
  readonly put: OwnCloud['put'];
  readonly propfindWith: string | undefined;
}

function answer(request: RecordedRequest, state: State): Reply | undefined {
  const { path, headers } = request;
  if (path === `${base}/index.php/apps/oauth2/api/v1/token`) return answerTokens(request);
  const basic = `Basic ${Buffer.from(`ada:${appPassword}`).toString('base64')}`;
  if (![`Bearer ${tokens.access_token}`, basic].includes(headers.authorization ?? '')) {
    return { status: 401, body: exception('NotAuthenticated', 'Cannot authenticate over ajax calls') };
  }
  if (path.startsWith(`${base}/ocs/v2.php/`)) return answerOcs(request, state);
  if (path === dav || path.startsWith(`${dav}/`)) return answerDav(request, state);
  return undefined;
}

function answerTokens({ headers, body }: RecordedRequest): Reply {
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const form = new URLSearchParams(body);
  if (headers.authorization !== basic) return { status: 401, json: { error: 'invalid_client' } };
  const isCode = form.get('code') === authorizationCode || form.get('refresh_token') === tokens.refresh_token;
  return isCode ? { json: tokens } : { status: 400, json: { error: 'invalid_grant' } };
}

function answerOcs(
  { method, path, query, body, headers }: RecordedRequest,
  { shares, files }: State,
): Reply | undefined {
  if (headers['ocs-apirequest'] !== 'true' || query['format'] !== 'json') return undefined;
  const absent = { status: 404, json: ocsAnswer([], 404, 'Wrong share ID, share doesn’t exist') };
  const rest = path.slice(`${base}/ocs/v2.php`.length);
  if (rest === '/cloud/user') return { json: ocsAnswer(user) };
  const [, id] = /^\/apps\/files_sharing\/api\/v1\/shares(?:\/(\d+))?$/.exec(rest) ?? [undefined, null];
  if (id === null) return undefined;
  if (id !== undefined) {
    const found = shares.get(id);
    if (!found) return absent;
    if (method === 'DELETE') shares.delete(id);
    return { json: ocsAnswer(method === 'DELETE' ? [] : [found]) };
  }
  if (method === 'GET') {
    return { json: ocsAnswer([...shares.values()].filter((row) => !query['path'] || row.path === query['path'])) };
  }
  const form = new URLSearchParams(body);
  const shared = form.get('path') ?? '';
  if (!files.has(shared)) return { status: 404, json: ocsAnswer([], 404, 'Wrong path, file/folder doesn’t exist') };
  const made = { ...shareRow, id: String(shares.size + 1), path: shared, share_type: Number(form.get('shareType')) };
  shares.set(made.id, made);
  return { json: ocsAnswer(made) };
}

function answerDav(request: RecordedRequest, { files, put, propfindWith }: State): Reply | undefined {
  const { method, headers, body } = request;
  const at = pathOf(request.path);
  const entry = files.get(at);
  const absent = { status: 404, body: exception('NotFound', `File with name ${at} could not be located`) };
  if (method === 'PROPFIND') {
    if (propfindWith !== undefined) return { status: 207, body: propfindWith };
    if (!entry) return absent;
    const below = headers.depth === '0' ? [] : [...files.values()].filter((each) => isIn(each.path, at));
    const type = { 'content-type': 'application/xml; charset=utf-8' };
    return { status: 207, headers: type, body: multistatus([entry, ...below].map((each) => responseOf(dav, each))) };
  }
  if (method === 'GET') return entry?.content === undefined ? absent : { body: entry.content };
  if (method === 'PUT') {
    if (entry && headers['if-none-match'] === '*') return { status: 412 };
    put(at, body);
    return { status: entry ? 204 : 201 };
  }
  if (method === 'MKCOL') {
    if (entry) return { status: 405, body: exception('MethodNotAllowed', 'The resource already exists') };
    if (!files.has(parentOf(at))) return { status: 409, body: exception('Conflict', 'Parent node does not exist') };
    put(at);
    return { status: 201 };
  }
  if (!entry) return absent;
  if (method === 'DELETE') {
    remove(files, at, put);
    return { status: 204 };
  }
  return relocate(request, entry, files, put);
}

function relocate(
  { method, headers }: RecordedRequest,
  entry: Entry,
  files: State['files'],
  put: State['put'],
): Reply | undefined {
  if (method !== 'MOVE' && method !== 'COPY') return undefined;
  const to = pathOf(String(headers['destination']));
  const isThere = files.has(to);
  if (isThere && headers['overwrite'] === 'F') return { status: 412, body: exception('PreconditionFailed', '') };
  if (!files.has(parentOf(to))) return { status: 409, body: exception('Conflict', '') };
  for (const each of [...files.values()].filter(
    ({ path }) => path === entry.path || path.startsWith(`${entry.path}/`),
  )) {
    put(to + each.path.slice(entry.path.length), each.content);
  }
  if (method === 'MOVE') remove(files, entry.path, put);
  return { status: isThere ? 204 : 201 };
}

function remove(files: State['files'], at: string, put: State['put']): void {
  for (const each of files.keys()) if (each === at || each.startsWith(`${at}/`)) files.delete(each);
  put(parentOf(at));
}

function isIn(path: string, folder: string): boolean {
  return path !== '/' && parentOf(path) === folder;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function pathOf(url: string): string {
  return decodeURIComponent(url.slice(url.indexOf(dav) + dav.length)).replace(/\/+$/, '') || '/';
}
