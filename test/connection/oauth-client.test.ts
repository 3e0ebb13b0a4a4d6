/** From a connector and its registration to a client: discovery, endpoints, and how the client proves itself. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clientCredentialsTokens } from '../../src/connection/client-credentials.ts';
import { beginAuthorization, finishAuthorization, redirectContext } from '../../src/connection/authorization-flow.ts';
import { createOAuthClients } from '../../src/connection/oauth-client.ts';
import type { OAuth2Authorization } from '../../src/connector/definition.ts';
import { createCache, type Cache } from '../../src/storage/cache.ts';
import { Secret } from '../../src/http/secret.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { startEvilAuthorizationServer, type EvilMode } from '../support/evil-authorization-server.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import {
  keyRing,
  openOAuthDesk,
  redirectUri,
  type OAuthDesk,
  type OAuthDeskOptions,
  tokenOf,
} from '../support/oauth-connection.ts';
import { errorOf } from '../support/sending.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
const privateJwk = JSON.stringify({ ...keys.privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' });
const privatePem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;

let server: AuthorizationServer;
let desk: OAuthDesk | undefined;
const closing: { close: () => Promise<unknown> }[] = [];

beforeAll(async () => {
  server = await startAuthorizationServer({
    clients: [
      { clientId: 'app', redirectUris: [redirectUri] },
      { clientId: 'poster', authentication: 'client_secret_post', redirectUris: [redirectUri] },
      { clientId: 'public', authentication: 'none', redirectUris: [redirectUri] },
      { clientId: 'signer', authentication: 'private_key_jwt', redirectUris: [redirectUri], publicKeys: [publicJwk] },
    ],
  });
});
afterAll(() => server.close());
afterEach(async () => {
  await desk?.close();
  desk = undefined;
  await Promise.all(closing.splice(0).map((one) => one.close()));
  await server.setFault('discovery', 'none');
});

async function open(
  options: OAuthDeskOptions = {},
  issuer: Pick<AuthorizationServer, 'issuer' | 'authorize'> = server,
) {
  await desk?.close();
  return (desk = await openOAuthDesk(issuer, options));
}

const explicit = () => ({
  issuer: undefined,
  authorizationUrl: `${server.issuer}/auth`,
  tokenUrl: `${server.issuer}/token`,
});

describe('how a client proves itself', () => {
  const registrations: [string, Record<string, unknown>, Partial<OAuth2Authorization>][] = [
    ['by Basic, as the metadata says', { client_id: 'app', client_secret: 'secret' }, {}],
    [
      'by post, as declared',
      { client_id: 'poster', client_secret: 'secret' },
      { clientAuthentication: 'client_secret_post' },
    ],
    ['not at all without a secret', { client_id: 'public' }, {}],
    ['by a key in JWK', { client_id: 'signer', private_key: privateJwk }, {}],
    ['by a key in PEM', { client_id: 'signer', private_key: privatePem }, {}],
  ];

  it.each(registrations)('is %s', async (_name, fields, authorization) => {
    const { signIn } = await open({ registration: { fields }, authorization });
    expect((await signIn()).tokens.refresh_token?.reveal()).toMatch(/./);
  });

  it('is by post where there is no metadata', async () => {
    const fields = { client_id: 'poster', client_secret: 'secret' };
    const { signIn } = await open({ registration: { fields }, authorization: explicit() });
    expect((await signIn()).tokens.access_token.reveal()).toMatch(/./);
  });

  it('is by a key for the token endpoint where nobody knows the issuer', async () => {
    const fields = { client_id: 'signer', private_key: privateJwk };
    const { signIn } = await open({ registration: { fields }, authorization: explicit() });
    expect((await signIn()).tokens.access_token.reveal()).toMatch(/./);
  });

  it('comes from the connector where the registration has nothing, and may depend on the connection', async () => {
    const authorization: Partial<OAuth2Authorization> = { clientId: ({ id = 'app' }) => id, clientSecret: 'secret' };
    const { client } = await open({ registration: { fields: {} }, authorization });
    expect((await client()).clientId).toBe('app');
  });

  it('is never by a secret of the connector at endpoints of a tenant', async () => {
    const authorization = { issuer: undefined, clientId: 'app', clientSecret: 'secret' };
    const endpoints = { tokenUrl: 'https://evil.example/token' };
    const ofTenant = await open({ registration: { fields: {}, endpoints }, authorization });
    expect((await errorOf(ofTenant.client())).code).toBe('ENDPOINT_REFUSED');
    const ofOperator = await open({ registration: { id: undefined, fields: {}, endpoints }, authorization });
    expect((await ofOperator.client()).tokenUrl).toBe(endpoints.tokenUrl);
  });

  it.each<[Record<string, unknown>, Partial<OAuth2Authorization>, string]>([
    [{}, {}, 'client_id'],
    [{ client_id: 'app' }, { clientAuthentication: 'client_secret_basic' }, 'client_secret'],
    [{ client_id: 'app', client_secret: '' }, { clientAuthentication: 'client_secret_post' }, 'client_secret'],
    [{ client_id: 'app' }, { clientAuthentication: 'private_key_jwt' }, 'private_key'],
  ])('is asked for when the registration %j lacks it', async (fields, authorization, missing) => {
    const { client } = await open({ registration: { fields }, authorization });
    const error = await errorOf(client());
    expect(error.code).toBe('REGISTRATION_REQUIRED');
    expect(error.message).toBe(
      `Shop cannot be connected yet: its registration has no ${missing}. The operator registers this gateway with Shop and enters it.`,
    );
  });

  it('cannot be by a key that is none, which the message does not show', async () => {
    const { client } = await open({ registration: { fields: { client_id: 'signer', private_key: 'CANARY' } } });
    const error = await errorOf(client());
    expect(error.code).toBe('REGISTRATION_REQUIRED');
    expect(error.message).not.toContain('CANARY');
  });
});

describe('the client credentials grant', () => {
  it('gives a token of the client, and the refusal of the client where it is refused', async () => {
    const { client } = await open({ authorization: { grant: 'client_credentials', scopes: ['items:read'] } });
    const acquired = await clientCredentialsTokens(await client(), () => 5);
    expect(acquired).toMatchObject({ scopes: ['items:read'], tokens: { obtained_at: 5 } });
    expect(acquired.tokens.refresh_token).toBeUndefined();
    const fields = { client_id: 'app', client_secret: 'CANARY' };
    const wrong = await open({ registration: { fields } });
    const error = await errorOf(clientCredentialsTokens(await wrong.client(), () => 5));
    expect(error.code).toBe('REGISTRATION_REFUSED');
    expect(error.message).not.toContain('CANARY');
  });

  it('renews by asking again, without a refresh token', async () => {
    const authorization = { grant: 'client_credentials', scopes: ['items:read'] } as const;
    const { client, connect, credentials, connector, registration, read, tokensOf } = await open({ authorization });
    const record = await connect(await clientCredentialsTokens(await client(), Date.now));
    const own = credentials().of({ record, connector, registration });
    await server.expireAccessTokens('app');
    const old = tokenOf(own) as string;
    await own.refresh!(new Secret(old));
    expect(tokenOf(own)).not.toBe(old);
    expect(tokensOf(await read(record.id))!.access_token).toBe(tokenOf(own));
  });
});

describe('metadata', () => {
  it('is asked for once a day', async () => {
    const { client } = await open();
    const before = (await server.counters()).requests['discovery'] ?? 0;
    for (let time = 0; time < 5; time += 1) await client();
    expect(((await server.counters()).requests['discovery'] ?? 0) - before).toBe(1);
  });

  it('is kept for 24 h and no longer', async () => {
    const kept: (number | undefined)[] = [];
    const cache: Cache = {
      get: async () => undefined,
      set: async (_key, _value, ttlMs) => void kept.push(ttlMs),
      delete: async () => {},
      close: async () => {},
    };
    const { sender, connector, authorization, registration } = await open();
    const clients = createOAuthClients({ sender, cache, allowedPrivateOrigins: [server.issuer] });
    await clients({ connector, authorization, registration, fields: {} });
    expect(kept).toEqual([24 * 60 * 60_000]);
  });

  it('that cannot be had is no fault of the connection, and is asked for again', async () => {
    const { client } = await open();
    await server.setFault('discovery', 'status-503', 1);
    expect((await errorOf(client())).code).toBe('PROVIDER_UNAVAILABLE');
    expect((await client()).issuer).toBe(server.issuer);
  });

  it('of the registration’s issuer is used instead of the connector’s', async () => {
    const authorization = { issuer: 'https://production.example.test' };
    const { client } = await open({ authorization, registration: { endpoints: { issuer: server.issuer } } });
    expect((await client()).issuer).toBe(server.issuer);
  });

  const documents = async (metadata: (origin: string) => object, path = '/.well-known/openid-configuration') => {
    const provider: FakeProvider = await startFakeProvider({
      [`GET ${path}`]: () => ({ json: metadata(provider.origin) }),
    });
    closing.push(provider);
    return provider;
  };
  const complete = (origin: string) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/auth`,
    token_endpoint: `${origin}/token`,
  });
  const clientAt = async (origin: string, issuer = origin) => {
    const { client } = await open({ origins: [origin], authorization: { issuer } });
    return client();
  };

  it('is looked for where RFC 8414 says, too', async () => {
    const { origin } = await documents(
      (base) => ({ ...complete(base), issuer: `${base}/tenant` }),
      '/.well-known/oauth-authorization-server/tenant',
    );
    expect((await clientAt(origin, `${origin}/tenant`)).authorizationUrl).toBe(`${origin}/auth`);
  });

  it.each<[string, (origin: string) => object, string]>([
    [
      'another issuer',
      (origin) => ({ ...complete(origin), issuer: 'https://honest.test' }),
      'its metadata names another issuer',
    ],
    [
      'the issuer with a slash more',
      (origin) => ({ ...complete(origin), issuer: `${origin}/` }),
      'its metadata names another issuer',
    ],
    [
      'no PKCE with S256',
      (origin) => ({ ...complete(origin), code_challenge_methods_supported: ['plain'] }),
      'it does not take PKCE with S256',
    ],
    [
      'a token endpoint over http',
      (origin) => ({ ...complete(origin), token_endpoint: 'http://elsewhere.test/t' }),
      'its token_endpoint is not https',
    ],
    [
      'a token endpoint that is none',
      (origin) => ({ ...complete(origin), token_endpoint: 'nowhere' }),
      'its token_endpoint is no URL',
    ],
    [
      'a password in an endpoint',
      (origin) => ({ ...complete(origin), authorization_endpoint: 'https://u:p@a.test/' }),
      'a user name or password stands in its authorization_endpoint',
    ],
    [
      'a script for an endpoint',
      (origin) => ({ ...complete(origin), authorization_endpoint: 'javascript:alert(1)' }),
      'its authorization_endpoint is not https',
    ],
  ])('with %s is refused', async (_name, metadata, reason) => {
    const { origin } = await documents(metadata);
    const error = await errorOf(clientAt(origin));
    expect(error.code).toBe('AUTHORIZATION_SERVER_INVALID');
    expect(error.message).toContain(`The authorization server of Shop is not used: ${reason}`);
  });

  it('of an issuer that is no URL is not asked for', async () => {
    const { client } = await open({ authorization: { issuer: 'nowhere' } });
    expect((await errorOf(client())).message).toBe(
      'The authorization server of Shop is not used: the configured issuer is no URL.',
    );
  });

  it('may lack an authorization endpoint until one is needed', async () => {
    const { client } = await open({
      authorization: { issuer: undefined as never, tokenUrl: `${server.issuer}/token` },
    });
    const begun = beginAuthorization({
      client: await client(),
      keyRing,
      tenant: 'acme',
      subject: null,
      connectionId: 'c',
      boundTo: [],
      redirectUri,
    });
    expect((await errorOf(begun)).message).toContain('Shop has no authorization endpoint');
  });
});

describe('an authorization server that belongs to an attacker', () => {
  const flowAt = async (mode: EvilMode) => {
    const evil = await startEvilAuthorizationServer(mode, server.issuer);
    closing.push(evil);
    const at = await open({ origins: [evil.issuer], authorization: { issuer: evil.issuer } });
    const run = async () => {
      const { url, flow } = await beginAuthorization({
        client: await at.client(),
        keyRing,
        tenant: 'acme',
        subject: 'alice',
        connectionId: 'c',
        boundTo: [],
        redirectUri,
      });
      const callback =
        mode === 'mix-up'
          ? await server.authorize(url)
          : new URL((await fetch(url, { redirect: 'manual' })).headers.get('location')!);
      return finishAuthorization(
        { callback: callback.searchParams, flow, context: redirectContext('acme', 'shop'), browser: undefined },
        { client: await at.client(), keyRing, now: Date.now, openAcquire: () => undefined as never },
      );
    };
    return { evil, run };
  };

  it.each<[EvilMode, string]>([
    ['mix-up', 'AUTHORIZATION_ANSWER_INVALID'],
    ['impersonation', 'AUTHORIZATION_SERVER_INVALID'],
    ['wrong-iss', 'AUTHORIZATION_ANSWER_INVALID'],
    ['missing-iss', 'AUTHORIZATION_ANSWER_INVALID'],
  ])('gets no code by %s', async (mode, code) => {
    const { evil, run } = await flowAt(mode);
    expect((await errorOf(run())).code).toBe(code);
    expect(evil.stolen).toEqual([]);
  });
});

describe('the cache', () => {
  it('that fails costs a request, and no connection', async () => {
    const broken = await createCache({ maxEntries: 1 });
    await broken.close();
    const { sender, connector, authorization, registration } = await open();
    const clients = createOAuthClients({
      sender,
      cache: { ...broken, get: async () => undefined, set: async () => {} },
      allowedPrivateOrigins: [server.issuer],
    });
    expect((await clients({ connector, authorization, registration, fields: {} })).canRevoke).toBe(true);
  });
});
