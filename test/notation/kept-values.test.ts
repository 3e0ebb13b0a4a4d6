import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { compileOutputField } from '../../src/notation/coerce.ts';
import type { Field } from '../../src/notation/field.ts';
import { keepValue, keptValues } from '../../src/notation/kept-values.ts';
import { isDayText, isUtcText } from '../../src/notation/times.ts';

const fields: readonly Field[] = [
  { name: 'a' },
  { name: 'a', type: 'integer' },
  { name: 'a', type: 'integer', format: 'int64' },
  { name: 'a', type: 'number' },
  { name: 'a', type: 'number', format: 'decimal' },
  { name: 'a', type: 'boolean' },
  { name: 'a', type: 'date_time' },
  { name: 'a', type: 'timestamp' },
  { name: 'a', type: 'date' },
  { name: 'a', type: 'object' },
  { name: 'a', type: 'array', of: 'string' },
  { name: 'a', references: 'b' },
  { name: 'a', pickList: [['One', 'one']] },
  { name: 'a', pickList: [['One', 1]] },
  { name: 'a', convertOutput: 'integer_conversion' },
];
const values = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    '12',
    'one',
    '2026-01-31',
    '2026-02-30',
    '2026-01-31T09:30:00Z',
    '2026-01-31T09:30:00+01:00',
  ),
  fc.constantFrom<unknown>(
    -0,
    1,
    0.5,
    2 ** 31,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    12n,
    true,
    {},
    [],
    new Date(0),
  ),
  fc.string(),
  fc.double(),
);
/** A text of which a few characters are others. */
const nearly = (text: string) =>
  fc
    .array(fc.tuple(fc.nat(text.length), fc.constantFrom(...'0123456789-:.TZ '.split(''))), { maxLength: 3 })
    .map((changes) => {
      return changes.reduce((changed, [at, sign]) => changed.slice(0, at) + sign + changed.slice(at + 1), text);
    });

describe('a value that is kept', () => {
  it('is what coercion would have given', () => {
    const property = fc.property(fc.constantFrom(...fields), values, (field, value) => {
      const kept = keptValues(field);
      const found = kept && keepValue(kept, value);
      if (found !== undefined) expect(found).toBe(compileOutputField(field)(value));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('is a time or a day exactly where it is written so', () => {
    const time = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;
    const text = fc.oneof(...['2026-01-01T09:30:00Z', '1999-12-28T23:59:59.123456Z', '2024-10-10'].map(nearly));
    const property = fc.property(text, (written) => {
      // Later days depend on their month.
      if (/^.{8}(?:29|3)/.test(written)) return;
      expect(isUtcText(written)).toBe(time.test(written));
      expect(isDayText(written)).toBe(time.test(`${written}T00:00:00Z`));
    });
    fc.assert(property, { numRuns: 5_000 });
    const days = ['2024-02-29', '2023-02-29', '2026-04-31', '2026-12-31', '2026-12-32'];
    expect(days.filter(isDayText)).toEqual(['2024-02-29', '2026-12-31']);
  });
});
