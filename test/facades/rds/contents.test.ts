/** contracts: contents of files by the port interfaces, served for connectors and consumed from an external port. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fileConnector, startFileProvider, type FileProvider } from '../../support/file-provider.ts';
import { askWithBody } from '../../support/rds-client.ts';
import { rdsService, rdsToken, startRdsHouse, type RdsHouse } from '../../support/rds-house.ts';
import { startFakePort, type FakePort } from '../../support/rds-port.ts';
import { until } from '../../support/until.ts';

let provider: FileProvider;
let port: FakePort;
let house: RdsHouse;
let connection: string;

beforeAll(async () => {
  [provider, port] = await Promise.all([startFileProvider(), startFakePort()]);
  house = await startRdsHouse({
    connectors: [fileConnector(provider.origin)],
    origins: [provider.origin],
    rds: { ports: { 'port-fake': { url: port.origin, allowPrivateAddress: true } } },
    configuration: {
      connections: [{ connector: 'drive', tenant: 'acme', subject: 'ada', fields: { key: 'key-canary' } }],
      files: { maxUploadBytes: 1_000_000, maxPerTenant: 2 },
    },
  });
  await house.ask('POST /service', { body: rdsService('port-fake', house.endpoint) });
  await house.ask('POST /user/ada/token', { body: rdsToken('port-fake', 'ada') });
  const { data } = await house.gateway.ask('{ connections { id } }', {}, { subject: 'ada' });
  connection = data.connections[0].id;
});
afterAll(async () => {
  await house.close();
  await Promise.all([provider.close(), port.close()]);
});
beforeEach(() => {
  port.answer = undefined;
  port.requests.length = 0;
});

const base = (path: string) => `${house.gateway.url()}/rds/${house.secret}/ports/${path}`;

const download = (path: string, body: object) => askWithBody(base(path), 'GET', body);

/** As python's requests sends it: the fields before the file. */
async function upload(
  path: string,
  fields: Record<string, string>,
  content?: string,
  method: 'POST' | 'PATCH' = 'POST',
) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (content !== undefined) form.append('files', new Blob([content], { type: 'text/x-note' }), 'note.txt');
  const response = await fetch(base(path), { method, body: form });
  return { status: response.status, body: (await response.json()) as any };
}

const failure = (status: number, error: string, description: string) => ({
  status,
  body: { error, http_code: status, description },
});
const done = { status: 200, body: { success: true } };

describe('/storage/file of a connector', () => {
  it('takes a form, and streams its file to the provider with the credentials of the user', async () => {
    expect(await upload('drive/storage/file', { filepath: '/in/ä b.txt', userId: 'ada' }, 'hello\r\n--x')).toEqual(
      done,
    );
    const { bytes, headers } = provider.files.get('/in/ä b.txt')!;
    expect(bytes.toString()).toBe('hello\r\n--x');
    expect(headers['x-key']).toBe('key-canary');
    expect(await upload('drive/storage/file', { filepath: '/in/ä b.txt', userId: 'ada' }, 'two', 'PATCH')).toEqual(
      done,
    );
    expect(provider.files.get('/in/ä b.txt')!.bytes.toString()).toBe('two');
  });

  it('gives the bytes to a GET with a JSON body, to be saved and not shown', async () => {
    provider.files.set('/out.html', { bytes: Buffer.from('<script>'), headers: {} });
    const { status, headers, text } = await download('drive/storage/file', { filepath: '/out.html', userId: 'ada' });
    expect([status, text]).toEqual([200, '<script>']);
    expect(headers).toMatchObject({
      'content-disposition': 'attachment; filename="out.html"',
      'content-length': '8',
      'x-content-type-options': 'nosniff',
    });
  });

  it('says what is missing, in the words of RDS', async () => {
    const path = 'drive/storage/file';
    const none = await download(path, { filepath: '/none', userId: 'ada' });
    expect([none.status, JSON.parse(none.text).error]).toEqual([404, 'NotFound']);
    expect(await upload(path, { userId: 'ada' }, 'x')).toEqual(
      failure(400, 'BadRequest', 'filepath: expected a text.'),
    );
    expect(await upload(path, { filepath: '/a', userId: 'ada' })).toEqual(
      failure(400, 'BadRequest', 'files: expected a file, behind the other fields of the form.'),
    );
    expect(await upload(path, { filepath: '/a' }, 'x')).toEqual(
      failure(401, 'Unauthorized', 'userId: expected the name of a user.'),
    );
    expect(await upload(path, { filepath: '/a', userId: 'eve' }, 'x'.repeat(200_000))).toEqual(
      failure(401, 'Unauthorized', 'Drive is not connected for this subject. Connect it, then ask again.'),
    );
    const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    expect(await (await fetch(base(path), json)).json()).toEqual(
      failure(400, 'BadRequest', 'The body is no form: expected multipart/form-data with a boundary.').body,
    );
  });

  it('takes no more than it may, and keeps nothing of it', async () => {
    const { status, body } = await upload(
      'drive/storage/file',
      { filepath: '/large', userId: 'ada' },
      'x'.repeat(1_000_001),
    );
    expect([status, body.error]).toEqual([413, 'RequestEntityTooLarge']);
    expect(provider.files.has('/large')).toBe(false);
  });

  it('answers 503 while as many pass as may', async () => {
    const held: (() => void)[] = [];
    provider.script.set('/slow', (_request, response) => {
      response.writeHead(200, { 'content-length': 4 }).write('ab');
      held.push(() => response.end('cd'));
    });
    const asked = { filepath: '/slow', userId: 'ada' };
    const passing = [download('drive/storage/file', asked), download('drive/storage/file', asked)];
    await until(() => held.length === 2);
    const refused = await download('drive/storage/file', asked);
    expect([refused.status, JSON.parse(refused.text).http_code]).toEqual([503, 503]);
    for (const release of held) release();
    expect((await Promise.all(passing)).map(({ text }) => text)).toEqual(['abcd', 'abcd']);
  });

  it('never gives a part for the whole where the provider is cut', async () => {
    provider.script.set('/cut', (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('begin');
      setImmediate(() => response.destroy());
    });
    await expect(download('drive/storage/file', { filepath: '/cut', userId: 'ada' })).rejects.toThrow();
  });
});

describe('/storage/file of an external port', () => {
  const ask = (query: string) => house.gateway.ask(query, {}, { subject: 'ada' });

  it('passes through in both directions, the credentials before the file', async () => {
    const fields = { filepath: '/data/a.csv', userId: 'ada' };
    expect(await upload('port-fake/storage/file', fields, '1;2\r\n3;4')).toEqual(done);
    expect(port.files.get('/data/a.csv')).toBe('1;2\r\n3;4');
    const [, ...parts] = String(port.requests[0]!.body).split(/name="(\w+)"/);
    expect(parts.filter((_part, index) => index % 2 === 0)).toEqual(['userId', 'filepath', 'files']);
    const { status, text } = await download('port-fake/storage/file', fields);
    expect([status, text]).toEqual([200, '1;2\r\n3;4']);
  });

  it('is in GraphQL behind one-time URLs', async () => {
    const mutation = `mutation {
      uploadFile(connection: "${connection}", input: { path: "/up.txt", overwrite: false }) { url method }
    }`;
    const { data } = await ask(mutation);
    const put = () => fetch(data.uploadFile.url, { method: 'PUT', body: 'from GraphQL' });
    expect((await put()).status).toBe(204);
    expect(port.files.get('/up.txt')).toBe('from GraphQL');
    const file = await ask(`{ file(connection: "${connection}", path: "/up.txt") { download { url } } }`);
    expect(await (await fetch(file.data.file.download.url)).text()).toBe('from GraphQL');
    const again = await ask(mutation);
    const refused = await fetch(again.data.uploadFile.url, { method: 'PUT', body: 'other' });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(port.files.get('/up.txt')).toBe('from GraphQL');
  });
});

describe('/metadata/project/{id}/files of an external port', () => {
  const files = 'port-fake/metadata/project/7/files';
  beforeAll(() => void port.projects.set('7', { metadata: {}, files: new Map() }));

  it('takes a file by its name, gives its text, and changes it', async () => {
    const fields = { userId: 'ada', filename: 'a.txt', folder: '/data' };
    expect(await upload(files, fields, 'text')).toEqual(done);
    expect(String(port.requests[0]!.body)).toContain('name="folder"\r\n\r\n/data');
    const { text } = await download(`${files}/a.txt`, { userId: 'ada' });
    expect(JSON.parse(text)).toEqual({ id: 'a.txt', filename: 'a.txt', content: 'text' });
    expect(await upload(`${files}/a.txt`, { userId: 'ada' }, 'more', 'PATCH')).toEqual(done);
    expect(port.projects.get('7')!.files.get('a.txt')).toBe('more');
    const none = await download(`${files}/none`, { userId: 'ada' });
    expect([none.status, JSON.parse(none.text).description]).toEqual([404, 'There is no such file.']);
  });

  it('answers success false where the provider does not take it', async () => {
    for (const answer of [
      { status: 400, body: {} },
      { status: 200, body: { success: false } },
    ]) {
      port.answer = answer;
      expect(await upload(files, { userId: 'ada', filename: 'b.txt' }, 'x')).toEqual({
        status: 200,
        body: { success: false },
      });
    }
  });
});

describe('what is secret', () => {
  it('stands in no log', () => {
    expect(house.gateway.log()).not.toMatch(/canary/);
  });
});
