import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGateway } from '../../src/gateway.ts';
import { directoryRoutes, mappedDirectory } from '../support/directory-connectors.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';
import { until } from '../support/until.ts';

/** Another gateway plays the remote server: what we serve to callers of Lumos we can consume as well. */
let provider: FakeProvider;
let remote: RunningGateway;
let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  provider = await startFakeProvider(directoryRoutes);
  remote = await startGateway({ connectors: [mappedDirectory(provider.origin)], origins: [provider.origin] });
  url = `${remote.url}/lumos/mapped_directory`;
  gateway = await startGateway({
    connectors: [],
    configuration: {
      imports: { lumos: [{ name: 'remote', url, allowPrivateAddress: true }] },
      connections: [{ connector: 'remote', fields: { key: 'good' } }],
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await remote.close();
  await provider.close();
});

const connection = 'remote.tenant';

describe('a remote server of Lumos', () => {
  it('answers the same operation as every other provider, page by page', async () => {
    const query = `{ accounts(connection: "${connection}", first: 3) { nodes { id email status } pageInfo { hasNextPage } } }`;
    expect((await gateway.ask(query)).data).toEqual({
      accounts: {
        nodes: [
          { id: '1', email: 'm1@example.test', status: 'ACTIVE' },
          { id: '2', email: 'm2@example.test', status: 'SUSPENDED' },
          { id: '3', email: 'm3@example.test', status: 'ACTIVE' },
        ],
        pageInfo: { hasNextPage: false },
      },
    });
    // The credentials of the connection came through to whom they are for.
    expect(provider.requests.at(-1)?.headers['x-key']).toBe('good');
  });

  it('is told what is written', async () => {
    const mutation = `mutation { assignEntitlement(connection: "${connection}", input: {
      account: "2", entitlement: "member", entitlementType: "ROLE", resource: "core", resourceType: "TEAM"
    }) { assigned } }`;
    expect((await gateway.ask(mutation)).data).toEqual({ assignEntitlement: { assigned: true } });
  });

  it('keeps its codes behind the name of the connector', async () => {
    const mutation = `mutation { assignEntitlement(connection: "${connection}", input: {
      account: "9", entitlement: "member", entitlementType: "ROLE", resource: "none", resourceType: "TEAM"
    }) { assigned } }`;
    const { errors } = await gateway.ask(mutation);
    expect(errors?.[0]?.extensions).toMatchObject({ errorCode: 'remote.not_found', connector: 'remote' });
  });

  it('needs an allowance where its address is private, and a start without it says so', async () => {
    const configuration = {
      insecureDev: true,
      logLevel: 'silent' as const,
      imports: { lumos: [{ name: 'remote', url }] },
    };
    await expect(createGateway({ connectors: [], configuration })).rejects.toMatchObject({
      faults: [{ code: 'IMPORT_FAILED', path: 'imports.lumos.remote' }],
    });
  });
});

describe('a remote server of Lumos that is away when the gateway starts', () => {
  const accounts = `{ accounts(connection: "${connection}", first: 1) { nodes { id } } }`;
  let isUp = false;
  let front: FakeProvider;
  let late: TenantGateway;

  beforeAll(async () => {
    // Cuts, refuses, and then is what stands behind it.
    let asked = 0;
    front = await startFakeProvider(async ({ method, url: path, headers, body }, response) => {
      asked += 1;
      if (!isUp && asked === 1) return void response.destroy();
      if (!isUp) return { status: 503, body: 'starting' };
      const sent = { 'content-type': headers['content-type'] ?? 'application/json' };
      const answer = await fetch(`${remote.url}${path}`, { method, headers: sent, ...(method === 'POST' && { body }) });
      return { status: answer.status, json: await answer.json() };
    });
    late = await startTenantGateway({
      connectors: [mappedDirectory(provider.origin)],
      origins: [provider.origin],
      configuration: {
        imports: {
          lumos: [{ name: 'remote', url: `${front.origin}/lumos/mapped_directory`, allowPrivateAddress: true }],
        },
        registrations: [{ connector: 'remote', tenant: 'acme' }],
        connections: [
          { connector: 'remote', fields: { key: 'good' } },
          { connector: 'mapped_directory', fields: { key: 'good' } },
        ],
      },
    });
  });
  afterAll(async () => {
    await late.close();
    await front.close();
  });

  it('leaves the others served, and health says what is missing', async () => {
    const { data, errors } = await late.ask(
      `{ accounts(connection: "mapped_directory.tenant", first: 1) { nodes { id } } connector(name: "remote") { name } }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ accounts: { nodes: [{ id: '1' }] }, connector: null });
    expect((await late.ask(accounts)).errors?.[0]?.extensions.code).toBe('CONNECTION_NOT_FOUND');
    const health = await (await fetch(`${late.url()}/healthz`)).json();
    expect(health).toMatchObject({
      status: 'degraded',
      faults: [{ code: 'IMPORT_FAILED', path: 'imports.lumos.remote' }],
    });
    expect((await fetch(`${late.url()}/readyz`)).status).toBe(200);
    expect(late.log()).toContain('An import is away');
  });

  it('is served as soon as it answers, with what is configured for it', async () => {
    isUp = true;
    await until(async () => (await late.ask('{ connector(name: "remote") { name } }')).data?.connector !== null);
    expect((await late.ask(accounts)).data).toEqual({ accounts: { nodes: [{ id: '1' }] } });
    expect(await (await fetch(`${late.url()}/healthz`)).json()).toMatchObject({ status: 'ok', faults: [] });
    expect(late.log()).toContain('An import that was away has answered');
  });
});

describe('a start', () => {
  const start = (name: string, place: string) =>
    createGateway({
      connectors: [],
      configuration: {
        insecureDev: true,
        logLevel: 'silent',
        imports: { lumos: [{ name, url: place, allowPrivateAddress: true }] },
      },
    });

  it('fails where a remote server answers something else: somebody has to mend that', async () => {
    const other = await startFakeProvider({ 'POST /info': { json: { hello: 'world' } } });
    await expect(start('remote', other.origin)).rejects.toMatchObject({
      faults: [
        {
          code: 'IMPORT_INVALID',
          path: 'remote.info',
          message: 'expected an object with `capability_schema`, as `info` of Lumos gives it.',
        },
      ],
    });
    await expect(start('remote', `${other.origin}/wrong`)).rejects.toMatchObject({
      faults: [{ code: 'IMPORT_FAILED', message: expect.stringContaining('; got 404.') }],
    });
    await other.close();
  });

  it('ends at once while a remote server hangs', async () => {
    let isHanging = false;
    const hanging = await startFakeProvider((_request, response) => (isHanging ? void response : { status: 503 }));
    const waiting = await start('remote', hanging.origin);
    isHanging = true;
    await hanging.received(hanging.requests.length + 1);
    await waiting.close();
    await hanging.close();
  });
});
