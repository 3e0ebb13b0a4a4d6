/** An external port of RDS, consumed: its address is configured, and it can be asked like every connector that has its capabilities. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rdsService, rdsToken, startRdsHouse, type RdsHouse } from '../../support/rds-house.ts';
import { startFakePort, type FakePort } from '../../support/rds-port.ts';

let port: FakePort;
let house: RdsHouse;
let connection: string;
const ada = { subject: 'ada' };
const session = 'port-fake://ada:access-canary';

beforeAll(async () => {
  port = await startFakePort();
  house = await startRdsHouse({
    rds: { ports: { 'Port-Fake': { url: port.origin, allowPrivateAddress: true } } },
  });
  await house.ask('POST /service', { body: rdsService('port-fake', house.endpoint) });
  await house.ask('POST /user/ada/token', { body: rdsToken('port-fake', 'ada') });
  const { data } = await house.gateway.ask('{ connections { id connector { name capabilities } } }', {}, ada);
  connection = data.connections[0].id;
  expect(data.connections[0].connector).toMatchObject({
    name: 'rds_port_fake',
    capabilities: expect.arrayContaining(['listFiles', 'deleteFile', 'listProjects', 'publishProject']),
  });
});
afterAll(async () => {
  await house.close();
  await port.close();
});
beforeEach(() => {
  port.requests.length = 0;
  port.answer = undefined;
});

const ask = (query: string, variables: object = {}) => house.gateway.ask(query, { connection, ...variables }, ada);

describe('FileStorage of a port', () => {
  it('lists a folder by a GET with a JSON body, which carries the credentials', async () => {
    port.files.set('/readme.md', 'x').set('/data/a b.csv', 'y').set('/data/deep/ü', 'z');
    const query = `query ($connection: ID!, $path: String!) {
      files(connection: $connection, path: $path) { nodes { path name kind } }
    }`;
    expect((await ask(query, { path: '/' })).data.files.nodes).toEqual([
      { path: '/readme.md', name: 'readme.md', kind: 'FILE' },
      { path: '/data', name: 'data', kind: 'FOLDER' },
    ]);
    expect(port.requests).toEqual([
      {
        method: 'GET',
        path: '/storage/folder',
        contentType: expect.stringContaining('application/json'),
        body: { filepath: '/', userId: session },
      },
    ]);
    expect((await ask(query, { path: '/data' })).data.files.nodes).toEqual([
      { path: '/data/a b.csv', name: 'a b.csv', kind: 'FILE' },
      { path: '/data/deep', name: 'deep', kind: 'FOLDER' },
    ]);
  });

  it('finds a file in its folder, and none where there is none', async () => {
    const query = `query ($connection: ID!) {
      root: file(connection: $connection, path: "/") { path kind }
      file(connection: $connection, path: "/data/a b.csv") { path kind }
      none: file(connection: $connection, path: "/data/none") { path }
    }`;
    expect((await ask(query)).data).toEqual({
      root: { path: '/', kind: 'FOLDER' },
      file: { path: '/data/a b.csv', kind: 'FILE' },
      none: null,
    });
  });

  it('removes a file', async () => {
    const mutation = `mutation ($connection: ID!) {
      deleteFile(connection: $connection, input: { path: "/data/a b.csv" }) { deleted }
    }`;
    expect((await ask(mutation)).data).toEqual({ deleteFile: { deleted: true } });
    expect(port.files.has('/data/a b.csv')).toBe(false);
  });

  it('has not what the interface of RDS has not', async () => {
    const mutation = `mutation ($connection: ID!) {
      createFolder(connection: $connection, input: { path: "/new" }) { path }
    }`;
    const { errors } = await ask(mutation);
    expect(errors![0]!.extensions).toMatchObject({ code: 'CAPABILITY_ABSENT' });
  });
});

describe('MetadataStorage of a port', () => {
  it('makes, changes, publishes and removes projects', async () => {
    const create = `mutation ($connection: ID!, $metadata: JSON) {
      createProject(connection: $connection, input: { metadata: $metadata }) { id metadata }
    }`;
    const { data } = await ask(create, { metadata: { title: 'One' } });
    expect(data.createProject).toEqual({ id: '1', metadata: { title: 'One' } });
    expect(port.requests[0]).toMatchObject({
      method: 'POST',
      path: '/metadata/project',
      body: { metadata: { title: 'One' }, userId: session },
    });
    const update = `mutation ($connection: ID!) {
      updateProject(connection: $connection, input: { id: 1, metadata: { title: "Two" } }) { id metadata }
    }`;
    expect((await ask(update)).data.updateProject).toEqual({ id: '1', metadata: { title: 'Two' } });
    const read = `query ($connection: ID!) {
      projects(connection: $connection) { nodes { id metadata } }
      project(connection: $connection, id: 1) { id metadata }
      none: project(connection: $connection, id: 9) { id }
    }`;
    expect((await ask(read)).data).toEqual({
      projects: { nodes: [{ id: '1', metadata: { title: 'Two' } }] },
      project: { id: '1', metadata: { title: 'Two' } },
      none: null,
    });
    const publish = `mutation ($connection: ID!) {
      publishProject(connection: $connection, input: { id: 1 }) { id doi state }
    }`;
    expect((await ask(publish)).data.publishProject).toEqual({ id: '1', doi: '10.5072/1', state: 'PUBLISHED' });
    const remove = `mutation ($connection: ID!) { deleteProject(connection: $connection, input: { id: 1 }) { deleted } }`;
    expect((await ask(remove)).data.deleteProject).toEqual({ deleted: true });
    expect(port.projects.size).toBe(0);
  });

  it('lists files of a project, and removes one', async () => {
    port.projects.set('7', { metadata: {}, files: new Map([['a.txt', 'text']]) });
    const read = `query ($connection: ID!) {
      projectFiles(connection: $connection, project: 7) { nodes { id project name } }
      projectFile(connection: $connection, project: 7, id: "a.txt") { id project name }
    }`;
    const file = { id: 'a.txt', project: '7', name: 'a.txt' };
    expect((await ask(read)).data).toEqual({ projectFiles: { nodes: [file] }, projectFile: file });
    const remove = `mutation ($connection: ID!) {
      deleteProjectFile(connection: $connection, input: { project: 7, id: "a.txt" }) { deleted }
    }`;
    expect((await ask(remove)).data.deleteProjectFile).toEqual({ deleted: true });
  });
});

describe('credentials of a port', () => {
  it('are renewed once when the port does not take them any more', async () => {
    port.answer = { status: 401, body: {} };
    const query = '{ projects: projects(connection: $connection) { nodes { id } } }';
    const { errors } = await ask(`query ($connection: ID!) ${query}`);
    expect(errors![0]!.extensions.code).toBe('PROVIDER_UNAUTHORIZED');
    const sent = port.requests.map(({ body }) => body.userId);
    expect(sent).toEqual([session, `port-fake://ada:access-${house.endpoint.requests.length}`]);
  });

  it('are a name and a password where the service has no OAuth 2.0', async () => {
    const other = await startRdsHouse({
      rds: {
        ports: { 'port-login': { url: `${port.origin}/`, allowPrivateAddress: true, implements: ['fileStorage'] } },
      },
    });
    try {
      await other.ask('POST /service', { body: { servicename: 'port-login', implements: ['fileStorage'] } });
      const token = { service: 'port-login', user: 'ignored', access_token: 'pass' };
      await other.ask('POST /user/ada/token', { body: { ...token, user: { username: 'ada@login' } } });
      const { data } = await other.gateway.ask('{ connections { id connector { capabilities } } }', {}, ada);
      const { id, connector } = data.connections[0];
      expect(connector.capabilities).not.toContain('listProjects');
      await other.gateway.ask(`{ files(connection: "${id}") { nodes { path } } }`, {}, ada);
      expect(port.requests.at(-1)!.body.userId).toBe('port-login://ada@login:pass');
    } finally {
      await other.close();
    }
  });

  it('go to a private address only where the operator allows it', async () => {
    const strict = await startRdsHouse({ rds: { ports: { 'port-fake': { url: port.origin } } } });
    try {
      await strict.ask('POST /service', { body: rdsService('port-fake', strict.endpoint) });
      await strict.ask('POST /user/ada/token', { body: rdsToken('port-fake', 'ada') });
      const { data } = await strict.gateway.ask('{ connections { id } }', {}, ada);
      const query = `{ files(connection: "${data.connections[0].id}") { nodes { path } } }`;
      const { errors } = await strict.gateway.ask(query, {}, ada);
      expect(errors![0]!.extensions.code).toBe('ADDRESS_REFUSED');
      expect(port.requests).toEqual([]);
    } finally {
      await strict.close();
    }
  });
});
