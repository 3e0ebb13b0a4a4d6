/** The promises of the test authorization server, proven with openid-client itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as jose from 'jose';
import * as oauth from 'openid-client';
import { createCookieJar, startAuthorizationServer } from './authorization-server.ts';
import type { AuthorizationServer } from './authorization-server.ts';
import { askApi, beginFlow, discoverAs, redirectUri, signIn } from './oauth-client.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** What a server says of itself only at its start is asked of a server of its own. */
async function withServer(
  options: Parameters<typeof startAuthorizationServer>[0],
  run: (server: AuthorizationServer, configuration: oauth.Configuration) => Promise<void>,
): Promise<void> {
  const server = await startAuthorizationServer({
    clients: [{ clientId: 'app', redirectUris: [redirectUri] }],
    ...options,
  });
  try {
    await run(server, await discoverAs(server, 'app'));
  } finally {
    await server.close();
  }
}

describe('the test authorization server', () => {
  let server: AuthorizationServer;
  let app: oauth.Configuration;
  beforeAll(async () => {
    server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
    app = await discoverAs(server, 'app');
  });
  afterAll(() => server.close());

  describe('code flow', () => {
    it('gives tokens for a code with PKCE, names itself in the answer, and serves the rows of the subject', async () => {
      const { url, checks } = await beginFlow(app);
      const callback = await server.authorize(url, { subject: 'anna' });
      expect(callback.searchParams.get('iss')).toBe(server.issuer);

      const tokens = await oauth.authorizationCodeGrant(app, callback, checks);
      expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: 'openid items:read items:write' });
      expect(tokens.claims()?.sub).toBe('anna');
      const page = (await (await askApi(server, '/items?page=3', tokens.access_token)).json()) as object;
      expect(page).toEqual({
        items: [{ id: 'anna-5', owner: 'anna', title: 'Item 5 of anna' }],
        page: 3,
        nextPage: null,
      });
      expect(await server.apiCalls()).toContainEqual({
        method: 'GET',
        path: '/api/items',
        status: 200,
        token: tokens.access_token,
        subject: 'anna',
        clientId: 'app',
        count: 1,
      });
    });

    it('refuses a flow without a challenge, with a plain one, and a code with another verifier', async () => {
      const { url, checks } = await beginFlow(app);
      const without = new URL(url);
      without.searchParams.delete('code_challenge');
      without.searchParams.delete('code_challenge_method');
      const plain = new URL(url);
      plain.searchParams.set('code_challenge_method', 'plain');
      for (const refused of [without, plain]) {
        const callback = await server.authorize(refused);
        expect(callback.searchParams.get('error')).toBe('invalid_request');
      }
      await expect(
        oauth.authorizationCodeGrant(app, await server.authorize(url), {
          ...checks,
          pkceCodeVerifier: oauth.randomPKCECodeVerifier(),
        }),
      ).rejects.toMatchObject({ error: 'invalid_grant' });
    });

    it('sends the user back with access_denied when it says no', async () => {
      const { url, checks } = await beginFlow(app);
      const callback = await server.authorize(url, { deny: true });
      expect(callback.searchParams.get('error')).toBe('access_denied');
      await expect(oauth.authorizationCodeGrant(app, callback, checks)).rejects.toMatchObject({
        error: 'access_denied',
      });
    });

    it('gives only the scopes that the user left ticked, and the API holds to them', async () => {
      const tokens = await signIn(server, app, { scopes: ['openid', 'items:read'] });
      expect(tokens.scope).toBe('openid items:read');
      expect((await askApi(server, '/items', tokens.access_token)).status).toBe(200);
      const refused = await askApi(server, '/items', tokens.access_token, { method: 'POST', body: '{"title":"x"}' });
      expect(refused.status).toBe(403);
      expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="items:write"');
    });

    it('answers 401 with WWW-Authenticate to no token and to a wrong one', async () => {
      const none = await fetch(`${server.apiUrl}/me`);
      const wrong = await askApi(server, '/me', 'wrong');
      expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="test"']);
      expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="test", error="invalid_token"');
    });

    it('revokes what it gave for a code that comes twice', async () => {
      const { codeReuses } = await server.counters();
      const { url, checks } = await beginFlow(app);
      const callback = await server.authorize(url);
      const tokens = await oauth.authorizationCodeGrant(app, callback, checks);
      await expect(oauth.authorizationCodeGrant(app, callback, checks)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      expect((await askApi(server, '/me', tokens.access_token)).status).toBe(401);
      expect((await server.counters()).codeReuses).toBe(codeReuses + 1);
    });

    it('keeps the sign-in in the cookie jar, and refuses to play another user with it', async () => {
      const cookies = createCookieJar();
      await signIn(server, app, { subject: 'carol', cookies });
      const { pages } = (await server.counters()).requests;
      await signIn(server, app, { subject: 'carol', cookies });
      // The consent page is seen and sent; the sign-in page is not.
      expect((await server.counters()).requests['pages']).toBe(pages! + 2);
      await expect(signIn(server, app, { subject: 'dave', cookies })).rejects.toThrow(
        'These cookies belong to "carol", not to "dave": use another cookie jar.',
      );
    });

    it('says where the user was left when it does not come back', async () => {
      const { url } = await beginFlow(app);
      url.searchParams.set('redirect_uri', 'http://127.0.0.1:1/unknown');
      await expect(server.authorize(url)).rejects.toThrow(
        /The user did not come back to the client, but ended at .*invalid_redirect_uri/,
      );
      await server.addRedirectUri('app', 'http://127.0.0.1:1/unknown');
      expect((await server.authorize(url)).pathname).toBe('/unknown');
    });
  });

  describe('refresh', () => {
    it('rotates the refresh token, and revokes the whole grant when an old one comes back', async () => {
      const before = await server.counters();
      const first = await signIn(server, app);
      const second = await oauth.refreshTokenGrant(app, first.refresh_token!);
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect((await askApi(server, '/me', second.access_token)).status).toBe(200);

      await expect(oauth.refreshTokenGrant(app, first.refresh_token!)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      await expect(oauth.refreshTokenGrant(app, second.refresh_token!)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      expect((await askApi(server, '/me', second.access_token)).status).toBe(401);
      expect(await server.counters()).toMatchObject({
        refreshes: before.refreshes + 1,
        reuseDetections: before.reuseDetections + 1,
        grantsRevoked: before.grantsRevoked + 1,
      });
    });

    it('lets one of ten concurrent refreshes win and calls the others reuse', async () => {
      const before = await server.counters();
      const { refresh_token: token } = await signIn(server, app);
      const answers = await Promise.allSettled(Array.from({ length: 10 }, () => oauth.refreshTokenGrant(app, token!)));
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const after = await server.counters();
      expect(after.refreshes - before.refreshes).toBe(1);
      expect(after.reuseDetections - before.reuseDetections).toBeGreaterThan(0);
    });

    it('does not touch the other grants of the subject', async () => {
      const [broken, other] = [await signIn(server, app), await signIn(server, app)];
      await oauth.refreshTokenGrant(app, broken.refresh_token!);
      await expect(oauth.refreshTokenGrant(app, broken.refresh_token!)).rejects.toThrow();
      expect((await askApi(server, '/me', other.access_token)).status).toBe(200);
    });

    it('keeps the same refresh token when rotation is off', () =>
      withServer({ rotation: false }, async (quiet, configuration) => {
        const { refresh_token: token } = await signIn(quiet, configuration);
        for (const _ of [1, 2]) {
          expect((await oauth.refreshTokenGrant(configuration, token!)).refresh_token).toBe(token);
        }
        expect((await quiet.counters()).reuseDetections).toBe(0);
      }));
  });

  describe('clients', () => {
    it.each([
      ['client_secret_basic', oauth.ClientSecretBasic('s:e c&r=t+%2F')],
      ['client_secret_post', oauth.ClientSecretPost('s:e c&r=t+%2F')],
      ['none', oauth.None()],
    ] as const)('authenticates by %s, added later', async (authentication, method) => {
      const clientId = `by-${authentication}`;
      await server.addClient({ clientId, clientSecret: 's:e c&r=t+%2F', authentication, redirectUris: [redirectUri] });
      const configuration = await discoverAs(server, clientId, method);
      const tokens = await signIn(server, configuration);
      await expect(oauth.refreshTokenGrant(configuration, tokens.refresh_token!)).resolves.toHaveProperty(
        'access_token',
      );
      if (authentication === 'none') return;
      const wrong = await discoverAs(server, clientId, oauth.ClientSecretBasic('wrong'));
      await expect(oauth.clientCredentialsGrant(wrong)).rejects.toMatchObject({ status: 401 });
    });

    it('authenticates by private_key_jwt', async () => {
      const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
      const publicKeys = [{ ...(await jose.exportJWK(publicKey)), alg: 'ES256', kid: 'k' }];
      await server.addClient({ clientId: 'by-key', authentication: 'private_key_jwt', publicKeys });
      const configuration = await discoverAs(server, 'by-key', oauth.PrivateKeyJwt({ key: privateKey, kid: 'k' }));
      expect(await oauth.clientCredentialsGrant(configuration)).toHaveProperty('access_token');
    });

    it('gives a client tokens of its own for its credentials', async () => {
      const tokens = await oauth.clientCredentialsGrant(app, { scope: 'items:read' });
      expect(tokens.refresh_token).toBeUndefined();
      const me = await askApi(server, '/me', tokens.access_token);
      expect(await me.json()).toEqual({ sub: 'app', name: 'app', clientId: 'app', scope: 'items:read' });
    });

    it('names what is wrong with a client', async () => {
      await expect(server.addClient({ clientId: 'bad', redirectUris: ['not a url'] })).rejects.toThrow(
        /^The authorization server: .*redirect_uris/,
      );
    });
  });

  describe('ends', () => {
    it('revokes and introspects, and counts only revocations of tokens that existed', async () => {
      const { revocations } = await server.counters();
      const tokens = await signIn(server, app);
      expect(await oauth.tokenIntrospection(app, tokens.access_token)).toMatchObject({ active: true, sub: 'alice' });
      await oauth.tokenRevocation(app, 'unknown');
      await oauth.tokenRevocation(app, tokens.refresh_token!, { token_type_hint: 'refresh_token' });
      expect(await oauth.tokenIntrospection(app, tokens.access_token)).toEqual({ active: false });
      expect((await server.counters()).revocations).toBe(revocations + 1);
    });

    it('expires access tokens on demand, of one subject or all, and leaves refresh tokens good', async () => {
      const eve = await signIn(server, app, { subject: 'eve' });
      const frank = await signIn(server, app, { subject: 'frank' });
      expect(await server.expireAccessTokens('eve')).toBe(1);
      expect((await askApi(server, '/me', eve.access_token)).status).toBe(401);
      expect((await askApi(server, '/me', frank.access_token)).status).toBe(200);
      await server.expireAccessTokens();
      expect((await askApi(server, '/me', frank.access_token)).status).toBe(401);
      await expect(oauth.refreshTokenGrant(app, eve.refresh_token!)).resolves.toHaveProperty('access_token');
    });

    it('takes back the grants of a subject', async () => {
      const tokens = await signIn(server, app, { subject: 'grace' });
      expect(await server.revokeGrant('grace')).toBe(1);
      expect((await askApi(server, '/me', tokens.access_token)).status).toBe(401);
      await expect(oauth.refreshTokenGrant(app, tokens.refresh_token!)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    });

    it('lets tokens live 2 s when told so', async () => {
      await server.setAccessTokenLifetime(2);
      const tokens = await signIn(server, app);
      await server.setAccessTokenLifetime(3600);
      expect(tokens.expires_in).toBe(2);
      let status = 200;
      while (status === 200) ({ status } = await askApi(server, '/me', tokens.access_token));
      expect(status).toBe(401);
    });

    it('gives JWTs when told so, which any resource server can verify, and ends them on demand', () =>
      withServer({ accessTokens: 'jwt' }, async (jwtServer, configuration) => {
        const { access_token: token } = await signIn(jwtServer, configuration, { subject: 'heidi' });
        const keys = jose.createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri!));
        const { payload } = await jose.jwtVerify(token, keys, {
          issuer: jwtServer.issuer,
          audience: jwtServer.apiUrl,
          typ: 'at+jwt',
        });
        expect(payload).toMatchObject({ sub: 'heidi', client_id: 'app', scope: 'items:read items:write' });
        const [own, items] = [await askApi(jwtServer, '/me', token), await askApi(jwtServer, '/items', token)];
        expect([own.status, items.status]).toEqual([200, 200]);
        const { access_token: machine } = await oauth.clientCredentialsGrant(configuration, { scope: 'items:read' });
        expect((await askApi(jwtServer, '/items', machine)).status).toBe(200);
        expect(await jwtServer.expireAccessTokens()).toBe(2);
        expect((await askApi(jwtServer, '/me', token)).status).toBe(401);
      }));

    it('leaves iss out when told to be an old server', () =>
      withServer({ issuerParameter: false }, async (old, configuration) => {
        expect(configuration.serverMetadata().authorization_response_iss_parameter_supported).toBeUndefined();
        const { url, checks } = await beginFlow(configuration);
        const callback = await old.authorize(url);
        expect(callback.searchParams.has('iss')).toBe(false);
        expect(await oauth.authorizationCodeGrant(configuration, callback, checks)).toHaveProperty('access_token');
      }));

    it('lets a flow without PKCE pass when told so', () =>
      withServer({ pkce: 'optional' }, async (lax, configuration) => {
        const url = oauth.buildAuthorizationUrl(configuration, { redirect_uri: redirectUri, scope: 'openid' });
        expect((await lax.authorize(url)).searchParams.has('code')).toBe(true);
      }));
  });

  describe('device flow', () => {
    const begin = (): Promise<oauth.DeviceAuthorizationResponse> =>
      oauth.initiateDeviceAuthorization(app, { scope: 'openid items:read' });
    const poll = (deviceCode: string): Promise<unknown> =>
      oauth.genericGrantRequest(app, deviceGrant, { device_code: deviceCode });

    it('answers authorization_pending, slow_down to haste, and both are counted', async () => {
      const before = await server.counters();
      const flow = await begin();
      expect(flow.interval).toBe(5);
      await expect(poll(flow.device_code)).rejects.toMatchObject({ error: 'authorization_pending' });
      await expect(poll(flow.device_code)).rejects.toMatchObject({ error: 'slow_down' });
      expect(await server.counters()).toMatchObject({
        devicePolls: before.devicePolls + 2,
        devicePollsTooFast: before.devicePollsTooFast + 1,
      });
    });

    it('gives tokens to the device that waits when the user allows it', () =>
      withServer({ deviceInterval: 0.05 }, async (quick, configuration) => {
        const flow = await oauth.initiateDeviceAuthorization(configuration, { scope: 'openid items:read' });
        const tokens = oauth.pollDeviceAuthorizationGrant(configuration, flow);
        await quick.until(({ devicePolls }) => devicePolls >= 2);
        await quick.approveDevice(flow.user_code, { subject: 'ivan' });
        expect((await tokens).claims()?.sub).toBe('ivan');
        expect((await quick.counters()).devicePollsTooFast).toBe(0);
      }));

    it('tells the device when the user says no', async () => {
      const flow = await begin();
      await server.approveDevice(flow.user_code, { deny: true });
      await expect(poll(flow.device_code)).rejects.toMatchObject({ error: 'access_denied' });
    });

    it('says when the user code is none', async () => {
      await expect(server.approveDevice('XXXX-XXXX')).rejects.toThrow('The device flow ended with:');
    });
  });

  describe('counters', () => {
    it('count every request by endpoint, and token requests by grant', () =>
      withServer({}, async (fresh, configuration) => {
        await signIn(fresh, configuration);
        await oauth.clientCredentialsGrant(configuration);
        const counted = await fresh.counters();
        expect(counted.requests).toMatchObject({ discovery: 1, token: 2 });
        expect(counted.tokenRequests).toEqual({ authorization_code: 1, client_credentials: 1 });
        expect(counted.tokensIssued).toEqual({ authorization_code: 1, client_credentials: 1 });
      }));

    it('say how they stand when what a test waits for does not come', async () => {
      await expect(server.until(({ revocations }) => revocations === 99, 20)).rejects.toThrow(
        /^Not so within 20 ms; the counters are \{"requests":/,
      );
    });
  });

  it('ends when the process that started it is killed', async () => {
    const worker = fileURLToPath(new URL('./authorization-server/worker.mjs', import.meta.url));
    const script = `
      const child = require('child_process').fork(${JSON.stringify(worker)});
      child.once('message', () => process.send(child.pid));
      child.send({ clients: [], scopes: [] });`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const [pid] = (await once(parent, 'message')) as [number];
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
