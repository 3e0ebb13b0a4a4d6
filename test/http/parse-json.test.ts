import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ProviderError } from '../../src/errors.ts';
import { parseJson } from '../../src/http/parse-json.ts';

const faultOf = (text: string): ProviderError => {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  throw new Error('It was parsed.');
};

describe('parseJson', () => {
  it('agrees with JSON.parse wherever that loses nothing', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'medium' }), (text) => {
        fc.pre(!/(?<![.\d])\d{16,}(?![\d.eE])/.test(text));
        const expected: unknown = JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value));
        expect(parseJson(text)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps every digit of every integer, wherever it stands', () => {
    const leaf = fc.oneof(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      fc.integer(),
      fc.string({ unit: 'grapheme' }),
      fc.constant('-12345678901234567890'),
      fc.constant('"12345678901234567890\\'),
      fc.boolean(),
      fc.constant(null),
    );
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('node')),
        fc.dictionary(fc.constantFrom('a', '"', '1', 'é\\'), tie('node')),
      ),
    })).node;
    const write = (value: unknown): string => {
      if (typeof value === 'bigint') return String(value);
      if (Array.isArray(value)) return `[ ${value.map(write).join(' ,')}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      return `{${Object.entries(value)
        .map(([key, item]) => `${JSON.stringify(key)} :${write(item)}`)
        .join(',')} }`;
    };
    const expected = (value: unknown): unknown => {
      if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      if (Array.isArray(value)) return value.map(expected);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expected(item)]));
    };
    fc.assert(
      fc.property(tree, (value) => {
        expect(parseJson(write(value))).toEqual(expected(value));
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740991', -9007199254740991],
    ['-9007199254740993', -9007199254740993n],
    ['[12345678901234567890]', [12345678901234567890n]],
    ['{"a":12345678901234567890,"b":"12345678901234567890"}', { a: 12345678901234567890n, b: '12345678901234567890' }],
    ['12345678901234567890.5', 12345678901234567000],
    ['0.12345678901234567890', 0.12345678901234568],
    ['[12345678901234567890e2, 12345678901234567890]', [1.2345678901234568e21, 12345678901234567890n]],
    ['1e20', 1e20],
    ['[1e-1234567890123456789, 12345678901234567890]', [0, 12345678901234567890n]],
    ['1e999', Infinity],
    ['"\\\\\\"12345678901234567890"', '\\"12345678901234567890'],
    ['{"\\"12345678901234567890":12345678901234567890}', { '"12345678901234567890': 12345678901234567890n }],
    ['\ufeff{"a":1}', { a: 1 }],
  ])('reads %s', (text, expected) => {
    expect(parseJson(text)).toEqual(expected);
  });

  it('reads a million digits as more than a number can be, as JSON.parse does', () => {
    expect(parseJson(`[${'9'.repeat(1_000_000)}]`)).toEqual([Infinity]);
  });

  it('takes the last of two equal keys', () => {
    expect(parseJson('{"a":1,"a":2,"b":12345678901234567890,"b":3}')).toEqual({ a: 2, b: 3 });
  });

  it.each([
    '{"__proto__":{"polluted":true},"a":1}',
    '{"__proto__":"text","a":1}',
    '{"__proto__":null,"a":1}',
    '{"\\u005f\\u005fproto\\u005f\\u005f":{"polluted":true},"a":1}',
    '{"a":1,"__proto__":{"polluted":12345678901234567890}}',
  ])('drops the prototype key of %s', (text) => {
    const value = parseJson(text) as object;
    expect(Object.keys(value)).toEqual(['a']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(Object.assign({}, value))).toEqual(['a']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('pollutes nothing after 10 000 hostile answers', () => {
    for (let index = 0; index < 10_000; index++) {
      Object.assign({}, parseJson('[{"__proto__":{"polluted":true}},{"constructor":{"prototype":{"polluted":true}}}]'));
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps `constructor` and `prototype`, which real APIs use, as data of their own', () => {
    const value = parseJson('{"constructor":"Ferrari","prototype":{"x":1}}') as object;
    expect(Object.getOwnPropertyNames(value)).toEqual(['constructor', 'prototype']);
    expect(value).toEqual({ constructor: 'Ferrari', prototype: { x: 1 } });
  });

  it('reads 200 levels and refuses more, with and without large integers', () => {
    const nested = (levels: number, core: string): string => '['.repeat(levels) + core + ']'.repeat(levels);
    expect(() => parseJson(nested(200, '1'))).not.toThrow();
    expect(() => parseJson(nested(200, '12345678901234567890'))).not.toThrow();
    for (const text of [
      nested(201, '1'),
      nested(201, '12345678901234567890'),
      nested(1_000_000, ''),
      '{"a":'.repeat(201) + '1' + '}'.repeat(201),
    ]) {
      expect(faultOf(text).message).toBe('The answer is JSON of more than 200 levels.');
    }
  });

  it.each([
    ['', 'it ends too early, after 0 characters'],
    ['{"secret":1', 'it ends too early, after 11 characters'],
    ['"secret', 'it ends too early, after 7 characters'],
    ['{"secret":tru', 'it ends too early, after 13 characters'],
    ['secret', 'character 1 of 6 characters is unexpected'],
    ['{"secret":1}}', 'character 13 of 13 characters is unexpected'],
    ["{'secret':1}", 'character 2 of 12 characters is unexpected'],
    ['{"secret":NaN}', 'character 11 of 14 characters is unexpected'],
    ['{"secret":"a\nb"}', 'character 13 of 16 characters is unexpected'],
    ['<!DOCTYPE html><h1>secret</h1>', 'it is an HTML page of 30 characters'],
    ['\n<html>secret</html>', 'it is an HTML page of 20 characters'],
    ['<?xml version="1.0"?><secret/>', 'it looks like XML of 30 characters'],
    [`[${'1,'.repeat(50_000)}secret]`, 'it has a fault in its text of 100008 characters'],
  ])('says what is wrong with %.20j and where, and never shows it', (text, what) => {
    const error = faultOf(text);
    expect(error.code).toBe('PROVIDER_ANSWER_INVALID');
    expect(error.message).toBe(`The answer is no valid JSON: ${what}.`);
    expect(JSON.stringify([error.message, error.cause, error.details])).not.toContain('secret');
  });
});
