import { describe, expect, it } from '@jest/globals';
import { createKeyRing } from '../../src/connection/seal.ts';
import type { SealingKey } from '../../src/connection/sealing-key.ts';
import { createSealingKeys } from '../../src/connection/sealing-keys.ts';
import { GatewayError } from '../../src/errors.ts';

const key = (number: number): SealingKey => ({ id: `k${number}`, key: Buffer.alloc(32, number) });

/** A replica whose list of keys can be edited. */
function replica(...numbers: readonly number[]) {
  let listed = numbers.map(key);
  let fault: GatewayError | undefined;
  let now = 0;
  let reads = 0;
  const keys = createSealingKeys(
    () => {
      reads += 1;
      if (fault) throw fault;
      return listed;
    },
    () => now,
  );
  return {
    ...keys,
    ring: createKeyRing(keys),
    list: (...others: readonly number[]) => void (listed = others.map(key)),
    edit(...others: readonly number[]) {
      listed = others.map(key);
      return keys.readAgain();
    },
    breakFile: (error: GatewayError | undefined) => void (fault = error),
    wait: (ms: number) => void (now += ms),
    reads: () => reads,
  };
}

describe('sealing keys that change', () => {
  it('seal by a new key only when every replica knows it, and open by it at once', () => {
    const one = replica(1);
    const other = replica(1);
    one.edit(2, 1);
    expect([one.ids(), one.waiting()]).toEqual([['k1', 'k2'], 'k2']);
    expect(one.agree([other.ids()])).toBe(false);
    expect(one.ring.keyIds[0]).toBe('k1');

    other.edit(2, 1);
    expect(one.agree([other.ids()])).toBe(true);
    const sealed = one.ring.seal('token', ['a']);
    expect([one.waiting(), sealed.split('.')[1]]).toEqual([undefined, 'k2']);
    // The other one has not agreed yet, and opens it.
    expect([other.ring.keyIds[0], other.ring.open(sealed, ['a'])]).toEqual(['k1', 'token']);
  });

  it('go on with the older key when a replica is started that knows only that', () => {
    const one = replica(2, 1);
    one.agree([]);
    expect(one.ring.keyIds).toEqual(['k2', 'k1']);
    one.agree([['k1']]);
    expect([one.ring.keyIds, one.waiting()]).toEqual([['k1', 'k2'], 'k2']);
  });

  it('keep a key that was taken out of the list for as long as somebody seals with it', () => {
    const one = replica(1);
    one.edit(2);
    expect([one.ids(), one.waiting()]).toEqual([['k1', 'k2'], 'k2']);
    one.agree([['k1']]);
    expect(one.ids()).toEqual(['k1', 'k2']);
    one.agree([['k1', 'k2']]);
    expect(one.ids()).toEqual(['k2', 'k1']);
    one.agree([['k2', 'k1']]);
    expect(one.ids()).toEqual(['k2']);
  });

  it('stay as they were when the list cannot be read', () => {
    const one = replica(1);
    const fault = new GatewayError('SEAL_KEY_INVALID', 'half a file');
    one.breakFile(fault);
    expect(one.readAgain()).toBe(fault);
    expect(one.ids()).toEqual(['k1']);
    one.breakFile(undefined);
    expect(one.edit(2, 1)).toBeUndefined();
    expect(one.ids()).toEqual(['k1', 'k2']);
  });

  it('are looked for when a secret names one that is not known, at most once a second', () => {
    const one = replica(1);
    const sealed = replica(2).ring.seal('token', ['a']);
    expect(() => one.ring.open(sealed, ['a'])).toThrow('A stored secret was sealed with a key');
    one.list(1, 2);
    expect(() => one.ring.open(sealed, ['a'])).toThrow('A stored secret was sealed with a key');
    expect(one.reads()).toBe(2);
    one.wait(1_000);
    expect(one.ring.open(sealed, ['a'])).toBe('token');
    expect(one.reads()).toBe(3);
  });

  it('give what is derived from them anew when they change, in their order', () => {
    const one = replica(1);
    const secrets = one.ring.derive('a purpose');
    const before = secrets();
    expect(secrets()).toBe(before);
    one.edit(2, 1);
    one.agree([]);
    expect(secrets().map(({ id }) => id)).toEqual(['k2', 'k1']);
    expect(secrets()[1]).toEqual(before[0]);
    expect(one.ring.derive('another purpose')()[1]!.secret).not.toEqual(before[0].secret);
  });
});
