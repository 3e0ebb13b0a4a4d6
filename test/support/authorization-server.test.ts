import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'openid-client';
import { startAuthorizationServer } from './authorization-server.ts';
import type { AuthorizationServer } from './authorization-server.ts';

const redirectUri = 'http://127.0.0.1:1/callback';

describe('quick', () => {
  let server: AuthorizationServer;
  beforeAll(async () => {
    const t = performance.now();
    server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
    console.log('start', performance.now() - t);
  });
  afterAll(() => server.close());
  it('flows', async () => {
    const config = await oauth.discovery(new URL(server.issuer), 'app', 'secret', oauth.ClientSecretBasic('secret'), {
      execute: [oauth.allowInsecureRequests],
    });
    const verifier = oauth.randomPKCECodeVerifier();
    const url = oauth.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid items:read',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 's',
    });
    const callback = await server.authorize(url);
    const tokens = await oauth.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: verifier,
      expectedState: 's',
    });
    console.log(callback.href, tokens, await server.counters());
    const me = await fetch(`${server.apiUrl}/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    console.log(me.status, await me.json());
    const second = await oauth.refreshTokenGrant(config, tokens.refresh_token!);
    console.log(second);
    await expect(oauth.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toThrow();
    console.log(await server.counters(), await server.apiCalls());
  });
});
