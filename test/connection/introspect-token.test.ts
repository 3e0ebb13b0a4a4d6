import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as oauth from 'openid-client';
import { createApiKeys } from '../../src/connection/api-keys.ts';
import { createAuthenticator } from '../../src/connection/authenticate.ts';
import { createClientFetch, tokenSenderOptions, type ClientFetch } from '../../src/connection/client-fetch.ts';
import { createIntrospectToken, type IntrospectTokenOptions } from '../../src/connection/introspect-token.ts';
import type { TrustedIssuer } from '../../src/connection/trusted-issuer.ts';
import { createVerifyJwt } from '../../src/connection/verify-jwt.ts';
import { DefinitionError, formatFault, GatewayError } from '../../src/errors.ts';
import { createSender, type Sender } from '../../src/http/send.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { startAuthorizationServer, type AuthorizationServer, type FaultMode } from '../support/authorization-server.ts';
import { beginFlow, discoverAs, redirectUri } from '../support/oauth-client.ts';

const minute = 60_000;
/** Of the scripted answers: a whole minute, so that seconds are whole. */
const start = 1_800_000_000_000;

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error: unknown) => (error instanceof GatewayError ? error.code : error),
  );
}

describe('a token that a real authorization server is asked about', () => {
  let server: AuthorizationServer;
  let app: oauth.Configuration;
  let sender: Sender;
  let store: Store;
  let now: number;
  let failures: string[];
  beforeAll(async () => {
    server = await startAuthorizationServer({
      accessTokens: 'opaque-for-api',
      scopes: ['plugboard.read', 'plugboard.subjects', 'files'],
      clients: [
        { clientId: 'app', redirectUris: [redirectUri] },
        { clientId: 'gateway', clientSecret: 'gateway-secret' },
      ],
    });
    app = await discoverAs(server, 'app');
    store = await createSqliteStore({ file: ':memory:' });
    sender = createSender({ ...tokenSenderOptions, allowedPrivateOrigins: [server.issuer] });
  });
  beforeEach(() => {
    now = Date.now();
    failures = [];
  });
  afterEach(() => server.setFault('introspection', 'none'));
  afterAll(async () => {
    await sender.close();
    await store.close();
    await server.close();
  });

  const trusted = (): TrustedIssuer => ({
    issuer: server.issuer,
    audience: server.apiUrl,
    tenant: 'acme',
    introspection: {
      endpoint: `${server.issuer}/token/introspection`,
      clientId: 'gateway',
      clientSecret: { env: 'GATEWAY_SECRET' },
    },
  });

  /** As the gateway puts them together. */
  function authenticator(changes: Partial<TrustedIssuer> = {}, secret = 'gateway-secret') {
    // Long enough for a server that answers on a busy machine; one test waits for it.
    const fetch = createClientFetch(sender, { connector: 'gateway', timeoutMs: 3_000 });
    const introspectToken = createIntrospectToken({
      issuers: [{ ...trusted(), ...changes }],
      environment: { GATEWAY_SECRET: secret },
      fetch,
      onFailure: ({ reason }) => failures.push(reason),
      now: () => now,
    });
    const { authenticate } = createAuthenticator({
      apiKeys: createApiKeys(store.records),
      introspectToken,
      now: () => now,
    });
    return (token: string) => authenticate({ authorization: `Bearer ${token}` });
  }

  async function signIn(subject: string, scope: string): Promise<string> {
    const { url, checks } = await beginFlow(app, scope);
    const tokens = await oauth.authorizationCodeGrant(app, await server.authorize(url, { subject }), checks);
    return tokens.access_token;
  }
  const asked = async (): Promise<number> => (await server.counters()).requests['introspection'] ?? 0;

  it('stands for the tenant, the subject and those of its scopes that are ours, until it ends', async () => {
    const token = await signIn('alice', 'openid plugboard.read files');
    const caller = await authenticator()(token);
    expect(caller).toMatchObject({ tenant: 'acme', subject: 'alice', scopes: new Set(['plugboard.read']) });
    expect(Math.abs(caller.expiresAt! - now - 3_600_000)).toBeLessThan(30_000);
  });

  it('of a client that asks for itself stands for nobody but the tenant', async () => {
    const { access_token: token } = await oauth.clientCredentialsGrant(app, { scope: 'plugboard.read' });
    expect(await authenticator()(token)).toMatchObject({ tenant: 'acme', subject: undefined });
  });

  it('is asked about once a minute, by however many it comes, and refused within it once it was revoked', async () => {
    const ask = authenticator();
    const token = await signIn('bob', 'openid plugboard.read');
    const before = await asked();
    await Promise.all(Array.from({ length: 100 }, () => ask(token)));
    now += minute - 1;
    await ask(token);
    expect((await asked()) - before).toBe(1);
    now += 1;
    await ask(token);
    expect((await asked()) - before).toBe(2);
    await oauth.tokenRevocation(app, token);
    expect(await ask(token)).toMatchObject({ subject: 'bob' });
    now += minute;
    expect(await codeOf(ask(token))).toBe('UNAUTHENTICATED');
    expect((await asked()) - before).toBe(3);
    expect(failures).toEqual([]);
  });

  it('is never believed beyond its end', async () => {
    await server.setAccessTokenLifetime(20);
    try {
      const token = await signIn('carol', 'openid plugboard.read');
      const ask = authenticator();
      const { expiresAt } = await ask(token);
      const before = await asked();
      now = expiresAt! - 1;
      await ask(token);
      expect(await asked()).toBe(before);
      // The server's own clock has not moved, so that it still says `active`: the end that it told counts.
      now = expiresAt! + 30_000;
      expect(await codeOf(ask(token))).toBe('UNAUTHENTICATED');
      expect((await asked()) - before).toBe(1);
    } finally {
      await server.setAccessTokenLifetime(3_600);
    }
  });

  it('that was revoked, never was, or is for another audience is refused, and not asked about again for 5 seconds', async () => {
    const ask = authenticator();
    const revoked = await signIn('dave', 'openid plugboard.read');
    await server.revokeGrant('dave');
    const before = await asked();
    for (const token of [revoked, 'a-token-that-nobody-issued']) {
      for (let count = 0; count < 3; count += 1) expect(await codeOf(ask(token))).toBe('UNAUTHENTICATED');
    }
    expect((await asked()) - before).toBe(2);
    now += 5_000;
    expect(await codeOf(ask(revoked))).toBe('UNAUTHENTICATED');
    expect((await asked()) - before).toBe(3);
    const other = authenticator({ audience: 'https://another.example' });
    expect(await codeOf(other(await signIn('erin', 'openid plugboard.read')))).toBe('UNAUTHENTICATED');
  });

  it.each<[FaultMode, RegExp]>([
    ['status-500', /500/],
    ['status-503', /503/],
    ['status-429', /429/],
    ['reset', /lost|unreachable|cut|reset/i],
    ['timeout', /lost|did not answer/],
    ['garbage', /its answer cannot be used/],
    ['html', /its answer cannot be used/],
    ['error-in-200', /its answer cannot be used/],
  ])('is not called wrong while the endpoint gives %s: it cannot be judged', async (mode, reason) => {
    const ask = authenticator();
    const token = await signIn('frank', 'openid plugboard.read');
    await server.setFault('introspection', mode);
    expect(await codeOf(ask(token))).toBe('ISSUER_UNAVAILABLE');
    expect(failures).toEqual([expect.stringMatching(reason)]);
    await server.setFault('introspection', 'none');
    expect(await ask(token)).toMatchObject({ subject: 'frank' });
  });

  it('cannot be judged where the gateway is refused itself, and the operator is told', async () => {
    const token = await signIn('grace', 'openid plugboard.read');
    expect(await codeOf(authenticator({}, 'another-secret')(token))).toBe('ISSUER_UNAVAILABLE');
    expect(failures).toEqual(['it refused, invalid_client, 401']);
  });
});

describe('what an issuer answers', () => {
  const issuer = 'https://login.acme.example';
  const good = {
    active: true,
    iss: issuer,
    aud: ['https://other.example', 'https://gateway.example'],
    sub: 'ada',
    scope: 'plugboard.read',
    token_type: 'Bearer',
    exp: start / 1000 + 600,
  };
  const settings = { endpoint: 'https://login.acme.example/introspect', clientId: 'gateway', clientSecret: 'secret' };
  const trusted: TrustedIssuer = {
    issuer,
    audience: 'https://gateway.example',
    tenant: 'acme',
    introspection: settings,
  };
  const answering = (answer: unknown, status = 200): ClientFetch => {
    return async () => Response.json(answer, { status });
  };
  const introspect = (changes: Partial<IntrospectTokenOptions>) =>
    createIntrospectToken({
      issuers: [trusted],
      environment: {},
      fetch: answering(good),
      now: () => start,
      ...changes,
    })!;

  it('is asked for by POST with the token in the body, and the client in the header', async () => {
    const seen: unknown[] = [];
    const fetch: ClientFetch = async (url, { method, headers, body } = {}) => {
      seen.push([url, method, new Headers(headers).get('authorization'), String(body)]);
      return Response.json(good);
    };
    expect(await introspect({ fetch })('opaque')).toEqual({
      tenant: 'acme',
      subject: 'ada',
      scopes: new Set(['plugboard.read']),
      expiresAt: start + 600_000,
    });
    const basic = `Basic ${Buffer.from('gateway:secret').toString('base64')}`;
    expect(seen).toEqual([[settings.endpoint, 'POST', basic, 'token_type_hint=access_token&token=opaque']]);
  });

  it.each<[string, object]>([
    ['no issuer', { iss: undefined }],
    ['no end', { exp: undefined }],
    ['no type', { token_type: undefined }],
    ['nulls where it says nothing', { iss: null, exp: null, nbf: null, token_type: null, sub: null }],
    ['an end that is over by less than clocks may be apart', { exp: start / 1000 - 29 }],
    ['the audience as a text', { aud: 'https://gateway.example' }],
  ])('is accepted with %s', async (_what, changes) => {
    expect(await introspect({ fetch: answering({ ...good, ...changes }) })('opaque')).toMatchObject({ tenant: 'acme' });
  });

  it.each<[string, object]>([
    ['inactive', { active: false }],
    ['of another issuer', { iss: 'https://login.globex.example' }],
    ['for another audience', { aud: ['https://gateway.example.evil'] }],
    ['for no audience', { aud: undefined }],
    ['for an audience that is none', { aud: { 'https://gateway.example': true } }],
    ['over', { exp: start / 1000 - 30 }],
    ['of an end that is no time', { exp: '9999999999' }],
    ['of an end that is beyond numbers', { exp: 'Infinity' }],
    ['not yet valid', { nbf: start / 1000 + 31 }],
    ['issued later', { iat: start / 1000 + 31 }],
    ['bound to a key', { token_type: 'DPoP' }],
    ['of a subject that cannot be one', { sub: 'a\u0000b' }],
    ['of a subject that is a number', { sub: 7 }],
  ])('refuses a token that is %s', async (_what, changes) => {
    expect(await introspect({ fetch: answering({ ...good, ...changes }) })('opaque')).toBeUndefined();
  });

  it.each<[string, unknown, number]>([
    ['true as a text', { ...good, active: 'true' }, 200],
    ['a number', { ...good, active: 1 }, 200],
    ['nothing of it', { sub: 'ada' }, 200],
    ['a list', [good], 200],
    ['null', null, 200],
    ['the right thing with another status', good, 201],
    ['a redirect', good, 302],
    ['404', {}, 404],
  ])('that says %s says nothing about the token', async (_what, answer, status) => {
    expect(await codeOf(introspect({ fetch: answering(answer, status) })('opaque'))).toBe('ISSUER_UNAVAILABLE');
  });

  it('may name no audience where the operator said so, if it is about an access token', async () => {
    const issuers = [{ ...trusted, introspection: { ...settings, acceptWithoutAudience: true } }];
    const ask = (answer: object) => introspect({ issuers, fetch: answering({ ...good, aud: undefined, ...answer }) });
    expect(await ask({})('opaque')).toMatchObject({ subject: 'ada' });
    expect(await ask({ token_type: undefined })('opaque')).toBeUndefined();
    expect(await ask({ aud: 'https://other.example' })('opaque')).toBeUndefined();
  });

  it('names the tenant and the scopes by the claims that are configured', async () => {
    const issuers = [
      { ...trusted, tenant: undefined, tenantClaim: 'org', scopeClaim: 'permissions' },
    ] as TrustedIssuer[];
    const ask = (answer: object) => introspect({ issuers, fetch: answering({ ...good, ...answer }) })('opaque');
    expect(await ask({ org: 'globex', permissions: ['plugboard.write', 'x'] })).toMatchObject({
      tenant: 'globex',
      scopes: new Set(['plugboard.write']),
    });
    expect(await ask({})).toBeUndefined();
  });

  it('is asked for 32 tokens at a time and no more', async () => {
    let answer: (response: Response) => void = () => {};
    const answered = new Promise<Response>((resolve) => (answer = resolve));
    const ask = introspect({ fetch: async () => (await answered).clone() });
    const first = Array.from({ length: 32 }, (_, index) => ask(`token-${index}`));
    expect(await codeOf(ask('one more'))).toBe('ISSUER_UNAVAILABLE');
    answer(Response.json(good));
    expect((await Promise.all(first)).every((caller) => caller?.subject === 'ada')).toBe(true);
    expect(await ask('one more')).toMatchObject({ subject: 'ada' });
  });

  it('is never asked for a JWT that another issuer made, or that our own keys judge', async () => {
    let questions = 0;
    const fetch: ClientFetch = async () => ((questions += 1), Response.json(good));
    const jwt = (iss: unknown) =>
      `${btoa('{"alg":"RS256"}')}.${Buffer.from(JSON.stringify({ iss })).toString('base64url')}.c2lnbmF0dXJl`;
    const ask = introspect({ fetch });
    expect(await ask(jwt('https://login.globex.example'))).toBeUndefined();
    expect(await ask(jwt(undefined))).toBeUndefined();
    expect(questions).toBe(0);
    expect(await ask(jwt(issuer))).toMatchObject({ subject: 'ada' });
    const withKeys = introspect({ fetch, issuers: [{ ...trusted, jwksUri: 'https://login.acme.example/jwks' }] });
    expect(await withKeys(jwt(issuer))).toBeUndefined();
    expect(questions).toBe(1);
    expect(await withKeys('opaque')).toMatchObject({ subject: 'ada' });
  });
});

describe('introspection', () => {
  const base = { issuer: 'https://a.example', audience: 'https://g.example', tenant: 'acme' };
  const introspection = { endpoint: 'https://a.example/introspect', clientId: 'gateway', clientSecret: 's' };
  const never: ClientFetch = () => Promise.reject(new Error('not asked'));
  const faultsOf = (make: () => unknown): string[] => {
    try {
      make();
    } catch (error) {
      if (error instanceof DefinitionError) return error.faults.map(formatFault);
      throw error;
    }
    return [];
  };

  it('is not there where no issuer has it', () => {
    const issuers = [{ ...base, jwksUri: 'https://a.example/jwks' }];
    expect(createIntrospectToken({ issuers, environment: {}, fetch: never })).toBeUndefined();
  });

  it('needs its secret', () => {
    const issuers = [base, { ...base, introspection: { ...introspection, clientSecret: { env: 'NOWHERE' } } }];
    expect(faultsOf(() => createIntrospectToken({ issuers, environment: { NOWHERE: '' }, fetch: never }))).toEqual([
      'CONFIGURATION_INVALID: issuers[1].introspection.clientSecret: expected the environment variable NOWHERE to be set; it is not.',
    ]);
  });

  it('takes the place of keys, at one issuer, at a safe place', () => {
    const fetch = () => Promise.reject(new Error('not asked'));
    expect(faultsOf(() => createVerifyJwt({ issuers: [{ ...base, introspection }], fetch }))).toEqual([]);
    const other = {
      ...base,
      issuer: 'https://b.example',
      introspection: { ...introspection, endpoint: 'http://b.example' },
    };
    expect(faultsOf(() => createVerifyJwt({ issuers: [{ ...base, introspection }, other], fetch }))).toEqual([
      'CONFIGURATION_INVALID: issuers[1].introspection.endpoint: expected an https URL, or http on loopback.',
      'CONFIGURATION_INVALID: issuers[1].introspection: expected at one issuer only: an opaque token does not say whose it is, and would be shown to others.',
    ]);
  });
});
