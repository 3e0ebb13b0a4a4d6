/** A tenant changes where a connector's provider is, or the connector goes: what its connections do then. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';

const canary = 'canary-4b1d';
const alice = { subject: 'alice' };
let first: FakeProvider;
let second: FakeProvider;
let gateway: TenantGateway;
const connectors: Connector[] = [];

beforeAll(async () => {
  first = await startFakeProvider(() => ({ json: { at: 'first' } }));
  second = await startFakeProvider(() => ({ json: { at: 'second' } }));
  connectors.push({
    name: 'shop',
    title: 'Shop',
    connection: {
      fields: [{ name: 'token', optional: false, controlType: 'password' }],
      baseUri: `${first.origin}/`,
      authorization: {
        type: 'api_key',
        apply: (request, { fields }) => void request.headers({ 'x-token': fields['token'] }),
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      get_place: { readOnly: true, output: [{ name: 'at' }], execute: (connection) => connection.get('place') },
    },
  });
  connectors.push({
    name: 'hosted',
    title: 'Hosted',
    registration: { fields: [{ name: 'origin', optional: false }] },
    connection: {
      fields: [{ name: 'token', optional: false, controlType: 'password' }],
      baseUri: ({ origin }) => `${origin}/`,
      authorization: {
        type: 'custom',
        acquire: (connection) => connection.get('login').params({ token: connection.fields['token'] }),
        apply: (request, { fields }) => void request.headers({ 'x-token': fields['token'] }),
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      get_place: { readOnly: true, output: [{ name: 'at' }], execute: (connection) => connection.get('place') },
    },
  });
  gateway = await startTenantGateway({ connectors, origins: [first.origin, second.origin] });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([first.close(), second.close()]);
});

const place = () => gateway.ask('{ shopPlace { at } }', {}, alice);

async function register(baseUri: string | null): Promise<void> {
  const mutation =
    'mutation ($endpoints: EndpointsInput) { registerConnector(connector: "shop", endpoints: $endpoints) { configured } }';
  expect((await gateway.ask(mutation, { endpoints: { baseUri } })).errors).toBeUndefined();
}

it('sends credentials to no host that was registered after they were given, until they are given again', async () => {
  const fields = { token: canary };
  const connect = 'mutation ($fields: JSON) { connect(connector: "shop", fields: $fields) { connection { id } } }';
  const { data, errors } = await gateway.ask(connect, { fields }, alice);
  expect(errors).toBeUndefined();
  expect((await place()).data.shopPlace).toEqual({ at: 'first' });

  await register(`${second.origin}/`);
  const refused = await place();
  expect(refused.data.shopPlace).toBeNull();
  expect(refused.errors?.[0]?.extensions.code).toBe('REAUTH_REQUIRED');
  expect(refused.errors?.[0]?.message).toBe(
    'Shop is registered at other hosts than this connection was made for, and its credentials are not sent there. Connect it again.',
  );
  const { id } = data.connect.connection;
  const test = await gateway.ask('mutation ($id: ID!) { testConnection(connection: $id) { works } }', { id }, alice);
  expect(test.errors?.[0]?.extensions.code).toBe('REAUTH_REQUIRED');
  expect(second.requests).toEqual([]);

  const again =
    'mutation ($id: ID!, $fields: JSON) { reconnect(connection: $id, fields: $fields) { connection { state } } }';
  expect((await gateway.ask(again, { id, fields }, alice)).errors).toBeUndefined();
  expect((await place()).data.shopPlace).toEqual({ at: 'second' });

  await register(`${first.origin}/v1/`);
  expect((await place()).errors?.[0]?.extensions.code).toBe('REAUTH_REQUIRED');
});

it('sends them to none that the connector makes of what was registered since', async () => {
  const registerAt = async ({ origin }: FakeProvider) => {
    const mutation =
      'mutation ($fields: JSON) { registerConnector(connector: "hosted", fields: $fields) { configured } }';
    expect((await gateway.ask(mutation, { fields: { origin } })).errors).toBeUndefined();
  };
  const ask = () => gateway.ask('{ hostedPlace { at } }', {}, alice);
  const fields = { token: canary };
  await registerAt(first);
  const connect = 'mutation ($fields: JSON) { connect(connector: "hosted", fields: $fields) { connection { id } } }';
  const { data, errors } = await gateway.ask(connect, { fields }, alice);
  expect(errors).toBeUndefined();
  expect((await ask()).data.hostedPlace).toEqual({ at: 'first' });

  const before = second.requests.length;
  await registerAt(second);
  const refused = await ask();
  expect(refused.data.hostedPlace).toBeNull();
  expect(refused.errors?.[0]?.extensions.code).toBe('REAUTH_REQUIRED');
  expect(refused.errors?.[0]?.extensions.connect).toMatchObject({ connector: 'hosted' });
  const { id } = data.connect.connection;
  const test = 'mutation ($id: ID!) { testConnection(connection: $id) { works problem } }';
  const tested = await gateway.ask(test, { id }, alice);
  expect(tested.data?.testConnection?.works ?? false).toBe(false);
  await gateway.restart();
  expect((await ask()).errors?.[0]?.extensions.code).toBe('REAUTH_REQUIRED');
  expect(second.requests.length).toBe(before);

  const again =
    'mutation ($id: ID!, $fields: JSON) { reconnect(connection: $id, fields: $fields) { connection { state } } }';
  expect((await gateway.ask(again, { id, fields }, alice)).errors).toBeUndefined();
  expect((await ask()).data.hostedPlace).toEqual({ at: 'second' });
});

it('lists what belongs to a connector that is gone', async () => {
  connectors.length = 0;
  await gateway.restart();
  const query = '{ connections { id connector { name } } registrations { connector { name } } }';
  const { data, errors } = await gateway.ask(query, {}, alice);
  expect(errors).toBeUndefined();
  expect(data.connections).toEqual(Array.from({ length: 2 }, () => ({ id: expect.any(String), connector: null })));
  expect(data.registrations).toEqual(Array.from({ length: 2 }, () => ({ connector: null })));
});
