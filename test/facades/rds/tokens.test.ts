/** contracts: users and tokens of the Token Storage, row by row; every failure with the exact answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rdsService, rdsToken, startRdsHouse, type RdsHouse } from '../../support/rds-house.ts';

let house: RdsHouse;
beforeAll(async () => {
  house = await startRdsHouse({ rds: { redirectUri: 'https://rds.example.test/redirect' } });
  await ask('POST /service', { body: rdsService('port-owncloud', house.endpoint) });
  await ask('POST /service', { body: rdsService('port-zenodo', house.endpoint) });
  await ask('POST /service', { body: { servicename: 'port-login', implements: ['fileStorage'] } });
});
afterAll(async () => house.close());
beforeEach(() => void (house.endpoint.answer = undefined));

const ask = async (...given: Parameters<RdsHouse['ask']>) => {
  const { status, body } = await house.ask(...given);
  return { status, body };
};
const success = (status = 200) => ({ status, body: { success: true } });
const failure = (status: number, error: string, description: string) => ({
  status,
  body: { error, http_code: status, description },
});
const noUser = failure(404, 'NotFound', 'There is no user of that name.');
const noToken = failure(404, 'NotFound', 'This user has no such token.');
const user = (username: string) => ({ type: 'User', data: { username } });
const service = (servicename: string) => expect.objectContaining({ data: expect.objectContaining({ servicename }) });

describe('/user', () => {
  it('adds users by envelope or by name, once each, and lists them', async () => {
    expect(await ask('POST /user', { body: user('Max Mustermann') })).toEqual(success());
    expect(await ask('POST /user', { body: { username: 'Mimi' } })).toEqual(success());
    expect(await ask('GET /user')).toEqual({
      status: 200,
      body: { length: 2, list: [user('Max Mustermann'), user('Mimi')] },
    });
    expect(await ask('GET /user/Max%20Mustermann')).toEqual({ status: 200, body: user('Max Mustermann') });
    expect(await ask('POST /user', { body: { username: 'Mimi' } })).toEqual(
      failure(500, 'UserExistsAlreadyError', 'There is a user of that name already.'),
    );
  });

  it.each([[{}], [{ username: '' }], [{ username: 'x'.repeat(201) }], [[]]])('answers 400 to %j', async (body) => {
    const description = 'This is no user: expected { "username" }, a text of 1–200 characters.';
    expect(await ask('POST /user', { body })).toEqual(failure(400, 'BadRequest', description));
  });

  it('removes one, and answers 404 for one that is not there', async () => {
    expect(await ask('DELETE /user/Mimi')).toEqual(success());
    for (const call of ['DELETE /user/Mimi', 'GET /user/Mimi', 'GET /user/Mimi/token']) {
      expect([call, await ask(call)]).toEqual([call, noUser]);
    }
  });

  it('is in GraphQL a subject of the tenant', async () => {
    expect((await house.gateway.ask('{ subjects }')).data).toEqual({ subjects: ['Max Mustermann'] });
    expect((await house.gateway.ask('{ subjects }', {}, { tenant: 'globex' })).data).toEqual({ subjects: [] });
  });
});

describe('POST /user/{id}/token', () => {
  it('answers 201 where the user is new, 200 where it is known, 409 where it has one of that service', async () => {
    const post = (name: string, servicename: string) =>
      ask(`POST /user/${name}/token`, { body: rdsToken(servicename, name) });
    expect(await post('ada', 'port-owncloud')).toEqual(success(201));
    expect(await post('ada', 'port-zenodo')).toEqual(success(200));
    expect(await post('ada', 'port-zenodo')).toEqual(
      failure(409, 'Conflict', 'This user has a token of that service already.'),
    );
  });

  it('shows tokens without what they give access to', async () => {
    const shown = (servicename: string) => ({
      type: 'OAuth2Token',
      data: {
        service: service(servicename),
        access_token: '',
        user: user('ada'),
        refresh_token: '',
        expiration_date: '2099-01-31 10:00:00.250000',
      },
    });
    expect(await ask('GET /user/ada/token')).toEqual({
      status: 200,
      body: { length: 2, list: [shown('port-owncloud'), shown('port-zenodo')] },
    });
    for (const id of ['1', 'port-zenodo']) {
      expect(await ask(`GET /user/ada/token/${id}`)).toEqual({ status: 200, body: shown('port-zenodo') });
    }
    expect((await ask('GET /token')).body).toEqual({ length: 2, list: [shown('port-owncloud'), shown('port-zenodo')] });
  });

  it('takes a name and a password for a service without OAuth 2.0, a flat object and JSON in a text alike', async () => {
    const flat = { service: 'port-login', user: { username: 'ada@login' }, access_token: 'password-canary' };
    expect(await ask('POST /user/ada/token', { body: JSON.stringify(JSON.stringify(flat)) })).toEqual(success());
    expect((await ask('GET /user/ada/token/port-login')).body).toEqual({
      type: 'LoginToken',
      data: { service: service('port-login'), access_token: '', user: user('ada@login') },
    });
  });

  it('keeps one of many at the same instant', async () => {
    const asked = Array.from({ length: 6 }, () =>
      ask('POST /user/race/token', { body: rdsToken('port-owncloud', 'race') }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort((one, other) => one - other);
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409]);
    expect((await ask('DELETE /user/race')).status).toBe(200);
  });

  it('answers 500 for a service that has not registered, and makes no user of it', async () => {
    expect(await ask('POST /user/new/token', { body: rdsToken('port-none', 'new') })).toEqual(
      failure(500, 'ServiceNotExistsError', 'There is no service of that name.'),
    );
    expect(await ask('GET /user/new')).toEqual(noUser);
  });

  it.each([
    [{ access_token: '' }, 'access_token: expected a text that is not empty'],
    [{ access_token: 7 }, 'access_token: expected a text'],
    [{ service: null }, 'service: expected a service with its name'],
  ])('answers 500 Exception to a token with %j', async (more, expected) => {
    expect(await ask('POST /user/wrong/token', { body: rdsToken('port-owncloud', 'wrong', more) })).toEqual(
      failure(500, 'Exception', `This is no token: ${expected}.`),
    );
  });
});

describe('GET, PUT and DELETE /user/{id}/token/{tid}', () => {
  it('answers 404 for a user or token that is not there, and 500 when it is to be removed', async () => {
    for (const id of ['9', 'port-none', '-1']) {
      expect([id, await ask(`GET /user/ada/token/${id}`)]).toEqual([id, noToken]);
      expect([id, await ask(`PUT /user/ada/token/${id}`)]).toEqual([id, noToken]);
    }
    expect(await ask('GET /user/nobody/token/0')).toEqual(noToken);
    expect(await ask('DELETE /user/nobody/token/0')).toEqual(
      failure(500, 'UserNotExistsError', 'There is no such user, or it has no such token.'),
    );
  });

  it('renews by PUT in the way of RDS: to refresh_url, with the client in head and body', async () => {
    const before = house.endpoint.requests.length;
    expect(await ask('PUT /user/ada/token/port-owncloud')).toEqual(success());
    expect(house.endpoint.requests.slice(before)).toEqual([
      {
        authorization: `Basic ${Buffer.from('ABC:client-secret-canary').toString('base64')}`,
        form: {
          grant_type: 'refresh_token',
          refresh_token: 'refresh-canary',
          redirect_uri: 'https://rds.example.test/redirect',
          client_id: 'ABC',
          client_secret: 'client-secret-canary',
        },
      },
    ]);
    expect(await ask('PUT /user/ada/token/0')).toEqual(success());
    expect(house.endpoint.requests.at(-1)!.form['refresh_token']).toBe(`refresh-${before + 1}`);
  });

  it('keeps the refresh token where no new one comes', async () => {
    const old = house.endpoint.requests.length;
    house.endpoint.answer = () => ({ status: 200, body: { access_token: 'again', expires_in: 60 } });
    expect(await ask('PUT /user/ada/token/0')).toEqual(success());
    expect(await ask('PUT /user/ada/token/0')).toEqual(success());
    expect(house.endpoint.requests.at(-1)!.form['refresh_token']).toBe(`refresh-${old}`);
  });

  it('renews nothing for a service without OAuth 2.0', async () => {
    expect(await ask('PUT /user/ada/token/port-login')).toEqual({ status: 200, body: { success: false } });
  });

  it.each([
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unauthorized_client',
    'unsupported_grant_type',
    'other',
  ])('answers 500 when the service refuses with %s, and the token stays', async (error) => {
    await ask(`POST /user/${error}/token`, { body: rdsToken('port-owncloud', error) });
    house.endpoint.answer = () => ({ status: 400, body: { error } });
    expect(await ask(`PUT /user/${error}/token/0`)).toEqual(
      failure(500, 'InternalServerError', 'The token could not be renewed. What is kept stays.'),
    );
    expect((await ask(`GET /user/${error}/token/0`)).status).toBe(200);
    await ask(`DELETE /user/${error}`);
  });

  it('lets a token be replaced that is refused for good, so that its user can connect again', async () => {
    await ask('POST /user/again/token', { body: rdsToken('port-owncloud', 'again') });
    house.endpoint.answer = () => ({ status: 400, body: { error: 'invalid_grant' } });
    await ask('PUT /user/again/token/0');
    expect(await ask('POST /user/again/token', { body: rdsToken('port-owncloud', 'again') })).toEqual(success());
    house.endpoint.answer = undefined;
    expect(await ask('PUT /user/again/token/0')).toEqual(success());
    expect((await ask('GET /user/again/token')).body.length).toBe(1);
  });

  it('answers 500 for a token that cannot be renewed, and does not end it', async () => {
    await ask('POST /user/short/token', { body: rdsToken('port-owncloud', 'short', { refresh_token: '' }) });
    expect((await ask('PUT /user/short/token/0')).status).toBe(500);
    const { data } = await house.gateway.ask('{ connections { state } }', {}, { subject: 'short' });
    expect(data.connections).toEqual([{ state: 'STARTED' }]);
  });

  it('removes one', async () => {
    expect(await ask('DELETE /user/ada/token/port-zenodo')).toEqual(success());
    expect(await ask('GET /user/ada/token/port-zenodo')).toEqual(noToken);
    expect((await ask('GET /user/ada/token')).body.length).toBe(2);
  });
});

describe('/token', () => {
  it.each(['POST /token', 'GET /token/0', 'PUT /token/0'])('answers %s with what RDS has not written', async (call) => {
    expect(await ask(call)).toEqual(
      failure(500, 'NotImplementedError', 'Tokens are reached by their users: /user/{id}/token.'),
    );
  });
});

describe('in GraphQL', () => {
  it('a token is a connection of its subject, which can be removed there', async () => {
    const query = '{ connections { id identity state subject expiresAt connector { name title } } }';
    const { data } = await house.gateway.ask(query, {}, { subject: 'short' });
    expect(data.connections).toEqual([
      {
        id: expect.any(String),
        identity: 'short',
        state: 'STARTED',
        subject: 'short',
        expiresAt: '2099-01-31T10:00:00.250Z',
        connector: { name: 'rds_port_owncloud', title: 'port-owncloud' },
      },
    ]);
    const remove = 'mutation ($id: ID!) { disconnect(connection: $id) { id } }';
    await house.gateway.ask(remove, { id: data.connections[0].id }, { subject: 'short' });
    expect((await ask('GET /user/short/token')).body).toEqual({ length: 0, list: [] });
    expect(await ask('GET /user/short')).toEqual({ status: 200, body: user('short') });
  });
});

describe('a service that is removed', () => {
  it('takes its tokens out of sight, and they are there again when it comes back', async () => {
    await ask('POST /user/left/token', { body: rdsToken('port-zenodo', 'left') });
    await ask('DELETE /service/port-zenodo');
    expect((await ask('GET /user/left/token')).body).toEqual({ length: 0, list: [] });
    expect(await ask('PUT /user/left/token/port-zenodo')).toEqual(noToken);
    await ask('POST /service', { body: rdsService('port-zenodo', house.endpoint) });
    expect((await ask('GET /user/left/token')).body.length).toBe(1);
  });
});

describe('what is secret', () => {
  it('stands in no log, and in no file as it was sent', async () => {
    expect(house.gateway.log()).not.toMatch(/canary|access-\d|refresh-\d/);
  });

  it('is answered to those alone whom the operator allows it by name', async () => {
    const releasing = await startRdsHouse({ rds: { releaseTokens: true } });
    try {
      await releasing.ask('POST /service', { body: rdsService('port-owncloud', releasing.endpoint) });
      await releasing.ask('POST /service', { body: { servicename: 'port-login' } });
      await releasing.ask('POST /user/ada/token', { body: rdsToken('port-owncloud', 'ada') });
      const login = { service: 'port-login', user: user('ada'), access_token: 'password-canary' };
      await releasing.ask('POST /user/ada/token', { body: login });
      const { body } = await releasing.ask('GET /user/ada/token');
      expect(body.list.map(({ data }: any) => data.access_token)).toEqual(['access-canary', 'password-canary']);
      expect(JSON.stringify(body)).not.toMatch(/refresh-canary|client-secret-canary/);
    } finally {
      await releasing.close();
    }
  });
});
