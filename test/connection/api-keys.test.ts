import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { apiKeyKind, createApiKeys, type ApiKeys } from '../../src/connection/api-keys.ts';
import { GatewayError } from '../../src/errors.ts';
import type { Store } from '../../src/storage/store.ts';
import { openTestStore } from '../support/test-store.ts';

let store: Store;
let keys: ApiKeys;
let now = 1_000;
beforeEach(async () => {
  store = await openTestStore(undefined, () => (now += 1));
  keys = createApiKeys(store.records, () => now);
});
afterEach(() => store.close());

const wanted = { tenant: 'acme', name: 'backend', scopes: ['plugboard.read', 'plugboard.write:github'] };

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GatewayError)) throw new Error(`Expected a GatewayError; got ${String(error)}`);
  return `${error.code}: ${error.message}`;
}

describe('a new API key', () => {
  it('is shown once and kept as a hash only', async () => {
    const { text, secret, ...shown } = await keys.create(wanted);
    expect(text).toMatch(/^pb_[0-9a-f]{20}_[\w-]{43}$/);
    expect(text).toBe(`${shown.prefix}_${secret}`);
    const [record] = await store.records.list(apiKeyKind, { tenant: 'acme' });
    expect(JSON.stringify(record)).not.toContain(secret);
    expect(await keys.list('acme')).toEqual([shown]);
    expect(JSON.stringify(await keys.list('acme'))).not.toContain(secret);
  });

  it('has 256 random bits, and its scopes in order, each once', async () => {
    const made = await keys.create({ ...wanted, scopes: ['plugboard.write', 'plugboard.read', 'plugboard.write'] });
    expect(Buffer.from(made.secret, 'base64url')).toHaveLength(32);
    expect(made.scopes).toEqual(['plugboard.read', 'plugboard.write']);
    const other = await keys.create({ ...wanted, name: 'other' });
    expect(other.secret).not.toBe(made.secret);
  });

  it('may be the second of its name, never the third, whoever asks at once', async () => {
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => keys.create(wanted)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await refusal(keys.create(wanted))).toBe(
      'API_KEY_LIMIT: Tenant "acme" has two live API keys called "backend". Revoke one of them, or choose another name.',
    );
    await keys.create({ ...wanted, tenant: 'globex' });
    await keys.create({ ...wanted, name: 'worker' });
  });

  it('takes the place of a revoked one', async () => {
    const first = await keys.create(wanted);
    const second = await keys.create(wanted);
    await keys.revoke('acme', first.id);
    const third = await keys.create(wanted);
    expect(await keys.verify(second.text)).toMatchObject({ id: second.id });
    expect(await keys.verify(third.text)).toMatchObject({ id: third.id });
    await expect(keys.create(wanted)).rejects.toThrow('two live API keys');
    expect((await keys.list('acme')).map(({ id }) => id)).toEqual([first.id, second.id, third.id]);
  });

  it('names every scope that the gateway does not know', async () => {
    expect(
      await refusal(keys.create({ ...wanted, scopes: ['plugboard.reed', 'all', 'plugboard.subjects:github'] })),
    ).toBe(
      'SCOPE_UNKNOWN: Expected scopes of this gateway: plugboard.read, plugboard.write, plugboard.subscribe, plugboard.connect, plugboard.admin, plugboard.subjects, plugboard.introspect, connctd.connector, connctd.core, connctd.subjects.read, connctd.things.action, connctd.things.read, connctd.units.admin, connctd.units.read; those of read, write, subscribe, connect, admin may end in ":<connector>". Got "plugboard.reed" (did you mean "plugboard.read"?), "all", "plugboard.subjects:github" (did you mean "plugboard.subjects"?).',
    );
  });

  it.each([
    ['tenant', ''],
    ['tenant', ' acme'],
    ['name', 'line\nbreak'],
    ['name', 'a'.repeat(101)],
    ['name', 'käse'],
  ])('refuses %s %j', async (what, text) => {
    expect(await refusal(keys.create({ ...wanted, [what]: text }))).toBe(
      `INPUT_INVALID: The ${what} of an API key must be 1 to 100 printable ASCII characters without space at its ends; got ${text === '' ? 'nothing' : 'something else'}.`,
    );
  });
});

describe('an API key', () => {
  it('is known by its text, or by id and secret', async () => {
    const { text, secret, ...shown } = await keys.create(wanted);
    expect(await keys.verify(text)).toEqual(shown);
    expect(await keys.verifySecret(shown.id, secret)).toEqual(shown);
    expect(await keys.findLive(shown.id)).toEqual(shown);
  });

  it('that is unknown, wrong, cut or revoked gives the same nothing', async () => {
    const { text, id, secret } = await keys.create(wanted);
    const other = await keys.create(wanted);
    const last = text.at(-1) === 'A' ? 'B' : 'A';
    for (const wrong of [
      '',
      'pb_',
      text.slice(0, -1),
      `${text.slice(0, -1)}${last}`,
      `${text} `,
      `${text}\n`,
      text.toUpperCase(),
      `pb_${'0'.repeat(20)}_${secret}`,
      `pb_${other.id}_${secret}`,
      `pb_${id}_${'A'.repeat(43)}`,
    ]) {
      expect([wrong, await keys.verify(wrong)]).toEqual([wrong, undefined]);
    }
    expect(await keys.verifySecret(id, '')).toBeUndefined();
    expect(await keys.verifySecret('', secret)).toBeUndefined();
    const revoked = await keys.revoke('acme', id);
    expect(revoked.revokedAt).toBeGreaterThan(0);
    expect(await keys.verify(text)).toBeUndefined();
    expect(await keys.findLive(id)).toBeUndefined();
    expect(await keys.verify(other.text)).toMatchObject({ id: other.id });
  });

  it('that is revoked again stays as it was', async () => {
    const { id } = await keys.create(wanted);
    const revoked = await keys.revoke('acme', id);
    now += 500;
    expect(await keys.revoke('acme', id)).toEqual(revoked);
  });

  it('of another tenant is not found, with the very words of one that does not exist', async () => {
    const { id, text } = await keys.create(wanted);
    const foreign = await refusal(keys.revoke('globex', id));
    expect(foreign).toBe(
      'API_KEY_NOT_FOUND: Tenant "globex" has no API key of that id. `plugboard keys list` shows those that it has.',
    );
    expect(await refusal(keys.revoke('globex', '0'.repeat(20)))).toBe(foreign);
    expect(await refusal(keys.revoke('globex', 'x'.repeat(600)))).toBe(foreign);
    expect(await keys.verify(text)).toBeDefined();
    expect(await keys.list('globex')).toEqual([]);
  });

  it('is not refused when the store fails: that says nothing about it', async () => {
    const { text } = await keys.create(wanted);
    await store.close();
    expect(await refusal(keys.verify(text))).toMatch(/^STORE_UNAVAILABLE: /);
  });
});
