import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type GatewayError, InputError, ProviderError } from '../../src/errors.ts';
import {
  compileFieldReader,
  compileInput,
  compileOutput,
  compileOutputField,
  type CoerceOptions,
} from '../../src/notation/coerce.ts';
import type { Field, Notation, ObjectDefinition } from '../../src/notation/field.ts';

const read = (field: Omit<Field, 'name'>, value: unknown, options: CoerceOptions = {}) =>
  compileOutputField({ name: 'f', ...field }, { path: 'my_app.thing', ...options })(value);
const take = (field: Omit<Field, 'name'>, value: unknown, options: CoerceOptions = {}) =>
  compileInput([{ name: 'f', ...field }], options)({ f: value }).f;

function failure(action: () => unknown): GatewayError {
  try {
    action();
  } catch (error) {
    return error as GatewayError;
  }
  throw new Error('It did not fail.');
}

describe('compileInput', () => {
  it('takes the names of the graph and gives those of the provider', () => {
    const coerce = compileInput([{ name: 'created_at' }, { name: '+1' }, { name: 'node', graphqlName: 'globalId' }]);
    expect(coerce({ createdAt: 'a', plus1: 'b', globalId: 'c', created_at: 'x', other: 'y' })).toEqual({
      created_at: 'a',
      '+1': 'b',
      node: 'c',
    });
    expect(compileInput([{ name: 'created_at' }], { keys: 'notation' })({ created_at: 'a' })).toEqual({
      created_at: 'a',
    });
  });

  it('keeps absent and null apart, and applies a default only to what is absent', () => {
    const coerce = compileInput([{ name: 'a' }, { name: 'b' }, { name: 'c', type: 'integer', default: '5' }]);
    expect(coerce({ b: null })).toStrictEqual({ b: null, c: 5 });
    expect(coerce({ a: undefined, c: null })).toStrictEqual({ c: null });
    expect(coerce(null)).toStrictEqual({ c: 5 });
    expect(coerce(undefined)).toStrictEqual({ c: 5 });
  });

  it('gives each input a default of its own', () => {
    const coerce = compileInput([
      { name: 'at', type: 'date_time', default: '2024-01-01T00:00:00Z' },
      { name: 'l', type: 'array', of: 'string', default: ['a'] },
    ]);
    (coerce({}).l as string[]).push('b');
    expect(coerce({})).toEqual({ at: new Date('2024-01-01'), l: ['a'] });
  });

  it.each<[string, Omit<Field, 'name'>, unknown, unknown]>([
    ['an id of digits for an integer', { type: 'integer' }, '3000000000', 3_000_000_000],
    ['int64 within ±2⁵³', { type: 'integer', format: 'int64' }, '9007199254740991', 9007199254740991],
    ['int64 outside ±2⁵³', { type: 'integer', format: 'int64' }, 9007199254740993n, '9007199254740993'],
    ['a number for a string', {}, 12.5, '12.5'],
    ['a number', { type: 'number' }, '1e3', 1000],
    ['an exact decimal', { type: 'number', format: 'decimal' }, '0.10000000000000000001', '0.10000000000000000001'],
    ['a boolean in words', { type: 'boolean' }, 'YES', true],
    ['a time', { type: 'date_time' }, '2024-01-01T00:00:00+01:00', new Date('2023-12-31T23:00:00Z')],
    ['a time without offset', { type: 'timestamp' }, '2024-01-01', new Date('2024-01-01T08:00:00Z')],
    ['a day, which the Date scalar gives as a Date', { type: 'date' }, new Date('2024-01-01'), '2024-01-01'],
    ['one for a list', { type: 'array', of: 'integer' }, '1', [1]],
    ['null in a list', { type: 'array', of: 'integer' }, [1, null], [1, null]],
    ['any JSON', { type: 'object' }, { a: [1] }, { a: [1] }],
    ['a choice by its text', { type: 'integer', pickList: [['One', 1]] }, '1', 1],
    ['several choices in one string', { pickList: [['A', 'a']], controlType: 'multiselect' }, 'a,b', 'a,b'],
  ])('reads %s', (_, field, value, result) => {
    expect(take(field, value)).toEqual(result);
  });

  it('reads nested objects by the names of the graph, to any depth', () => {
    const comment: ObjectDefinition = {
      fields: [
        { name: 'body_text', optional: false },
        { name: 'replies', type: 'array', properties: 'comment' },
      ],
    };
    const coerce = compileInput([{ name: 'first_comment', type: 'object', properties: 'comment' }], {
      objects: new Map([['comment', comment]]),
    });
    expect(coerce({ firstComment: { bodyText: 'a', replies: [{ bodyText: 'b', replies: [] }] } })).toEqual({
      first_comment: { body_text: 'a', replies: [{ body_text: 'b', replies: [] }] },
    });
    expect(failure(() => coerce({ firstComment: { bodyText: 'a', replies: [{ bodyText: 'b' }, {}] } }))).toMatchObject({
      code: 'INPUT_REQUIRED',
      message: "input.firstComment.replies[1].bodyText: 'Body text' must be present.",
    });
  });

  it('converts after it has coerced, by a convertor or a method', () => {
    expect(take({ type: 'date_time', convertInput: 'render_epoch_time' }, '1970-01-01T00:01:00Z')).toBe(60);
    expect(take({ type: 'date_time', renderInput: 'render_epoch_time' }, '1970-01-01T00:01:00Z')).toBe(60);
    const methods = (name: string) => (name === 'double' ? (value: number) => value * 2 : undefined);
    expect(take({ type: 'integer', convertInput: 'double' }, '4', { methods })).toBe(8);
    expect(take({ type: 'integer', convertInput: 'double' }, null, { methods })).toBeNull();
  });

  it('takes either a field or its toggle, or both ways under one name', () => {
    const pair: Notation = [
      {
        name: 'user',
        label: 'User',
        optional: false,
        toggleHint: 'Choose',
        toggleField: { name: 'user_id', type: 'integer', label: 'User ID' },
      },
    ];
    expect(compileInput(pair)({ userId: '7' })).toEqual({ user_id: 7 });
    expect(compileInput(pair)({ user: 'ann' })).toEqual({ user: 'ann' });
    expect(failure(() => compileInput(pair)({ user: '' }))).toMatchObject({
      code: 'INPUT_REQUIRED',
      message: "input: Either 'User' or 'User ID' must be present.",
    });
    const same: Field = {
      name: 'state',
      pickList: [['Open', 'open']],
      toggleHint: 'Choose',
      toggleField: { name: 'state', type: 'string' },
    };
    expect(compileInput([same])({ state: 'anything' })).toEqual({ state: 'anything' });
  });

  it('reads nothing that is inherited and changes no prototype', () => {
    const coerce = compileInput([{ name: 'constructor' }, { name: 'to_string', type: 'object' }]);
    expect(coerce({})).toStrictEqual({});
    const input = coerce(JSON.parse('{ "constructor": "c", "__proto__": { "polluted": true } }'));
    expect(input).toEqual({ constructor: 'c' });
    expect(Object.getPrototypeOf(input)).toBe(Object.prototype);
    expect(() => compileInput([{ name: '__proto__' }])).toThrow('A field cannot be named __proto__.');
  });

  describe('abuse', () => {
    it.each<[Omit<Field, 'name'>, unknown, string]>([
      [{ optional: false }, undefined, "input.f: 'F' must be present."],
      [{ optional: false }, null, "input.f: 'F' must be present."],
      [{ optional: false, label: 'The title' }, '', "input.f: 'The title' must be present."],
      [{ type: 'integer' }, 'secret', 'input.f: expected an integer; got a string that is none.'],
      [{ type: 'integer' }, 1.5, 'input.f: expected an integer; got a number with a fraction.'],
      [
        { type: 'integer' },
        '9007199254740993',
        "input.f: expected an integer; got one outside ±2⁵³. Declare the field with format: 'int64'.",
      ],
      [
        { type: 'integer', format: 'int64' },
        2 ** 53,
        'input.f: expected an integer; got a number outside ±2⁵³, which JavaScript has rounded already. Give it as a string or a bigint.',
      ],
      [{ type: 'number' }, '0x10', 'input.f: expected a number; got a string that is none.'],
      [{ type: 'number' }, NaN, 'input.f: expected a number; got NaN.'],
      [
        { type: 'boolean' },
        'maybe',
        'input.f: expected a boolean (true t yes y 1, false f no n 0); got a string that is none.',
      ],
      [{ type: 'date_time' }, 'soon', 'input.f: expected a date and time; got a string that is none.'],
      [{ type: 'date' }, '2023-02-29', 'input.f: expected a day as YYYY-MM-DD; got a string that is none.'],
      [{}, { a: 1 }, 'input.f: expected a string; got an object.'],
      [{}, ['a'], 'input.f: expected a string; got a list.'],
      [{ type: 'object', properties: [{ name: 'a' }] }, 'a', 'input.f: expected an object; got a string.'],
      [{ type: 'array', of: 'integer' }, [1, 'x'], 'input.f[1]: expected an integer; got a string that is none.'],
      [
        {
          pickList: [
            ['Open', 'open'],
            ['Closed', 'closed'],
          ],
        },
        'done',
        'input.f: expected one of "open", "closed"; got another value.',
      ],
    ])('says of %j given %p what is wrong', (field, value, message) => {
      const error = failure(() => take(field, value));
      expect(error).toBeInstanceOf(InputError);
      expect(error.code).toBe(message.endsWith('present.') ? 'INPUT_REQUIRED' : 'INPUT_INVALID');
      expect(error.message).toBe(message);
    });

    it('says where the whole input stands when it is no object', () => {
      const coerce = compileInput([{ name: 'a' }], { path: 'registration' });
      expect(failure(() => coerce([] as never)).message).toBe('registration: expected an object; got a list.');
    });

    it('names arguments as the client wrote them, when they stand in no input object', () => {
      const notation: Notation = [
        { name: 'user_id', type: 'integer', optional: false },
        { name: 'labels', type: 'array', properties: [{ name: 'no', type: 'integer' }] },
        { name: 'a', optional: false, toggleHint: 'A', toggleField: { name: 'b', type: 'string', toggleHint: 'B' } },
      ];
      const coerce = compileInput(notation, { path: '' });
      const messages = [{ userId: '1.5' }, { userId: 1, labels: [{ no: 'x' }] }, { userId: 1 }, {}, []].map(
        (given) => failure(() => coerce(given as never)).message,
      );
      expect(messages).toEqual([
        'userId: expected an integer; got a string that is none.',
        'labels[0].no: expected an integer; got a string that is none.',
        "Either 'A' or 'B' must be present.",
        "userId: 'User ID' must be present.",
        'input: expected an object; got a list.',
      ]);
    });

    it('refuses a default that is none, when it is compiled', () => {
      expect(failure(() => compileInput([{ name: 'n', type: 'integer', default: 'x' }]))).toMatchObject({
        code: 'NOTATION_KEY_INVALID',
        message: 'NOTATION_KEY_INVALID: input.n.default: expected an integer; got a string that is none.',
      });
    });
  });
});

describe('compileOutputField', () => {
  it.each<[string, Omit<Field, 'name'>, unknown, unknown]>([
    ['nothing', {}, undefined, null],
    ['null', { type: 'integer' }, null, null],
    ['a string', {}, 'a', 'a'],
    ['an empty string', {}, '', ''],
    ['a number for a string', {}, 5, '5'],
    ['a boolean for a string', {}, false, 'false'],
    ['many digits for a string', {}, 12345678901234567890n, '12345678901234567890'],
    ['a Date for a string', {}, new Date(0), '1970-01-01T00:00:00.000Z'],
    ['digits for an integer', { type: 'integer' }, '12', 12],
    ['a negative integer', { type: 'integer' }, '-2147483648', -2147483648],
    ['an empty string for an integer', { type: 'integer' }, '', null],
    ['int64 within ±2⁵³', { type: 'integer', format: 'int64' }, 3_000_000_000, 3_000_000_000],
    ['int64 outside ±2⁵³', { type: 'integer', format: 'int64' }, 12345678901234567890n, '12345678901234567890'],
    ['int64 in digits', { type: 'integer', format: 'int64' }, '+0012345678901234567890', '12345678901234567890'],
    ['a number in words', { type: 'number' }, '-1.5e2', -150],
    ['a decimal', { type: 'number', format: 'decimal' }, '10.10', '10.10'],
    ['a number for a decimal', { type: 'number', format: 'decimal' }, 10.1, '10.1'],
    ['a boolean in words', { type: 'boolean' }, 'F', false],
    ['1 for a boolean', { type: 'boolean' }, 1, true],
    ['a time as it is', { type: 'date_time' }, '2011-01-26T19:01:12Z', '2011-01-26T19:01:12Z'],
    ['a time in another offset', { type: 'timestamp' }, '2011-01-26T19:01:12+01:00', '2011-01-26T18:01:12Z'],
    ['a Date', { type: 'date_time' }, new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a day', { type: 'date' }, '2024-02-29T10:00:00Z', '2024-02-29'],
    ['a list', { type: 'array', of: 'integer' }, ['1', null, 2], [1, null, 2]],
    ['a reference', { type: 'integer', references: 'user' }, 12345678901234567890n, '12345678901234567890'],
    ['a choice', { pickList: [['Open', 'open']] }, 'open', 'open'],
    ['a choice that is no enum', { pickList: [['One', 1]] }, 'other', 'other'],
    ['bigints in JSON', { type: 'object' }, { a: [1n, 2n ** 60n] }, { a: [1, '1152921504606846976'] }],
  ])('reads %s', (_, field, value, result) => {
    expect(read(field, value)).toEqual(result);
  });

  it('gives objects back untouched, for their fields to be read when they are asked for', () => {
    const row = { id: 'not even a number' };
    expect(read({ type: 'object', properties: [{ name: 'id', type: 'integer' }] }, row)).toBe(row);
    const json = { a: [{ b: 1 }] };
    expect(read({ type: 'object' }, json)).toBe(json);
    const rows = [row, null];
    expect((read({ type: 'array', properties: [{ name: 'id' }] }, rows) as unknown[])[0]).toBe(row);
  });

  it('gives keys as IDs, whatever their size', () => {
    const key = compileOutputField({ name: 'id', type: 'integer' }, { keyField: 'id' });
    expect([key(5), key('x-1'), key(3_000_000_000), key(2n ** 70n)]).toEqual([
      '5',
      'x-1',
      '3000000000',
      '1180591620717411303424',
    ]);
  });

  it('converts before it coerces, and wraps one thing in a list only where that is named', () => {
    expect(read({ type: 'date_time', convertOutput: 'parse_epoch_time' }, 60)).toBe('1970-01-01T00:01:00.000Z');
    expect(read({ type: 'array', of: 'string', parseOutput: 'item_array_wrap' }, 'a')).toEqual(['a']);
    expect(read({ type: 'date', convertOutput: 'date_conversion' }, ' ')).toBeNull();
    const methods = () => (value: string) => value.split(',');
    expect(read({ type: 'array', of: 'integer', convertOutput: 'split' }, '1,2', { methods })).toEqual([1, 2]);
  });

  it('reads a clock without offset in the zone that is set', () => {
    expect(read({ type: 'date_time' }, '2024-01-01 12:00', { timeZone: 'Asia/Tokyo' })).toBe('2024-01-01T03:00:00Z');
  });

  describe('abuse', () => {
    it.each<[Omit<Field, 'name'>, unknown, string]>([
      [
        { type: 'integer' },
        3_000_000_000,
        "expected an integer of 32 bits; got an integer outside −2147483648 to 2147483647. Declare the field with format: 'int64'.",
      ],
      [
        { type: 'integer' },
        '2147483648',
        "expected an integer of 32 bits; got an integer outside −2147483648 to 2147483647. Declare the field with format: 'int64'.",
      ],
      [
        { type: 'integer' },
        2n ** 64n,
        "expected an integer of 32 bits; got an integer outside −2147483648 to 2147483647. Declare the field with format: 'int64'.",
      ],
      [{ type: 'integer' }, 1.5, 'expected an integer of 32 bits; got a number with a fraction.'],
      [{ type: 'integer' }, true, 'expected an integer of 32 bits; got a boolean.'],
      [
        { type: 'integer', format: 'int64' },
        1e20,
        'expected an integer; got a number outside ±2⁵³, which JavaScript has rounded already. Give it as a string or a bigint.',
      ],
      [
        { type: 'integer', format: 'int64' },
        '9'.repeat(5000),
        'expected an integer; got one of more than 1000 digits.',
      ],
      [{ type: 'number' }, 'many', 'expected a number; got a string that is none.'],
      [{ type: 'number' }, '1e999', 'expected a number; got one beyond ±1.8e308.'],
      [{ type: 'number', format: 'decimal' }, 'ten', 'expected a decimal number; got a string that is none.'],
      [{ type: 'boolean' }, 2, 'expected a boolean (true t yes y 1, false f no n 0); got a number that is none.'],
      [{}, { toString: null }, 'expected a string; got an object.'],
      [{}, [], 'expected a string; got a list.'],
      [{}, Infinity, 'expected a string; got Infinity.'],
      [
        { type: 'date_time' },
        1300000000,
        "expected a date and time; got a number. For seconds since 1970 name the convertor 'parse_epoch_time', for milliseconds 'parse_date_time_epoch_millis'.",
      ],
      [{ type: 'object', properties: [] }, 'a', 'expected an object; got a string.'],
      [{ type: 'object', properties: [] }, [], 'expected an object; got a list.'],
      [
        { type: 'array', of: 'string' },
        'a',
        "expected a list; got a string. Where one thing may stand for a list, name the convertor 'item_array_wrap'.",
      ],
      [{ pickList: [['Open', 'open']] }, 'done', 'expected one of "open"; got another value.'],
    ])('says of %j given %p what is wrong', (field, value, message) => {
      const error = failure(() => read(field, value));
      expect(error).toBeInstanceOf(ProviderError);
      expect(error).toMatchObject({ code: 'PROVIDER_VALUE_INVALID', message: `my_app.thing.f: ${message}` });
    });

    it('names the place in a list', () => {
      expect(failure(() => read({ type: 'array', of: 'integer' }, [1, 'x'])).message).toBe(
        'my_app.thing.f[1]: expected an integer of 32 bits; got a string that is none.',
      );
    });

    it('refuses a promise of a method, and JSON without end', () => {
      const methods = () => () => Promise.resolve('a');
      expect(failure(() => read({ convertOutput: 'later' }, 'a', { methods })).message).toBe(
        'my_app.thing.f: expected a string; got a promise.',
      );
      const endless: Record<string, unknown> = {};
      endless.self = endless;
      expect(failure(() => read({ type: 'object' }, endless)).message).toBe(
        'my_app.thing.f: expected JSON of at most 500 levels; got deeper or circular JSON.',
      );
    });

    it('says at compile time that there is no such convertor', () => {
      expect(() => compileOutputField({ name: 'f', convertOutput: 'nothing' })).toThrow(
        'No convertor or method "nothing": checkFields would have told.',
      );
    });
  });
});

it('reads fields of rows by own properties only', () => {
  const row = JSON.parse('{ "__proto__": { "id": 1 }, "name": "n" }') as object;
  const readers = ['constructor', 'toString', '__proto__', 'id'].map((name) =>
    compileFieldReader({ name, type: 'object' }),
  );
  expect(readers.map((reader) => reader({}))).toEqual([null, null, null, null]);
  expect(compileFieldReader({ name: 'id', type: 'integer' })(row)).toBeNull();
  expect(compileFieldReader({ name: 'name' })(row)).toBe('n');
});

describe('compileOutput', () => {
  const user: ObjectDefinition = {
    key: 'id',
    fields: [
      { name: 'id', type: 'integer' },
      { name: 'boss', type: 'object', properties: 'user' },
    ],
  };
  const coerce = compileOutput(
    [
      { name: 'id', type: 'integer' },
      { name: 'owner', type: 'object', properties: 'user' },
      { name: 'users', type: 'array', of: user },
    ],
    { objects: new Map([['user', user]]), path: 'my_app.project', keyField: 'id' },
  );

  it('reads whole rows, with the keys of nested objects as IDs', () => {
    expect(coerce({ id: 1, owner: { id: 2, boss: { id: 3, boss: null } }, users: [{ id: 4 }], extra: 5 })).toEqual({
      id: '1',
      owner: { id: '2', boss: { id: '3', boss: null } },
      users: [{ id: '4' }],
    });
    expect([coerce(null), coerce({})]).toEqual([null, {}]);
  });

  it('names the place of what is wrong', () => {
    expect(failure(() => coerce({ users: [{ id: 1 }, { id: 2, boss: 'me' }] })).message).toBe(
      'my_app.project.users[1].boss: expected an object; got a string.',
    );
    expect(failure(() => coerce([])).message).toBe('my_app.project: expected an object; got a list.');
  });
});

describe('for any value', () => {
  const types: Omit<Field, 'name'>[] = [
    {},
    { type: 'integer' },
    { type: 'integer', format: 'int64' },
    { type: 'number' },
    { type: 'number', format: 'decimal' },
    { type: 'boolean' },
    { type: 'date_time' },
    { type: 'date' },
    { type: 'array', of: 'integer' },
    { type: 'object', properties: [{ name: 'a' }] },
  ];
  const field = fc.constantFrom(...types);
  const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true });

  it('output is a value of the type or a ProviderError, and is read again as itself', () => {
    fc.assert(
      fc.property(field, anything, (declared, value) => {
        let result: unknown;
        try {
          result = read(declared, value);
        } catch (error) {
          expect(error).toBeInstanceOf(ProviderError);
          return;
        }
        expect(read(declared, result)).toEqual(result);
        expect(() => JSON.stringify(declared.type === 'object' ? null : result)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it('input is a value of the type or an InputError', () => {
    fc.assert(
      fc.property(field, anything, (declared, value) => {
        try {
          take(declared, value);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('integers of any size go through int64 and ids without rounding', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
        const digits = integer.toString();
        for (const value of [integer, digits]) {
          expect(String(read({ type: 'integer', format: 'int64' }, value))).toBe(digits);
          expect(read({ references: 'a' }, value)).toBe(digits);
          expect(String(take({ type: 'integer', format: 'int64' }, value))).toBe(digits);
        }
      }),
    );
  });

  it('what output says of 32-bit integers, numbers, booleans and times, input takes as the same', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        (int, double, flag) => {
          expect(take({ type: 'integer' }, read({ type: 'integer' }, int | 0))).toBe(int | 0);
          expect(take({ type: 'number' }, read({ type: 'number' }, String(double)))).toBe(double + 0);
          expect(take({ type: 'boolean' }, read({ type: 'boolean' }, flag ? 'yes' : 'no'))).toBe(flag);
          const time = new Date(Math.abs(int) % 2e14);
          expect(take({ type: 'date_time' }, read({ type: 'date_time' }, time))).toEqual(time);
        },
      ),
    );
  });
});
