/** The code flow: what it begins with, and every answer that is worth nothing. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  beginAuthorization,
  finishAuthorization,
  redirectContext,
  redirectUriOf,
  type AuthorizationAnswer,
  type AuthorizationRequest,
} from '../../src/connection/authorization-flow.ts';
import { flowIdOf, keepFlow, takeFlow } from '../../src/connection/flow-record.ts';
import { createAcquireConnection } from '../../src/connector/open-connection.ts';
import type { OAuth2Authorization } from '../../src/connector/definition.ts';
import { AuthorizationError } from '../../src/errors.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import {
  keyRing,
  openOAuthDesk,
  redirectUri,
  type OAuthDesk,
  type OAuthDeskOptions,
} from '../support/oauth-connection.ts';
import { errorOf } from '../support/sending.ts';

let server: AuthorizationServer;
let desk: OAuthDesk;
let tokenRequests: number;

beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
});
afterAll(() => server.close());
beforeEach(async () => {
  desk = await openOAuthDesk(server);
  tokenRequests = (await server.counters()).requests['token'] ?? 0;
});
afterEach(async () => {
  await server.setFault('token', 'none');
  await server.setFault('authorization', 'none');
  await desk.close();
});

async function useDesk(options: OAuthDeskOptions): Promise<void> {
  await desk.close();
  desk = await openOAuthDesk(server, options);
}

/** Token requests since the test began. */
async function asked(): Promise<number> {
  return ((await server.counters()).requests['token'] ?? 0) - tokenRequests;
}

async function begin(part: Partial<AuthorizationRequest> = {}) {
  const begun = await beginAuthorization({
    client: await desk.client(),
    keyRing,
    tenant: 'acme',
    subject: 'alice',
    connectionId: 'c1',
    boundTo: [],
    redirectUri,
    ...part,
  });
  await desk.store.records.commit([keepFlow(begun.flow, Date.now())]);
  return begun;
}

/** Takes the flow of an answer and finishes it. */
async function finish(callback: URLSearchParams, part: Partial<AuthorizationAnswer> = {}) {
  const { connector, sender } = desk;
  const flow = await takeFlow(desk.store.records, callback);
  return finishAuthorization(
    { callback, flow, context: redirectContext('acme', 'shop'), browser: undefined, ...part },
    {
      client: await desk.client(),
      keyRing,
      now: () => 1_000_000,
      openAcquire: () =>
        createAcquireConnection({
          connector,
          sender,
          credentials: { fields: () => ({}), merge: () => Promise.resolve() },
        }),
    },
  );
}

const answerOf = async (url: URL, user = {}) => (await server.authorize(url, user)).searchParams;

describe('the URL that the subject is sent to', () => {
  it('asks for a code with PKCE S256, a state of 256 bits and the redirect URI of this tenant and connector', async () => {
    const { url, flow } = await begin();
    expect(url.origin).toBe(server.issuer);
    const { state, code_challenge, ...rest } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({
      response_type: 'code',
      client_id: 'app',
      redirect_uri: redirectUri,
      scope: 'items:read items:write',
      code_challenge_method: 'S256',
    });
    expect(Buffer.from(state!, 'base64url')).toHaveLength(32);
    expect(Buffer.from(code_challenge!, 'base64url')).toHaveLength(32);
    expect(flow.id).toBe(flowIdOf(state!));
  });

  it('keeps neither state, verifier nor the browser’s secret in the store', async () => {
    const { url } = await begin({ browser: 'cookie of the browser' });
    const kept = JSON.stringify(await desk.store.records.list('oauth_flow', {}));
    expect(kept).not.toContain(url.searchParams.get('state'));
    expect(kept).not.toContain('cookie of the browser');
    expect(kept).toContain('sealed1.test.');
  });

  it('has what the connector adds, and nothing of ours replaced by it', async () => {
    await useDesk({
      authorization: {
        authorizationUrl: `${server.issuer}/auth?response_type=token&audience=a&state=mine&redirect_uri=https://evil.test`,
        authorizationParams: { access_type: 'offline', code_challenge_method: 'plain', client_id: 'other' },
        scopes: ['a', 'b'],
        scopeSeparator: ',',
      },
    });
    const { url } = await begin();
    const got = Object.fromEntries(url.searchParams);
    expect(got).toMatchObject({
      response_type: 'code',
      client_id: 'app',
      redirect_uri: redirectUri,
      code_challenge_method: 'S256',
      audience: 'a',
      access_type: 'offline',
      scope: 'a,b',
    });
    expect(got['state']).not.toBe('mine');
    expect(url.searchParams.getAll('response_type')).toHaveLength(1);
  });

  it('leaves the scope of the connector’s own URL, where it names none else', async () => {
    const authorizationUrl = `${server.issuer}/auth?scope=x%20y`;
    await useDesk({ authorization: { authorizationUrl, scopes: [] } });
    expect((await begin()).url.searchParams.get('scope')).toBe('x y');
  });

  it('depends on the gateway’s own address, the tenant and the connector alone', () => {
    const uris = [
      redirectUriOf('https://a.test', 'acme', 'shop'),
      redirectUriOf('https://a.test/', 'acme', 'crm'),
      redirectUriOf('https://a.test/base', 'other', 'shop'),
    ];
    expect(new Set(uris).size).toBe(3);
    expect(uris[0]).toMatch(/^https:\/\/a\.test\/oauth\/callback\/[\w-]{22}$/);
    expect(uris[2]).toMatch(/^https:\/\/a\.test\/base\/oauth\/callback\/[\w-]{22}$/);
    expect(redirectContext('a', 'b"],["c')).not.toBe(redirectContext('a"],["b', 'c'));
  });

  it('takes verifier and challenge of the connector’s pkce', async () => {
    const verifier = 'v'.repeat(128);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    await useDesk({ authorization: { pkce: () => ({ verifier, challenge }) } });
    const { url } = await begin();
    expect(url.searchParams.get('code_challenge')).toBe(challenge);
    expect(await finish(await answerOf(url))).toMatchObject({ scopes: ['items:read', 'items:write'] });
  });

  it.each<[string, OAuth2Authorization['pkce']]>([
    ['plain', (verifier) => ({ verifier, challenge: verifier, challengeMethod: 'plain' })],
    ['a challenge of another verifier', (verifier) => ({ verifier, challenge: 'x'.repeat(43) })],
    ['a short verifier', () => ({ verifier: 'short', challenge: 'x' })],
  ])('is not made with a pkce that gives %s', async (_name, pkce) => {
    await useDesk({ authorization: { pkce: pkce! } });
    const error = await errorOf(begin());
    expect(error.code).toBe('CONNECTOR_ERROR');
    expect(error.message).toBe(
      'Shop: pkce must give a verifier of 43–128 characters, its S256 challenge and the method S256 (RFC 7636).',
    );
  });
});

describe('an answer that is good', () => {
  it('gives tokens, what was granted, and when they end', async () => {
    const finished = await finish(await answerOf((await begin()).url));
    expect(finished).toMatchObject({
      scopes: ['items:read', 'items:write'],
      expiresAt: 1_000_000 + 3600_000,
      tokens: { token_type: 'Bearer', expires_in: 3600, obtained_at: 1_000_000 },
    });
    expect(finished.tokens.access_token.equals(finished.tokens.refresh_token)).toBe(false);
  });

  it('gives the scopes that were granted where these are fewer', async () => {
    const { url } = await begin();
    expect((await finish(await answerOf(url, { scopes: ['items:read'] }))).scopes).toEqual(['items:read']);
  });

  it('carries an ID token with our nonce where openid was asked for', async () => {
    const { url } = await begin({ scopes: ['openid', 'items:read'] });
    expect(url.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/);
    expect((await finish(await answerOf(url))).tokens.id_token?.reveal()).toMatch(/^ey/);
  });

  it('ends in the browser that began', async () => {
    const { url } = await begin({ browser: 'mine' });
    expect(await finish(await answerOf(url), { browser: 'mine' })).toHaveProperty('tokens.access_token');
  });

  it('works without discovery, iss and metadata for a provider that has none', async () => {
    const { issuer: _, ...explicit } = {
      issuer: undefined,
      authorizationUrl: `${server.issuer}/auth`,
      tokenUrl: `${server.issuer}/token`,
    };
    await useDesk({
      authorization: { issuer: undefined as never, ...explicit, clientAuthentication: 'client_secret_basic' },
    });
    expect(await finish(await answerOf((await begin()).url))).toHaveProperty('tokens.access_token');
  });
});

describe('an answer that is worth nothing', () => {
  it.each<[string, (callback: URLSearchParams) => void, string]>([
    ['without a state', (callback) => callback.delete('state'), 'AUTHORIZATION_ANSWER_INVALID'],
    ['with two states', (callback) => callback.append('state', 'x'), 'AUTHORIZATION_ANSWER_INVALID'],
    ['with an unknown state', (callback) => callback.set('state', 'x'), 'AUTHORIZATION_FLOW_UNKNOWN'],
    [
      'with an edited state',
      (callback) => callback.set('state', `${callback.get('state')}A`),
      'AUTHORIZATION_FLOW_UNKNOWN',
    ],
    ['with another iss', (callback) => callback.set('iss', 'https://evil.test'), 'AUTHORIZATION_ANSWER_INVALID'],
    [
      'without the iss that the server always sends',
      (callback) => callback.delete('iss'),
      'AUTHORIZATION_ANSWER_INVALID',
    ],
    ['with two codes', (callback) => callback.append('code', 'x'), 'AUTHORIZATION_ANSWER_INVALID'],
    ['with neither code nor error', (callback) => callback.delete('code'), 'AUTHORIZATION_ANSWER_INVALID'],
  ])('is one %s: no token is asked for', async (_name, change, code) => {
    const callback = await answerOf((await begin()).url);
    change(callback);
    const error = await errorOf(finish(callback));
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error.code).toBe(code);
    expect(await asked()).toBe(0);
  });

  it('is one that comes a second time, also when the first was refused', async () => {
    const good = await answerOf((await begin()).url);
    await finish(good);
    expect((await errorOf(finish(good))).code).toBe('AUTHORIZATION_FLOW_UNKNOWN');
    const refused = await answerOf((await begin()).url);
    await server.setFault('token', 'status-500', 1);
    expect((await errorOf(finish(refused))).code).toBe('PROVIDER_UNAVAILABLE');
    expect((await errorOf(finish(refused))).code).toBe('AUTHORIZATION_FLOW_UNKNOWN');
    expect(await asked()).toBe(2);
    expect((await server.counters()).codeReuses).toBe(0);
  });

  it('is the second of two at once', async () => {
    const callback = await answerOf((await begin()).url);
    const both = await Promise.allSettled([finish(callback), finish(callback)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await asked()).toBe(1);
  });

  it('is one that comes later than ten minutes', async () => {
    const { url, flow } = await beginAuthorization({
      client: await desk.client(),
      keyRing,
      tenant: 'acme',
      subject: 'alice',
      connectionId: 'c1',
      boundTo: [],
      redirectUri,
    });
    await desk.store.records.commit([keepFlow(flow, Date.now() - 10 * 60_000)]);
    expect((await errorOf(finish(await answerOf(url)))).code).toBe('AUTHORIZATION_FLOW_UNKNOWN');
    expect(await asked()).toBe(0);
  });

  it('is one with the state of another flow: code and verifier do not belong together', async () => {
    const [one, other] = [await begin(), await begin()];
    const callback = await answerOf(one.url);
    callback.set('state', other.url.searchParams.get('state')!);
    expect((await errorOf(finish(callback))).code).toBe('REAUTH_REQUIRED');
  });

  it.each([
    ['at the redirect URI of another connector', { context: redirectContext('acme', 'evil') }],
    ['at the redirect URI of another tenant', { context: redirectContext('other', 'shop') }],
    ['in another browser', { browser: 'theirs' }],
    ['in a browser that carries nothing', { browser: undefined }],
  ])('is one that comes %s', async (_name, part) => {
    const callback = await answerOf((await begin({ browser: 'mine' })).url);
    const error = await errorOf(finish(callback, { browser: 'mine', ...part }));
    expect(error.code).toBe('AUTHORIZATION_FLOW_FOREIGN');
    expect(await asked()).toBe(0);
  });

  it('is one whose verifier was moved from another flow', async () => {
    const [one, other] = [await begin(), await begin()];
    const callback = await answerOf(one.url);
    const flow = await takeFlow(desk.store.records, callback);
    const swapped = { ...flow, value: { ...flow.value, verifier: other.flow.value.verifier } };
    const answer = { callback, flow: swapped, context: flow.value.context, browser: undefined };
    const parts = { client: await desk.client(), keyRing, now: Date.now, openAcquire: () => undefined as never };
    expect((await errorOf(finishAuthorization(answer, parts))).code).toBe('SEAL_BROKEN');
    expect(await asked()).toBe(0);
  });
});

describe('an answer that says no', () => {
  it('is CONNECTION_DENIED when the subject did not allow it', async () => {
    const error = await errorOf(finish(await answerOf((await begin()).url, { deny: true })));
    expect(error).toMatchObject({ code: 'CONNECTION_DENIED', details: { connector: 'shop', connection: 'c1' } });
    expect(error.message).toBe('The connection to Shop was not allowed (access_denied).');
    expect(await asked()).toBe(0);
  });

  it.each([
    ['login_required', 'CONNECTION_DENIED'],
    ['invalid_scope', 'REGISTRATION_REFUSED'],
    ['unauthorized_client', 'REGISTRATION_REFUSED'],
    ['temporarily_unavailable', 'PROVIDER_UNAVAILABLE'],
    ['server_error', 'PROVIDER_UNAVAILABLE'],
    ['<script>alert(1)</script>', 'PROVIDER_ERROR'],
  ])('with %s is %s, and shows nothing of the provider’s own words', async (word, code) => {
    const { url } = await begin();
    const state = url.searchParams.get('state')!;
    const callback = new URLSearchParams({ error: word, error_description: 'SECRET words', state, iss: server.issuer });
    const error = await errorOf(finish(callback));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/SECRET|script/);
    expect(await asked()).toBe(0);
  });

  it('of the token endpoint is told by who mends it', async () => {
    for (const [word, code] of [
      ['invalid_grant', 'REAUTH_REQUIRED'],
      ['invalid_client', 'REGISTRATION_REFUSED'],
      ['redirect_uri_mismatch', 'REGISTRATION_REFUSED'],
      ['unheard_of', 'PROVIDER_ANSWER_INVALID'],
    ] as const) {
      const callback = await answerOf((await begin()).url);
      await server.setFault('token', { mode: 'error', error: word }, 1);
      expect((await errorOf(finish(callback))).code).toBe(code);
    }
  });
});

describe('a connector’s own acquire', () => {
  it('is given code, redirect URI and verifier, asks without credentials, and may name owner and further fields', async () => {
    let given: unknown[] = [];
    await useDesk({
      authorization: {
        acquire: async (connection, ...rest) => {
          given = rest;
          const [code, uri, verifier] = rest;
          const tokens = await connection
            .post(`${server.issuer}/token`, {
              grant_type: 'authorization_code',
              code,
              redirect_uri: uri,
              code_verifier: verifier,
            })
            .requestFormat('www_form_urlencoded')
            .user('app')
            .password('secret');
          return [tokens, 'owner 7', { region: 'eu' }];
        },
      },
    });
    const { url } = await begin();
    const callback = await answerOf(url);
    const finished = await finish(callback);
    expect(given).toEqual([callback.get('code'), redirectUri, expect.stringMatching(/^[\w-]{43,}$/)]);
    expect(finished).toMatchObject({ ownerId: 'owner 7', extra: { region: 'eu' }, tokens: { expires_in: 3600 } });
  });

  it('is told when it gives no access token', async () => {
    await useDesk({ authorization: { acquire: () => ({ ok: true }) } });
    const error = await errorOf(finish(await answerOf((await begin()).url)));
    expect(error.message).toBe(
      'Shop: acquire must give { access_token, refresh_token, … } or a list that begins with it; got something without an access_token.',
    );
  });
});
