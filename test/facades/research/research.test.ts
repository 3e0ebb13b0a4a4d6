/** What Sciebo RDS' own tests ask of its research manager, header by header, and what they leave out. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { plainRepository } from '../../support/metadata-connectors.ts';
import { startTenantGateway, type TenantGateway } from '../../support/tenant-gateway.ts';

const secret = '0123456789abcdef0123456789abcdef';
let gateway: TenantGateway;
/** Of each test its own. */
let user: string;
let path: string;
let users = 0;
beforeAll(async () => {
  gateway = await startTenantGateway({
    connectors: [plainRepository('http://127.0.0.1:1')],
    configuration: { facades: { rds: { tenant: 'acme', secret } } },
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  user = `user-${(users += 1)}`;
  path = `/user/${user}/research/0`;
});

/** Asks `GET /user/…` below `/research`. */
async function ask(call: string, json?: unknown) {
  const [method, path] = call.split(' ');
  const response = await fetch(`${gateway.url()}/rds/${secret}/research${path}`, {
    method: method!,
    ...(json !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const any = expect.any(Number) as unknown as number;
const research = (userId: string, researchId: number, researchIndex: number, rest: object = {}) => ({
  userId,
  status: 1,
  portIn: [],
  portOut: [],
  researchId,
  researchIndex,
  researchname: null,
  ...rest,
});
const zenodo = { port: 'port-zenodo', properties: [{ portType: 'metadata', value: true }] };
const owncloud = { port: 'port-owncloud', properties: [{ portType: 'fileStorage', value: true }] };
const notFound = (description: string) => ({ status: 404, body: { error: 'NotFound', http_code: 404, description } });

describe('research of a user', () => {
  it('is begun for each user, counted for all of them and for each', async () => {
    for (const [researchId, each] of ['0', '1', 'admin', 'user'].entries()) {
      expect(await ask(`GET /user/${each}`)).toEqual({ status: 404, body: [] });
      const expected = research(each, researchId, 0);
      expect(await ask(`POST /user/${each}`)).toEqual({ status: 200, body: expected });
      expect(await ask(`GET /user/${each}`)).toEqual({ status: 200, body: [expected] });
      expect(await ask(`GET /id/${researchId}`)).toEqual({ status: 200, body: expected });
    }
  });

  it('is begun with its ports', async () => {
    const expected = [
      research(user, any, 0),
      research(user, any, 1, { portIn: [zenodo] }),
      research(`${user}-2`, any, 0, { portIn: [zenodo], portOut: [owncloud] }),
    ];
    for (const each of expected) {
      expect(await ask(`POST /user/${each.userId}`, each)).toEqual({ status: 200, body: each });
      expect(await ask(`GET /user/${each.userId}/research/${each.researchIndex}`)).toEqual({ status: 200, body: each });
    }
  });

  it('is marked as deleted, and stays', async () => {
    await ask(`POST /user/${user}`);
    await ask(`POST /user/${user}`);
    expect(await ask(`DELETE ${path}`)).toEqual({ status: 204, body: undefined });
    const first = research(user, any, 0, { status: 4 });
    expect(await ask(`GET /user/${user}`)).toEqual({ status: 200, body: [first, research(user, any, 1)] });
    expect(await ask(`DELETE /user/${user}`)).toEqual({ status: 204, body: undefined });
    expect((await ask(`GET /user/${user}`)).body).toEqual([first, research(user, any, 1, { status: 4 })]);
    expect(await ask(`DELETE /user/${user}`)).toEqual(notFound('This user has no research.'));
  });

  it('goes on by one state at a time, or to its end', async () => {
    await ask(`POST /user/${user}`);
    const status = `${path}/status`;
    expect(await ask(`GET ${status}`)).toEqual({ status: 200, body: { status: 1 } });
    expect(await ask(`PATCH ${status}`)).toEqual({ status: 200, body: { status: 2 } });
    expect(await ask(`PATCH ${status}`, { finish: true })).toEqual({ status: 200, body: { status: 3 } });
    expect(await ask(`PATCH ${status}`)).toEqual({ status: 200, body: { status: 4 } });
    expect(await ask(`PATCH ${status}`, { finish: true })).toEqual({ status: 200, body: { status: 4 } });
  });

  it('has a name, which an empty one takes away', async () => {
    await ask(`POST /user/${user}`);
    const name = `${path}/researchname`;
    expect(await ask(`GET ${name}`)).toEqual({ status: 200, body: { researchname: null } });
    expect(await ask(`PUT ${name}`, { researchname: 'Rain' })).toEqual({ status: 200, body: { researchname: 'Rain' } });
    expect((await ask(`GET ${path}`)).body.researchname).toBe('Rain');
    expect(await ask(`PUT ${name}`, { researchname: '' })).toEqual({ status: 200, body: { researchname: null } });
  });

  it('is the same in GraphQL', async () => {
    await ask('POST /user/ada', { portOut: [zenodo] });
    const { data } = await gateway.ask(
      '{ researchContexts { number exports { port metadata } } }',
      {},
      { subject: 'ada' },
    );
    expect(data.researchContexts).toEqual([{ number: any, exports: [{ port: 'port-zenodo', metadata: true }] }]);
  });
});

describe.each(['imports', 'exports'])('%s', (direction) => {
  beforeEach(async () => {
    path = `${path}/${direction}`;
    await ask(`POST /user/${user}`);
  });

  it('are added, replaced by name, read by their place and taken away', async () => {
    expect(await ask(`POST ${path}`, zenodo)).toEqual({ status: 200, body: [zenodo] });
    expect(await ask(`POST ${path}`, owncloud)).toEqual({ status: 200, body: [zenodo, owncloud] });
    const both = { port: 'port-zenodo', properties: [...owncloud.properties, ...zenodo.properties] };
    expect(await ask(`POST ${path}`, both)).toEqual({ status: 200, body: [both, owncloud] });
    expect(await ask(`GET ${path}/1`)).toEqual({ status: 200, body: owncloud });
    expect(await ask(`DELETE ${path}/0`)).toEqual({ status: 200, body: [owncloud] });
    expect(await ask(`DELETE ${path}/7`)).toEqual({ status: 200, body: [owncloud] });
    expect(await ask(`GET ${path}`)).toEqual({ status: 200, body: [owncloud] });
    expect(await ask(`GET ${path}/1`)).toEqual(notFound('This research has no such port.'));
  });

  it('keep what applications say of them, and drop what RDS does not know', async () => {
    const custom = [{ key: 'serviceProjectId', value: '12345' }];
    const told = { port: 'port-zenodo', properties: [{ portType: 'customProperties', value: custom }] };
    expect(await ask(`POST ${path}`, told)).toEqual({ status: 200, body: [told] });
    const wrong = { port: 'port-zenodo', properties: [{ portType: 'customProperty', value: custom }] };
    expect(await ask(`POST ${path}`, wrong)).toEqual({
      status: 200,
      body: [{ port: 'port-zenodo', properties: [] }],
    });
  });

  it('are refused where they cannot be read', async () => {
    for (const [port, description] of unreadable) {
      const body = { error: 'BadRequest', http_code: 400, description };
      expect(await ask(`POST ${path}`, port)).toEqual({ status: 400, body });
    }
    expect(await ask(`GET ${path}`)).toEqual({ status: 200, body: [] });
  });
});

/** What is no port, and what is said of it. */
const unreadable = [
  [[], 'The body: expected { port, properties }.'],
  [{ properties: [] }, 'The body.port: expected the name of a port.'],
  [{ port: 'a', properties: 'metadata' }, 'The body.properties: expected a list.'],
  [{ port: 'a', properties: ['metadata'] }, 'The body.properties[0]: expected { portType, value }.'],
  [
    { port: 'a', properties: [{ portType: 'metadata', value: 'yes' }] },
    'The body.properties: expected true or false for metadata.',
  ],
  [
    { port: 'a', properties: [{ portType: 'customProperties', value: [{ value: 1 }] }] },
    'The body.properties: expected a list of { key, value } for customProperties.',
  ],
  [{ port: 'x'.repeat(201) }, 'port.port: expected a text of at most 200 characters; got 201.'],
] as const;

describe('research that there is not', () => {
  const calls = [
    'GET /user/nobody/research/0',
    'DELETE /user/nobody/research/0',
    'GET /user/nobody/research/0/imports',
    'GET /user/nobody/research/0/exports/0',
    'DELETE /user/nobody/research/0/exports/0',
    'GET /user/nobody/research/0/status',
    'PATCH /user/nobody/research/0/status',
    'GET /user/nobody/research/0/researchname',
    'GET /user/nobody/research/first',
    'GET /id/1000',
    'GET /id/none',
  ];

  it('is answered 404', async () => {
    const answers = await Promise.all(calls.map((call) => ask(call)));
    expect(answers).toEqual(calls.map(() => notFound('There is no such research.')));
  });

  it('is not made by what cannot be read', async () => {
    const refused = (description: string) => ({
      status: 400,
      body: { error: 'BadRequest', http_code: 400, description },
    });
    expect(await ask(`POST /user/${user}`, [])).toEqual(refused('The body: expected a JSON object.'));
    expect(await ask(`POST /user/${user}`, { portIn: {} })).toEqual(refused('portIn: expected a list of ports.'));
    expect(await ask(`POST /user/${user}`, { researchname: 7 })).toEqual(refused('researchname: expected a text.'));
    expect(await ask(`GET /user/${user}`)).toEqual({ status: 404, body: [] });
  });

  it('is what other tenants and those without the address have', async () => {
    await ask(`POST /user/${user}`);
    const other = await gateway.ask('{ researchContexts { id } }', {}, { tenant: 'globex', subject: user });
    expect(other.data).toEqual({ researchContexts: [] });
    const guessed = await fetch(`${gateway.url()}/rds/${secret.replace('0', '1')}/research/user/${user}`);
    expect(guessed.status).toBe(404);
    expect(await guessed.text()).not.toContain(user);
    // What a tenant keeps for itself is nobody's research.
    const { data } = await gateway.ask('mutation { createResearchContext { number } }');
    expect(await ask(`GET /id/${data.createResearchContext.number}`)).toEqual(notFound('There is no such research.'));
  });
});
