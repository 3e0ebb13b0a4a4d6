import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGateway } from '../../src/gateway.ts';
import { directoryRoutes, mappedDirectory } from '../support/directory-connectors.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

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
