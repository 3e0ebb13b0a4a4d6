import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApiKeys } from '../../src/connection/api-keys.ts';
import type { Connector, OAuth2Authorization } from '../../src/connector/definition.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import {
  createCookieJar,
  startAuthorizationServer,
  type AuthorizationServer,
} from '../support/authorization-server.ts';
import { openTestStore, storePlace } from '../support/test-store.ts';

const returnUrl = 'https://app.example.test/connected';
const key = randomBytes(32).toString('base64');
const scopes = ['plugboard.read', 'plugboard.write', 'plugboard.connect', 'plugboard.subjects', 'plugboard.admin'];

let server: AuthorizationServer;
let folder: string;
let gateway: Gateway;
let url: string;
let keys: Readonly<Record<'acme' | 'globex', string>>;
const log: string[] = [];

/** A provider behind OAuth 2.0: items that belong to whoever's token it is. */
function itemsConnector(): Connector {
  return {
    name: 'items',
    title: 'Items',
    connection: {
      baseUri: `${server.apiUrl}/`,
      authorization: {
        type: 'oauth2',
        issuer: server.issuer,
        scopes: ['openid', 'offline_access', 'items:read'],
        identity: async (connection) => (await connection.get('me')).name,
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      list_items: {
        readOnly: true,
        list: true,
        scopes: ['items:read'],
        output: [{ name: 'id' }, { name: 'owner' }],
        execute: async (connection) => (await connection.get('items')).items,
      },
      create_item: {
        scopes: ['items:write'],
        input: [{ name: 'title' }],
        output: [{ name: 'id' }],
        execute: (connection, input) => connection.post('items', input),
      },
    },
  };
}

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

/** The same provider, for a client that signs. */
function signingConnector(): Connector {
  const { connection, ...rest } = itemsConnector();
  const authorization: OAuth2Authorization = {
    type: 'oauth2',
    issuer: server.issuer,
    clientAuthentication: 'private_key_jwt',
    scopes: ['openid', 'offline_access', 'items:read'],
  };
  return { ...rest, name: 'signing', connection: { ...connection, authorization } };
}

/** The same provider, for clients of other grants. */
function grantConnector(name: string, grant: 'client_credentials' | 'device_code'): Connector {
  const { connection, ...rest } = itemsConnector();
  const authorization = { type: 'oauth2' as const, issuer: server.issuer, grant, scopes: ['items:read'] };
  return { ...rest, name, connection: { ...connection, authorization } };
}

async function startGateway(): Promise<void> {
  gateway = await createGateway({
    connectors: [
      itemsConnector(),
      signingConnector(),
      grantConnector('machine', 'client_credentials'),
      grantConnector('television', 'device_code'),
    ],
    environment: {},
    logDestination: new Writable({
      write(chunk, _encoding, done) {
        log.push(String(chunk));
        done();
      },
    }),
    configuration: {
      port: 0,
      key,
      store: storePlace(join(folder, 'plugboard.sqlite')),
      logLevel: 'trace',
      returnUrls: [returnUrl],
      connectUrl: 'https://app.example.test/accounts?connect={connector}&scopes={scopes}',
      http: { allowedPrivateOrigins: [new URL(server.issuer).origin, new URL(server.apiUrl).origin] },
    },
  });
  ({ url } = await gateway.listen());
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plugboard-connections-'));
  server = await startAuthorizationServer({
    deviceInterval: 0.2,
    clients: [
      { clientId: 'app', clientSecret: 'canary-client-secret', authentication: 'client_secret_basic' },
      { clientId: 'signer', authentication: 'private_key_jwt', publicKeys: [publicKey.export({ format: 'jwk' })] },
    ],
  });
  const store = await openTestStore(join(folder, 'plugboard.sqlite'));
  const apiKeys = createApiKeys(store.records);
  keys = {
    acme: (await apiKeys.create({ tenant: 'acme', name: 'test', scopes })).text,
    globex: (await apiKeys.create({ tenant: 'globex', name: 'test', scopes })).text,
  };
  await store.close();
  await startGateway();
});
afterAll(async () => {
  await gateway.close();
  await server.close();
  await rm(folder, { recursive: true });
});

/** A key of acme with these scopes only, made beside the running gateway. */
async function createNarrowKey(narrow: readonly string[]): Promise<string> {
  const store = await openTestStore(join(folder, 'plugboard.sqlite'));
  const { text } = await createApiKeys(store.records).create({ tenant: 'acme', name: 'narrow', scopes: narrow });
  await store.close();
  return text;
}

interface Who {
  /** Instead of the tenant's key that may do everything. */
  readonly key?: string;
  readonly tenant?: 'acme' | 'globex';
  readonly subject?: string;
}

async function ask(
  query: string,
  variables: object = {},
  { tenant = 'acme', subject, key: own }: Who = {},
): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${own ?? keys[tenant]}`,
      ...(subject !== undefined && { 'x-external-subject-id': subject }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

const connectMutation = `mutation ($scopes: [String!], $returnUrl: String) {
  connect(connector: "items", returnUrl: $returnUrl, scopes: $scopes) { authorizationUrl connection { id state } }
}`;
const items = '{ itemsItems { id owner } }';

async function register(tenant: 'acme' | 'globex' = 'acme'): Promise<any> {
  const answer = await ask(
    `mutation { registerConnector(connector: "items", fields: { client_id: "app", client_secret: "canary-client-secret" }) {
      fields redirectUri configured connector { name } } }`,
    {},
    { tenant },
  );
  const { redirectUri } = answer.data.registerConnector;
  await server.addRedirectUri('app', redirectUri);
  return answer.data.registerConnector;
}

/** Opens a link in a browser of its own, signs in and gives where the application's page would be opened. */
async function browse(link: string, subject: string, deny = false): Promise<URL> {
  const cookies = createCookieJar();
  const callback = await server.authorize(link, { subject, cookies, deny });
  const response = await fetch(callback, { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
  return new URL(response.headers.get('location') ?? `about:${response.status}`);
}

async function connectAs(subject: string, who: Who = { subject }, more: object = {}): Promise<any> {
  const { data, errors } = await ask(connectMutation, { returnUrl, ...more }, who);
  expect(errors).toBeUndefined();
  const back = await browse(data.connect.authorizationUrl, subject);
  expect(back.origin + back.pathname).toBe(returnUrl);
  return ask(
    'mutation ($code: String!) { finishConnection(code: $code) { id state identity scopes owner subject } }',
    { code: back.searchParams.get('code') },
    who,
  );
}

describe('connections over OAuth 2.0', () => {
  it('are asked for with credentials only', async () => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: items }),
    });
    expect(response.status).toBe(401);
  });

  it('need a registration, which shows no secret', async () => {
    const before = await ask(connectMutation, { returnUrl }, { subject: 'alice' });
    expect(before.errors[0].extensions.code).toBe('REGISTRATION_REQUIRED');
    expect(await register()).toEqual({
      fields: ['client_id', 'client_secret'],
      redirectUri: expect.stringMatching(new RegExp(`^${url}/oauth/callback/[\\w-]{22}$`)),
      configured: false,
      connector: { name: 'items' },
    });
  });

  it('say what to do where there is none, and their neighbours answer', async () => {
    const { data, errors } = await ask(
      `{ itemsItems { id } connector(name: "items") { title } }`,
      {},
      { subject: 'alice' },
    );
    expect(data).toEqual({ itemsItems: null, connector: { title: 'Items' } });
    const scopes = ['openid', 'offline_access', 'items:read'];
    const connect = {
      connector: 'items',
      url: 'https://app.example.test/accounts?connect=items&scopes=openid%20offline_access%20items%3Aread',
      scopes,
    };
    expect(errors[0].extensions).toMatchObject({ code: 'CONNECTION_REQUIRED', connect });
  });

  it('return only where the operator allows', async () => {
    const { errors } = await ask(connectMutation, { returnUrl: `${returnUrl}/` }, { subject: 'alice' });
    expect(errors[0].extensions.code).toBe('RETURN_URL_REFUSED');
  });

  it('answer as the subject who connected, from connect to the query', async () => {
    const { data, errors } = await connectAs('alice');
    expect(errors).toBeUndefined();
    expect(data.finishConnection).toMatchObject({
      state: 'STARTED',
      identity: 'alice',
      owner: 'SUBJECT',
      subject: 'alice',
    });
    const answer = await ask(items, {}, { subject: 'alice' });
    expect(answer.errors).toBeUndefined();
    expect(new Set(answer.data.itemsItems.map((item: any) => item.owner))).toEqual(new Set(['alice']));
  });

  it('finish only for the subject for whom they were begun', async () => {
    const { data } = await ask(connectMutation, { returnUrl }, { subject: 'mallory' });
    // The victim opens the attacker's link and signs in with an account of its own.
    const back = await browse(data.connect.authorizationUrl, 'victim');
    const code = back.searchParams.get('code');
    const finish = 'mutation ($code: String!) { finishConnection(code: $code) { id } }';
    for (const who of [{ subject: 'victim' }, { subject: 'mallory', tenant: 'globex' }, {}] as Who[]) {
      expect((await ask(finish, { code }, who)).errors[0].extensions.code).toBe('FINISH_CODE_INVALID');
    }
    expect((await ask(items, {}, { subject: 'mallory' })).errors[0].extensions.code).toBe('CONNECTION_REQUIRED');
  });

  it('are refused to a second browser, and to a callback that was answered', async () => {
    const { data } = await ask(connectMutation, { returnUrl }, { subject: 'dave' });
    const link = data.connect.authorizationUrl;
    const before = await server.counters();
    const cookies = createCookieJar();
    const callback = await server.authorize(link, { subject: 'dave', cookies });
    const stranger = await fetch(link, { redirect: 'manual' });
    // Without a cookie a browser is first asked to take one, and then told that the link is not its own.
    const visit = createCookieJar();
    visit.store(link, stranger);
    const asked = await fetch(new URL(stranger.headers.get('location') ?? '', link), {
      redirect: 'manual',
      headers: { cookie: visit.header(link) },
    });
    expect([asked.status, asked.headers.get('location')]).toEqual([410, null]);
    const foreign = await fetch(callback, { redirect: 'manual' });
    expect(foreign.headers.get('location')).toBeNull();
    const replayed = await fetch(callback, { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
    expect(replayed.headers.get('location')).toBeNull();
    expect((await server.counters()).tokenRequests).toEqual(before.tokenRequests);
  });

  it('are refused with an expired state and with that of another flow, and no token is asked for', async () => {
    const begin = async (subject: string) => {
      const { data } = await ask(connectMutation, { returnUrl }, { subject });
      const cookies = createCookieJar();
      return { cookies, callback: await server.authorize(data.connect.authorizationUrl, { subject, cookies }) };
    };
    const one = await begin('frank');
    const other = await begin('grace');
    const before = await server.counters();
    const bring = (callback: URL, cookies: ReturnType<typeof createCookieJar>) =>
      fetch(callback, { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
    const swapped = new URL(one.callback);
    swapped.searchParams.set('state', other.callback.searchParams.get('state') ?? '');
    const late = await begin('heidi');
    const store = await openTestStore(join(folder, 'plugboard.sqlite'));
    const id = createHash('sha256')
      .update(late.callback.searchParams.get('state') ?? '')
      .digest('base64url');
    const flow = (await store.records.get('oauth_flow', id))!;
    await store.records.compareAndSet('oauth_flow', id, flow.version, flow.value, { expiresAt: Date.now() - 1 });
    await store.close();
    for (const response of [await bring(swapped, one.cookies), await bring(late.callback, late.cookies)]) {
      expect([response.status, response.headers.get('location')]).toEqual([400, null]);
      expect(await response.text()).toContain('This sign-in cannot be finished');
    }
    expect((await server.counters()).tokenRequests).toEqual(before.tokenRequests);
  });

  it('are finished by one of two tabs of a browser, and the other asks for no token', async () => {
    const who = { subject: 'judy' };
    const { data } = await ask(connectMutation, { returnUrl }, who);
    const cookies = createCookieJar();
    const open = () => server.authorize(data.connect.authorizationUrl, { subject: 'judy', cookies });
    const tabs = [await open(), await open()];
    expect(new Set(tabs.map((callback) => callback.searchParams.get('state'))).size).toBe(2);
    const before = (await server.counters()).tokenRequests['authorization_code'] ?? 0;
    const bring = (callback: URL) =>
      fetch(callback, { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
    const first = await bring(tabs[1]!);
    const second = await bring(tabs[0]!);
    expect([second.status, second.headers.get('location')]).toEqual([410, null]);
    expect((await server.counters()).tokenRequests['authorization_code']).toBe(before + 1);
    const code = new URL(first.headers.get('location')!).searchParams.get('code');
    const finished = await ask('mutation ($code: String!) { finishConnection(code: $code) { state } }', { code }, who);
    expect(finished.data).toEqual({ finishConnection: { state: 'STARTED' } });
  });

  it.each(['wrong-iss', 'missing-iss'] as const)('are refused with %s, and no token is asked for', async (mode) => {
    const { data } = await ask(connectMutation, { returnUrl }, { subject: 'ivan' });
    const before = await server.counters();
    await server.setFault('authorization', mode);
    const back = await browse(data.connect.authorizationUrl, 'ivan');
    await server.setFault('authorization', 'none');
    expect(back.searchParams.get('error')).toBe('AUTHORIZATION_ANSWER_INVALID');
    expect(back.searchParams.get('code')).toBeNull();
    expect((await server.counters()).tokenRequests).toEqual(before.tokenRequests);
    const { errors } = await ask(items, {}, { subject: 'ivan' });
    expect(errors[0].extensions.code).toBe('CONNECTION_REQUIRED');
  });

  it('tell the application when the subject says no', async () => {
    const { data } = await ask(connectMutation, { returnUrl }, { subject: 'erin' });
    const back = await browse(data.connect.authorizationUrl, 'erin', true);
    expect(back.searchParams.get('error')).toBe('CONNECTION_DENIED');
    const { data: after } = await ask('{ connections { state reason } }', {}, { subject: 'erin' });
    expect(after.connections).toEqual([{ state: 'ERROR', reason: expect.any(String) }]);
  });

  it('ask for more scopes when an action needs them', async () => {
    const create = 'mutation { itemsCreateItem(input: { title: "x" }) { id } }';
    const refused = await ask(create, {}, { subject: 'alice' });
    expect(refused.errors[0].extensions).toMatchObject({
      code: 'SCOPE_MISSING',
      connect: { connector: 'items', scopes: ['items:write'] },
    });
    const { data } = await ask('{ connections { id } }', {}, { subject: 'alice' });
    const again = await ask(
      `mutation ($id: ID!, $returnUrl: String) { reconnect(connection: $id, returnUrl: $returnUrl, scopes: ["items:write"]) { authorizationUrl } }`,
      { id: data.connections[0].id, returnUrl },
      { subject: 'alice' },
    );
    const back = await browse(again.data.reconnect.authorizationUrl, 'alice');
    const code = back.searchParams.get('code');
    await ask('mutation ($code: String!) { finishConnection(code: $code) { id } }', { code }, { subject: 'alice' });
    const created = await ask(create, {}, { subject: 'alice' });
    expect(created.errors).toBeUndefined();
  });

  it('keep the scopes that were granted when they are connected again', async () => {
    const { data } = await ask('{ connections { id } }', {}, { subject: 'alice' });
    const again = await ask(
      'mutation ($id: ID!, $returnUrl: String) { reconnect(connection: $id, returnUrl: $returnUrl) { authorizationUrl } }',
      { id: data.connections[0].id, returnUrl },
      { subject: 'alice' },
    );
    const back = await browse(again.data.reconnect.authorizationUrl, 'alice');
    const finished = await ask(
      'mutation ($code: String!) { finishConnection(code: $code) { scopes } }',
      { code: back.searchParams.get('code') },
      { subject: 'alice' },
    );
    expect(finished.data.finishConnection.scopes).toEqual(expect.arrayContaining(['items:read', 'items:write']));
  });

  it('never show one subject or tenant what another has', async () => {
    await register('globex');
    await connectAs('bob');
    const everyone: Who[] = [{ subject: 'alice' }, { subject: 'bob' }];
    const own = await Promise.all(
      everyone.map(async (who) => (await ask('{ connections { id subject } }', {}, who)).data.connections),
    );
    expect(own.map((list) => list.map((one: any) => one.subject))).toEqual([['alice'], ['bob']]);
    for (const who of [{ subject: 'bob' }, { subject: 'alice', tenant: 'globex' }, {}] as Who[]) {
      const id = own[0]![0].id;
      const fields = [`connection(id: "${id}") { id }`, `itemsItems(connection: "${id}") { id }`];
      const asked = await ask(`{ ${fields.join(' ')} }`, {}, who);
      expect(asked.data).toEqual({ connection: null, itemsItems: null });
      expect(asked.errors[0].extensions.code).toBe('CONNECTION_NOT_FOUND');
      for (const mutation of ['disconnect', 'testConnection', 'reconnect']) {
        const { errors } = await ask(`mutation { ${mutation}(connection: "${id}") { __typename } }`, {}, who);
        expect([mutation, errors[0].extensions.code]).toEqual([mutation, 'CONNECTION_NOT_FOUND']);
        const absent = await ask(`mutation { ${mutation}(connection: "nothing") { __typename } }`, {}, who);
        expect(errors[0].message.replace(id, 'nothing')).toBe(absent.errors[0].message);
      }
    }
  });

  it('work again after a restart, and renew an expired token once', async () => {
    await gateway.close();
    await startGateway();
    await server.expireAccessTokens();
    const before = await server.counters();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(items, {}, { subject: 'alice' })));
    for (const answer of answers) expect(answer.errors).toBeUndefined();
    const after = await server.counters();
    expect(after.refreshes - before.refreshes).toBe(1);
    expect(after).toMatchObject({ reuseDetections: 0, grantsRevoked: before.grantsRevoked });
  });

  it('are tested and disconnected, and the server is told', async () => {
    const { data } = await ask('{ connections { id } }', {}, { subject: 'alice' });
    const { id } = data.connections[0];
    const tested = await ask(
      `mutation { testConnection(connection: "${id}") { works problem } }`,
      {},
      { subject: 'alice' },
    );
    expect(tested.data.testConnection).toEqual({ works: true, problem: null });
    const before = await server.counters();
    const gone = await ask(`mutation { disconnect(connection: "${id}") { id revoked } }`, {}, { subject: 'alice' });
    expect(gone.data.disconnect).toEqual({ id, revoked: true });
    expect((await server.counters()).revocations).toBeGreaterThan(before.revocations);
    const after = await ask(items, {}, { subject: 'alice' });
    expect(after.errors[0].extensions.code).toBe('CONNECTION_REQUIRED');
  });

  it.each(['machine', 'television'])('of %s are registered', async (connector) => {
    const { errors } = await ask(
      'mutation ($connector: String!) { registerConnector(connector: $connector, fields: { client_id: "app", client_secret: "canary-client-secret" }) { configured } }',
      { connector },
    );
    expect(errors).toBeUndefined();
  });

  it('need nobody where the client speaks for itself', async () => {
    const { data, errors } = await ask(
      'mutation { connect(connector: "machine", fields: {}, owner: TENANT) { authorizationUrl connection { state owner } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.connect).toEqual({ authorizationUrl: null, connection: { state: 'STARTED', owner: 'TENANT' } });
    const answer = await ask('{ machineItems { owner } }', {}, { subject: 'anybody' });
    expect(answer.data.machineItems[0]).toEqual({ owner: 'app' });
  });

  it('run for a client that signs, whose key nobody sees', async () => {
    const registered = await ask(
      `mutation ($fields: JSON) { registerConnector(connector: "signing", fields: $fields) {
        fields redirectUri connector { registrationFields { name secret required } } } }`,
      { fields: { client_id: 'signer', private_key: privatePem } },
    );
    expect(registered.errors).toBeUndefined();
    const { fields, redirectUri, connector } = registered.data.registerConnector;
    expect(fields).toEqual(['client_id', 'private_key']);
    expect(connector.registrationFields).toContainEqual({ name: 'private_key', secret: true, required: false });
    await server.addRedirectUri('signer', redirectUri);
    const who = { subject: 'signe' };
    const begun = await ask(
      'mutation ($returnUrl: String) { connect(connector: "signing", returnUrl: $returnUrl) { authorizationUrl } }',
      { returnUrl },
      who,
    );
    const back = await browse(begun.data.connect.authorizationUrl, 'signe');
    const code = back.searchParams.get('code');
    const finish = 'mutation ($code: String!) { finishConnection(code: $code) { state } }';
    const finished = await ask(finish, { code }, who);
    expect(finished.data.finishConnection).toEqual({ state: 'STARTED' });
    const answer = await ask('{ signingItems { owner } }', {}, who);
    expect(answer.data.signingItems[0]).toEqual({ owner: 'signe' });
    expect(log.join('')).not.toContain(privatePem.split('\n')[5]);
  });

  it('by a device code start when the subject has said yes elsewhere', async () => {
    const who = { subject: 'frank' };
    const { data, errors } = await ask(
      'mutation { connect(connector: "television", fields: {}) { authorizationUrl connection { id state } device { userCode verificationUrl expiresAt } } }',
      {},
      who,
    );
    expect(errors).toBeUndefined();
    const { connection, device, authorizationUrl } = data.connect;
    expect([authorizationUrl, connection.state]).toEqual([null, 'PENDING']);
    await server.approveDevice(device.userCode, { subject: 'frank' });
    const state = async () =>
      (await ask('query ($id: ID!) { connection(id: $id) { state } }', { id: connection.id }, who)).data.connection
        .state;
    // The provider says how often it may be asked; a question that comes sooner costs it nothing.
    while ((await state()) === 'PENDING') await server.until((counters) => counters.devicePolls >= 0);
    expect(await state()).toBe('STARTED');
    expect((await ask('{ televisionItems { owner } }', {}, who)).data.televisionItems[0]).toEqual({ owner: 'frank' });
    expect((await server.counters()).devicePollsTooFast).toBe(0);
  });

  it('by a device code keep the scopes that were granted when they are connected again', async () => {
    const who = { subject: 'frank' };
    const { id } = (await ask('{ connections(connector: "television") { id } }', {}, who)).data.connections[0];
    const granted = async () => (await server.counters()).tokensIssued['urn:ietf:params:oauth:grant-type:device_code'];
    const reconnect = async (more: readonly string[]) => {
      const { data } = await ask(
        'mutation ($id: ID!, $more: [String!]) { reconnect(connection: $id, fields: {}, scopes: $more) { device { userCode } } }',
        { id, more },
        who,
      );
      const before = await granted();
      await server.approveDevice(data.reconnect.device.userCode, { subject: 'frank' });
      for (;;) {
        const { data: shown } = await ask('query ($id: ID!) { connection(id: $id) { scopes } }', { id }, who);
        if ((await granted()) !== before) return shown.connection.scopes;
      }
    };
    expect(await reconnect(['items:write'])).toEqual(['items:read', 'items:write']);
    expect(await reconnect([])).toEqual(['items:read', 'items:write']);
  });

  it('are managed by a narrow key from connect to finish', async () => {
    // The restart gave the gateway another port, and so another redirect URI.
    await register();
    const narrow = await createNarrowKey(['plugboard.connect:items', 'plugboard.read:items', 'plugboard.subjects']);
    const who = { subject: 'gwen', key: narrow };
    const { data } = await connectAs('gwen', who);
    expect(data.finishConnection).toMatchObject({ state: 'STARTED', identity: 'gwen' });
    const listed = await ask('{ connections { connector { name } subject } }', {}, who);
    expect(listed.data.connections).toEqual([{ connector: { name: 'items' }, subject: 'gwen' }]);
  });

  it('take tokens back at the server that fail their test', async () => {
    const { data } = await ask(connectMutation, { returnUrl }, { subject: 'olga' });
    const before = await server.counters();
    await server.setFault('api', 'error');
    const back = await browse(data.connect.authorizationUrl, 'olga');
    await server.setFault('api', 'none');
    expect(back.searchParams.get('error')).toBe('CONNECTION_TEST_FAILED');
    const after = await server.counters();
    const issued = ({ tokensIssued }: typeof after) => tokensIssued.authorization_code ?? 0;
    expect(issued(after) - issued(before)).toBe(1);
    expect(after.revocations).toBeGreaterThan(before.revocations);
  });

  it('leave those they have alone when new tokens fail their test', async () => {
    const who = { subject: 'gwen' };
    const { data } = await ask('{ connections { id } }', {}, who);
    const { data: again } = await ask(
      'mutation ($id: ID!, $returnUrl: String) { reconnect(connection: $id, returnUrl: $returnUrl) { authorizationUrl } }',
      { id: data.connections[0].id, returnUrl },
      who,
    );
    const before = await server.counters();
    await server.setFault('api', 'error');
    const back = await browse(again.reconnect.authorizationUrl, 'gwen');
    await server.setFault('api', 'none');
    expect(back.searchParams.get('error')).toBe('CONNECTION_TEST_FAILED');
    // A server may end all that it gave to one client for one subject, so it is not told.
    expect((await server.counters()).revocations).toBe(before.revocations);
    await server.expireAccessTokens('gwen');
    expect((await ask(items, {}, who)).errors).toBeUndefined();
  });

  it('take tokens back at the server that wait to be finished when they are disconnected', async () => {
    const who = { subject: 'quinn' };
    const { data } = await ask(connectMutation, { returnUrl }, who);
    const back = await browse(data.connect.authorizationUrl, 'quinn');
    const before = await server.counters();
    const gone = await ask(
      'mutation ($id: ID!) { disconnect(connection: $id) { revoked } }',
      data.connect.connection,
      who,
    );
    expect(gone.data.disconnect).toEqual({ revoked: true });
    expect((await server.counters()).revocations).toBeGreaterThan(before.revocations);
    const { errors } = await ask(
      'mutation ($code: String!) { finishConnection(code: $code) { id } }',
      { code: back.searchParams.get('code') },
      who,
    );
    expect(errors[0].extensions.code).toBe('FINISH_CODE_INVALID');
  });

  it('ask for no token when they were disconnected while the subject was away', async () => {
    const { data } = await ask(connectMutation, { returnUrl }, { subject: 'peggy' });
    const cookies = createCookieJar();
    const callback = await server.authorize(data.connect.authorizationUrl, { subject: 'peggy', cookies });
    await ask('mutation ($id: ID!) { disconnect(connection: $id) { id } }', data.connect.connection, {
      subject: 'peggy',
    });
    const before = await server.counters();
    const response = await fetch(callback, { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
    expect(response.headers.get('location')).toBeNull();
    expect((await server.counters()).tokenRequests).toEqual(before.tokenRequests);
  });

  it('tell the operator, in the log, when the server does not accept the client any more', async () => {
    const who = { subject: 'olga' };
    expect((await connectAs('olga', who)).data.finishConnection.state).toBe('STARTED');
    await server.expireAccessTokens('olga');
    await server.setFault('token', { mode: 'error', error: 'invalid_client', grantType: 'refresh_token' }, 1);
    const before = log.length;
    const { errors } = await ask(items, {}, who);
    expect(errors[0].extensions.code).toBe('REGISTRATION_REFUSED');
    const alarms = log.slice(before).filter((line) => JSON.parse(line).level === 50);
    expect(alarms.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ tenant: 'acme', connector: 'items', error: 'invalid_client', status: 400 }),
    ]);
    expect(alarms[0]).toContain('does not accept the client of a registration');
  });

  it('put no secret into the log', () => {
    const text = log.join('');
    expect(text.length).toBeGreaterThan(1_000);
    expect(text).not.toContain('canary');
    for (const secret of Object.values(keys)) expect(text).not.toContain(secret);
  });
});
