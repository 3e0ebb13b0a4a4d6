import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isBlank, toJsonValue } from '../../src/connector/json-value.ts';
import { formatPlace, Mismatch } from '../../src/notation/mismatch.ts';

function mismatchOf(value: unknown, depth = 10): string {
  try {
    toJsonValue(value, depth);
  } catch (error) {
    if (error instanceof Mismatch) return `${formatPlace('value', error.place)}: ${error.message}`;
    throw error;
  }
  throw new Error('It did not fail.');
}

describe('toJsonValue', () => {
  it('gives JSON back as it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!text.includes('__proto__'));
        expect(toJsonValue(JSON.parse(text), 1_000)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('gives what JSON.parse of its text gives, of whatever it takes', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSparseArray: true });
    fc.assert(
      fc.property(anything, (value) => {
        let json: unknown;
        try {
          json = toJsonValue(value, 1_000);
        } catch (error) {
          if (error instanceof Mismatch) return;
          throw error;
        }
        expect(JSON.parse(JSON.stringify(json))).toEqual(json);
      }),
      { numRuns: 500 },
    );
  });

  it('makes ISO texts of dates, digits of large integers and plain values of what knows its JSON', () => {
    expect(
      toJsonValue(
        {
          at: new Date(0),
          small: 7n,
          large: 2n ** 64n,
          url: new URL('https://a.example/'),
          none: undefined,
          list: [undefined],
        },
        10,
      ),
    ).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      small: 7,
      large: '18446744073709551616',
      url: 'https://a.example/',
      list: [null],
    });
    expect(toJsonValue(undefined, 10)).toBeNull();
    expect(Object.is(toJsonValue(-0, 10), 0)).toBe(true);
  });

  it('drops a key that would change the prototype', () => {
    const json = toJsonValue(JSON.parse('{"a":{"__proto__":{"isAdmin":true},"b":1}}'), 10);
    expect(json).toEqual({ a: { b: 1 } });
    expect((json as { a: { isAdmin?: unknown } }).a.isAdmin).toBeUndefined();
  });

  it.each([
    [{ a: [1, () => 1] }, 'value.a[1]: expected what JSON can say; got a function.'],
    [{ a: Symbol('secret') }, 'value.a: expected what JSON can say; got a symbol.'],
    [{ a: NaN }, 'value.a: expected what JSON can say; got NaN.'],
    [{ a: -Infinity }, 'value.a: expected what JSON can say; got -Infinity.'],
    [{ a: new Date(NaN) }, 'value.a: expected what JSON can say; got an invalid Date.'],
    [{ a: Promise.resolve() }, 'value.a: expected what JSON can say; got a promise.'],
    [{ a: Buffer.from('x') }, 'value.a: expected JSON; got bytes.'],
    [{ a: new Map() }, 'value.a: expected JSON; got a Map.'],
    [{ a: new Set() }, 'value.a: expected JSON; got a Set.'],
    [{ a: '\ud800' }, 'value.a: expected text; got a string with half of a surrogate pair.'],
    [{ a: { '\udc00': 1 } }, 'value.a: expected text; got a key with half of a surrogate pair.'],
  ])('refuses what JSON cannot say: %p', (value, message) => {
    expect(mismatchOf(value)).toBe(message);
  });

  it('refuses circles and what is too deep', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(mismatchOf(circle, 3)).toBe('value.self.self.self: expected JSON; got deeper or circular JSON.');
    expect(mismatchOf([[[]]], 2)).toBe('value[0][0]: expected JSON; got deeper or circular JSON.');
    expect(toJsonValue([[[]]], 3)).toEqual([[[]]]);
    const endless = { toJSON: (): unknown => endless };
    expect(mismatchOf(endless, 5)).toBe('value: expected JSON; got deeper or circular JSON.');
  });
});

describe('isBlank', () => {
  it.each([undefined, null, false, '', ' \n', [], {}])('%p is', (value) => expect(isBlank(value)).toBe(true));

  it.each([0, NaN, true, 'x', [null], { a: undefined }, new Date(0), 0n])('%p is not', (value) => {
    expect(isBlank(value)).toBe(false);
  });
});
