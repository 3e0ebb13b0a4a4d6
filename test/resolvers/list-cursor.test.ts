import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { InputError } from '../../src/errors.ts';
import { createListCursors, type RowPosition } from '../../src/resolvers/list-cursor.ts';
import { ringOf } from '../support/key-ring.ts';

const cursors = createListCursors(ringOf(1));
const scope = cursors.scope('shop.orders', { state: 'open' }, 'shop.ada');
const position: RowPosition = { token: 'https://api.example.com/orders?api_key=canary', size: 20, index: 3 };

const invalid =
  '`after` is not a cursor of this gateway, or it was edited. Take `cursor` or `endCursor` from an answer as it is.';
const foreign =
  '`after` belongs to a list with other arguments or another connection. Start that list from its first page.';

function refusal(cursor: string, of = scope, by = cursors): InputError {
  try {
    by.open(cursor, of);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('a list cursor', () => {
  it('leads back to its row', () => {
    const positions = fc.record({
      token: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      size: fc.integer(),
      index: fc.nat(),
    });
    fc.assert(
      fc.property(positions, (given) => {
        expect(cursors.open(cursors.seal(given, scope), scope)).toEqual(given);
      }),
    );
  });

  it('shows nothing of what it holds', () => {
    const cursor = cursors.seal(position, scope);
    expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toMatch(/canary|api_key|https/);
    expect(cursors.seal(position, scope)).not.toBe(cursor);
  });

  it('is refused after any change of a single sign', () => {
    const cursor = cursors.seal({ token: 4, size: 20, index: 3 }, scope);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ';
    for (let place = 0; place < cursor.length; place++) {
      for (const sign of alphabet) {
        if (sign === cursor[place]) continue;
        const edited = cursor.slice(0, place) + sign + cursor.slice(place + 1);
        expect({ edited, code: refusal(edited).code }).toEqual({ edited, code: 'CURSOR_INVALID' });
      }
      expect(refusal(cursor.slice(0, place) + cursor.slice(place + 1)).code).toBe('CURSOR_INVALID');
    }
  });

  it('is refused when it is none of ours', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(refusal(text).message).toBe(invalid);
      }),
    );
  });

  it.each([
    ['padded', (cursor: string) => `${cursor}=`],
    ['with a blank', (cursor: string) => `${cursor} `],
    ['in the other alphabet', (cursor: string) => Buffer.from(cursor, 'base64url').toString('base64')],
    ['twice', (cursor: string) => cursor + cursor],
    ['empty', () => ''],
    ['too long', (cursor: string) => cursor.padEnd(9_000, 'A')],
    ['much too long', () => 'A'.repeat(1_000_000)],
  ])('is refused %s', (_how, change) => {
    // Bytes of every value, so that both alphabets differ.
    const cursor = Array.from({ length: 50 }, () => cursors.seal(position, scope)).find((text) => /[-_]/.test(text))!;
    expect(refusal(change(cursor)).message).toBe(invalid);
  });

  it('of another key is none of ours; of the same key it is', () => {
    const cursor = createListCursors(ringOf(2)).seal(position, scope);
    expect(refusal(cursor).message).toBe(invalid);
    expect(createListCursors(ringOf(1)).open(cursors.seal(position, scope), scope)).toEqual(position);
  });

  it('outlives a change of the key for as long as the old one is kept', () => {
    const changed = createListCursors(ringOf(2, 1));
    expect(changed.open(cursors.seal(position, scope), scope)).toEqual(position);
    expect(() => cursors.open(changed.seal(position, scope), scope)).toThrow('is not a cursor of this gateway');
  });

  it.each([
    ['another list', cursors.scope('shop.customers', { state: 'open' }, 'shop.ada')],
    ['other arguments', cursors.scope('shop.orders', { state: 'closed' }, 'shop.ada')],
    ['fewer arguments', cursors.scope('shop.orders', {}, 'shop.ada')],
    ['another connection', cursors.scope('shop.orders', { state: 'open' }, 'shop.bob')],
    ['no connection', cursors.scope('shop.orders', { state: 'open' }, undefined)],
  ])('belongs to its own list, not to one of %s', (_what, other) => {
    const error = refusal(cursors.seal(position, scope), other);
    expect(error.code).toBe('CURSOR_FOREIGN');
    expect(error.message).toBe(foreign);
  });

  it('takes arguments in any order of their keys as the same', () => {
    const one = cursors.scope('l', { a: 1, b: { c: [1, { d: 2n }], e: new Date(0) } }, 'c');
    const other = cursors.scope('l', { b: { e: new Date(0), c: [1, { d: 2n }] }, a: 1 }, 'c');
    expect(one.equals(other)).toBe(true);
    expect(cursors.scope('l', { a: [1, 2] }, 'c').equals(cursors.scope('l', { a: [2, 1] }, 'c'))).toBe(false);
    expect(cursors.scope('l', { a: new Date(0) }, 'c').equals(cursors.scope('l', { a: new Date(1) }, 'c'))).toBe(false);
    expect(cursors.scope('l', { a: { b: 1 } }, 'c').equals(cursors.scope('l', { a: [['b', 1]] }, 'c'))).toBe(false);
  });
});
