/** contracts: RDS' port-service, row by row; every failure with the exact answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { rdsClient } from '../../support/rds-client.ts';
import { rdsService, rdsToken, startRdsHouse, type RdsHouse } from '../../support/rds-house.ts';
import { tokens } from '../../support/token-endpoint.ts';

const redirectUri = 'https://rds.example.test/port-service/redirect';
let house: RdsHouse;
beforeAll(async () => {
  house = await startRdsHouse({ rds: { redirectUri } });
  await ask('POST /service', { body: rdsService('port-owncloud', house.endpoint) });
  await ask('POST /service', { body: rdsService('port-other', house.endpoint) });
  await ask('POST /service', { body: { servicename: 'port-login', credentials: { userId: true, password: true } } });
});
afterAll(async () => house.close());
beforeEach(() => void (house.endpoint.answer = undefined));

const ask = async (...given: Parameters<RdsHouse['ask']>) => {
  const { status, body } = await house.ask(...given);
  return { status, body };
};
const failure = (status: number, error: string, description: string) => ({
  status,
  body: { error, http_code: status, description },
});
const sign = (claims: Record<string, unknown>, secret = 'client-secret-canary') =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
const stateOf = async (name = 'owncloud'): Promise<string> => (await ask(`GET /port-service/service/${name}`)).body.jwt;
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

describe('/port-service/service', () => {
  it('offers every service with a state that is good for a quarter of an hour, and without its secret', async () => {
    const { status, body } = await ask('GET /port-service/service');
    expect(status).toBe(200);
    expect(body.map(({ informations }: any) => informations.servicename)).toEqual([
      'port-owncloud',
      'port-other',
      'port-login',
    ]);
    expect(body[0].informations).toMatchObject({ client_id: 'ABC', refresh_url: `${house.endpoint.origin}/token` });
    expect(body[0].informations).not.toHaveProperty('client_secret');
    const { iat, exp, ...claims } = decodeJwt(body[0].jwt);
    expect(claims).toEqual({
      servicename: 'port-owncloud',
      authorize_url: `${house.endpoint.origin}/authorize`,
      implements: ['fileStorage', 'metadata'],
    });
    expect(exp! - iat!).toBe(900);
  });

  it('finds a port without its prefix, in any letters', async () => {
    for (const name of ['port-owncloud', 'ownCloud', 'PORT-ownCloud']) {
      const { body } = await ask(`GET /port-service/service/${name}`);
      expect([name, body.informations.servicename]).toEqual([name, 'port-owncloud']);
    }
    expect(await ask('GET /port-service/service/none')).toEqual(
      failure(500, 'ServiceNotFoundError', 'There is no service of that name.'),
    );
  });
});

describe('POST /port-service/exchange', () => {
  const exchange = async (claims: Record<string, unknown>, secret?: string) =>
    ask('POST /port-service/exchange', { body: { jwt: await sign(claims, secret) } });
  const refused = failure(400, 'BadRequest', 'The code could not be exchanged for a token. Begin again.');
  const claims = async (more: object = {}) => {
    return { servicename: 'port-ownCloud', code: 'XYZABC', state: await stateOf(), userId: 'ada', ...more };
  };

  it('exchanges in the way of RDS: at refresh_url, with the client in head and body, and keeps the token', async () => {
    const before = house.endpoint.requests.length;
    const exchangedAt = Date.now();
    expect(await exchange(await claims())).toEqual({ status: 204, body: undefined });
    expect(house.endpoint.requests.slice(before)).toEqual([
      {
        authorization: `Basic ${Buffer.from('ABC:client-secret-canary').toString('base64')}`,
        form: {
          grant_type: 'authorization_code',
          code: 'XYZABC',
          client_id: 'ABC',
          client_secret: 'client-secret-canary',
          redirect_uri: redirectUri,
        },
      },
    ]);
    const { body } = await ask('GET /user/ada/token/port-owncloud');
    expect(body).toMatchObject({ type: 'OAuth2Token', data: { user: { data: { username: 'ada' } } } });
    // No token is good for more than an hour, though its service says two.
    const end = Date.parse(`${body.data.expiration_date.replace(' ', 'T').slice(0, 23)}Z`);
    expect(end).toBeGreaterThanOrEqual(exchangedAt + 3_600_000);
    expect(end).toBeLessThan(Date.now() + 3_600_001);
    expect(await ask('GET /user/ada')).toMatchObject({ status: 200 });
  });

  it('refuses a second token of that service with 400', async () => {
    expect(await exchange(await claims())).toEqual(refused);
  });

  it('takes the name that the service gives where nobody names a user', async () => {
    expect(await exchange(await claims({ userId: undefined }))).toEqual({ status: 204, body: undefined });
    expect((await ask('GET /user/owncloud-user/token')).body.length).toBe(1);
  });

  it('refuses with 400 whatever is not signed by the service, or for another, and asks nobody', async () => {
    const before = house.endpoint.requests.length;
    const good = await claims({ userId: 'eve' });
    expect(await exchange(good, 'another secret')).toEqual(refused);
    expect(await exchange({ ...good, servicename: 'port-login' })).toEqual(refused);
    expect(await exchange({ ...good, servicename: 'port-none' })).toEqual(refused);
    expect(await exchange({ ...good, exp: 1 })).toEqual(refused);
    expect(await exchange({ ...good, code: '' })).toEqual(refused);
    expect(await exchange({ ...good, state: undefined })).toEqual(refused);
    // A state that is signed by somebody else, and one of another service.
    expect(await exchange({ ...good, state: await sign({ servicename: 'port-owncloud', exp: 9e9 }) })).toEqual(refused);
    expect(await exchange({ ...good, state: await stateOf('other') })).toEqual(refused);
    for (const body of [{}, { jwt: 'no.jwt' }, { jwt: 7 }, []]) {
      expect(await ask('POST /port-service/exchange', { body })).toEqual(refused);
    }
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(good)).toString('base64url')}.`;
    expect(await ask('POST /port-service/exchange', { body: { jwt: none } })).toEqual(refused);
    expect(house.endpoint.requests.length).toBe(before);
  });

  it.each([
    ['another status than 200', { status: 201, body: tokens(1) }],
    ['an error', { status: 400, body: { error: 'invalid_grant' } }],
    ['no access token', { status: 200, body: { ...tokens(1), access_token: undefined } }],
    ['no refresh token', { status: 200, body: { ...tokens(1), refresh_token: undefined } }],
    ['no lifetime', { status: 200, body: { ...tokens(1), expires_in: undefined } }],
  ])('answers 400 where the service gives %s, and keeps nothing', async (_what, answer) => {
    house.endpoint.answer = () => answer;
    expect(await exchange(await claims({ userId: 'eve' }))).toEqual(refused);
    expect((await ask('GET /user/eve')).status).toBe(404);
  });
});

describe('GET /port-service/redirect', () => {
  const bare = () => rdsClient(() => house.gateway.url());
  const end = (page: string) => `${house.gateway.url()}/port-service/${page}`;

  it('exchanges what the browser brings, with the secret or without, and sends it on without', async () => {
    for (const [user, client] of [
      ['grace', bare()],
      ['alan', house.ask],
    ] as const) {
      const state = encodeURIComponent(base64({ user, jwt: await stateOf() }));
      const { status, headers } = await client(`GET /port-service/redirect?code=abc&state=${state}`);
      expect([status, headers.get('location')]).toEqual([302, end('authorization-success')]);
      expect((await ask(`GET /user/${user}/token`)).body.length).toBe(1);
    }
    expect(await bare()('GET /port-service/authorization-success')).toMatchObject({
      status: 200,
      body: 'The account is connected. You can close this window.',
    });
  });

  it('sends the browser to the page that says no, whatever is wrong', async () => {
    const state = base64({ user: 'eve', jwt: await stateOf() });
    const forged = base64({ user: 'eve', jwt: await sign({ servicename: 'port-owncloud', exp: 9e9 }) });
    house.endpoint.answer = () => ({ status: 500, body: {} });
    const queries = [
      '',
      'code=abc',
      `state=${state}`,
      'code=abc&state=%7B',
      `code=abc&state=${forged}`,
      `code=abc&state=${state}`,
    ];
    for (const query of queries) {
      const { status, headers } = await bare()(`GET /port-service/redirect?${query}`);
      expect([query, status, headers.get('location')]).toEqual([query, 302, end('authorization-cancel')]);
    }
    expect((await ask('GET /user/eve')).status).toBe(404);
    expect(await bare()('GET /port-service/authorization-cancel')).toMatchObject({
      status: 200,
      body: 'The account was not connected. Close this window and begin again.',
    });
  });

  it('shows nothing else of port-service without the secret', async () => {
    for (const path of ['service', 'user/grace/service', 'exchange']) {
      expect([path, (await bare()(`GET /port-service/${path}`)).status]).toEqual([path, 404]);
    }
  });
});

describe('POST /port-service/credentials', () => {
  const enter = (more: object) => ({
    body: { servicename: 'Port-Login', username: 'ada@login', password: 'password-canary', userId: 'ada', ...more },
  });

  it('keeps name and password as the user’s token', async () => {
    expect(await ask('POST /port-service/credentials', enter({}))).toEqual({ status: 200, body: true });
    expect((await ask('GET /user/ada/token/port-login')).body).toMatchObject({
      type: 'LoginToken',
      data: { access_token: '', user: { data: { username: 'ada@login' } } },
    });
    expect(await ask('POST /port-service/credentials', enter({}))).toEqual(
      failure(409, 'Conflict', 'This user has a token of that service already.'),
    );
  });

  it.each([
    [{ servicename: 'none' }, 500, 'ServiceNotFoundError', 'There is no service of that name.'],
    [{ servicename: 7 }, 500, 'ServiceNotFoundError', 'There is no service of that name.'],
    [{ servicename: 'port-owncloud' }, 500, 'Exception', 'This service takes no names and passwords.'],
    [{ username: '' }, 500, 'Exception', 'username: expected a text.'],
    [{ password: null }, 500, 'Exception', 'password: expected a text.'],
    [{ userId: '' }, 400, 'BadRequest', 'userId: expected a text of 1–200 characters.'],
  ])('refuses %j with %i', async (more, status, error, description) => {
    expect(await ask('POST /port-service/credentials', enter(more))).toEqual(failure(status, error, description));
  });
});

describe('/port-service/user/{id}/service', () => {
  beforeAll(async () => void (await ask('POST /user/kay/token', { body: rdsToken('port-owncloud', 'kay') })));

  it('lists the services that the user has connected', async () => {
    const { status, body } = await ask('GET /port-service/user/kay/service');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        length: 1,
        list: [
          {
            id: 0,
            servicename: 'port-owncloud',
            access_token: '',
            projects: [],
            implements: ['fileStorage', 'metadata'],
            informations: expect.objectContaining({ servicename: 'port-owncloud', client_id: 'ABC' }),
          },
        ],
      },
    });
    expect(JSON.stringify(body)).not.toContain('canary');
    expect(await ask('GET /port-service/user/nobody/service')).toEqual(
      failure(500, 'UserNotFoundError', 'There is no user of that name.'),
    );
  });

  it('gives one as a token with empty secrets, and 404 for none', async () => {
    const { body } = await ask('GET /port-service/user/kay/service/ownCloud');
    expect(body).toMatchObject({
      type: 'OAuth2Token',
      data: { access_token: '', refresh_token: '', service: { data: { client_secret: '' } } },
    });
    const none = failure(404, 'NotFound', 'This user has no token of that service.');
    expect(await ask('GET /port-service/user/kay/service/other')).toEqual(none);
    expect(await ask('GET /port-service/user/nobody/service/owncloud')).toEqual(none);
  });

  it('knows no projects where the address of the service is not configured', async () => {
    const path = '/port-service/user/kay/service/owncloud/projects';
    expect(await ask(`GET ${path}`)).toEqual({ status: 200, body: [] });
    expect(await ask(`GET ${path}/0`)).toEqual(failure(404, 'NotFound', 'There is no such project.'));
    expect(await ask(`POST ${path}`)).toEqual(
      failure(500, 'Exception', 'Projects of this service cannot be made here.'),
    );
    expect(await ask(`DELETE ${path}/0`)).toEqual(
      failure(404, 'NotFound', 'There is no such project, or it cannot be removed.'),
    );
  });

  it('removes one, and says so when there is none', async () => {
    expect(await ask('DELETE /port-service/user/kay/service/owncloud')).toEqual({
      status: 200,
      body: { success: true },
    });
    expect(await ask('DELETE /port-service/user/kay/service/owncloud')).toEqual({
      status: 200,
      body: { success: false },
    });
  });
});

describe('what is secret', () => {
  it('stands in no log', () => {
    expect(house.gateway.log()).not.toMatch(/canary|XYZABC/);
    expect(house.gateway.log()).not.toContain(house.secret);
  });
});
