import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createApiKeys, type ApiKeys, type NewApiKey } from '../../src/connection/api-keys.ts';
import { createAuthenticator } from '../../src/connection/authenticate.ts';
import { createTokenIssuer } from '../../src/connection/token-issuer.ts';
import { addTokenRoute } from '../../src/server/oauth2-token.ts';
import { createHttpServer, type HttpServer } from '../../src/server/http-server.ts';
import { fixedGraph } from '../../src/server/graph-source.ts';
import type { Store } from '../../src/storage/store.ts';
import { fetchJson, type Answer } from '../support/running-server.ts';
import { smallGraph } from '../support/small-graph.ts';
import { openTestStore } from '../support/test-store.ts';
import { ringOf } from '../support/key-ring.ts';

const grant = { grant_type: 'client_credentials' };
let store: Store;
let apiKeys: ApiKeys;
let key: NewApiKey;
let server: HttpServer;
let url: string;
let log: string[];

beforeEach(async () => {
  log = [];
  store = await openTestStore();
  apiKeys = createApiKeys(store.records);
  key = await apiKeys.create({ tenant: 'acme', name: 'backend', scopes: ['plugboard.read', 'plugboard.subjects'] });
  const tokenIssuer = createTokenIssuer({
    baseUrl: 'https://g.example',
    keyRing: ringOf(3),
  });
  const { authenticate } = createAuthenticator({ apiKeys, tokenIssuer });
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
  const caller: typeof authenticate = (headers) => authenticate(headers);
  server = await createHttpServer({ graphs: fixedGraph(smallGraph()), logger, port: 0, explorer: false, caller });
  addTokenRoute(server.app, { apiKeys, tokenIssuer });
  ({ url } = await server.listen());
});
afterEach(async () => {
  await server.close();
  await store.close();
});

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

function ask(
  parameters: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = { authorization: basic(key.id, key.secret) },
): Promise<Answer> {
  const body = typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString();
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  return fetchJson(`${url}/oauth2/token`, { method: 'POST', headers: { ...form, ...headers }, body });
}

async function greet(token: string): Promise<number> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = JSON.stringify({ query: '{ greeting }' });
  return (await fetchJson(`${url}/graphql`, { method: 'POST', headers, body })).status;
}

describe('POST /oauth2/token', () => {
  it('gives a token for an hour, in the very shape of connctd, and it is good for GraphQL', async () => {
    const { status, headers, body } = await ask(grant);
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expires_in: 3599,
      scope: 'plugboard.read plugboard.subjects',
      token_type: 'bearer',
    });
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    expect(await greet(body.access_token)).toBe(200);
    expect(log.join('')).not.toContain(body.access_token);
    expect(log.join('')).not.toContain(key.secret);
  });

  it('gives fewer scopes when fewer are asked for, also of one connector', async () => {
    const { body } = await ask({ ...grant, scope: 'plugboard.read:github  plugboard.subjects plugboard.subjects' });
    expect(body.scope).toBe('plugboard.read:github plugboard.subjects');
    const payload = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString());
    expect(payload).toMatchObject({
      iss: 'https://g.example',
      aud: 'https://g.example',
      tenant: 'acme',
      scope: body.scope,
    });
    expect(payload.exp - payload.iat).toBe(3600);
  });

  it.each([
    'plugboard.admin',
    'plugboard.read plugboard.write',
    'plugboard.read:',
    'openid',
    '*',
    'plugboard.subjects:x',
  ])('refuses the scope %j, which the key does not have', async (scope) => {
    const { status, body } = await ask({ ...grant, scope });
    expect([status, body]).toEqual([
      400,
      {
        error: 'invalid_scope',
        error_description: 'The API key does not have all the scopes that were asked for.',
      },
    ]);
  });

  it('refuses a client that is not known, wrong or revoked with the same words', async () => {
    const revoked = await apiKeys.create({ tenant: 'acme', name: 'old', scopes: ['plugboard.read'] });
    await apiKeys.revoke('acme', revoked.id);
    for (const authorization of [
      basic('0'.repeat(20), key.secret),
      basic(key.id, revoked.secret),
      basic(revoked.id, revoked.secret),
      basic(key.id, key.text),
      basic('', ''),
      'Basic !!!!',
      `Basic ${Buffer.from('no colon').toString('base64')}`,
      `Basic ${Buffer.from('%:%zz').toString('base64')}`,
      `Bearer ${key.text}`,
      '',
    ]) {
      const { status, headers, body } = await ask(grant, { authorization });
      expect([status, body, headers.get('www-authenticate'), headers.get('cache-control')]).toEqual([
        401,
        {
          error: 'invalid_client',
          error_description: 'Send the id and the secret of a live API key by HTTP Basic.',
        },
        'Basic realm="plugboard"',
        'no-store',
      ]);
    }
  });

  it.each<[string, string, string, number]>([
    ['no grant type', '', 'invalid_request', 400],
    ['an empty grant type', 'grant_type=', 'invalid_request', 400],
    ['a password grant', 'grant_type=password&username=a&password=b', 'unsupported_grant_type', 400],
    ['a refresh grant', 'grant_type=refresh_token&refresh_token=x', 'unsupported_grant_type', 400],
    ['a parameter twice', 'grant_type=client_credentials&grant_type=client_credentials', 'invalid_request', 400],
    ['a secret in the body too', 'grant_type=client_credentials&client_id=a&client_secret=b', 'invalid_request', 400],
    ['another client in the body', 'grant_type=client_credentials&client_id=a', 'invalid_request', 400],
    ['a body of 9 KiB', `grant_type=client_credentials&x=${'a'.repeat(9_000)}`, 'invalid_request', 400],
  ])('refuses %s', async (_what, form, error, status) => {
    const answer = await ask(form);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('takes forms only, and a secret in no body', async () => {
    const json = await ask('{"grant_type":"client_credentials"}', {
      authorization: basic(key.id, key.secret),
      'content-type': 'application/json',
    });
    expect([json.status, json.body.error]).toEqual([400, 'invalid_request']);
    const inBody = await ask({ ...grant, client_id: key.id, client_secret: key.secret }, {});
    expect([inBody.status, inBody.body.error]).toEqual([401, 'invalid_client']);
  });

  it('does not call a client wrong because the store fails', async () => {
    await store.close();
    const { status, body } = await ask(grant);
    expect([status, body.errors[0].extensions.code]).toEqual([503, 'STORE_UNAVAILABLE']);
  });

  it('leaves all other routes closed to forms', async () => {
    const { status } = await fetchJson(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.text}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'query={greeting}',
    });
    expect(status).toBe(415);
  });
});

describe('GraphQL over HTTP', () => {
  const graphql = (headers: Readonly<Record<string, string>>, body = '{"query":"{ greeting }"}') =>
    fetchJson(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

  it('answers to a key, for the subject that it names', async () => {
    const headers = { authorization: `Bearer ${key.text}`, 'x-external-subject-id': 'ada' };
    expect((await graphql(headers)).body).toEqual({ data: { greeting: 'Hello you' } });
  });

  it('refuses strangers with 401, a challenge and no reason, before their body is read', async () => {
    for (const authorization of [undefined, `Bearer ${key.text}x`, 'Bearer a.b.c']) {
      const answer = await graphql(authorization === undefined ? {} : { authorization }, '{ this is no JSON');
      const requestId = answer.headers.get('x-request-id');
      expect([answer.status, answer.headers.get('www-authenticate'), answer.headers.get('cache-control')]).toEqual([
        401,
        'Bearer realm="plugboard"',
        'no-store',
      ]);
      expect(answer.body).toEqual({
        errors: [
          {
            message: 'This gateway asks who you are. Send an API key or a token it accepts: `Authorization: Bearer …`.',
            extensions: { code: 'UNAUTHENTICATED', requestId },
          },
        ],
      });
    }
  });

  it('refuses to name a subject without the scope, with 403', async () => {
    const plain = await apiKeys.create({ tenant: 'acme', name: 'plain', scopes: ['plugboard.read'] });
    const answer = await graphql({ authorization: `Bearer ${plain.text}`, 'x-external-subject-id': 'ada' });
    expect([answer.status, answer.body.errors[0].extensions.code, answer.body.errors[0].extensions.scope]).toEqual([
      403,
      'FORBIDDEN',
      'plugboard.subjects',
    ]);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="plugboard", error="insufficient_scope", scope="plugboard.subjects"',
    );
  });

  it('says 503 while the store fails, which is no reason to throw a key away', async () => {
    await store.close();
    const answer = await graphql({ authorization: `Bearer ${key.text}` });
    expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([503, 'STORE_UNAVAILABLE']);
  });
});

describe('the schema', () => {
  it('is shown, in production, to callers with the scope only', async () => {
    const { authenticate } = createAuthenticator({ apiKeys });
    const logger = pino({ level: 'silent' });
    const guarded = await createHttpServer({
      graphs: fixedGraph(smallGraph()),
      logger,
      port: 0,
      production: true,
      introspection: 'with-scope',
      caller: (headers) => authenticate(headers),
    });
    try {
      const { url } = await guarded.listen();
      const reader = await apiKeys.create({ tenant: 'acme', name: 'reader', scopes: ['plugboard.read'] });
      const viewer = await apiKeys.create({ tenant: 'acme', name: 'viewer', scopes: ['plugboard.introspect'] });
      const asks = (text: string, query: string) =>
        fetchJson(`${url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${text}` },
          body: JSON.stringify({ query }),
        });
      for (const query of [
        '{ __schema { queryType { name } } }',
        '{ greeting __type(name: "Item") { name } }',
        'query { ...F } fragment F on Query { a: __schema { queryType { name } } }',
        '{ ... { ... on Query { __type(name: "Item") { name } } } }',
      ]) {
        const refused = await asks(reader.text, query);
        expect(refused.body.errors.map((error: any) => error.extensions)).toEqual([
          { code: 'FORBIDDEN', scope: 'plugboard.introspect' },
        ]);
        expect(refused.body.data ?? null).toBeNull();
        expect((await asks(viewer.text, query)).body.errors).toBeUndefined();
      }
      expect((await asks(reader.text, '{ __typename greeting }')).body.data.greeting).toBe('Hello you');
      const supergraph = async (headers: Record<string, string>) =>
        (await fetch(`${url}/supergraph.graphql`, { headers })).status;
      expect(await supergraph({})).toBe(401);
      expect(await supergraph({ authorization: `Bearer ${reader.text}` })).toBe(403);
      expect(await supergraph({ authorization: `Bearer ${viewer.text}` })).toBe(200);
    } finally {
      await guarded.close();
    }
  });
});
