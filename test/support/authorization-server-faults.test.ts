/** What the fault plane of the test authorization server does to a client, and what the server knows of it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'openid-client';
import { startAuthorizationServer } from './authorization-server.ts';
import type { AuthorizationServer, Fault, FaultMode } from './authorization-server.ts';
import { startEvilAuthorizationServer } from './evil-authorization-server.ts';
import type { EvilMode } from './evil-authorization-server.ts';
import { beginFlow, discoverAs, redirectUri, signIn } from './oauth-client.ts';

let server: AuthorizationServer;
let app: oauth.Configuration;
beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
  app = await discoverAs(server, 'app');
});
afterEach(async () => {
  await server.setFault('token', 'none');
  await server.setFault('authorization', 'none');
});
afterAll(() => server.close());

/** Asks the token endpoint without a library that would read the answer. */
function refreshRaw(refreshToken: string, signal?: AbortSignal): Promise<Response> {
  return fetch(app.serverMetadata().token_endpoint!, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('app:secret')}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    ...(signal ? { signal } : {}),
  });
}

async function freshToken(): Promise<string> {
  return (await signIn(server, app)).refresh_token!;
}

describe('faults of which the server learns nothing', () => {
  it.each([
    ['status-500', 500, 'text/plain', null],
    [{ mode: 'status-503', retryAfter: 7 }, 503, 'text/plain', '7'],
    ['status-429', 429, 'text/plain', '1'],
    ['garbage', 200, 'application/json', null],
    ['html', 200, 'text/html', null],
    ['error-in-200', 200, 'application/json', null],
    [{ mode: 'error', error: 'invalid_client', status: 401 }, 401, 'application/json', null],
  ] as [FaultMode | Fault, number, string, string | null][])(
    'answers %j once, and leaves the refresh token good',
    async (fault, status, type, retryAfter) => {
      const token = await freshToken();
      const before = await server.counters();
      await server.setFault('token', fault, 1);
      const response = await refreshRaw(token);
      expect([response.status, response.headers.get('content-type'), response.headers.get('retry-after')]).toEqual([
        status,
        type,
        retryAfter,
      ]);
      expect((await server.counters()).refreshes).toBe(before.refreshes);
      await expect(oauth.refreshTokenGrant(app, token)).resolves.toHaveProperty('access_token');
      expect(await server.counters()).toMatchObject({
        faultsGiven: before.faultsGiven + 1,
        tokenRequests: { refresh_token: (before.tokenRequests['refresh_token'] ?? 0) + 2 },
        refreshes: before.refreshes + 1,
      });
    },
  );

  it.each(['status-500', 'status-503', 'garbage', 'html', 'error-in-200'] as const)(
    'makes openid-client fail at %s',
    async (mode) => {
      const token = await freshToken();
      await server.setFault('token', mode, 1);
      await expect(oauth.refreshTokenGrant(app, token)).rejects.toThrow();
    },
  );

  it('resets the connection', async () => {
    const token = await freshToken();
    await server.setFault('token', 'reset', 1);
    await expect(refreshRaw(token)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    await expect(oauth.refreshTokenGrant(app, token)).resolves.toHaveProperty('access_token');
  });

  it('never answers', async () => {
    const token = await freshToken();
    const before = await server.counters();
    await server.setFault('token', 'timeout', 1);
    const impatient = new AbortController();
    const answer = refreshRaw(token, impatient.signal);
    await server.until(({ faultsGiven }) => faultsGiven > before.faultsGiven);
    impatient.abort();
    await expect(answer).rejects.toThrow('aborted');
    await expect(oauth.refreshTokenGrant(app, token)).resolves.toHaveProperty('access_token');
  });

  it('drips bytes and cuts', async () => {
    const token = await freshToken();
    await server.setFault('token', { mode: 'drip', delayMs: 1 }, 1);
    const response = await refreshRaw(token);
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^\{/);
    const rest = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow('terminated');
    await expect(oauth.refreshTokenGrant(app, token)).resolves.toHaveProperty('access_token');
  });

  it('pours as many bytes as told', async () => {
    await server.setFault('token', { mode: 'huge', bytes: 1024 * 1024 }, 1);
    const body = await (await refreshRaw('any')).text();
    expect(body.length).toBe(1024 * 1024 + '{"access_token":""}'.length);
  });
});

describe('faults of an answer that the server has given', () => {
  it('loses the answer: the old token is used up', async () => {
    const token = await freshToken();
    const before = await server.counters();
    await server.setFault('token', 'lost-answer', 1);
    await expect(refreshRaw(token)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect((await server.counters()).refreshes).toBe(before.refreshes + 1);
    await expect(oauth.refreshTokenGrant(app, token)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect((await server.counters()).reuseDetections).toBe(before.reuseDetections + 1);
  });

  it('executes at once and answers late', async () => {
    const token = await freshToken();
    const { refreshes } = await server.counters();
    await server.setFault('token', { mode: 'slow', delayMs: 1000 }, 1);
    let isAnswered = false;
    const answer = oauth.refreshTokenGrant(app, token).finally(() => (isAnswered = true));
    await server.until((counters) => counters.refreshes === refreshes + 1);
    expect(isAnswered).toBe(false);
    expect(await answer).toHaveProperty('refresh_token');
  });

  it('drips the whole answer out when told to execute', async () => {
    await server.setFault('token', { mode: 'drip', delayMs: 1, executed: true }, 1);
    expect(await oauth.clientCredentialsGrant(app)).toHaveProperty('access_token');
  });

  it('leaves out expires_in, or makes it zero', async () => {
    await server.setFault('token', 'no-expires-in', 1);
    expect(await oauth.clientCredentialsGrant(app)).not.toHaveProperty('expires_in');
    await server.setFault('token', 'expires-in-zero', 1);
    expect(await oauth.clientCredentialsGrant(app)).toHaveProperty('expires_in', 0);
  });

  it('gives no new refresh token and keeps the old one good', async () => {
    const token = await freshToken();
    const before = await server.counters();
    await server.setFault('token', 'no-refresh-token');
    for (const _ of [1, 2]) expect((await oauth.refreshTokenGrant(app, token)).refresh_token).toBeUndefined();
    await server.setFault('token', 'none');
    expect((await oauth.refreshTokenGrant(app, token)).refresh_token).toBeDefined();
    expect(await server.counters()).toMatchObject({
      refreshes: before.refreshes + 3,
      reuseDetections: before.reuseDetections,
    });
  });

  it('lets the token live 60 s in truth', async () => {
    await server.setFault('token', 'lifetime-60', 1);
    const tokens = await signIn(server, app);
    expect(tokens.expires_in).toBe(60);
    const { exp, iat } = await oauth.tokenIntrospection(app, tokens.access_token);
    expect(exp! - iat!).toBe(60);
    expect((await oauth.refreshTokenGrant(app, tokens.refresh_token!)).expires_in).toBe(3600);
  });

  it('strikes only the named grant', async () => {
    await server.setFault('token', { mode: 'status-500', grantType: 'refresh_token' });
    const token = await freshToken();
    await expect(oauth.refreshTokenGrant(app, token)).rejects.toThrow();
  });

  it('strikes other endpoints as well', async () => {
    await server.setFault('api', { mode: 'error', status: 401, error: 'invalid_token' }, 1);
    expect((await fetch(`${server.apiUrl}/me`)).headers.has('www-authenticate')).toBe(false);
    await server.setFault('discovery', 'status-503', 1);
    await expect(discoverAs(server, 'app')).rejects.toThrow();
  });

  it('names a mode that does not exist', async () => {
    await expect(server.setFault('token', 'sleepy' as FaultMode)).rejects.toThrow('There is no fault mode "sleepy".');
  });
});

describe('mix-up', () => {
  it.each([
    ['wrong-iss', 'unexpected "iss" (issuer) response parameter value'],
    ['missing-iss', 'response parameter "iss" (issuer) missing'],
  ] as const)('lets the honest server send the user back with %s', async (mode, complaint) => {
    await server.setFault('authorization', mode);
    const { url, checks } = await beginFlow(app);
    const callback = await server.authorize(url);
    expect(callback.searchParams.get('iss')).toBe(mode === 'missing-iss' ? null : 'https://other.example.test');
    expect(callback.searchParams.has('code')).toBe(true);
    await expect(oauth.authorizationCodeGrant(app, callback, checks)).rejects.toMatchObject({
      cause: { message: complaint },
    });
  });

  it.each(['mix-up', 'wrong-iss', 'missing-iss'] as const)(
    'tempts a client of an evil server (%s), which steals the code only from a client that does not look',
    async (mode) => {
      const evil = await startEvilAuthorizationServer(mode, server.issuer);
      try {
        const configuration = await discoverAs(evil, 'app');
        const { url, checks } = await beginFlow(configuration);
        expect(url.href.startsWith(evil.authorizationEndpoint)).toBe(true);
        const callback = await callbackOf(mode, url);
        await expect(oauth.authorizationCodeGrant(configuration, callback, checks)).rejects.toThrow();
        expect(evil.stolen).toEqual([]);

        await fetch(evil.tokenEndpoint, { method: 'POST', body: new URLSearchParams(callback.search) });
        expect(evil.stolen).toMatchObject([{ code: callback.searchParams.get('code') }]);
      } finally {
        await evil.close();
      }
    },
  );

  it('tempts a client with a discovery document in the name of the honest server', async () => {
    const evil = await startEvilAuthorizationServer('impersonation', server.issuer);
    try {
      const response = await fetch(`${evil.issuer}/.well-known/openid-configuration`);
      expect(await response.json()).toMatchObject({ issuer: server.issuer, token_endpoint: evil.tokenEndpoint });
      await expect(discoverAs(evil, 'app')).rejects.toThrow();
    } finally {
      await evil.close();
    }
  });
});

/** The user signs in at the honest server in a mix-up, and never sees a page at a server that is evil all through. */
async function callbackOf(mode: EvilMode, url: URL): Promise<URL> {
  if (mode === 'mix-up') return server.authorize(url);
  const response = await fetch(url, { redirect: 'manual' });
  return new URL(response.headers.get('location')!);
}
