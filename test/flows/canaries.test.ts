/** Safety L1: canaries in everything that is secret, through every flow, at log level trace; then they are looked for. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import { createCookieJar } from '../support/authorization-server.ts';
import { startFakeProvider, type FakeProvider, type RecordedRequest, type Reply } from '../support/fake-provider.ts';
import {
  newSealingKey,
  returnUrl,
  startTenantGateway,
  type TenantGateway,
  type Who,
} from '../support/tenant-gateway.ts';
import { readStoreBytes } from '../support/test-store.ts';

const canary = (name: string) => `canary-${name}-${randomBytes(9).toString('hex')}`;

/** What must be found nowhere: not in the log, not in the store, not in any answer. */
const secrets = {
  clientSecret: canary('client-secret'),
  applicationKey: canary('application-key'),
  password: canary('password'),
  acquired: canary('acquired'),
  draft: canary('draft'),
  wrongPassword: canary('wrong-password'),
  unknownField: canary('unknown-field'),
  providerBody: canary('provider-body'),
  providerHeader: canary('provider-header'),
  errorDescription: canary('error-description'),
  idToken: canary('id-token'),
  cookie: canary('cookie'),
  wrongBearer: canary('wrong-bearer'),
  wrongState: canary('wrong-state'),
  wrongSession: canary('wrong-session'),
  wrongBasic: canary('wrong-basic'),
  requestHeader: canary('request-header'),
  requestQuery: canary('request-query'),
  sealingKey: newSealingKey(),
};
/** What a client wrote, or the provider answered, and gets back in its own answer; the log and the store have none of it. */
const contents = {
  input: canary('input'),
  variable: canary('variable'),
  literal: canary('literal'),
  unknownName: canary('unknown-name'),
  row: canary('row'),
};
/** Tokens that the provider gives, each another one; and what the gateway makes itself, as it is seen. */
const seen = {
  tokens: [] as string[],
  codes: [] as string[],
  verifiers: [] as string[],
  states: [] as string[],
  sessions: [] as string[],
  finishCodes: [] as string[],
  cookies: [] as string[],
  issuedTokens: [] as string[],
};

let provider: FakeProvider;
let gateway: TenantGateway;
/** Everything that was answered to anybody, heads included, but for what each place is there to carry. */
const answers: string[] = [];
let refuse: 'nothing' | 'calls' | 'once' | 'refreshes' | 'for good' = 'nothing';

function token(kind: string): string {
  const made = canary(kind);
  seen.tokens.push(made);
  return made;
}

/** Echoes what it was sent when it fails, as careless providers do. */
function failure(status: number, request: RecordedRequest): Reply {
  return {
    status,
    headers: { 'x-debug': secrets.providerHeader, 'www-authenticate': `Bearer error="${secrets.providerHeader}"` },
    json: { error: secrets.providerBody, echo: [request.url, request.headers, request.body] },
  };
}

function answerToken(request: RecordedRequest): Reply {
  const form = new URLSearchParams(request.body);
  seen.verifiers.push(...form.getAll('code_verifier'));
  if (refuse === 'refreshes') return failure(503, request);
  if (refuse === 'for good') {
    return { status: 400, json: { error: 'invalid_grant', error_description: secrets.errorDescription } };
  }
  return {
    json: {
      access_token: token('access-token'),
      refresh_token: token('refresh-token'),
      id_token: secrets.idToken,
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'read',
    },
  };
}

function answerCall(request: RecordedRequest): Reply {
  if (refuse === 'calls') return failure(500, request);
  if (refuse !== 'nothing') {
    if (refuse === 'once') refuse = 'nothing';
    return failure(401, request);
  }
  if (request.path === '/me' && request.headers['x-password'] === secrets.wrongPassword) return failure(403, request);
  return { json: { name: 'account', title: contents.row } };
}

const output = [{ name: 'title' }] as const;
const input = [{ name: 'text' }] as const;

function oauth(): Connector {
  return {
    name: 'oauth',
    connection: {
      baseUri: `${provider.origin}/`,
      fields: [{ name: 'note', controlType: 'password' }],
      authorization: {
        type: 'oauth2',
        authorizationUrl: `${provider.origin}/authorize`,
        tokenUrl: `${provider.origin}/token`,
        revocationUrl: `${provider.origin}/revoke`,
        scopes: ['read'],
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      read: {
        readOnly: true,
        input,
        output,
        execute: (connection, { text }) => connection.get('rows').params({ text }),
      },
      write: { input, output, execute: (connection, { text }) => connection.post('rows', { text }) },
    },
  };
}

/** The password goes wherever one can go; it throws with it, too. */
function custom(): Connector {
  return {
    name: 'custom',
    registration: { fields: [{ name: 'application_key', controlType: 'password' }] },
    connection: {
      baseUri: `${provider.origin}/`,
      fields: [{ name: 'password', optional: false, controlType: 'password' }],
      authorization: {
        type: 'custom',
        acquire: () => ({ ticket: secrets.acquired }),
        refreshOn: [401],
        apply: (request, { fields }) =>
          void request
            .headers({
              'x-password': fields['password'],
              'x-ticket': fields['ticket'] ?? '',
              'x-app': fields['application_key'],
            })
            .params({ api_key: fields['password'], ticket: fields['ticket'] ?? '' }),
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      read: {
        readOnly: true,
        input,
        output,
        execute: (connection, { text }) => connection.get('rows').params({ text }),
      },
      fail: {
        readOnly: true,
        output,
        execute: (connection) => {
          throw new Error(
            `cannot use ${String(connection.fields['password'])} with ${String(connection.fields['ticket'])}`,
          );
        },
      },
    },
  };
}

async function ask(query: string, variables: object = {}, who: Who = { subject: 'alice' }) {
  const answer = await gateway.ask(query, variables, who);
  answers.push(answer.text);
  return answer;
}

async function get(url: string | URL, init: RequestInit = {}): Promise<{ response: Response; text: string }> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  answers.push(text);
  return { response, text };
}

/** Plays the browser as far as the provider: the cookie, and the state that goes there. */
async function openLink(link: string): Promise<{ cookie: string; state: string; redirectUri: string }> {
  seen.sessions.push(new URL(link).searchParams.get('session') ?? '');
  const jar = createCookieJar();
  const first = await get(link);
  jar.store(link, first.response);
  const cookie = jar.header(link) ?? '';
  seen.cookies.push(cookie.slice(cookie.indexOf('=') + 1));
  const second = await get(new URL(first.response.headers.get('location') ?? '', link), { headers: { cookie } });
  const { searchParams } = new URL(second.response.headers.get('location') ?? '');
  const state = searchParams.get('state') ?? '';
  seen.states.push(state);
  return { cookie, state, redirectUri: searchParams.get('redirect_uri') ?? '' };
}

const connect = `mutation ($connector: String!, $fields: JSON, $returnUrl: String, $label: String) {
  connect(connector: $connector, fields: $fields, returnUrl: $returnUrl, label: $label) { authorizationUrl connection { id } } }`;

/** The link of `connect`, whose answer is there to carry it. */
async function begin(label: string | null, subject = 'alice'): Promise<string> {
  const variables = { connector: 'oauth', fields: { note: secrets.draft }, returnUrl, label };
  const { data, errors } = await gateway.ask(connect, variables, { subject });
  expect(errors).toBeUndefined();
  return data.connect.authorizationUrl;
}

async function signIn(label: string | null): Promise<void> {
  const { cookie, state, redirectUri } = await openLink(await begin(label));
  const code = canary('code');
  seen.codes.push(code);
  const { response } = await get(`${redirectUri}?code=${code}&state=${state}`, { headers: { cookie } });
  const finishCode = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
  seen.finishCodes.push(finishCode);
  const { errors } = await ask('mutation ($code: String!) { finishConnection(code: $code) { id state } }', {
    code: finishCode,
  });
  expect(errors).toBeUndefined();
}

beforeAll(async () => {
  provider = await startFakeProvider((request) => {
    if (request.path === '/token') return answerToken(request);
    if (request.path === '/revoke') return failure(503, request);
    return answerCall(request);
  });
  gateway = await startTenantGateway({
    connectors: [oauth(), custom()],
    origins: [provider.origin],
    configuration: { key: secrets.sealingKey },
  });
  await runFlows();
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

async function runFlows(): Promise<void> {
  const register =
    'mutation ($connector: String!, $fields: JSON) { registerConnector(connector: $connector, fields: $fields) { fields } }';
  await ask(register, { connector: 'oauth', fields: { client_id: 'app', client_secret: secrets.clientSecret } });
  await ask(register, { connector: 'custom', fields: { application_key: secrets.applicationKey } });
  await ask('{ registrations { fields endpoints { baseUri } } }');

  // Connect: by fields, with wrong ones, with unknown ones; by OAuth, half way, and to the end.
  const fields = { password: secrets.password };
  expect(
    (await ask(connect, { connector: 'custom', fields: { password: secrets.wrongPassword } })).errors?.[0]?.extensions
      .code,
  ).toBe('CONNECTION_TEST_FAILED');
  await ask(connect, { connector: 'custom', fields: { ...fields, [contents.unknownName]: secrets.unknownField } });
  expect((await ask(connect, { connector: 'custom', fields })).errors).toBeUndefined();
  await signIn(null);
  await openLink(await begin('half way'));
  seen.sessions.push(new URL(await begin('link only')).searchParams.get('session') ?? '');

  // Query and mutate, with what the client says in all places.
  const text = contents.variable;
  expect((await ask('query ($text: String) { oauthRead(text: $text) { title } }', { text })).errors).toBeUndefined();
  await ask(`{ oauthRead(text: "${contents.literal}") { title } customRead(text: "${contents.literal}") { title } }`);
  await ask('mutation ($text: String) { oauthWrite(input: { text: $text }) { title } }', { text: contents.input });

  // Fail: every way in which a provider fails; a refused token is renewed once; then renewing fails, for now and for good.
  refuse = 'calls';
  const reads = '{ oauthRead { title } customRead { title } customFail { title } }';
  expect((await ask(reads)).errors).toHaveLength(3);
  refuse = 'once';
  await ask('{ customRead { title } }');
  refuse = 'once';
  await ask('{ oauthRead { title } }');
  refuse = 'nothing';
  await signIn('second');
  const { data } = await gateway.ask('{ connections { id label connector { name } } }', {}, { subject: 'alice' });
  const second = data.connections.find(({ label }: any) => label === 'second').id;
  for (const mode of ['refreshes', 'for good'] as const) {
    refuse = mode;
    await ask('query ($id: ID) { oauthRead(connection: $id) { title } }', { id: second });
    await ask('mutation ($id: ID!) { testConnection(connection: $id) { works problem } }', { id: second });
  }
  refuse = 'nothing';
  await ask('{ connections { id state reason identity } }');

  // Everything that can be refused on the way in.
  const url = gateway.url();
  await get(`${url}/graphql?${secrets.requestQuery}=${secrets.requestQuery}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${secrets.wrongBearer}`,
      cookie: `a=${secrets.cookie}`,
      'x-anything': secrets.requestHeader,
    },
    body: JSON.stringify({ query: '{ connectors { name } }', extensions: { a: contents.input } }),
  });
  const authorization = `Bearer ${gateway.keys.acme}`;
  for (const body of [
    `{ "query": "${contents.literal}`,
    JSON.stringify({ query: `{ ${contents.literal.replaceAll('-', '_')}(` }),
  ]) {
    await get(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body,
    });
  }
  const issued = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(basicOf(gateway.keys.acme)).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'plugboard.read' }),
  });
  seen.issuedTokens.push(((await issued.json()) as { access_token: string }).access_token);
  await get(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${seen.issuedTokens[0]}` },
    body: '{"query":"{ connectors { name } }"}',
  });
  await get(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`someone:${secrets.wrongBasic}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: secrets.wrongBasic }),
  });
  await get(`${url}/connect/oauth?session=${secrets.wrongSession}`, {
    headers: { cookie: `__Host-plugboard=${secrets.cookie}` },
  });
  await get(`${url}/oauth/callback/x?state=${secrets.wrongState}&code=${secrets.wrongState}`);
  const { cookie, state, redirectUri } = await openLink(await begin('denied'));
  await get(
    `${redirectUri}?error=${secrets.errorDescription}&error_description=${secrets.errorDescription}&state=${state}`,
    { headers: { cookie } },
  );

  // Disconnect, from a provider that fails to take the tokens back.
  await ask('mutation ($id: ID!) { disconnect(connection: $id) { revoked } }', { id: second });
  await ask('{ connections { id state reason } }', {}, { subject: 'bob' });
}

/** `pb_<id>_<secret>` as client id and secret. */
function basicOf(key: string): string {
  const [, id = '', ...secret] = key.split('_');
  return `${id}:${secret.join('_')}`;
}

const made = () => Object.values(seen).flat();
const keySecrets = () => Object.values(gateway.keys).map((key) => key.split('_').slice(2).join('_'));
const everySecret = () => [
  ...Object.values(secrets),
  ...seen.tokens,
  ...seen.codes,
  ...seen.verifiers,
  ...keySecrets(),
];

/** As it is, and as it looks after the usual encodings. */
function formsOf(text: string): readonly (string | Buffer)[] {
  const bytes = Buffer.from(text);
  const encodings = ['base64', 'base64url', 'hex'] as const;
  return [
    text,
    ...encodings.map((encoding) => bytes.toString(encoding).replaceAll('=', '')),
    Buffer.from(text, 'utf16le'),
  ];
}

function found(haystack: Buffer, needles: readonly string[]): readonly string[] {
  return needles.filter((needle) => needle !== '' && formsOf(needle).some((form) => haystack.includes(form)));
}

describe('canaries', () => {
  it('went where they had to go', () => {
    const asked = Buffer.from(
      provider.requests.map(({ url, headers, body }) => JSON.stringify([url, headers, body])).join('\n'),
    );
    const used = ['password', 'acquired', 'applicationKey', 'wrongPassword'] as const;
    expect(
      found(
        asked,
        used.map((name) => secrets[name]),
      ),
    ).toHaveLength(used.length);
    expect(found(asked, seen.verifiers)).toHaveLength(seen.verifiers.length);
    for (const [name, list] of Object.entries(seen)) {
      expect([name, list.length > 0, list.includes('')]).toEqual([name, true, false]);
    }
    expect(seen.tokens.length).toBeGreaterThanOrEqual(6);
    console.info(
      `canaries: ${everySecret().length + made().length} secrets, ${answers.length} answers, ${gateway.log().length} bytes of log`,
    );
  });

  it('are not in the log at level trace, nor is what clients and providers said', () => {
    const log = Buffer.from(gateway.log());
    expect(log.toString()).toContain('/graphql');
    expect(log.length).toBeGreaterThan(5_000);
    expect(found(log, [...everySecret(), ...made(), ...Object.values(contents)])).toEqual([]);
    expect(log.toString()).not.toContain('canary-');
  });

  it('are not in the file of the store, its log and its index', async () => {
    const store = await readStoreBytes(gateway.file);
    // That it can be read at all, and is where the records are.
    expect(found(store, ['half way'])).toHaveLength(1);
    expect(found(store, [...everySecret(), ...made(), ...Object.values(contents)])).toEqual([]);
  });

  it('are in no answer but those that are there to carry them', () => {
    // Excepted by construction: the link that `connect` gives and the redirects of the browser, which are not in `answers`.
    const text = Buffer.from(answers.join('\n'));
    expect(found(text, [contents.row])).toHaveLength(1);
    expect(found(text, everySecret())).toEqual([]);
    expect(found(text, [...seen.states, ...seen.finishCodes, ...seen.cookies])).toEqual([]);
  });
});
