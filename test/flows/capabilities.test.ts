import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asked, directoryRoutes, mappedDirectory, plainDirectory } from '../support/directory-connectors.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';

let provider: FakeProvider;
let gateway: TenantGateway;
const connections = [
  { connector: 'plain_directory', tenant: 'acme', fields: { key: 'good' } },
  { connector: 'mapped_directory', tenant: 'acme', subject: 'ada', fields: { key: 'good' } },
  { connector: 'plain_directory', tenant: 'globex', fields: { key: 'bad' } },
];
const ids = {
  plain: 'plain_directory@acme.tenant',
  mapped: 'mapped_directory@acme.ada',
  globex: 'plain_directory@globex.tenant',
};

beforeAll(async () => {
  provider = await startFakeProvider(directoryRoutes);
  gateway = await startTenantGateway({
    connectors: [plainDirectory(provider.origin), mappedDirectory(provider.origin)],
    origins: [provider.origin],
    // Fields that ask the same send each its own request, so that they can be counted.
    configuration: { connections, http: { maxRequestsPerOperation: 4, shareReads: false } },
  });
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const accounts = `query ($connection: ID!, $first: Int, $after: String, $names: [String!]) {
  accounts(connection: $connection, first: $first, after: $after, customAttributes: $names) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id email givenName status }
  }
}`;
const ada = { subject: 'ada' };

describe('one operation for every provider that has the capability', () => {
  it('reads what says the same as the capability', async () => {
    const { data } = await gateway.ask(accounts, { connection: ids.plain, first: 1 });
    expect(data.accounts).toEqual({
      totalCount: 3,
      pageInfo: { hasNextPage: true, endCursor: expect.any(String) },
      nodes: [{ id: 'a1', email: 'ada@example.test', givenName: 'Ada', status: null }],
    });
  });

  it('reads what is mapped, and pages as the connector does', async () => {
    const before = asked(provider).length;
    const first = (await gateway.ask(accounts, { connection: ids.mapped, first: 2 }, ada)).data.accounts;
    expect(first.nodes).toEqual([
      { id: '1', email: 'm1@example.test', givenName: 'Member', status: 'ACTIVE' },
      { id: '2', email: 'm2@example.test', givenName: 'Member', status: 'SUSPENDED' },
    ]);
    const after = first.pageInfo.endCursor as string;
    const second = (await gateway.ask(accounts, { connection: ids.mapped, first: 2, after }, ada)).data.accounts;
    expect(second.nodes.map(({ id }: { id: string }) => id)).toEqual(['3']);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect(asked(provider).slice(before).sort()).toEqual([
      'GET /mapped/members?size=2&page=1',
      'GET /mapped/members?size=2&page=2',
      'GET /mapped/members?size=2&page=2',
    ]);
  });

  it('gives each argument to the own field that takes it, and refuses one that nothing takes', async () => {
    await gateway.ask(accounts, { connection: ids.mapped, first: 1, names: ['team', 'desk'] }, ada);
    expect(asked(provider).at(-1)).toContain('attributes=team%2Cdesk');
    const { data, errors } = await gateway.ask(accounts, { connection: ids.plain, names: ['team'] });
    expect(data).toEqual({ accounts: null });
    expect(errors).toMatchObject([
      {
        message: 'customAttributes: Plain Directory takes no such thing for "listAccounts". Leave it out.',
        extensions: { code: 'INPUT_INVALID', errorCode: 'plain_directory.invalid_value' },
      },
    ]);
  });

  it('writes', async () => {
    const mutation = `mutation ($input: EntitlementAssignmentInput!) {
      assignEntitlement(connection: "${ids.mapped}", input: $input) { assigned }
    }`;
    const input = {
      account: '2',
      entitlement: 'member',
      entitlementType: 'ROLE',
      resource: 'core',
      resourceType: 'TEAM',
    };
    expect((await gateway.ask(mutation, { input }, ada)).data).toEqual({ assignEntitlement: { assigned: true } });
    expect(provider.requests.at(-1)).toMatchObject({ url: '/mapped/teams/core/2', body: '{"role":"member"}' });
  });

  it('is carried out once for an idempotency key', async () => {
    const mutation = `mutation ($input: EntitlementAssignmentInput!) {
      assignEntitlement(connection: "${ids.mapped}", input: $input) { assigned }
    }`;
    const input = {
      account: '2',
      entitlement: 'member',
      entitlementType: 'ROLE',
      resource: 'core',
      resourceType: 'TEAM',
    };
    const before = asked(provider).length;
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${gateway.keys.acme}`,
      'x-external-subject-id': 'ada',
      'idempotency-key': 'assign-once',
    };
    const request = { method: 'POST', headers, body: JSON.stringify({ query: mutation, variables: { input } }) };
    for (let repetition = 0; repetition < 2; repetition++) {
      const answer = await (await fetch(`${gateway.url()}/graphql`, request)).json();
      expect(answer).toEqual({ data: { assignEntitlement: { assigned: true } } });
    }
    expect(asked(provider).slice(before)).toHaveLength(1);
  });

  it('fails a single value alone, and says whose it is', async () => {
    const { data, errors } = await gateway.ask(accounts, { connection: ids.plain });
    expect(data.accounts.nodes).toEqual([
      { id: 'a1', email: 'ada@example.test', givenName: 'Ada', status: null },
      { id: 'a2', email: '7', givenName: null, status: null },
      { id: 'a3', email: null, givenName: null, status: null },
    ]);
    expect(errors).toMatchObject([
      {
        path: ['accounts', 'nodes', 2, 'givenName'],
        extensions: {
          code: 'PROVIDER_VALUE_INVALID',
          connector: 'plain_directory',
          connection: ids.plain,
          raisedIn: 'actions.list_accounts',
          errorCode: 'plain_directory.invalid_response',
        },
      },
    ]);
  });
});

describe('a capability that a connector does not have', () => {
  it('answers with a code, and its neighbours answer', async () => {
    const query = `{
      projects(connection: "${ids.plain}") { nodes { id } }
      validateCredentials(connection: "${ids.plain}") { valid }
      connector(name: "mapped_directory") { capabilities }
    }`;
    const { data, errors } = await gateway.ask(query);
    expect(data).toEqual({
      projects: null,
      validateCredentials: { valid: true },
      connector: { capabilities: ['assignEntitlement', 'listAccounts'] },
    });
    expect(errors).toMatchObject([
      {
        message:
          'Plain Directory does not have the capability "listProjects". `connector(name:) { capabilities }` lists those it has.',
        path: ['projects'],
        extensions: {
          code: 'CAPABILITY_ABSENT',
          connector: 'plain_directory',
          errorCode: 'plain_directory.not_implemented',
        },
      },
    ]);
  });
});

describe('credentials', () => {
  it('are judged by the test of the connector', async () => {
    const query = `{ validateCredentials(connection: "${ids.globex}") { valid } }`;
    expect((await gateway.ask(query, {}, { tenant: 'globex' })).data).toEqual({
      validateCredentials: { valid: false },
    });
  });
});

describe('a connection of somebody else', () => {
  it.each([
    ['of another tenant', ids.globex, {}],
    ['of another subject', ids.mapped, { subject: 'eve' }],
    ['that does not exist', 'nothing', {}],
  ])('%s is not found, and nothing is asked', async (_what, connection, who) => {
    const before = provider.requests.length;
    const { data, errors } = await gateway.ask(accounts, { connection }, who);
    expect(data).toEqual({ accounts: null });
    expect(errors).toEqual([
      expect.objectContaining({
        message: `There is no connection "${connection}" of yours.`,
        extensions: expect.objectContaining({ code: 'CONNECTION_NOT_FOUND' }),
      }),
    ]);
    expect(provider.requests).toHaveLength(before);
  });
});

describe('the rules of connector fields', () => {
  it('bound the requests of one operation', async () => {
    const fields = [1, 2, 3, 4, 5].map((n) => `a${n}: accounts(connection: "${ids.plain}") { totalCount }`);
    const { errors = [] } = await gateway.ask(`{ ${fields.join(' ')} }`);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['REQUEST_LIMIT_EXCEEDED']);
  });

  it('bound `first`, and refuse the cursor of another list', async () => {
    const first = await gateway.ask(accounts, { connection: ids.plain, first: 1000 });
    expect(first.errors?.[0]?.extensions.code).toBe('PAGE_SIZE_INVALID');
    const { data } = await gateway.ask(accounts, { connection: ids.plain, first: 1 });
    const after = data.accounts.pageInfo.endCursor as string;
    const foreign = await gateway.ask(accounts, { connection: ids.mapped, after }, ada);
    expect(foreign.errors?.[0]?.extensions.code).toBe('CURSOR_FOREIGN');
  });
});
