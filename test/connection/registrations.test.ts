import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfiguredRegistrations } from '../../src/connection/configured-registrations.ts';
import { declaredFields } from '../../src/connection/registration.ts';
import { createRegistrations, registrationKind, type Registrations } from '../../src/connection/registrations.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { type DefinitionError, formatFault, InputError } from '../../src/errors.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { keyRing } from '../support/oauth-connection.ts';

const items: Connector = {
  name: 'items',
  connection: { authorization: { type: 'oauth2', issuer: 'https://login.example.com' } },
  registration: { fields: [{ name: 'tier', type: 'integer' }] },
};
const secret = 'canary-secret';

let store: Store;
let registrations: Registrations;
beforeEach(async () => {
  store = await createSqliteStore({ file: ':memory:' });
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
});

describe('registrations of the environment', () => {
  const read = (environment: Record<string, string>) =>
    readConfiguredRegistrations({ connectors: [items], environment });

  it('hold for every tenant', () => {
    const [found] = read({ PLUGBOARD_ITEMS_CLIENT_ID: 'app', PLUGBOARD_ITEMS_TIER: '2' });
    expect(found).toMatchObject({ connector: 'items', tenant: '*', fields: { client_id: 'app', tier: 2 } });
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
