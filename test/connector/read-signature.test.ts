import { describe, expect, it } from '@jest/globals';
import type { Trigger } from '../../src/connector/definition.ts';
import { readSignature } from '../../src/connector/read-signature.ts';
import { GatewayError } from '../../src/errors.ts';

const canary = 'canary-0123456789';
const at = 'shop.triggers.sold';
type Row = Readonly<Record<string, unknown>>;

const signatureOf = (row: Row, trigger: Partial<Trigger> = {}) => readSignature(row, trigger, at).signature;

function refusalOf(row: Row, trigger: Partial<Trigger> = {}): string {
  try {
    signatureOf(row, trigger);
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    expect((error as GatewayError).message).not.toContain(canary);
    return `${(error as GatewayError).code} ${(error as GatewayError).message}`;
  }
  throw new Error('It did not fail.');
}

describe('the signature of an event', () => {
  it('is what dedup gives', () => {
    expect(signatureOf({ id: 1, no: 'A' }, { dedup: (row) => row.no, documentId: (row) => row.id })).toBe('A');
  });

  it('is else the document id, and the sort value behind it', () => {
    const sortBy = (row: any) => row.at;
    expect(signatureOf({ id: 1, no: 'A' }, { documentId: (row) => row.no })).toBe('A');
    expect(signatureOf({ id: 1, at: 'x' }, { sortBy })).toBe('1@x');
    expect(signatureOf({ id: 1, at: new Date(0) }, { sortBy })).toBe('1@1970-01-01T00:00:00.000Z');
    expect(signatureOf({ id: 1 }, { sortBy })).toBe('1@');
    expect(readSignature({ id: 1 }, { sortBy }, at)).toEqual({ signature: '1@' });
  });

  it.each(['id', 'ID', 'Id', 'iD'])('is else the field %s', (name) => {
    expect(signatureOf({ [name]: 7, identity: 8 })).toBe('7');
  });

  it.each([
    ['a number', 0, '0'],
    ['a large integer', 2n ** 64n, '18446744073709551616'],
    ['a boolean', true, 'true'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a list', [1, 'a'], '[1,"a"]'],
    ['an object', { a: 1 }, '{"a":1}'],
    ['the word null, which may be a name', 'null', 'null'],
  ])('is the text of %s', (_, value, text) => {
    expect(signatureOf({}, { dedup: () => value })).toBe(text);
  });

  it('is a digest where the text is longer than stores keep, or one that they refuse', () => {
    const long = 'x'.repeat(513);
    expect(signatureOf({ id: long })).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(signatureOf({ id: long })).not.toBe(signatureOf({ id: `${long}x` }));
    expect(signatureOf({ id: 'x'.repeat(512) })).toBe('x'.repeat(512));
    expect(signatureOf({ id: 'a\0b' })).toMatch(/^sha256:/);
  });

  it.each([
    [{}, 'nothing'],
    [{ id: null }, 'nothing'],
    [{ id: '' }, 'an empty string'],
    [{ id: [] }, 'a list'],
    [{ id: false }, 'a boolean'],
  ])('is missing in %j', (row, got) => {
    const expected = 'expected a field `id`, or `documentId` or `dedup` that says what tells events apart';
    expect(refusalOf(row)).toBe(`EVENT_ID_MISSING ${at}: ${expected}; got ${got}.`);
  });

  it.each([
    [undefined, 'nothing'],
    [null, 'nothing'],
    ['', 'an empty string'],
    ['  ', 'a string'],
    [[], 'a list'],
    ['@', '"@"'],
    ['undefined@undefined', '"undefined@undefined"'],
    ['[object Object]', '"[object Object]"'],
  ])('is missing when dedup gives %j', (value, got) => {
    expect(refusalOf({ id: 1 }, { dedup: () => value })).toBe(
      `EVENT_ID_MISSING ${at}: dedup: expected what tells the event from all others; got ${got}.`,
    );
  });

  it.each(['dedup', 'documentId', 'sortBy'])('cannot be had when %s fails, and what it said is not shown', (name) => {
    const fail = () => {
      throw new TypeError(canary);
    };
    expect(refusalOf({ id: 1 }, { [name]: fail })).toBe(
      `EVENT_INVALID ${at}: ${name} failed with a TypeError. The log has the cause.`,
    );
  });

  it('cannot be had of a promise, or of what is no value', () => {
    expect(refusalOf({ id: 1 }, { dedup: async () => 1 })).toBe(
      `EVENT_INVALID ${at}: dedup: expected what JSON can say; got a promise.`,
    );
    expect(refusalOf({ id: 1 }, { dedup: () => NaN })).toContain('got NaN');
    expect(refusalOf({ id: '\ud800' })).toContain('half of a surrogate pair');
  });
});
