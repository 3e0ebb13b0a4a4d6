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
        fc.pre(!/\d[\d.]{15,}/.test(text));
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
    ['12345678901234567890.5', '12345678901234567890.5'],
    ['0.12345678901234567890', '0.12345678901234567890'],
    ['[12345678901234567890e2, 12345678901234567890]', ['12345678901234567890e2', 12345678901234567890n]],
    ['{"price":100000000000000.01}', { price: '100000000000000.01' }],
    ['[-1.000000000000000000001]', ['-1.000000000000000000001']],
    ['[8796093022208.0005]', ['8796093022208.0005']],
    ['[0.1000000000000000055511151231257827]', ['0.1000000000000000055511151231257827']],
    ['[0.1000000000000000000000, 30.000000000000000000, 0.30000000000000004]', [0.1, 30, 0.30000000000000004]],
    ['[0.00000000000000000000000012, 1.2345678901234567e-30]', [1.2e-25, 1.2345678901234567e-30]],
    ['["100000000000000.01 ,100000000000000.01",1.5]', ['100000000000000.01 ,100000000000000.01', 1.5]],
    ['1e20', 1e20],
    ['[1e-1234567890123456789, 12345678901234567890]', [0, 12345678901234567890n]],
    ['1e999', Infinity],
    ['"\\\\\\"12345678901234567890"', '\\"12345678901234567890'],
    ['{"\\"12345678901234567890":12345678901234567890}', { '"12345678901234567890': 12345678901234567890n }],
    ['\ufeff{"a":1}', { a: 1 }],
  ])('reads %s', (text, expected) => {
    expect(parseJson(text)).toEqual(expected);
  });

  it('loses no digit of a number with a fraction, and gives a number wherever a number holds them', () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^(?:0|[1-9]\\d{0,${max}})$`));
    const fraction = fc.oneof(
      fc.stringMatching(/^\d{1,25}$/),
      fc
        .tuple(fc.constantFrom('0000', '9999', '000000000000', '99999999999999'), digits(3))
        .map((parts) => parts.join('')),
    );
    const decimal = fc
      .tuple(fc.constantFrom('', '-'), digits(18), fraction)
      .map(([sign, whole, part]) => `${sign}${whole}.${part}`);
    fc.assert(
      fc.property(decimal, (text) => {
        const { value, other } = parseJson(`{"value":${text},"other":1}`) as { value: unknown; other: unknown };
        expect(other).toBe(1);
        const exact = (number: string): string => number.replace(/(?<=\.\d*)0+$/, '').replace(/\.$/, '');
        if (typeof value === 'string') {
          expect(value).toBe(text);
          expect(exact(plainText(Number(text)))).not.toBe(exact(text));
        } else {
          expect(value).toBe(Number(text));
          expect(exact(plainText(value as number))).toBe(exact(text));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['double', 'float'] as const)('gives every %s as the number that it was', (kind) => {
    const some =
      kind === 'double'
        ? fc.double({ noNaN: true, noDefaultInfinity: true })
        : fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(some, (number) => {
        fc.pre(!(Number.isInteger(number) && !Number.isSafeInteger(number)) && !Object.is(number, -0));
        expect(parseJson(JSON.stringify([number]))).toEqual([number]);
      }),
      { numRuns: 500 },
    );
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

/** The shortest digits of a number, with its sign and without an exponent. */
function plainText(number: number): string {
  const [mantissa = '', exponent = '0'] = String(number).split('e');
  const negative = mantissa.startsWith('-') || Object.is(number, -0);
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const power = Number(exponent);
  const digits = power < 0 ? '0'.repeat(-power) + whole + fraction : whole + fraction.padEnd(power, '0');
  const point = power < 0 ? whole.length : whole.length + power;
  const text = `${digits.slice(0, point).replace(/^0+(?=\d)/, '')}.${digits.slice(point)}`;
  return negative ? `-${text}` : text;
}
