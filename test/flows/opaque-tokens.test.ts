import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'openid-client';
import { checkConfiguration } from '../../src/check-configuration.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { beginFlow, discoverAs, redirectUri } from '../support/oauth-client.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

const secret = 'the-secret-of-the-gateway';
const ping: Connector = {
  name: 'ping',
  actions: { get_pong: { readOnly: true, output: [{ name: 'pong' }], execute: () => ({ pong: 'yes' }) } },
};
let login: AuthorizationServer;
let app: oauth.Configuration;
let running: RunningGateway | undefined;
beforeAll(async () => {
  login = await startAuthorizationServer({
    accessTokens: 'opaque-for-api',
    scopes: ['plugboard.read', 'plugboard.write'],
    clients: [
      { clientId: 'app', redirectUris: [redirectUri] },
      { clientId: 'gateway', clientSecret: secret },
    ],
  });
  app = await discoverAs(login, 'app');
  const issuer = {
    issuer: login.issuer,
    audience: login.apiUrl,
    tenant: 'acme',
    introspection: { endpoint: `${login.issuer}/token/introspection`, clientId: 'gateway', clientSecret: secret },
  };
  running = await startGateway({
    connectors: [ping],
    origins: [login.issuer],
    configuration: checkConfiguration({
      insecureDev: false,
      finishInBrowser: false,
      key: randomBytes(32).toString('base64'),
      store: ':memory:',
      issuers: [issuer],
    }),
  });
});
afterAll(async () => {
  await running?.close();
  await login.close();
});

async function signIn(scope: string): Promise<string> {
  const { url, checks } = await beginFlow(app, scope);
  return (await oauth.authorizationCodeGrant(app, await login.authorize(url), checks)).access_token;
}

const ask = (token: string, query = '{ pingPong { pong } }') =>
  running!.ask(query, {}, { authorization: `Bearer ${token}` });

describe('an opaque token of the identity provider', () => {
  it('opens the gateway for what its scopes allow, with one question, and tells nobody who asked', async () => {
    const token = await signIn('openid plugboard.read');
    for (let count = 0; count < 3; count += 1) {
      expect((await ask(token)).data).toEqual({ pingPong: { pong: 'yes' } });
    }
    const refused = await ask(await signIn('openid plugboard.write'));
    expect(refused.errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'FORBIDDEN', scope: 'plugboard.read:ping', connector: 'ping' },
    ]);
    expect((await login.counters()).requests['introspection']).toBe(2);
    for (const hidden of [token, secret]) expect(running!.log.join('\n')).not.toContain(hidden);
  });

  it('is refused once it was revoked, and cannot be judged while its issuer fails', async () => {
    const [revoked, live] = [await signIn('openid plugboard.read'), await signIn('openid plugboard.read')];
    await oauth.tokenRevocation(app, revoked);
    expect((await ask(revoked)).errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    await login.setFault('introspection', 'html', 1);
    const response = await fetch(`${running!.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${live}` },
      body: '{"query":"{ __typename }"}',
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'ISSUER_UNAVAILABLE' } }] });
    const warned = running!.log.map((line) => JSON.parse(line)).filter(({ issuer }) => issuer === login.issuer);
    expect(warned).toMatchObject([{ level: 40, reason: 'its answer cannot be used, 200' }]);
    expect((await ask(live)).data).toEqual({ pingPong: { pong: 'yes' } });
  });
});
