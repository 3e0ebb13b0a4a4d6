/** contracts: the port interfaces, row by row, served for connectors; every failure with the exact answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connector/definition.ts';
import { askWithBody } from '../../support/rds-client.ts';
import { rdsService, rdsToken, startRdsHouse, type RdsHouse } from '../../support/rds-house.ts';
import { startFakePort, type FakePort } from '../../support/rds-port.ts';

let port: FakePort;
let house: RdsHouse;

/** A connector of this gateway, to which users enter names and passwords; its folders have two entries a page. */
const drive = (origin: string): Connector => ({
  name: 'my_drive',
  title: 'My Drive',
  connection: {
    fields: [{ name: 'user' }, { name: 'password', controlType: 'password' }],
    baseUri: `${origin}/`,
    authorization: { type: 'basic' },
  },
  actions: {
    list: {
      readOnly: true,
      capability: { name: 'listFiles', input: { path: 'path' } },
      input: [{ name: 'path' }],
      output: [{ name: 'path' }, { name: 'name' }, { name: 'kind' }],
      paginate: { strategy: 'page', sizeParam: 'size', rows: 'rows', hasMore: 'more' },
      execute: (connection, { path }) => connection.get('list').params({ path }),
    },
  },
});

beforeAll(async () => {
  port = await startFakePort();
  house = await startRdsHouse({
    connectors: [drive(port.origin)],
    origins: [port.origin],
    rds: { ports: { 'port-fake': { url: port.origin, allowPrivateAddress: true } } },
    configuration: {
      connections: [
        { connector: 'my_drive', tenant: 'acme', subject: 'grace', fields: { user: 'grace', password: 'pass-canary' } },
      ],
    },
  });
  await house.ask('POST /service', { body: rdsService('port-fake', house.endpoint) });
  await house.ask('POST /user/ada/token', { body: rdsToken('port-fake', 'ada') });
});
afterAll(async () => {
  await house.close();
  await port.close();
});
beforeEach(() => {
  port.requests.length = 0;
  port.answer = undefined;
});

const ask = async (call: string, body: unknown = { userId: 'ada' }) => {
  const [method = '', path = ''] = call.split(' ');
  const url = `${house.gateway.url()}/rds/${house.secret}/ports/${path}`;
  const { status, text } = await askWithBody(url, method, body);
  return { status, body: text === '' ? undefined : JSON.parse(text) };
};
const failure = (status: number, error: string, description: unknown) => ({
  status,
  body: { error, http_code: status, description },
});

describe('/storage', () => {
  it('lists a folder to a GET with a JSON body: absolute paths, folders with a slash at the end', async () => {
    port.files.set('/readme.md', 'x').set('/data/a.csv', 'y');
    for (const name of ['port-fake', 'fake', 'Port-Fake', 'rds_port_fake']) {
      expect([name, await ask(`GET ${name}/storage/folder`, { userId: 'ada', filepath: '/' })]).toEqual([
        name,
        { status: 200, body: { files: ['/readme.md', '/data/'] } },
      ]);
    }
    const folder = await ask('GET port-fake/storage/folder', { userId: 'ada', filepath: '/data/' });
    expect(folder).toEqual({ status: 200, body: { files: ['/data/a.csv'] } });
  });

  it('gives an empty list for what is no folder', async () => {
    port.answer = { status: 404, body: {} };
    const none = await ask('GET port-fake/storage/folder', { userId: 'ada', filepath: '/none' });
    expect(none).toEqual({ status: 200, body: { files: [] } });
  });

  it('removes a file', async () => {
    const asked = { userId: 'ada', filepath: '/data/a.csv' };
    expect(await ask('DELETE port-fake/storage/file', asked)).toEqual({ status: 200, body: { success: true } });
    expect(port.files.has('/data/a.csv')).toBe(false);
    expect(await ask('DELETE port-fake/storage/file', asked)).toEqual(
      failure(404, 'NotFound', expect.stringContaining('404')),
    );
  });

  it('is served for every connector that has the capability, all pages of it', async () => {
    const rows = [1, 2, 3].map((number) => ({ path: `/f${number}`, name: `f${number}`, kind: 'FILE' }));
    port.answer = { status: 200, body: { rows, more: false } };
    const { status, body } = await ask('GET my-drive/storage/folder', { userId: 'grace', filepath: '/' });
    expect({ status, body }).toEqual({ status: 200, body: { files: ['/f1', '/f2', '/f3'] } });
    expect(port.requests).toHaveLength(1);
  });
});

describe('/metadata', () => {
  const metadata = { title: 'One', creators: [{ name: 'Ada' }] };

  it('makes, reads, changes, publishes and removes projects', async () => {
    const made = await ask('POST port-fake/metadata/project', { userId: 'ada', metadata });
    expect(made).toEqual({ status: 200, body: { projectId: '1', metadata } });
    expect(await ask('GET port-fake/metadata/project')).toEqual({
      status: 200,
      body: [{ projectId: '1', metadata }],
    });
    expect(await ask('GET port-fake/metadata/project/1')).toEqual({ status: 200, body: metadata });
    const changed = { userId: 'ada', metadata: { title: 'Two' } };
    expect(await ask('PATCH port-fake/metadata/project/1', changed)).toEqual({ status: 200, body: { title: 'Two' } });
    expect(await ask('PUT port-fake/metadata/project/1')).toEqual({ status: 200, body: { DOI: '10.5072/1' } });
    expect(await ask('DELETE port-fake/metadata/project/1')).toEqual({ status: 204, body: undefined });
    expect(await ask('GET port-fake/metadata/project/1')).toEqual(
      failure(404, 'NotFound', 'There is no such project.'),
    );
  });

  it('answers 204 to a publication without a DOI, and 400 where the provider refuses it', async () => {
    port.answer = { status: 204, body: undefined };
    expect(await ask('PUT port-fake/metadata/project/1')).toEqual({ status: 204, body: undefined });
    for (const status of [400, 403, 409, 422]) {
      port.answer = { status, body: {} };
      expect(await ask('PUT port-fake/metadata/project/1')).toEqual(
        failure(400, 'BadRequest', expect.stringContaining(String(status))),
      );
    }
  });

  it('lists and removes files of a project', async () => {
    port.projects.set('7', { metadata: {}, files: new Map(['a', 'b', 'c'].map((name) => [name, name])) });
    const path = 'port-fake/metadata/project/7/files';
    const file = (name: string) => ({ id: name, filename: name, content: '' });
    expect(await ask(`GET ${path}`)).toEqual({ status: 200, body: [file('a'), file('b'), file('c')] });
    expect(await ask(`DELETE ${path}/b`)).toEqual({ status: 200, body: { success: true } });
    expect(await ask(`GET ${path}`)).toEqual({ status: 200, body: [file('a'), file('c')] });
    expect(await ask(`DELETE ${path}`)).toEqual({ status: 200, body: { success: true } });
    expect(await ask(`GET ${path}`)).toEqual({ status: 200, body: [] });
  });
});

describe('for whom a port is asked', () => {
  it('is a user with a token, or credentials in the session format, which are kept nowhere', async () => {
    await ask('GET port-fake/metadata/project', { userId: 'port-fake://alan:token-of-alan' });
    await ask('GET port-fake/metadata/project', { userId: 'fake://None:token-of-nobody' });
    expect(port.requests.map(({ body }) => body.userId)).toEqual([
      'port-fake://alan:token-of-alan',
      'port-fake://:token-of-nobody',
    ]);
    expect((await house.ask('GET /user/alan')).status).toBe(404);
    port.answer = { status: 200, body: { rows: [], more: false } };
    const body = { userId: 'port-my-drive://grace:other', filepath: '/' };
    expect((await ask('GET my_drive/storage/folder', body)).status).toBe(200);
  });

  const nobody = 'userId: expected the name of a user.';
  it.each([
    [undefined, nobody],
    ['', nobody],
    ['None', nobody],
    [7, nobody],
    ['port-fake://ada:None', 'userId: expected credentials with a password or a token.'],
    ['port-other://ada:pass', 'userId: its credentials are for another port.'],
    ['eve', 'port-fake is not connected for this subject. Connect it, then ask again.'],
  ])('answers 401 to %j, and asks nobody', async (userId, description) => {
    expect(await ask('GET port-fake/metadata/project', { userId })).toEqual(failure(401, 'Unauthorized', description));
    expect(port.requests).toEqual([]);
  });

  it('answers 401 where the provider takes the token no more', async () => {
    await house.ask('POST /user/late/token', { body: rdsToken('port-fake', 'late') });
    house.endpoint.answer = () => ({ status: 400, body: { error: 'invalid_grant' } });
    port.answer = { status: 401, body: {} };
    expect(await ask('GET port-fake/metadata/project', { userId: 'late' })).toMatchObject({
      status: 401,
      body: { error: 'Unauthorized', http_code: 401 },
    });
    house.endpoint.answer = undefined;
  });
});

describe('what is asked wrongly', () => {
  it.each([
    ['GET none/storage/folder', {}, 404, 'NotFound', 'There is no port of that name here.'],
    ['GET my-drive/metadata/project', {}, 404, 'NotFound', 'My Drive does not have the capability "listProjects".'],
    ['GET port-fake/storage/folder', {}, 400, 'BadRequest', 'filepath: expected a text.'],
    ['DELETE port-fake/storage/file', { filepath: 7 }, 400, 'BadRequest', 'filepath: expected a text.'],
    ['PATCH port-fake/metadata/project/1', {}, 400, 'BadRequest', 'metadata: expected a JSON object.'],
    ['POST port-fake/storage/folder', {}, 404, 'NotFound', 'Nothing is served at this path, or not by this method.'],
  ])('%s with %j is %i %s', async (call, more, status, error, description) => {
    expect(await ask(call, { userId: 'ada', ...more })).toEqual(failure(status, error, description));
  });

  it('is no JSON object, or too much of it', async () => {
    const unread = failure(400, 'BadRequest', 'The request cannot be read: send JSON, in UTF-8.');
    for (const body of ['[]', '7', '{', 'userId=ada']) {
      expect([body, await ask('GET port-fake/metadata/project', body)]).toEqual([body, unread]);
    }
    expect(await ask('GET port-fake/metadata/project', ' '.repeat(1_100_000))).toEqual(
      failure(413, 'RequestEntityTooLarge', 'The body is longer than 1048576 bytes.'),
    );
    expect(await ask('GET port-fake/metadata/project', '{"__proto__": {"userId": "ada"}}')).toMatchObject({
      status: 401,
    });
  });

  it('gives the status of the provider its name', async () => {
    for (const [status, error] of [
      [403, 'Forbidden'],
      [409, 'Conflict'],
      [429, 'TooManyRequests'],
      [503, 'ProviderError'],
    ] as const) {
      port.answer = { status, body: { secret: 'provider-canary' } };
      const { body } = await ask('POST port-fake/metadata/project');
      expect([body.error, body.http_code]).toEqual([error, status === 503 ? 500 : status]);
    }
  });
});

describe('projects of port-service', () => {
  it('are those of the port, made and removed there', async () => {
    port.projects.clear();
    const path = '/port-service/user/ada/service/fake/projects';
    expect(await house.ask(`POST ${path}`)).toMatchObject({ status: 200, body: { projectId: '1' } });
    expect(await house.ask(`GET ${path}`)).toMatchObject({ status: 200, body: [{ projectId: '1', metadata: {} }] });
    expect(await house.ask(`GET ${path}/0`)).toMatchObject({ status: 200, body: { projectId: '1' } });
    const { body } = await house.ask('GET /port-service/user/ada/service');
    expect(body.list[0].projects).toEqual([{ projectId: '1', metadata: {} }]);
    expect(await house.ask(`DELETE ${path}/1`)).toMatchObject({ status: 204 });
    expect(await house.ask(`DELETE ${path}/1`)).toMatchObject({ status: 404 });
    port.answer = { status: 500, body: {} };
    const failing = await house.ask('GET /port-service/user/ada/service');
    expect([failing.status, failing.body.list[0].projects]).toEqual([200, []]);
  });
});

describe('what is secret', () => {
  it('stands in no log', () => {
    expect(house.gateway.log()).not.toMatch(/canary|token-of-/);
  });
});
