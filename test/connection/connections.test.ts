import { describe, expect, it } from '@jest/globals';
import { createConfiguredConnections, type StaticConnection } from '../../src/connection/configured-connections.ts';
import { createConnections } from '../../src/connection/connections.ts';
import { everyScope } from '../../src/connection/scopes.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { AuthorizationError } from '../../src/errors.ts';
import { faultsOf } from '../support/expect-faults.ts';

const canary = 'canary-3f9a27';
const shop: Connector = {
  name: 'shop',
  title: 'Shop',
  connection: {
    fields: [
      { name: 'api_token', label: 'API token', optional: false, controlType: 'password' },
      { name: 'region', default: 'eu' },
    ],
    authorization: { type: 'api_key', apply: () => {} },
  },
};
const open: Connector = { name: 'open', title: 'Open data' };
const fields = { api_token: canary };
const ada = { tenant: 'default', subject: 'ada', scopes: everyScope };
const bob = { ...ada, subject: 'bob' };

function connect(configured: readonly StaticConnection[], environment: Record<string, string | undefined> = {}) {
  return createConnections({ configured: createConfiguredConnections([shop, open], configured, environment) });
}

async function refusal(promise: Promise<unknown>): Promise<AuthorizationError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AuthorizationError)) throw new Error(`Expected an AuthorizationError; got ${String(error)}`);
  expect(error.message).not.toContain('canary');
  return error;
}

describe('the connection of a caller', () => {
  it('is the subject’s own one', async () => {
    const connections = connect([
      { connector: 'shop', subject: 'ada', fields },
      { connector: 'shop', subject: 'bob', fields: { api_token: 'b' } },
    ]);
    expect((await connections.open(ada, shop)).id).toBe('shop.ada');
    expect((await connections.open(bob, shop)).credentials.fields()).toEqual({ api_token: 'b', region: 'eu' });
  });

  it('is the tenant’s where the subject has none, and its own before that', async () => {
    const connections = connect([
      { connector: 'shop', fields: { api_token: 't' } },
      { connector: 'shop', subject: 'ada', fields },
    ]);
    expect((await connections.open(bob, shop)).id).toBe('shop.tenant');
    expect((await connections.open(ada, shop)).id).toBe('shop.ada');
    expect((await connections.open(ada, shop, 'shop.tenant')).id).toBe('shop.tenant');
  });

  it('is another one for a subject of the same name in another tenant', async () => {
    const connections = connect([
      { connector: 'shop', tenant: 'default', subject: 'ada', fields },
      { connector: 'shop', tenant: 'other', subject: 'ada', fields: { api_token: 'o' } },
      { connector: 'shop', tenant: 'third', fields: { api_token: 't' } },
    ]);
    expect((await connections.open(ada, shop)).id).toBe('shop@default.ada');
    const elsewhere = { ...ada, tenant: 'other' };
    expect((await connections.open(elsewhere, shop)).credentials.fields()).toMatchObject({ api_token: 'o' });
    const foreign = await refusal(connections.open(ada, shop, 'shop@other.ada'));
    expect(foreign.code).toBe('CONNECTION_NOT_FOUND');
    expect((await refusal(connections.open(bob, shop))).code).toBe('CONNECTION_REQUIRED');
  });

  it('is required where the connector needs one', async () => {
    const error = await refusal(connect([]).open(ada, shop));
    expect(error.message).toBe('Shop is not connected for this subject. Connect it, then ask again.');
    expect(error.extensions).toEqual({
      code: 'CONNECTION_REQUIRED',
      connector: 'shop',
      connect: { connector: 'shop' },
    });
  });

  it('is none where the connector needs none', async () => {
    const endpoints = { baseUri: 'https://o.example.com/' };
    const registration = {
      id: undefined,
      tenant: '*',
      connector: 'open',
      fields: { client_secret: canary },
      scopes: undefined,
      endpoints,
    };
    const registrations = { find: async () => registration, ofOperator: () => undefined };
    const usable = await createConnections({ registrations }).open(ada, open);
    expect(usable.id).toBeUndefined();
    expect(usable.credentials.fields()).toEqual({});
    expect(usable.baseUri).toBe('https://o.example.com/');
  });

  it('has to be named where there are several', async () => {
    const connections = connect([
      { connector: 'shop', subject: 'ada', label: 'work', fields },
      { connector: 'shop', subject: 'ada', label: 'home', fields },
      { connector: 'shop', subject: 'bob', label: 'other', fields },
    ]);
    const error = await refusal(connections.open(ada, shop));
    expect(error.code).toBe('CONNECTION_AMBIGUOUS');
    expect(error.message).toBe(
      'You have several connections for Shop: pass one of "shop.ada.work", "shop.ada.home" as `connection`.',
    );
    expect((await connections.open(ada, shop, 'shop.ada.home')).id).toBe('shop.ada.home');
    expect((await connections.open(bob, shop, null)).id).toBe('shop.bob.other');
  });

  it('of somebody else is not found, with the very words of one that does not exist', async () => {
    const connections = connect([
      { connector: 'shop', subject: 'ada', fields },
      { connector: 'shop', subject: 'bob', fields },
    ]);
    const foreign = await refusal(connections.open(ada, shop, 'shop.bob'));
    const absent = await refusal(connections.open(ada, shop, 'shop.eve'));
    const ofOther = await refusal(connections.open(ada, open, 'shop.ada'));
    expect(foreign.message).toBe('There is no connection "shop.bob" of yours for Shop.');
    expect(foreign.message.replace('bob', 'eve')).toBe(absent.message);
    expect(foreign.extensions).toEqual(absent.extensions);
    expect(foreign.extensions).toEqual({ code: 'CONNECTION_NOT_FOUND', connector: 'shop' });
    expect(ofOther.code).toBe('CONNECTION_NOT_FOUND');
  });

  it('keeps what `acquire` gave', async () => {
    const connections = connect([{ connector: 'shop', subject: 'ada', fields }]);
    const { credentials } = await connections.open(ada, shop);
    await credentials.merge({ session: 's1' });
    expect((await connections.open(ada, shop)).credentials.fields()).toEqual({
      api_token: canary,
      region: 'eu',
      session: 's1',
    });
  });

  it('is found whatever strange ids its owner has', async () => {
    const subject = '__proto__';
    const connections = connect([{ connector: 'shop', subject, fields }]);
    expect((await connections.open({ ...ada, subject }, shop)).id).toBe('shop.__proto__');
    expect((await refusal(connections.open(ada, shop))).code).toBe('CONNECTION_REQUIRED');
  });

  it('of an owner whose name looks like another’s is not shared', () => {
    expect(
      faultsOf(() =>
        connect([
          { connector: 'shop', subject: 'a', label: 'b', fields },
          { connector: 'shop', subject: 'a.b', fields },
          { connector: 'shop', subject: 'tenant', fields },
          { connector: 'shop', fields },
        ]),
      ),
    ).toEqual([]);
  });
});

describe('configured connections', () => {
  it('go by the operator’s endpoints alone, whatever the tenant has registered', async () => {
    const of = (id: string | undefined, baseUri: string | undefined) => ({
      id,
      tenant: 'default',
      connector: 'shop',
      fields: {},
      scopes: undefined,
      endpoints: baseUri === undefined ? {} : { baseUri },
    });
    const baseUriWith = async (ofOperator: ReturnType<typeof of> | undefined) => {
      const configured = createConfiguredConnections([shop], [{ connector: 'shop', fields }]);
      const find = async () => of('r1', 'https://evil.example/');
      const connections = createConnections({ configured, registrations: { find, ofOperator: () => ofOperator } });
      return (await connections.open(ada, shop)).baseUri;
    };
    expect(await baseUriWith(undefined)).toBeUndefined();
    expect(await baseUriWith(of(undefined, undefined))).toBeUndefined();
    expect(await baseUriWith(of(undefined, 'https://sandbox.example/'))).toBe('https://sandbox.example/');
  });

  it('take values from the environment', async () => {
    const connections = connect([{ connector: 'shop', fields: { api_token: { env: 'SHOP_TOKEN' } } }], {
      SHOP_TOKEN: canary,
    });
    expect((await connections.open(ada, shop)).credentials.fields()['api_token']).toBe(canary);
  });

  it('tell every fault at once, and never a value', () => {
    const faults = faultsOf(() =>
      connect(
        [
          { connector: 'shp', fields },
          { connector: 'shop', fields: { api_tokn: canary } },
          { connector: 'shop', subject: 'a', fields: { api_token: { env: 'UNSET' }, region: { env: canary.length } } },
          { connector: 'open', fields: { key: canary } },
          { connector: 'shop', subject: 'b', fields },
          { connector: 'shop', subject: 'b', fields },
        ],
        {},
      ),
    );
    expect(faults).toEqual([
      'CONFIGURATION_INVALID: connections[0].connector: expected the name of a connector, one of shop, open; got "shp".',
      'CONFIGURATION_INVALID: connections[1].fields.api_tokn: expected one of the fields of shop: api_token, region (did you mean "api_token"?).',
      'CONFIGURATION_INVALID: connections[1].fields.api_token: expected a value for API token, which shop requires; got nothing.',
      'CONFIGURATION_INVALID: connections[2].fields.api_token: expected the environment variable UNSET to be set; it is not.',
      "CONFIGURATION_INVALID: connections[2].fields.region: expected { env: 'NAME' } with the name of a variable; got 13.",
      'CONFIGURATION_INVALID: connections[3].fields.key: expected one of the fields of open: it has none.',
      'CONFIGURATION_INVALID: connections[5]: expected one connection per owner and connector, or a `label` on each; shop has another with the same owner and label.',
    ]);
    expect(faults.join('\n')).not.toContain('canary');
  });

  it('lack nothing that the chosen option of `multi` requires, and choose one that there is', () => {
    const multi: Connector = {
      name: 'multi',
      connection: {
        fields: [{ name: 'kind', optional: false }],
        authorization: {
          type: 'multi',
          selected: ({ kind }) => (kind as string).toLowerCase(),
          options: {
            key: { type: 'api_key', apply: () => {}, fields: [{ name: 'token', optional: false }] },
            user: {
              type: 'basic',
              fields: [
                { name: 'user', optional: false },
                { name: 'realm', default: 'main' },
              ],
            },
          },
        },
      },
    };
    const made = (fields: Record<string, unknown>) =>
      createConfiguredConnections([multi], [{ connector: 'multi', fields }])[0]?.credentials.fields();
    const refused = (fields: Record<string, unknown>) => faultsOf(() => made(fields));
    const told = 'CONFIGURATION_INVALID: connections[0].fields';
    expect(made({ kind: 'key', token: 't' })).toEqual({ kind: 'key', token: 't' });
    expect(made({ kind: 'User', user: 'u' })).toEqual({ kind: 'User', user: 'u', realm: 'main' });
    expect(refused({ kind: 'key', user: 'u' })).toEqual([
      `${told}.token: expected a value for token, which multi requires; got nothing.`,
    ]);
    expect(refused({ kind: 's3cret' })).toEqual([
      `${told}: expected fields that choose one of the authorizations of multi: key, user; got another.`,
    ]);
    expect(refused({ kind: 1 })).toEqual([
      `${told}: expected fields that choose one of the authorizations of multi: key, user; choosing ended with TypeError.`,
    ]);
    expect(refused({})).toEqual([`${told}.kind: expected a value for kind, which multi requires; got nothing.`]);
  });

  it('take the fields of the options of `multi`', async () => {
    const multi: Connector = {
      name: 'multi',
      connection: {
        authorization: {
          type: 'multi',
          selected: () => 'key',
          options: { key: { type: 'api_key', apply: () => {}, fields: [{ name: 'key' }] } },
        },
      },
    };
    const configured = createConfiguredConnections([multi], [{ connector: 'multi', fields: { key: 'k' } }]);
    const connections = createConnections({ configured });
    expect((await connections.open(ada, multi)).credentials.fields()).toEqual({ key: 'k' });
  });
});
