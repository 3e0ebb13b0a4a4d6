/** Zenodo on loopback: one account with its depositions and their files, and its sign-in without pages. */
import { createHash } from 'node:crypto';
import { startFakeProvider, type FakeProvider, type RecordedRequest, type Reply } from '../../support/fake-provider.ts';
import * as answers from './answers.ts';

export const accessToken = 'ada-token';
export const clientId = 'zenodo-client';
export const clientSecret = 'zenodo-secret';
export const authorizationCode = 'the-code';

export interface Zenodo extends FakeProvider {
  readonly depositions: Map<number, answers.DepositionRow>;
  /** Contents of the bucket by name. */
  readonly contents: Map<string, Buffer>;
  readonly unmatched: readonly string[];
  readonly senderOptions: {
    readonly replayedOrigins: Record<string, string>;
    readonly allowedPrivateOrigins: string[];
  };
}

interface Account {
  readonly depositions: Map<number, answers.DepositionRow>;
  readonly contents: Map<string, Buffer>;
}

export async function startZenodo(): Promise<Zenodo> {
  const depositions = new Map([[answers.depositionId, answers.newDeposition()]]);
  const contents = new Map<string, Buffer>();
  const account: Account = { depositions, contents };
  const unmatched: string[] = [];
  const provider = await startFakeProvider((request) => {
    if (request.path === '/oauth/token') return answerTokens(new URLSearchParams(request.body));
    if (request.headers.authorization !== `Bearer ${accessToken}`) return { status: 401, json: answers.unauthorized };
    const reply = answerApi(request, account);
    if (reply) return reply;
    unmatched.push(`${request.method} ${request.url}`);
    return { status: 404, json: answers.notFound };
  });
  return {
    ...provider,
    depositions,
    contents,
    unmatched,
    senderOptions: {
      replayedOrigins: { 'https://zenodo.org': provider.origin },
      allowedPrivateOrigins: [provider.origin],
    },
  };
}

function answerApi(request: RecordedRequest, account: Account): Reply | undefined {
  const { method, path } = request;
  const [, name] = /^\/api\/files\/[\w-]+\/([^/]+)$/.exec(path) ?? [];
  if (name !== undefined) return answerBucket(request, decodeURIComponent(name), account);
  if (path === '/api/deposit/depositions') return method === 'POST' ? create(request, account) : list(request, account);
  const [, id, rest = ''] = /^\/api\/deposit\/depositions\/(\d+)(\/.+)?$/.exec(path) ?? [];
  const row = account.depositions.get(Number(id));
  if (id === undefined) return undefined;
  if (!row) return { status: 404, json: answers.notFound };
  if (rest === '') return answerDeposition(request, row, account);
  if (rest.startsWith('/files')) return answerFiles(request, rest, row);
  return method === 'POST' ? act(rest.replace('/actions/', ''), row, account) : undefined;
}

function list({ query }: RecordedRequest, { depositions }: Account): Reply {
  const size = Number(query.size ?? 10);
  const rows = [...depositions.values()].filter(({ submitted }) =>
    query.status === undefined ? true : submitted === (query.status === 'published'),
  );
  const start = (Number(query.page ?? 1) - 1) * size;
  return { json: rows.slice(start, start + size) };
}

function create({ body }: RecordedRequest, { depositions }: Account): Reply {
  const row = answers.newDeposition(Math.max(answers.depositionId, ...depositions.keys()) + 1);
  depositions.set(row.id, row);
  return describe(row, body, 201);
}

/** Says of a deposition what the body says, as far as it may. */
function describe(row: answers.DepositionRow, body: string, status: number): Reply {
  const { metadata = {} } = JSON.parse(body) as { metadata?: Record<string, unknown> };
  if (!['open', 'closed', undefined].includes(metadata.access_right as string | undefined)) {
    return { status: 400, json: answers.invalid };
  }
  row.metadata = { ...metadata, prereserve_doi: row.metadata.prereserve_doi };
  row.title = typeof metadata.title === 'string' ? metadata.title : '';
  return { status, json: row };
}

function answerDeposition(
  { method, body }: RecordedRequest,
  row: answers.DepositionRow,
  { depositions }: Account,
): Reply | undefined {
  if (method === 'GET') return { json: row };
  if (method === 'PUT') return describe(row, body, 200);
  if (method !== 'DELETE') return undefined;
  if (row.submitted) return { status: 403, json: { message: 'Deposition is published', status: 403 } };
  depositions.delete(row.id);
  return { status: 204 };
}

function act(action: string, row: answers.DepositionRow, { depositions }: Account): Reply | undefined {
  switch (action) {
    case 'publish':
      if (row.title === '') {
        const errors = [{ field: 'metadata.title', messages: ['Missing data'] }, { field: 'metadata.creators' }];
        return { status: 400, json: { message: 'Validation error.', status: 400, errors } };
      }
      Object.assign(row, { submitted: true, state: 'done', doi: `10.5281/zenodo.${row.id}` });
      return { status: 202, json: row };
    case 'edit':
      if (row.state !== 'done') return { status: 400, json: { message: 'Not allowed', status: 400 } };
      row.state = 'inprogress';
      return { status: 201, json: row };
    case 'discard':
      row.state = 'done';
      return { status: 201, json: row };
    case 'newversion': {
      const draft = answers.newDeposition(row.id + 100);
      draft.metadata = row.metadata;
      depositions.set(draft.id, draft);
      const links = { ...(row.links as object), latest_draft: (draft.links as { self: string }).self };
      return { status: 201, json: { ...row, links } };
    }
    default:
      return undefined;
  }
}

function answerFiles({ method, body }: RecordedRequest, rest: string, row: answers.DepositionRow): Reply | undefined {
  const files = row.files as { id: string; filename: string }[];
  const [, id] = /^\/files\/(.+)$/.exec(rest) ?? [];
  if (id === undefined) {
    if (method === 'GET') return { json: files };
    if (method !== 'PUT') return undefined;
    const order = (JSON.parse(body) as { id: string }[]).map((each) => each.id);
    return { json: files.sort((left, right) => order.indexOf(left.id) - order.indexOf(right.id)) };
  }
  const file = files.find((each) => each.id === id);
  if (!file) return { status: 404, json: { message: 'Deposition file does not exist.', status: 404 } };
  if (method === 'GET') return { json: file };
  if (method === 'PUT') {
    file.filename = (JSON.parse(body) as { name: string }).name;
    return { json: file };
  }
  if (row.submitted) return { status: 403, json: { message: 'Deposition is published', status: 403 } };
  files.splice(files.indexOf(file), 1);
  return { status: 204 };
}

function answerBucket(
  { method, body }: RecordedRequest,
  name: string,
  { contents, depositions }: Account,
): Reply | undefined {
  if (method === 'GET') {
    const content = contents.get(name);
    return content && { headers: { 'content-type': 'application/octet-stream' }, body: content };
  }
  if (method !== 'PUT') return undefined;
  const content = Buffer.from(body);
  contents.set(name, content);
  const checksum = createHash('md5').update(content).digest('hex');
  const files = depositions.get(answers.depositionId)?.files as object[];
  files.push({ ...answers.fileRow, id: `id-of-${name}`, filename: name, filesize: content.length, checksum });
  return { status: 201, json: answers.storedFile(name, content.length, checksum) };
}

/** Tokens live an hour, and each refresh gives both anew. */
function answerTokens(form: URLSearchParams): Reply {
  const isKnown = form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  const isRight = form.get('grant_type') === 'refresh_token' || form.get('code') === authorizationCode;
  if (!isKnown || !isRight) return { status: 400, json: { error: isKnown ? 'invalid_grant' : 'invalid_client' } };
  return {
    json: {
      access_token: accessToken,
      expires_in: 3600,
      token_type: 'Bearer',
      scope: 'deposit:write deposit:actions',
      refresh_token: 'ada-refresh',
      user: { id: '12345' },
    },
  };
}
