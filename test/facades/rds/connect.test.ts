/** A service of RDS, connected in GraphQL: by a code flow of ours, with PKCE, and then a token of its user. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCookieJar } from '../../support/provider-pages.ts';
import { rdsService, startRdsHouse, type RdsHouse } from '../../support/rds-house.ts';
import { returnUrl } from '../../support/tenant-gateway.ts';

let house: RdsHouse;
beforeAll(async () => {
  house = await startRdsHouse({ rds: { redirectUri: 'https://rds.example.test/redirect' } });
  await house.ask('POST /service', { body: rdsService('port-owncloud', house.endpoint) });
});
afterAll(async () => house.close());

describe('connect(connector: "rds_port_owncloud")', () => {
  it('goes by PKCE to our own redirect URI, and the connection is a token in RDS', async () => {
    const connect = `mutation ($returnUrl: String!) {
      connect(connector: "rds_port_owncloud", fields: { user: "ada@cloud" }, returnUrl: $returnUrl) { authorizationUrl }
    }`;
    const ada = { subject: 'ada' };
    const { data } = await house.gateway.ask(connect, { returnUrl }, ada);
    const cookies = createCookieJar();
    const go = async (url: URL): Promise<URL> => {
      const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies.header(url) } });
      cookies.store(url, response);
      return new URL(response.headers.get('location')!, url);
    };
    let url = new URL(data.connect.authorizationUrl);
    while (url.origin !== house.endpoint.origin) url = await go(url);
    const asked = Object.fromEntries(url.searchParams);
    expect(url.pathname).toBe('/authorize');
    expect(asked).toMatchObject({ client_id: 'ABC', response_type: 'code', code_challenge_method: 'S256' });
    expect(asked['redirect_uri']).toMatch(/\/oauth\/callback\//);

    const back = new URL(asked['redirect_uri']!);
    back.search = new URLSearchParams({ code: 'the-code', state: asked['state']! }).toString();
    const end = await go(back);
    const { authorization, form } = house.endpoint.requests.at(-1)!;
    expect(form).toMatchObject({
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: asked['redirect_uri'],
    });
    expect(createHash('sha256').update(form['code_verifier']!).digest('base64url')).toBe(asked['code_challenge']);
    expect([authorization?.split(' ')[0], form['client_secret']]).toEqual(['Basic', 'client-secret-canary']);

    expect((await house.ask('GET /user/ada/token')).status).toBe(404);
    const finish = 'mutation ($code: String!) { finishConnection(code: $code) { state } }';
    const finished = await house.gateway.ask(finish, { code: end.searchParams.get('code') }, ada);
    expect(finished.data.finishConnection).toEqual({ state: 'STARTED' });
    const { body } = await house.ask('GET /user/ada/token');
    expect(body).toMatchObject({ length: 1, list: [{ type: 'OAuth2Token', data: { access_token: '' } }] });
    expect((await house.ask('GET /user')).body.list).toEqual([{ type: 'User', data: { username: 'ada' } }]);
    expect(await house.ask('PUT /user/ada/token/0')).toMatchObject({ status: 200, body: { success: true } });
    expect(house.endpoint.requests.at(-1)!.form['redirect_uri']).toBe('https://rds.example.test/redirect');
  });
});
