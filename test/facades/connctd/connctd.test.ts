import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connector/definition.ts';
import { startFakeProvider, type FakeProvider } from '../../support/fake-provider.ts';
import { connctdClient, createKey, type AskConnctd } from '../../support/connctd-client.ts';
import { startTenantGateway, type TenantGateway } from '../../support/tenant-gateway.ts';

let provider: FakeProvider;
let gateway: TenantGateway;
let ask: AskConnctd;
let globex: AskConnctd;

/** Asks with an application's key, and with what each subject enters. */
const keyed = (origin: string): Connector => ({
  name: 'keyed',
  title: 'Keyed',
  description: 'Asks with two keys.',
  registration: { fields: [{ name: 'app_key', optional: false, controlType: 'password' }] },
  connection: {
    fields: [
      { name: 'pin', optional: false, controlType: 'password' },
      { name: 'floor', type: 'integer' },
    ],
    baseUri: `${origin}/`,
    authorization: {
      type: 'api_key',
      apply: (request, { fields }) => request.headers({ app: fields.app_key, pin: fields.pin ?? '' }),
    },
  },
  test: (connection) => connection.get('me'),
});

beforeAll(async () => {
  provider = await startFakeProvider(({ headers }) =>
    headers['app'] === 'right' && headers['pin'] === '1815' ? { json: {} } : { status: 401, json: {} },
  );
  gateway = await startTenantGateway({
    connectors: [keyed(provider.origin), { name: 'open', test: () => undefined }],
    origins: [provider.origin],
  });
  ask = connctdClient(gateway.url, await createKey(gateway.file, 'acme', ['connctd.connector']));
  globex = connctdClient(gateway.url, await createKey(gateway.file, 'globex', ['connctd.connector']));
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const instance = { connector_type_id: 'keyed', configuration: { app_key: 'right' } };
const client = { connector_type_id: 'keyed', configuration: { pin: '1815' } };
const failure = (status: number, error: string) => ({
  status,
  body: {
    status: String(status),
    error,
    description: expect.stringMatching(/^\w.*\.$/s),
    more_info: expect.stringMatching(/^request \S+$/),
  },
});

describe('connctd descriptions', () => {
  it('are for everybody, with samples made from the notation', async () => {
    const { status, body } = await ask('GET /connectors/descriptions', { token: null });
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        id: expect.any(Number),
        type_id: 'keyed',
        name: 'Keyed',
        description: 'Asks with two keys.',
        logo: '',
        sample_instance_configuration: { connector_type_id: 'keyed', configuration: { app_key: 'abc' } },
        sample_client_configuration: { connector_type_id: 'keyed', configuration: { pin: 'abc', floor: 1 } },
      },
      {
        id: expect.any(Number),
        type_id: 'open',
        name: 'open',
        description: '',
        logo: '',
        sample_instance_configuration: { connector_type_id: 'open' },
        sample_client_configuration: { connector_type_id: 'open' },
      },
    ]);
  });

  it('are refused by no id but their own', async () => {
    expect(await ask('GET /connectors/descriptions/x')).toMatchObject(failure(404, 'CONNECTOR_DOESNT_EXIST'));
  });
});

describe('connctd instances and clients', () => {
  it.each([
    ['no token', { token: null }, 401, 'UNAUTHENTICATED'],
    ['an unknown token', { token: 'plug_unknown' }, 401, 'UNAUTHENTICATED'],
  ])('ask who calls: %s', async (_what, asking, status, error) => {
    for (const call of ['GET /connectors/instances', 'POST /connectors/clients', 'DELETE /connectors/clients/x']) {
      const answer = await ask(call, asking);
      expect(answer).toMatchObject(failure(status, error));
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  it('need the scope connctd.connector and no other', async () => {
    const token = await createKey(gateway.file, 'acme', [
      'plugboard.admin',
      'plugboard.connect',
      'connctd.things.read',
    ]);
    for (const call of ['GET /connectors/instances', 'POST /connectors/instances', 'GET /connectors/clients']) {
      const answer = await ask(call, { token, ...(call.startsWith('POST') && { body: instance }) });
      expect(answer).toMatchObject(failure(403, 'FORBIDDEN'));
      expect(answer.headers.get('www-authenticate')).toContain('scope="connctd.connector"');
    }
  });

  it.each([
    ['no body', undefined, 'BODY_INVALID'],
    ['no JSON', '{', 'BODY_INVALID'],
    ['a list', [], 'BODY_INVALID'],
    ['no type', {}, 'CONNECTOR_TYPE_DOESNT_EXIST'],
    ['an unknown type', { connector_type_id: 'nothing' }, 'CONNECTOR_TYPE_DOESNT_EXIST'],
    ['no AppKey', { connector_type_id: 'keyed', configuration: {} }, 'INPUT_REQUIRED'],
    ['an unknown field', { connector_type_id: 'keyed', configuration: { app_key: 'x', key: 1 } }, 'INPUT_INVALID'],
    ['a text for a configuration', { connector_type_id: 'keyed', configuration: 'x' }, 'BODY_INVALID'],
    [
      'a return URL that is not allowed',
      { connector_type_id: 'open', configuration: { origin_callback_uri: 'https://evil.example.test/' } },
      'RETURN_URL_REFUSED',
    ],
  ])('refuse an instance with %s', async (_what, body, error) => {
    expect(await ask('POST /connectors/instances', { body })).toMatchObject(failure(400, error));
    expect((await ask('GET /connectors/instances')).body).toEqual([]);
  });

  it('go from the instance to a client and back', async () => {
    const asked = { subject: 'alice', body: client };
    expect(await ask('POST /connectors/clients', asked)).toMatchObject(failure(400, 'CONNECTOR_INSTANCE_DOESNT_EXIST'));
    const created = await ask('POST /connectors/instances', { body: instance });
    expect(created).toMatchObject({ status: 201, body: { id: expect.any(String) } });
    expect(await ask('POST /connectors/instances', { body: instance })).toMatchObject(
      failure(409, 'CONNECTOR_INSTANCE_EXISTS'),
    );

    const { body: made, status } = await ask('POST /connectors/clients', asked);
    expect({ status, made }).toEqual({ status: 201, made: { id: expect.any(String), client_id: made.id } });
    expect(await ask('POST /connectors/clients', asked)).toMatchObject(failure(409, 'CONNECTOR_CLIENT_EXISTS'));
    const { body: hrefs } = await ask('GET /connectors/clients', { subject: 'alice' });
    expect(hrefs).toEqual([{ href: `${gateway.url()}/api/v1/connectors/clients/${made.id}` }]);
    const { body: shown } = await ask(`GET ${hrefs[0].href}`, { subject: 'alice' });
    expect(shown).toEqual({
      id: made.id,
      instance: { href: `${gateway.url()}/api/v1/connectors/instances/${created.body.id}` },
      connector: { href: expect.stringContaining('/api/v1/connectors/descriptions/') },
      mappings: [],
      status: 'STARTED',
    });
    expect((await ask(`GET ${shown.connector.href}`)).body.type_id).toBe('keyed');
    const { body: attached } = await ask(`GET ${shown.instance.href}`);
    expect(attached).toEqual({ id: created.body.id, clients: hrefs, connector: shown.connector });

    // The same rows in GraphQL.
    const graph = '{ registrations { connector { name } configured } connections { id state } }';
    expect((await gateway.ask(graph, {}, { subject: 'alice' })).data).toEqual({
      registrations: [{ connector: { name: 'keyed' }, configured: false }],
      connections: [{ id: made.id, state: 'STARTED' }],
    });

    expect(await ask(`DELETE ${shown.instance.href}`)).toMatchObject(failure(409, 'CONNECTOR_INSTANCE_IN_USE'));
    const gone = await ask(`DELETE ${hrefs[0].href}`, {
      subject: 'alice',
      headers: { 'content-type': 'application/json' },
    });
    expect(gone).toMatchObject({ status: 204, body: undefined });
    expect(await ask(`GET ${hrefs[0].href}`, { subject: 'alice' })).toMatchObject(
      failure(404, 'CONNECTOR_CLIENT_DOESNT_EXIST'),
    );
    expect(await ask(`DELETE ${shown.instance.href}`)).toMatchObject({ status: 204, body: undefined });
    expect(await ask(`DELETE ${shown.instance.href}`)).toMatchObject(failure(404, 'CONNECTOR_INSTANCE_DOESNT_EXIST'));
  });

  it('keep a client that the provider does not take from being made', async () => {
    const { body } = await ask('POST /connectors/instances', { body: instance });
    const wrong = { ...client, configuration: { pin: '0000' } };
    expect(await ask('POST /connectors/clients', { subject: 'alice', body: wrong })).toMatchObject(
      failure(400, 'CONNECTION_TEST_FAILED'),
    );
    expect((await ask('GET /connectors/clients', { subject: 'alice' })).body).toEqual([]);
    await ask(`DELETE /connectors/instances/${body.id}`);
  });

  it('need a place for the browser to return to where it has to enter something', async () => {
    const { body } = await ask('POST /connectors/instances', { body: instance });
    const asked = { subject: 'bob', body: { connector_type_id: 'keyed' } };
    expect(await ask('POST /connectors/clients', asked)).toMatchObject(failure(400, 'RETURN_URL_REFUSED'));
    await ask(`DELETE /connectors/instances/${body.id}`);
  });

  it('are made for a subject that is named', async () => {
    const calls = ['POST /connectors/clients', 'GET /connectors/clients', 'GET /connectors/clients/x'];
    for (const call of [...calls, 'DELETE /connectors/clients/x']) {
      expect(await ask(call)).toMatchObject(failure(400, 'SUBJECT_MISSING'));
    }
  });

  it('are shown to their own subject and tenant alone', async () => {
    const { body: made } = await ask('POST /connectors/instances', { body: instance });
    const { body } = await ask('POST /connectors/clients', { subject: 'alice', body: client });
    const others = [
      () => ask(`GET /connectors/clients/${body.id}`, { subject: 'bob' }),
      () => ask(`DELETE /connectors/clients/${body.id}`, { subject: 'bob' }),
      () => globex(`GET /connectors/clients/${body.id}`, { subject: 'alice' }),
      () => globex(`DELETE /connectors/clients/${body.id}`, { subject: 'alice' }),
    ];
    for (const other of others) expect(await other()).toMatchObject(failure(404, 'CONNECTOR_CLIENT_DOESNT_EXIST'));
    for (const call of ['GET', 'DELETE']) {
      expect(await globex(`${call} /connectors/instances/${made.id}`)).toMatchObject(
        failure(404, 'CONNECTOR_INSTANCE_DOESNT_EXIST'),
      );
    }
    expect((await globex('GET /connectors/clients', { subject: 'alice' })).body).toEqual([]);
    await ask(`DELETE /connectors/clients/${body.id}`, { subject: 'alice' });
    await ask(`DELETE /connectors/instances/${made.id}`);
  });

  it('answer 404 in their own shape for what is not there', async () => {
    expect(await ask('GET /nothing')).toMatchObject(failure(404, 'ROUTE_DOESNT_EXIST'));
  });
});

describe('at the same instant', () => {
  it('one of many instances of a type is made', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ask('POST /connectors/instances', { body: instance })),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 409),
    ]);
    const { body } = await ask('GET /connectors/instances');
    expect(body).toHaveLength(1);
    await ask(`DELETE ${body[0].href}`);
  });

  it('one of many clients of a subject is made', async () => {
    const { body: made } = await ask('POST /connectors/instances', { body: instance });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => ask('POST /connectors/clients', { subject: 'carol', body: client })),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409]);
    const { body } = await ask('GET /connectors/clients', { subject: 'carol' });
    expect(body).toHaveLength(1);
    await ask(`DELETE ${body[0].href}`, { subject: 'carol' });
    await ask(`DELETE /connectors/instances/${made.id}`);
  });

  it('an instance that is deleted leaves no client, and one that has clients stays', async () => {
    for (let round = 0; round < 12; round += 1) {
      const { body: made } = await ask('POST /connectors/instances', { body: { connector_type_id: 'open' } });
      const body = { connector_type_id: 'open' };
      const [removed, ...clients] = await Promise.all([
        ask(`DELETE /connectors/instances/${made.id}`),
        ...['dan', 'eve', 'fay'].map((subject) => ask('POST /connectors/clients', { subject, body })),
      ]);
      const created = clients.filter(({ status }) => status === 201);
      expect(created.length + clients.filter(({ status }) => status === 400).length).toBe(3);
      expect([204, 409]).toContain(removed.status);
      const { status } = await ask(`GET /connectors/instances/${made.id}`);
      expect({ removed: removed.status, isThere: status === 200 }).toEqual({
        removed: created.length === 0 ? removed.status : 409,
        isThere: removed.status === 409,
      });
      for (const subject of ['dan', 'eve', 'fay']) {
        const { body: own } = await ask('GET /connectors/clients', { subject });
        for (const { href } of own) await ask(`DELETE ${href}`, { subject });
      }
      if (removed.status === 409) await ask(`DELETE /connectors/instances/${made.id}`);
    }
  });
});
