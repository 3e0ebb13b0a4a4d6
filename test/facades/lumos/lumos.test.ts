import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { httpHandler, type Connector } from '../../../src/connector/define.ts';
import type { Action, ExceptionHandler } from '../../../src/connector/definition.ts';
import { directoryRoutes, mappedDirectory, plainDirectory } from '../../support/directory-connectors.ts';
import { startFakeProvider, type FakeProvider } from '../../support/fake-provider.ts';
import { createKey } from '../../support/connctd-client.ts';
import { lumosClient, type LumosClient } from '../../support/lumos-client.ts';
import { startTenantGateway, type TenantGateway } from '../../support/tenant-gateway.ts';

class OddError extends Error {
  override readonly name = 'OddError';
  readonly code = 418;
}

/** A connector whose only capability fails as the last part of its connection's URL says. */
function failing(name: string, exceptionHandlers: readonly ExceptionHandler[], execute: Action['execute']): Connector {
  return {
    name,
    exceptionHandlers,
    connection: { baseUri: `${provider.origin}/fails/` },
    actions: {
      validate_credentials: {
        readOnly: true,
        capability: 'validateCredentials',
        output: [{ name: 'valid', type: 'boolean' }],
        execute,
      },
    },
  };
}
const answering =
  (status: number): Action['execute'] =>
  (connection) =>
    connection.get(String(status));

let provider: FakeProvider;
let gateway: TenantGateway;
let ask: LumosClient;

beforeAll(async () => {
  provider = await startFakeProvider({
    ...directoryRoutes,
    ...Object.fromEntries(
      [400, 401, 403, 404, 409, 418, 429, 503].map((status) => [
        `GET /fails/${status}`,
        { status, json: { secret: 'body' } },
      ]),
    ),
  });
  const http: ExceptionHandler = [Error, httpHandler, null];
  const said: ExceptionHandler = [Error, () => ({ message: 'Some message' }), null];
  gateway = await startTenantGateway({
    origins: [provider.origin],
    connectors: [
      plainDirectory(provider.origin),
      mappedDirectory(provider.origin),
      failing('github', [http, said], answering(400)),
      ...[401, 403, 404, 409].map((status) => failing(`seed_${status}`, [http], answering(status))),
      ...[400, 404, 409, 429, 503].map((status) => failing(`later_${status}`, [], answering(status))),
      failing('custom', [[Error, httpHandler, 'custom']], answering(400)),
      failing(
        'coded',
        [
          [Error, null, 'first'],
          [TypeError, null, 'never'],
          [Error, null, 'second'],
        ],
        answering(400),
      ),
      failing('passed', [[Error, (_error, given) => ({ message: `given ${given}` }), 'own']], answering(400)),
      failing('raising', [http, said], (connection) => connection.error('Received wrong data, x: y', 'bad_request')),
      failing('odd', [], () => {
        throw new OddError('with a secret in it');
      }),
    ],
    configuration: {
      connections: [
        { connector: 'plain_directory', tenant: 'acme', fields: { key: 'good' } },
        { connector: 'mapped_directory', tenant: 'acme', subject: 'ada', fields: { key: 'good' } },
      ],
      facades: { lumos: { connector: 'plain_directory' } },
    },
  });
  ask = lumosClient(gateway.url(), { authorization: `Bearer ${gateway.keys.acme}` });
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const listAccounts = { request: {}, settings: null, auth: null, page: null, include_raw_data: false };
const ada = { 'x-external-subject-id': 'ada' };

describe('POST /lumos/<connector>/<capability>', () => {
  it('answers the four keys, the names of Lumos, and null for what is not there', async () => {
    const { status, body } = await ask(
      '/lumos/mapped_directory/list-accounts',
      { ...listAccounts, page: { size: 1 } },
      ada,
    );
    expect(status).toBe(200);
    expect(Object.keys(body as object).sort()).toEqual(['error', 'page', 'raw_data', 'response']);
    expect(body).toEqual({
      response: {
        accounts: [
          {
            integration_specific_id: '1',
            email: 'm1@example.test',
            given_name: 'Member',
            family_name: null,
            username: null,
            user_status: 'ACTIVE',
            account_type: null,
            custom_attributes: null,
            extra_data: null,
          },
        ],
      },
      raw_data: null,
      page: { token: expect.any(String), size: 1 },
      error: null,
    });
  });

  it('goes on by the token of a page, which is nobody else’s', async () => {
    const path = '/lumos/mapped_directory/list_accounts';
    const ids: string[] = [];
    let token: string | null = null;
    let pages = 0;
    do {
      const answer = await ask(path, { request: {}, page: { size: 2, token } }, ada);
      ids.push(...answer.body.response.accounts.map((row: any) => row.integration_specific_id as string));
      token = answer.body.page?.token ?? null;
      pages++;
    } while (token !== null);
    expect([ids, pages]).toEqual([['1', '2', '3'], 2]);
    const { body } = await ask(path, { request: {}, page: { size: 2 } }, ada);
    const foreign = await ask('/lumos/plain_directory/list-accounts', {
      request: {},
      page: { token: body.page.token },
    });
    expect(foreign.body.error).toMatchObject({ error_code: 'plain_directory.invalid_value' });
  });

  it('gives the raw rows when they are asked for', async () => {
    const body = { ...listAccounts, page: { size: 1 }, include_raw_data: true };
    const answer = await ask('/lumos/mapped_directory/list-accounts', body, ada);
    expect(answer.body.raw_data).toEqual({
      list_members: [{ number: 1, contact: { mail: 'm1@example.test' }, full: 'Member 1', suspended: false }],
    });
  });

  it('reads the arguments of a request by their names in Lumos', async () => {
    const request = {
      account_integration_specific_id: '2',
      resource_integration_specific_id: 'core',
      resource_type: 'TEAM',
      entitlement_integration_specific_id: 'member',
      entitlement_type: 'ROLE',
    };
    const { body } = await ask('/lumos/mapped_directory/assign-entitlement', { request }, ada);
    expect(body).toEqual({ response: { assigned: true }, raw_data: null, page: null, error: null });
    expect(provider.requests.at(-1)).toMatchObject({
      method: 'PUT',
      url: '/mapped/teams/core/2',
      body: '{"role":"member"}',
    });
  });

  it.each([
    '/list-accounts',
    '/list_accounts',
    '/plain_directory/list_accounts',
    '/lumos/plain_directory/plain_directory/list_accounts',
    '/lumos/plain_directory/CapabilityName.LIST_ACCOUNTS',
  ])('takes %s', async (path) => {
    const { status, body } = await ask(path, { request: {}, page: { size: 1 } });
    expect([status, body.response.accounts[0].integration_specific_id]).toEqual([200, 'a1']);
  });

  it('uses the credentials that a request brings, for this call alone', async () => {
    const valid = (key: string) => ask('/lumos/plain_directory/validate-credentials', { request: {}, auth: { key } });
    expect((await valid('good')).body.response).toEqual({ valid: true });
    expect((await valid('bad')).body.response).toEqual({ valid: false });
    const { data } = await gateway.ask('{ connections { id } }');
    expect(data.connections).toEqual([]);
  });
});

describe('info', () => {
  it.each(['GET /lumos/mapped_directory/info', '/lumos/mapped_directory/info', 'GET /info'])(
    'answers at %s',
    async (path) => {
      expect((await ask(path)).status).toBe(200);
    },
  );

  it('says what a connector can do, with JSON schemas in texts', async () => {
    const { body } = await ask('/lumos/mapped_directory/info');
    expect(Object.keys(body as object)).toEqual([
      'app_id',
      'capabilities',
      'authentication_schema',
      'capability_schema',
      'logo_url',
      'user_friendly_name',
      'description',
      'categories',
    ]);
    expect(body).toMatchObject({ app_id: 'mapped_directory', capabilities: ['assign-entitlement', 'list-accounts'] });
    expect(body.authentication_schema).toEqual({
      type: 'object',
      properties: { key: { type: 'string', 'x-field_type': 'SECRET' } },
      required: ['key'],
    });
    const { argument, output } = body.capability_schema['assign-entitlement'] as Record<string, string>;
    const { request } = JSON.parse(argument!).properties;
    expect(request.required.toSorted()).toEqual([
      'account_integration_specific_id',
      'entitlement_integration_specific_id',
      'entitlement_type',
      'resource_integration_specific_id',
      'resource_type',
    ]);
    expect(argument!.startsWith('{"properties":{"auth":')).toBe(true);
    expect(JSON.parse(output!).properties.response.anyOf[0].properties).toEqual({ assigned: { type: 'boolean' } });
  });
});

describe('an error', () => {
  const validate = async (connector: string) => {
    const { status, body, text } = await ask(`/lumos/${connector}/validate-credentials`, { request: {} });
    expect(text).not.toContain('secret');
    return { status, ...(body as { response: unknown; raw_data: unknown; page: unknown; error: any }) };
  };

  it('is that of seed 004: BAD_REQUEST error from github connector', async () => {
    expect(await validate('github')).toEqual({
      status: 200,
      error: {
        message: 'Some message',
        status_code: 400,
        error_code: 'github.bad_request',
        raised_by: 'HTTPStatusError',
        raised_in: 'github.actions:validate_credentials',
      },
      response: null,
      raw_data: null,
      page: null,
    });
  });

  it.each([
    ['seed_401', 401, 'seed_401.unauthorized'],
    ['seed_403', 403, 'seed_403.permission_denied'],
    ['seed_404', 404, 'seed_404.not_found'],
    ['seed_409', 409, 'seed_409.api_error'],
    ['later_400', 400, 'later_400.bad_request'],
    ['later_404', 404, 'later_404.not_found'],
    ['later_409', 409, 'later_409.conflict'],
    ['later_429', 429, 'later_429.rate_limit'],
    ['later_503', 503, 'later_503.service_error'],
  ])('of %s has the status and its code', async (connector, status_code, error_code) => {
    expect((await validate(connector)).error).toMatchObject({ status_code, error_code, raised_by: 'HTTPStatusError' });
  });

  it('has the code of its entry before that of the handler, not the app: the bare code is what the handler is given', async () => {
    expect((await validate('custom')).error.error_code).toBe('custom.bad_request');
    expect((await validate('passed')).error).toMatchObject({ message: 'given own', error_code: 'passed.own' });
  });

  it('is given to every entry whose class matches, and the last one wins', async () => {
    expect((await validate('coded')).error.error_code).toBe('coded.second');
  });

  it('that the connector raises keeps its code and its words, whatever the entries say', async () => {
    expect((await validate('raising')).error).toEqual({
      message: 'Received wrong data, x: y',
      status_code: null,
      error_code: 'raising.bad_request',
      raised_by: 'ConnectorError',
      raised_in: 'raising.actions:validate_credentials',
    });
  });

  it('that nobody foresaw is unexpected, shows none of its text, and a code that is a number is its status', async () => {
    expect((await validate('odd')).error).toMatchObject({
      status_code: 418,
      error_code: 'odd.unexpected_error',
      raised_by: 'OddError',
    });
  });

  it('of a capability that is not there has a code without app', async () => {
    const expected = {
      response: null,
      raw_data: null,
      page: null,
      error: {
        message: "Capability 'list-resources' is not implemented.",
        status_code: null,
        error_code: 'not_implemented',
        raised_by: null,
        raised_in: null,
      },
    };
    expect((await ask('/lumos/plain_directory/list-resources', { request: {} })).body).toEqual(expected);
    const other = await ask('/lumos/plain_directory/get_authorization_url', { request: {} });
    expect(other.body.error).toMatchObject({ error_code: 'not_implemented' });
  });

  it('of a connection that is missing is in the envelope', async () => {
    const { status, body } = await ask(
      '/lumos/mapped_directory/list-accounts',
      { request: {} },
      { 'x-external-subject-id': 'eve' },
    );
    expect([status, body.error.error_code]).toEqual([200, 'mapped_directory.unauthorized']);
  });
});

describe('what is no request of Lumos leaves before it is dispatched', () => {
  it.each([
    ['without request', {}, ['body', 'request']],
    ['with a page of more keys', { request: {}, page: { size: 1, cursor: 'x' } }, ['body', 'page', 'cursor']],
    ['with a size of none', { request: {}, page: { size: 0 } }, ['body', 'page', 'size']],
    ['with a list for request', { request: [] }, ['body', 'request']],
    ['with what is no JSON', '{', ['body']],
  ])('%s', async (_what, body, loc) => {
    const { status, body: answer } = await ask('/lumos/plain_directory/list-accounts', body);
    expect(status).toBe(422);
    expect(answer.detail[0]).toEqual({ loc, msg: expect.any(String), type: expect.any(String) });
  });

  it('without what the capability needs', async () => {
    const { status, body } = await ask('/lumos/mapped_directory/assign-entitlement', { request: {} }, ada);
    expect([status, body.detail[0]]).toEqual([
      422,
      { loc: ['body', 'request'], msg: expect.stringContaining('must be present'), type: 'missing' },
    ]);
  });

  it.each([
    [{ model: 'oauth', access_token: 'x' }, 'auth.key: expected a value for key'],
    [{ model: 'basic', username: 'u', password: 'p' }, 'auth.user: expected one of the fields'],
    [{ kee: 'good' }, 'auth.kee: expected one of the fields of plain_directory: key (did you mean "key"?).'],
  ])('with other credentials than the connector takes: %j', async (auth, message) => {
    const { status, body } = await ask('/lumos/plain_directory/list-accounts', { request: {}, auth });
    expect(status).toBe(422);
    expect(body.detail.map(({ msg }: { msg: string }) => msg).join()).toContain(message);
  });
});

describe('what is not served', () => {
  it.each([
    ['an unknown connector', '/lumos/nobody/list-accounts', 404],
    ['an unknown capability', '/lumos/plain_directory/list-everything', 404],
    ['another app', '/lumos/plain_directory/github/list_accounts', 404],
    ['a capability that is only read', 'GET /lumos/plain_directory/list-accounts', 405],
  ])('%s', async (_what, path, status) => {
    const answer = await ask(path, { request: {} });
    expect([answer.status, answer.body]).toEqual([
      status,
      { detail: status === 404 ? 'Not Found' : 'Method Not Allowed' },
    ]);
  });

  it('is refused to whoever has no key, and to whoever has not its scope', async () => {
    const nobody = await lumosClient(gateway.url())('/lumos/plain_directory/list-accounts', { request: {} });
    expect([nobody.status, Object.keys(nobody.body as object)]).toEqual([401, ['detail']]);
    const key = await createKey(gateway.file, 'acme', ['plugboard.connect']);
    const other = lumosClient(gateway.url(), { authorization: `Bearer ${key}` });
    const refused = await other('/lumos/plain_directory/list-accounts', { request: {} });
    expect([refused.status, refused.body]).toEqual([
      403,
      { detail: 'This needs the scope plugboard.read:plain_directory, which these credentials do not have.' },
    ]);
  });
});
