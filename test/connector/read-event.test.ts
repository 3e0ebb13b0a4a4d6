import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Connector, Trigger } from '../../src/connector/definition.ts';
import { createEventReader, type TriggerEvent } from '../../src/connector/read-event.ts';
import { coerceOptions } from '../../src/connector/prepare-input.ts';
import { GatewayError } from '../../src/errors.ts';
import { compileFieldReader, compileOutput } from '../../src/notation/coerce.ts';
import type { Field, Notation, ObjectDefinition } from '../../src/notation/field.ts';

const canary = 'canary-0123456789';
const at = 'shop.triggers.sold';

function reader(trigger: Partial<Trigger> = {}, more: Partial<Connector> = {}): (row: unknown) => TriggerEvent {
  return createEventReader({ name: 'shop', ...more }, trigger, at, 'UTC').readEvent;
}

function failureOf(row: unknown, trigger: Partial<Trigger> = {}, more: Partial<Connector> = {}): GatewayError {
  try {
    reader(trigger, more)(row);
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return error as GatewayError;
  }
  throw new Error('It did not fail.');
}

const refusalOf = (...asked: Parameters<typeof failureOf>): string => {
  const { code, message } = failureOf(...asked);
  return `${code} ${message}`;
};

describe('an event', () => {
  it('is the row as JSON text, told by its id', () => {
    expect(reader()({ id: 7, at: new Date(0), large: 2n ** 64n, none: undefined })).toEqual({
      signature: '7',
      id: '7',
      payload: '{"id":7,"at":"1970-01-01T00:00:00.000Z","large":"18446744073709551616"}',
    });
  });

  it('keeps the raw row, also what its notation does not name', () => {
    const output: Notation = [{ name: 'total', type: 'number' }];
    expect(reader({ output })({ id: 1, total: '1.5', more: { deep: [1] } }).payload).toBe(
      '{"id":1,"total":"1.5","more":{"deep":[1]}}',
    );
  });

  it('happened when its sortBy says, if that is a time', () => {
    const sortBy = (row: { at: unknown }) => row.at;
    expect(reader({ sortBy })({ id: 1, at: '2026-01-31T09:30:00Z' })).toMatchObject({
      signature: '1@2026-01-31T09:30:00Z',
      sortBy: '2026-01-31T09:30:00Z',
      occurredAt: Date.parse('2026-01-31T09:30:00Z'),
    });
    expect(reader({ sortBy })({ id: 1, at: 17 })).toEqual({
      signature: '1@17',
      id: '1@17',
      sortBy: 17,
      payload: '{"id":1,"at":17}',
    });
  });

  it('is refused when it is no object', () => {
    for (const [row, got] of [
      [null, 'null'],
      ['x', 'a string'],
      [[], 'a list'],
      [7, 'a number'],
    ] as const) {
      expect(refusalOf(row)).toBe(`EVENT_INVALID ${at}: expected an event to be an object; got ${got}.`);
    }
  });

  it.each([
    [{ id: 1, total: canary }, `${at}: total: expected a number; got a string that is none.`],
    [
      { id: 1, lines: [{ count: 1 }, { count: canary }] },
      `${at}: lines[1].count: expected an integer of 32 bits; got a string that is none.`,
    ],
    [
      { id: 1, buyer: { since: 5 } },
      `${at}: buyer.since: expected a date and time; got a number. For seconds since 1970 name the convertor 'parse_epoch_time', for milliseconds 'parse_date_time_epoch_millis'.`,
    ],
    [{ id: 1, buyer: canary }, `${at}: buyer: expected an object; got a string.`],
    [
      { id: 1, count: 2 ** 40 },
      `${at}: count: expected an integer of 32 bits; got an integer outside −2147483648 to 2147483647. Declare the field with format: 'int64'.`,
    ],
  ])('is refused with the field that does not fit (%#)', (row, message) => {
    const output: Notation = [
      { name: 'total', type: 'number' },
      { name: 'count', type: 'integer' },
      { name: 'lines', type: 'array', properties: [{ name: 'count', type: 'integer' }] },
      { name: 'buyer', type: 'object', properties: [{ name: 'since', type: 'date_time' }] },
    ];
    const failure = failureOf(row, { output });
    expect(`${failure.code} ${failure.message}`).toBe(`EVENT_INVALID ${message}`);
    expect(failure.message).not.toContain(canary);
  });

  it('is refused without the key of its object, which the graph always says', () => {
    const customer: ObjectDefinition = {
      key: 'number',
      fields: [{ name: 'number', type: 'integer' }, { name: 'name' }],
    };
    const asked = [{ output: customer }, { objects: { customer } }] as const;
    expect(refusalOf({ id: 1, name: 'Ada' }, ...asked)).toBe(
      `EVENT_INVALID ${at}: number: expected the key of the object; got nothing.`,
    );
    expect(refusalOf({ id: 1, number: null }, ...asked)).toContain('expected the key');
    expect(reader(...asked)({ id: 1, number: 0 }).payload).toBe('{"id":1,"number":0}');
  });

  it('is refused when a convertor of the connector fails, without what it said', () => {
    const fail = () => {
      throw new RangeError(canary);
    };
    const output: Notation = [{ name: 'a', convertOutput: 'fail' }];
    const failure = failureOf({ id: 1, a: 1 }, { output }, { methods: { fail } });
    expect(failure.message).toBe(`${at}: a convertor of its output failed with a RangeError. The log has the cause.`);
    expect(failure.cause).toBeInstanceOf(RangeError);
  });

  it.each([
    [{ id: 1, a: '\ud800' }, `${at}: event.a: expected text; got a string with half of a surrogate pair.`],
    [{ id: 1, a: { b: () => 1 } }, `${at}: event.a.b: expected what JSON can say; got a function.`],
    [{ id: 1, a: Infinity }, `${at}: event.a: expected what JSON can say; got Infinity.`],
  ])('is refused when JSON cannot say it (%#)', (row, message) => {
    expect(refusalOf(row)).toBe(`EVENT_INVALID ${message}`);
  });

  it('is refused when it is deeper than 200 levels', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(refusalOf({ id: 1, a: nested(200) })).toMatch(/^EVENT_INVALID .*got deeper or circular JSON\.$/);
    expect(reader()({ id: 1, a: nested(199) }).signature).toBe('1');
  });

  it('is refused when its toJSON fails, without what it said', () => {
    const a = {
      toJSON: () => {
        throw new Error(canary);
      },
    };
    expect(refusalOf({ id: 1, a })).toBe(`EVENT_INVALID ${at}: its toJSON failed with a Error.`);
  });

  it('is refused when it is larger than 256 KiB', () => {
    expect(refusalOf({ id: 1, a: 'é'.repeat(150_000) })).toBe(
      `EVENT_TOO_LARGE ${at}: expected an event of at most 262144 bytes of JSON; got 300015.`,
    );
    expect(reader()({ id: 1, a: 'x'.repeat(262_144 - 15) }).payload).toHaveLength(262_144);
  });

  it('cannot change a prototype', () => {
    const row: unknown = JSON.parse('{"id":1,"__proto__":{"isAdmin":true},"constructor":1}');
    expect(reader()(row).payload).toBe('{"id":1,"constructor":1}');
  });
});

describe('what is read back of a payload', () => {
  const key: Field = { name: 'id', type: 'integer', format: 'int64' };
  const properties: Notation = [
    { name: 'text' },
    { name: 'count', type: 'integer' },
    { name: 'large', type: 'integer', format: 'int64' },
    { name: 'total', type: 'number' },
    { name: 'price', type: 'number', format: 'decimal' },
    { name: 'isPaid', type: 'boolean' },
    { name: 'at', type: 'date_time' },
    { name: 'day', type: 'date' },
    { name: 'epoch', type: 'date_time', convertOutput: 'parse_float_epoch_time' },
    { name: 'owner_id', references: 'customer' },
    { name: 'tags', type: 'array', of: 'string' },
    { name: 'json', type: 'object' },
    {
      name: 'size',
      pickList: [
        ['Small', 's'],
        ['Large', 2],
      ],
    },
  ];
  const output: Notation = [
    key,
    ...properties,
    { name: 'one', type: 'object', properties },
    { name: 'many', type: 'array', properties },
  ];
  const connector: Connector = { name: 'shop' };
  const options = coerceOptions(connector, 'UTC');
  const readers = output.map((field) => compileFieldReader(field, options));
  const whole = compileOutput(output, options);
  /** As it leaves: a result is JSON text. Of a row that the graph refuses: nothing. */
  const wireOf = (row: object) => {
    try {
      return wire(row);
    } catch {
      return undefined;
    }
  };
  const wire = (row: object) => JSON.stringify([whole(row), readers.map((read) => leaf(read(row)))]);
  // What the fields of an object are read from is given back raw.
  const leaf = (value: unknown) => (typeof value === 'object' && !(value instanceof Date) ? undefined : value);

  const scalar = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    fc.date().filter((date) => date.getUTCFullYear() >= 0 && date.getUTCFullYear() < 10_000),
    fc.constantFrom('', '12', '1.50', 'yes', '2026-01-31', '2026-01-31T09:30:00.123456Z', '2026-01-31 09:30', 's', '2'),
  );
  const fitting: Record<string, fc.Arbitrary<unknown>> = {
    text: fc.oneof(fc.string(), fc.integer(), fc.bigInt(), fc.date({ noInvalidDate: true })),
    count: fc.oneof(fc.integer(), fc.constantFrom('', '12')),
    large: fc.oneof(fc.bigInt(), fc.maxSafeInteger(), fc.bigInt().map(String)),
    total: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt(), fc.constantFrom('1.50', '')),
    price: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt(),
      fc.constantFrom('100000000000000.01'),
    ),
    isPaid: fc.oneof(fc.boolean(), fc.constantFrom('yes', 0, 'F')),
    at: fc.constantFrom('2026-01-31T09:30:00.123456Z', '2026-01-31 09:30', new Date(1e12), new Date(1e12 + 7)),
    day: fc.constantFrom('2026-01-31', '2026-01-31T09:30:00+02:00', new Date(1e12)),
    epoch: fc.constantFrom(1_700_000_000, '1700000000.25', new Date(1e12)),
    owner_id: fc.oneof(fc.bigInt(), fc.string(), fc.integer()),
    tags: fc.array(fc.oneof(fc.string(), fc.bigInt(), fc.constant(null))),
    json: fc.anything({ withBigInt: true, withDate: true }).filter((value) => typeof value === 'object'),
    size: fc.constantFrom('s', 2, '2'),
  };
  const loose = fc.record(
    Object.fromEntries(
      Object.entries(fitting).map(([name, fits]) => [name, fc.oneof({ weight: 40, arbitrary: fits }, scalar)]),
    ),
    { requiredKeys: [] },
  );
  const row = fc.record(
    { id: fc.oneof(fc.bigInt(), fc.nat()), one: loose, many: fc.array(loose, { maxLength: 2 }), rest: loose },
    { requiredKeys: ['id'] },
  );

  it('says in the graph what the row of the provider says', () => {
    const read = reader({ output });
    let passed = 0;
    fc.assert(
      fc.property(row, ({ rest, ...named }) => {
        const given = { ...rest, ...named };
        let payload: string;
        try {
          ({ payload } = read(given));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^EVENT_/) });
          return;
        }
        passed++;
        const told = wire(JSON.parse(payload) as object);
        // A Date where an id should be is refused as it is, and read as the text that it became.
        expect(told).toBe(wireOf(given) ?? told);
      }),
      { numRuns: 500 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});
