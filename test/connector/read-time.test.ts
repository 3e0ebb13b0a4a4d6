import { describe, expect, it } from '@jest/globals';
import { readTime } from '../../src/connector/read-time.ts';

const latest = Date.parse('2027-01-01T00:00:00Z');

describe('readTime', () => {
  it.each([
    [new Date(5), 5],
    ['2026-01-31T09:30:00Z', Date.parse('2026-01-31T09:30:00Z')],
    ['2026-01-31', Date.parse('2026-01-31T00:00:00Z')],
    ['Tue, 15 Nov 1994 08:12:31 GMT', 784887151000],
    [1_700_000_000, 1_700_000_000_000],
    [1_700_000_000_000, 1_700_000_000_000],
    [1_700_000_000n, 1_700_000_000_000],
    // As Slack writes them.
    ['1700000000.123456', 1_700_000_000_123],
    ['1700000000', 1_700_000_000_000],
  ])('reads %p', (value, expected) => {
    expect(readTime(value, 'UTC', latest)).toBe(expected);
  });

  it.each([
    ['an id', 42],
    ['an id of this decade’s size, but ahead of time', 1_900_000_000],
    ['milliseconds ahead of time', 1_900_000_000_000],
    ['microseconds', 1_700_000_000_000_000],
    ['a negative number', -1_700_000_000],
    ['a version', '2026.1.3'],
    ['words', 'yesterday'],
    ['an invalid Date', new Date(NaN)],
    ['a boolean', true],
    ['an object', {}],
    ['nothing', undefined],
  ])('takes %s for no time', (_, value) => {
    expect(readTime(value, 'UTC', latest)).toBeUndefined();
  });
});
