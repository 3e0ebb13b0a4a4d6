import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfiguredRegistrations } from '../../src/connection/configured-registrations.ts';
import { declaredFields } from '../../src/connection/registration.ts';
import { createRegistrations, registrationKind, type Registrations } from '../../src/connection/registrations.ts';
import type { Connector, OAuth2Authorization } from '../../src/connector/definition.ts';
import { type DefinitionError, formatFault, InputError } from '../../src/errors.ts';
import type { Store } from '../../src/storage/store.ts';
import { keyRing } from '../support/oauth-connection.ts';
import { openTestStore } from '../support/test-store.ts';

const items: Connector = {
  name: 'items',
  connection: { authorization: { type: 'oauth2', issuer: 'https://login.example.com' } },
  registration: { fields: [{ name: 'tier', type: 'integer' }] },
};
const secret = 'canary-secret';

const oauth = (authorization: Partial<OAuth2Authorization>): Connector => ({
  name: 'items',
  connection: { authorization: { type: 'oauth2', issuer: 'https://login.example.com', ...authorization } },
});

let store: Store;
let registrations: Registrations;
beforeEach(async () => {
  store = await openTestStore();
  registrations = createRegistrations({ records: store.records, keyRing, connectors: [items] });
});
afterEach(() => store.close());

const register = (input: object, tenant = 'acme') => registrations.register(tenant, items, input);
const fields = { client_id: 'app', client_secret: secret };

describe('a registration', () => {
  it('is one per tenant, the last one counts, and its secrets are sealed', async () => {
    await register({ fields });
    await register({ fields: { ...fields, tier: '2' } });
    await register({ fields: { client_id: 'other' } }, 'globex');
    expect((await registrations.find('acme', items))?.fields).toEqual({ ...fields, tier: 2 });
    expect((await registrations.find('globex', items))?.fields).toEqual({ client_id: 'other' });
    const kept = await store.records.list(registrationKind, {});
    expect(kept).toHaveLength(2);
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  it.each([
    [{ client_id: 5 }, 'fields.client_id: expected a text; got a number.'],
    [{ client_id: ['app'] }, 'fields.client_id: expected a text; got a list.'],
    [{ client_id: 'app', client_secret: 'a\0b' }, 'fields.client_secret: expected a text; got one with a NUL.'],
  ])('takes texts as texts alone: %j', async (given, message) => {
    const refused = register({ fields: given });
    await expect(refused).rejects.toBeInstanceOf(InputError);
    await expect(refused).rejects.toThrow(message);
  });

  it('is seen by this process as soon as it was changed', async () => {
    expect(await registrations.find('acme', items)).toBeUndefined();
    await register({ fields });
    expect((await registrations.find('acme', items))?.tenant).toBe('acme');
    expect(await registrations.remove('acme', items)).toBe(true);
    expect(await registrations.find('acme', items)).toBeUndefined();
  });

  it.each([
    ['an absent field', { fields: { client_secret: secret } }, /^fields\.client_id: /],
    ['a field of another type', { fields: { ...fields, tier: 'abc' } }, /^fields\.tier: expected an integer/],
    [
      'an unknown field',
      { fields: { ...fields, clientid: 'x' } },
      /^fields: items has no registration field clientid; /,
    ],
    ...['javascript:alert(1)', 'file:///etc/passwd', 'ftp://x/', 'http://user:pass@h/', 'x'].map(
      (url) =>
        [url, { fields, endpoints: { tokenUrl: url } }, /^endpoints\.tokenUrl: expected an absolute http/] as const,
    ),
  ] as const)('refuses %s, and shows no value', async (_what, input, message) => {
    const error: unknown = await register(input).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('canary');
    expect(await registrations.find('acme', items)).toBeUndefined();
  });

  it('shows connector code what the connector declares, never the client’s secret', async () => {
    await register({ fields: { ...fields, tier: 3 } });
    expect(declaredFields(items, await registrations.find('acme', items))).toEqual({ tier: 3 });
  });

  it('shows connector code no secret of the client that the connector declares itself', async () => {
    const names = ['client_id', 'client_secret', 'private_key', 'tier'];
    const declaring = { ...items, registration: { fields: names.map((name) => ({ name })) } };
    const given = { client_id: 'app', client_secret: secret, private_key: secret, tier: '3' };
    const registration = await registrations.register('acme', declaring, { fields: given });
    expect(declaredFields(declaring, registration)).toEqual({ client_id: 'app', tier: '3' });
  });

  it('shows connector code a declared secret where there is no OAuth client', async () => {
    const keyed: Connector = {
      name: 'keyed',
      connection: { authorization: { type: 'custom' } },
      registration: { fields: [{ name: 'client_secret', controlType: 'password' }] },
    };
    const registration = await registrations.register('acme', keyed, { fields: { client_secret: secret } });
    expect(declaredFields(keyed, registration)).toEqual({ client_secret: secret });
  });

  it('takes a private key of the client, and seals it', async () => {
    await register({ fields: { client_id: 'app', private_key: secret } });
    expect((await registrations.find('acme', items))?.fields).toEqual({ client_id: 'app', private_key: secret });
    expect(JSON.stringify(await store.records.list(registrationKind, {}))).not.toContain(secret);
  });

  it('asks for no private key where the client proves itself otherwise', async () => {
    const poster = oauth({ clientAuthentication: 'client_secret_post' });
    const refused = registrations.register('acme', poster, { fields: { ...fields, private_key: secret } });
    await expect(refused).rejects.toThrow('fields: items has no registration field private_key; ');
  });

  it('is created once, however many come at the same instant', async () => {
    const created = await Promise.all([1, 2, 3, 4].map(() => registrations.create('acme', items, { fields })));
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await registrations.create('globex', items, { fields })).toMatchObject({ tenant: 'globex' });
  });

  it('is removed unless it is used, and asks again when something was made with it meanwhile', async () => {
    await register({ fields });
    expect(await registrations.removeUnused('acme', items, async () => true)).toBe('used');
    const made: string[] = [];
    const isUsed = async () => {
      if (made.length > 0) return true;
      // Another replica makes a connection, after this one has looked.
      const holding = await registrations.holding('acme', items);
      made.push('connection');
      expect((await store.records.commit([holding!])).committed).toBe(true);
      return false;
    };
    expect(await registrations.removeUnused('acme', items, isUsed)).toBe('used');
    const holding = await registrations.holding('acme', items);
    expect(await registrations.removeUnused('acme', items, async () => false)).toBe('removed');
    expect((await store.records.commit([holding!])).committed).toBe(false);
    expect(await registrations.removeUnused('acme', items, async () => false)).toBe('absent');
    expect(await registrations.holding('acme', items)).toBeUndefined();
  });

  it('returns browsers to an allowed place alone', async () => {
    const returnUrl = 'https://app.example.test/done';
    await expect(register({ fields, returnUrl })).rejects.toThrow('returnUrl: expected exactly one of the allowed');
    const returnUrls = [returnUrl];
    registrations = createRegistrations({ records: store.records, keyRing, connectors: [items], returnUrls });
    expect(await register({ fields, returnUrl })).toMatchObject({ returnUrl });
    await expect(register({ fields, returnUrl: `${returnUrl}/` })).rejects.toThrow('got another');
  });

  it('of the operator is replaced by no tenant', async () => {
    registrations = createRegistrations({
      records: store.records,
      keyRing,
      connectors: [items],
      configured: [{ connector: 'items', tenant: 'acme', fields }],
    });
    const refused = register({ fields: { client_id: 'mine' } });
    await expect(refused).rejects.toMatchObject({ code: 'REGISTRATION_CONFIGURED' });
    await expect(refused).rejects.toThrow(
      'items: the operator configured the registration of this connector, so it cannot be made here. Ask the operator to change it, or to take it away.',
    );
    expect((await registrations.find('acme', items))?.fields).toEqual(fields);
    expect((await register({ fields: { client_id: 'other' } }, 'globex')).fields).toEqual({ client_id: 'other' });
  });
});

describe('the endpoints that a tenant names', () => {
  const ofTenant = (connector: Connector, endpoints: object, given: object = {}) =>
    registrations.register('acme', connector, { fields: given as Record<string, unknown>, endpoints });
  const builtIn = oauth({ clientId: 'built-in', clientSecret: secret });

  it.each(['issuer', 'authorizationUrl', 'tokenUrl', 'deviceAuthorizationUrl', 'revocationUrl'])(
    'are refused as %s where the connector brings the client’s secret',
    async (name) => {
      const refused = ofTenant(builtIn, { [name]: 'https://evil.example/' });
      await expect(refused).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
      await expect(refused).rejects.toThrow(
        `endpoints.${name}: items brings the secret of its client, which goes nowhere else. Leave it out, or ask the operator to configure it.`,
      );
      expect(await registrations.find('acme', builtIn)).toBeUndefined();
    },
  );

  it('are refused where one of several ways brings the client’s secret', async () => {
    const multi: Connector = {
      name: 'items',
      connection: {
        authorization: {
          type: 'multi',
          selected: () => 'user',
          options: { user: { type: 'oauth2', clientId: 'built-in', clientSecret: () => secret } },
        },
      },
    };
    await expect(ofTenant(multi, { issuer: 'https://evil.example/' })).rejects.toMatchObject({
      code: 'ENDPOINT_REFUSED',
    });
  });

  it('are taken where the secret is the registration’s own', async () => {
    const endpoints = { tokenUrl: 'https://login.sandbox.example/token' };
    const declaring = { ...builtIn, registration: { fields: [{ name: 'client_id' }, { name: 'client_secret' }] } };
    expect((await ofTenant(declaring, endpoints, fields)).endpoints).toEqual(endpoints);
    await expect(ofTenant(declaring, endpoints, { client_id: 'app' })).rejects.toMatchObject({
      code: 'ENDPOINT_REFUSED',
    });
    expect((await register({ fields, endpoints })).endpoints).toEqual(endpoints);
  });

  it('may be the provider’s own host without them', async () => {
    const endpoints = { baseUri: 'https://sandbox.example.com/' };
    expect((await ofTenant(builtIn, endpoints)).endpoints).toEqual(endpoints);
  });

  it('are of the hosts that the connector declares', async () => {
    const declaring = { ...items, connection: { ...items.connection, hosts: ['api.example.com', '*.example.org'] } };
    for (const host of ['api.example.com', 'API.example.com:8443', 'eu.example.org', 'a.b.example.org']) {
      await ofTenant(declaring, { baseUri: `https://${host}/v1/` }, fields);
    }
    for (const host of [
      'example.com',
      'x.api.example.com',
      'example.org',
      'evilexample.org',
      'example.org.evil.test',
    ]) {
      const refused = ofTenant(declaring, { tokenUrl: `https://${host}/` }, fields);
      await expect(refused).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
      await expect(refused).rejects.toThrow(
        'endpoints.tokenUrl: expected a host of items, one of api.example.com, *.example.org; got another.',
      );
    }
  });
});

describe('registrations of the environment', () => {
  const read = (environment: Record<string, string>) =>
    readConfiguredRegistrations({ connectors: [items], environment });

  it('hold for every tenant', () => {
    const [found] = read({ PLUGBOARD_ITEMS_CLIENT_ID: 'app', PLUGBOARD_ITEMS_TIER: '2' });
    expect(found).toMatchObject({ connector: 'items', tenant: '*', fields: { client_id: 'app', tier: 2 } });
  });

  it('take scopes and endpoints', () => {
    const [found] = read({
      PLUGBOARD_ITEMS_CLIENT_ID: 'app',
      PLUGBOARD_ITEMS_SCOPES: 'items:read  items:write',
      PLUGBOARD_ITEMS_BASE_URI: 'https://sandbox.example.com/',
      PLUGBOARD_ITEMS_DEVICE_AUTHORIZATION_URL: 'https://login.example.com/device',
      PLUGBOARD_ITEMS_ISSUER: '',
    });
    expect(found).toMatchObject({ fields: { client_id: 'app' }, scopes: ['items:read', 'items:write'] });
    expect(found?.endpoints).toEqual({
      baseUri: 'https://sandbox.example.com/',
      deviceAuthorizationUrl: 'https://login.example.com/device',
    });
    expect(() => read({ PLUGBOARD_ITEMS_BASE_URI: 'sandbox' })).toThrow('PLUGBOARD_ITEMS_*.baseUri: expected');
  });

  it('are judged as all others are', () => {
    try {
      read({ PLUGBOARD_ITEMS_CLIENT_SECRET: secret });
    } catch (error) {
      const told = (error as DefinitionError).faults.map(formatFault).join('\n');
      expect(told).toMatch(/^CONFIGURATION_INVALID: environment: PLUGBOARD_ITEMS_\*\.client_id: /);
      expect(told).not.toContain('canary');
      return;
    }
    throw new Error('It was accepted.');
  });
});
