import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createKeyRing, isSealed } from '../../src/connection/seal.ts';
import { Secret } from '../../src/http/secret.ts';

const one = { id: 'one', key: randomBytes(32) };
const two = { id: 'two', key: randomBytes(32) };
const identity = ['tenant', 'connection', 'accessToken'];
const failureOf = (act: () => unknown) => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};
const broken = (act: () => unknown) => expect(failureOf(act)).toMatchObject({ code: 'SEAL_BROKEN' });

describe('sealing', () => {
  it('gives back any text, to the same identity alone', () => {
    const ring = createKeyRing([one]);
    // Half a surrogate pair is no text that UTF-8 could keep.
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    const parts = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 4 });
    fc.assert(
      fc.property(text, parts, parts, (plaintext, own, other) => {
        const sealed = ring.seal(plaintext, own);
        expect(isSealed(sealed)).toBe(true);
        expect(ring.open(sealed, own)).toBe(plaintext);
        if (JSON.stringify(own) !== JSON.stringify(other)) broken(() => ring.open(sealed, other));
      }),
    );
  });

  it('seals a Secret as its text', () => {
    const ring = createKeyRing([one]);
    expect(ring.open(ring.seal(new Secret('token'), identity), identity)).toBe('token');
  });

  it('tells parts of an identity apart wherever they are cut', () => {
    const ring = createKeyRing([one]);
    const sealed = ring.seal('token', ['ab', 'c']);
    for (const other of [['a', 'bc'], ['abc'], ['ab', 'c', ''], ['', 'ab', 'c'], ['c', 'ab']]) {
      broken(() => ring.open(sealed, other));
    }
  });

  it('never gives the same sealed text twice, and none with the plain text in it', () => {
    const ring = createKeyRing([one]);
    const sealed = Array.from({ length: 1000 }, () => ring.seal('canary', identity));
    expect(new Set(sealed.map((text) => text.split('.')[2])).size).toBe(1000);
    expect(sealed.join()).not.toContain(Buffer.from('canary').toString('base64url'));
  });

  it('notices any edit', () => {
    const ring = createKeyRing([one]);
    const sealed = ring.seal('token', identity);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom('A', 'b', '7', '_', '.'), (place, sign) => {
        const edited = sealed.slice(0, place) + sign + sealed.slice(place + 1);
        fc.pre(edited !== sealed);
        expect(() => ring.open(edited, identity)).toThrow(/stored secret/);
      }),
      { numRuns: 500 },
    );
    broken(() => ring.open(sealed.slice(0, -4), identity));
    broken(() => ring.open('', identity));
    broken(() => ring.open('plain text', identity));
    broken(() => ring.open(sealed.replace('sealed1', 'sealed2'), identity));
  });

  it('opens with every key of the ring and seals with the first', () => {
    const old = createKeyRing([one]).seal('token', identity);
    const ring = createKeyRing([two, one]);
    expect(ring.keyIds).toEqual(['two', 'one']);
    expect(ring.open(old, identity)).toBe('token');
    expect(ring.needsReseal(old)).toBe(true);
    const renewed = ring.seal('token', identity);
    expect(ring.needsReseal(renewed)).toBe(false);
    expect(createKeyRing([two]).open(renewed, identity)).toBe('token');
  });

  it('names the key that is missing and what to do', () => {
    const sealed = createKeyRing([one]).seal('token', identity);
    expect(() => createKeyRing([two]).open(sealed, identity)).toThrow(
      'A stored secret was sealed with a key that is not among the sealing keys. The operator adds it behind the current key until every secret is sealed anew; the log names it.',
    );
  });

  it('does not open with another key of the same id, nor with the id of another key', () => {
    const sealed = createKeyRing([one]).seal('token', identity);
    broken(() => createKeyRing([{ id: 'one', key: randomBytes(32) }]).open(sealed, identity));
    broken(() => createKeyRing([one, { id: 'two', key: one.key }]).open(sealed.replace('.one.', '.two.'), identity));
  });

  it('shows no key when it is inspected', () => {
    const text = inspect(createKeyRing([one]), { depth: 10, showHidden: true });
    expect(text).not.toContain(inspect(one.key).slice(8, 30));
    expect(text).not.toContain(one.key.toString('hex'));
  });

  it.each([
    ['There is no sealing key; at least one is needed to keep secrets.', []],
    ['The sealing key "short" has 16 bytes; expected 32.', [{ id: 'short', key: randomBytes(16) }]],
    ['Two sealing keys have the id "one".', [one, one]],
    ['The id of a sealing key is 1–64 letters, digits, "-" and "_".', [{ id: 'a.b', key: one.key }]],
  ])('refuses a ring: %s', (message, keys) => {
    expect(failureOf(() => createKeyRing(keys))).toMatchObject({ code: 'SEAL_KEY_INVALID', message });
  });
});
