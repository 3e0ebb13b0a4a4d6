/** What a client and a browser see of a store that fails, and that nothing is lost by it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { StoredRecord } from '../../src/storage/records.ts';
import {
  createCookieJar,
  startAuthorizationServer,
  type AuthorizationServer,
} from '../support/authorization-server.ts';
import { openFailingVault, reading, writing, type FailingVault } from '../support/failing-vault.ts';
import { newSealingKey, returnUrl, startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';
import { openTestStore } from '../support/test-store.ts';

let server: AuthorizationServer;
let gateway: TenantGateway;
let store: FailingVault;
beforeEach(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', clientSecret: 'secret' }] });
  gateway = await startTenantGateway({
    connectors: [items()],
    origins: [server.issuer],
    configuration: { key: newSealingKey() },
    openVault: async (configuration) => (store = await openFailingVault(configuration)).vault,
  });
  const { data } = await gateway.ask(
    `mutation { registerConnector(connector: "items", fields: { client_id: "app", client_secret: "secret" }) { redirectUri } }`,
  );
  await server.addRedirectUri('app', data.registerConnector.redirectUri);
  await finish('alice', await allow('alice'));
});
afterEach(async () => {
  store.heal();
  await gateway.close();
  await server.close();
});

function items(): Connector {
  return {
    name: 'items',
    title: 'Items',
    connection: {
      baseUri: `${server.apiUrl}/`,
      authorization: { type: 'oauth2', issuer: server.issuer, scopes: ['openid', 'offline_access', 'items:read'] },
    },
    test: (connection) => connection.get('me'),
    actions: {
      list_items: {
        readOnly: true,
        list: true,
        output: [{ name: 'owner' }],
        execute: async (connection) => (await connection.get('items')).items,
      },
    },
  };
}

const connect =
  'mutation ($returnUrl: String, $label: String) { connect(connector: "items", returnUrl: $returnUrl, label: $label) { authorizationUrl connection { id } } }';

async function begin(subject: string): Promise<string> {
  const { data, errors } = await gateway.ask(connect, { returnUrl }, { subject });
  expect(errors).toBeUndefined();
  return data.connect.authorizationUrl;
}

/** A browser that has said yes at the provider and is about to bring its answer. */
async function answer(link: string, subject: string) {
  const cookies = createCookieJar();
  const callback = await server.authorize(link, { subject, cookies });
  return () => fetch(callback, { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
}

async function allow(subject: string): Promise<string> {
  const back = await (await answer(await begin(subject), subject))();
  return new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

const finish = (subject: string, code: string) =>
  gateway.ask('mutation ($code: String!) { finishConnection(code: $code) { id } }', { code }, { subject });

const ask = (query: string, subject = 'alice') => gateway.ask(query, {}, { subject });
const owners = async (subject = 'alice') => {
  const { data, errors } = await ask('{ itemsItems { owner } }', subject);
  return errors?.[0]?.extensions.code ?? data.itemsItems[0].owner;
};

/** What was read up to a second ago is not read again: a subject who was not asked for yet, and a gateway just started. */
const forget = () => gateway.restart();

describe('a store that cannot be read', () => {
  it('fails the field that needs it with its own code, never as "not connected", and no other', async () => {
    await forget();
    store.fail({ code: 'STORE_UNAVAILABLE', methods: reading, kinds: ['connection'] });
    const { data, errors } = await ask('{ itemsItems { owner } connector(name: "items") { title } }');
    expect(data).toEqual({ itemsItems: null, connector: { title: 'Items' } });
    expect(errors).toEqual([
      expect.objectContaining({
        path: ['itemsItems'],
        extensions: expect.objectContaining({ code: 'STORE_UNAVAILABLE' }),
      }),
    ]);
    for (const field of ['connections { id }', 'connection(id: "x") { id }']) {
      expect((await ask(`{ ${field} }`)).errors?.[0]?.extensions.code).toBe('STORE_UNAVAILABLE');
    }
    store.heal();
    expect(await owners()).toBe('alice');
  });

  it('fails every mutation of connections, and changes nothing', async () => {
    const { data } = await ask('{ connections { id } }');
    const { id } = data.connections[0];
    store.fail({ code: 'STORE_UNAVAILABLE', methods: reading, kinds: ['connection', 'registration'] });
    for (const field of ['disconnect', 'reconnect', 'testConnection']) {
      const { errors } = await ask(`mutation { ${field}(connection: "${id}") { __typename } }`);
      expect([field, errors?.[0]?.extensions.code]).toEqual([field, 'STORE_UNAVAILABLE']);
    }
    expect(store.failed()).toBeGreaterThanOrEqual(3);
    store.heal();
    expect(await owners()).toBe('alice');
  });

  it('is 503 for whoever has to be known first, and not a refused key', async () => {
    await forget();
    store.fail({ code: 'STORE_UNAVAILABLE' });
    const { status, errors } = await ask('{ connectors { name } }');
    expect([status, errors?.[0]?.extensions.code]).toEqual([503, 'STORE_UNAVAILABLE']);
  });
});

describe('a store that cannot be written', () => {
  it.each(['STORE_UNAVAILABLE', 'STORE_FULL', 'STORE_READ_ONLY'] as const)(
    'still answers queries, and every mutation says %s',
    async (code) => {
      const { data } = await ask('{ connections { id } }');
      const { id } = data.connections[0];
      const finishCode = await allow('bob');
      store.fail({ code, methods: writing });
      expect(await owners()).toBe('alice');
      const mutations: Record<string, string> = {
        connect: `connect(connector: "items", label: "other", returnUrl: "${returnUrl}") { authorizationUrl }`,
        reconnect: `reconnect(connection: "${id}", returnUrl: "${returnUrl}") { authorizationUrl }`,
        disconnect: `disconnect(connection: "${id}") { id }`,
        registerConnector: 'registerConnector(connector: "items", fields: { client_id: "app" }) { fields }',
        unregisterConnector: 'unregisterConnector(connector: "items")',
      };
      for (const [name, field] of Object.entries(mutations)) {
        const { errors } = await ask(`mutation { ${field} }`);
        expect([name, errors?.[0]?.extensions.code]).toEqual([name, code]);
      }
      expect((await finish('bob', finishCode)).errors?.[0]?.extensions.code).toBe(code);
      store.heal();
      // The code was not used up, the connection not removed, the registration not replaced.
      expect((await finish('bob', finishCode)).errors).toBeUndefined();
      expect(await owners('bob')).toBe('bob');
      expect((await ask('{ connections { id state label } }')).data.connections).toEqual([
        { id, state: 'STARTED', label: null },
      ]);
      expect((await ask('{ registrations { fields } }')).data.registrations).toEqual([
        { fields: ['client_id', 'client_secret'] },
      ]);
    },
  );

  it.each([
    ['the first', 0],
    ['the second', 1],
  ])('loses no connection and no code when %s write of an operation fails', async (_which, after) => {
    const code = await allow('bob');
    store.fail({ code: 'STORE_FULL', methods: writing, after, times: 1 });
    await finish('bob', code);
    store.heal();
    const again = await finish('bob', code);
    // Either it was kept, and the code is used up, or it was not, and the code still works.
    expect(again.errors?.[0]?.extensions.code ?? 'FINISH_CODE_INVALID').toBe('FINISH_CODE_INVALID');
    expect(await owners('bob')).toBe('bob');
  });

  it('removes a connection and plans to revoke its tokens, or neither', async () => {
    const { data } = await ask('{ connections { id } }');
    const disconnect = `mutation { disconnect(connection: "${data.connections[0].id}") { revoked } }`;
    const before = await server.counters();
    store.fail({ code: 'STORE_FULL', methods: writing, kinds: ['revocation'], times: 1 });
    expect((await ask(disconnect)).errors?.[0]?.extensions.code).toBe('STORE_FULL');
    expect(await owners()).toBe('alice');
    // The second write of the revocation fails: the connection is gone, and the provider will be told later.
    store.fail({ code: 'STORE_FULL', methods: writing, kinds: ['revocation'], after: 1 });
    expect((await ask(disconnect)).data).toEqual({ disconnect: { revoked: false } });
    store.heal();
    expect(await owners()).toBe('CONNECTION_REQUIRED');
    const raw = await openTestStore(gateway.file);
    expect(await raw.records.list('revocation', {})).toHaveLength(1);
    await raw.close();
    expect((await server.counters()).revocations).toBe(before.revocations);
  });

  it('lets the link be opened again when the answer of a provider cannot be kept', async () => {
    const link = await begin('bob');
    const bring = await answer(link, 'bob');
    store.fail({ code: 'STORE_FULL', methods: writing });
    const taking = await bring();
    expect([taking.status, taking.headers.get('location')]).toEqual([500, null]);
    expect(await taking.text()).toContain('STORE_FULL');
    expect(gateway.log()).toMatch(/"code":"STORE_FULL".*A request of a browser failed/);
    // The state was not taken, so the same answer counts; now what it gave cannot be kept.
    store.fail({ code: 'STORE_FULL', methods: ['commit'], kinds: ['finish_code'], times: 1 });
    const keeping = await bring();
    expect([keeping.status, keeping.headers.get('location'), store.failed()]).toEqual([500, null, 1]);
    store.heal();
    expect((await ask('{ connections { state } }', 'bob')).data.connections).toEqual([{ state: 'PENDING' }]);
    // The one state was used up by the second answer, so the subject begins again, with the same connection.
    const code = await allow('bob');
    expect((await finish('bob', code)).errors).toBeUndefined();
    expect(await owners('bob')).toBe('bob');
  });

  it('keeps a refreshed token until it can be saved, and asks for no second one', async () => {
    await server.expireAccessTokens();
    const before = await server.counters();
    // The first one says that the refresh token is being spent.
    store.fail({ code: 'STORE_FULL', methods: ['compareAndSet'], kinds: ['connection'], after: 1 });
    expect(await owners()).toBe('STORE_FULL');
    expect(await owners()).toBe('STORE_FULL');
    store.heal();
    let answered = await owners();
    while (answered === 'STORE_FULL') answered = await owners();
    expect(answered).toBe('alice');
    const after = await server.counters();
    expect([after.refreshes - before.refreshes, after.reuseDetections]).toEqual([1, 0]);
  });
});

describe('a store whose secrets do not open', () => {
  const refusals = async (codes: readonly ErrorCode[]) => {
    const { data, errors } = await ask('{ itemsItems { owner } connectors { name } }');
    expect(data).toEqual({ itemsItems: null, connectors: [{ name: 'items' }] });
    expect(codes).toContain(errors?.[0]?.extensions.code);
    expect(errors?.[0]?.path).toEqual(['itemsItems']);
  };

  it('says that a key is missing, and works again with it', async () => {
    const before = gateway.log().length;
    await gateway.restart({ key: newSealingKey() });
    await refusals(['SEAL_KEY_UNKNOWN']);
    // Which key it was the log says alone.
    expect((await ask('{ itemsItems { owner } }')).text).not.toMatch(/key "/);
    expect(gateway.log().slice(before)).toMatch(/"code":"SEAL_KEY_UNKNOWN".*It was sealed with the key \\"[\w-]+\\"/);
    await gateway.restart();
    expect(await owners()).toBe('alice');
  });

  it('says of a connection that is removed without its key that nobody was told', async () => {
    const { data } = await ask('{ connections { id } }');
    await gateway.restart({ key: newSealingKey() });
    const disconnect = `mutation { disconnect(connection: "${data.connections[0].id}") { revoked } }`;
    expect((await ask(disconnect)).data).toEqual({ disconnect: { revoked: false } });
    await gateway.restart();
    expect((await ask('{ connections { id } }')).data.connections).toEqual([]);
  });

  it('gives nobody the tokens of a record that was put in the place of another', async () => {
    await finish('bob', await allow('bob'));
    const raw = await openTestStore(gateway.file);
    const [one, other] = await raw.records.list('connection', {});
    await raw.records.compareAndSet('connection', one!.id, one!.version, {
      ...one!.value,
      tokens: other!.value['tokens'],
    });
    await raw.records.compareAndSet('connection', other!.id, other!.version, {
      ...other!.value,
      tokens: one!.value['tokens'],
    });
    await raw.close();
    await forget();
    for (const subject of ['alice', 'bob']) expect(await owners(subject)).toBe('SEAL_BROKEN');
    // It can be taken away and made anew.
    const { data } = await ask('{ connections { id } }');
    const gone = await ask(`mutation { disconnect(connection: "${data.connections[0].id}") { id } }`);
    expect(gone.errors).toBeUndefined();
  });

  it.each([
    ['acme', 'bob', { tenant: 'acme', subject: 'subject bob' }],
    ['acme', null, { tenant: 'acme', subject: 'tenant' }],
    ['globex', 'bob', { tenant: 'globex', subject: 'subject bob' }],
  ] as const)('gives the tokens of a record to no owner written into it: %s, %s', async (tenant, subject, owner) => {
    const raw = await openTestStore(gateway.file);
    const [{ id, version, value }] = (await raw.records.list('connection', {})) as [StoredRecord];
    const indexes = { ...owner, connector: 'items' };
    const asBob = async () => {
      const { data, errors } = await gateway.ask('{ itemsItems { owner } }', {}, { tenant, subject: 'bob' });
      return errors?.[0]?.extensions.code ?? data.itemsItems[0].owner;
    };
    const edited = await raw.records.compareAndSet('connection', id, version, value, { indexes });
    await forget();
    // Found under another name, it is still whose it says.
    expect(await asBob()).toBe('CONNECTION_REQUIRED');
    const stolen = { ...value, tenant, subject };
    await raw.records.compareAndSet('connection', id, edited!.version, stolen, { indexes });
    await raw.close();
    await forget();
    expect(await asBob()).toBe('SEAL_BROKEN');
  });
});
