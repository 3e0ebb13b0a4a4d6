/** Which of two places of a list is older. */
import { describe, expect, it } from '@jest/globals';
import { compareSortBy, timeLike, timeOf } from '../../src/feed/sort-order.ts';

describe('two places of a list', () => {
  it.each([
    [1, 2],
    ['9', '10'],
    ['99999999999999999998', '99999999999999999999'],
    ['2026-01-01', '2026-01-02'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.001Z'],
    ['2026-01-01T12:00:00+05:00', '2026-01-01T12:00:00Z'],
    ['2026-01-01 11:59:59', '2026-01-01T12:00:00Z'],
  ])('%j is older than %j', (a, b) => {
    expect(compareSortBy(a, b)).toBeLessThan(0);
    expect(compareSortBy(b, a)).toBeGreaterThan(0);
    expect(compareSortBy(a, a)).toBe(0);
  });

  it.each([
    ['a', 'b'],
    [1, '2'],
    ['12', '2026-01-01'],
    [null, 1],
    [undefined, 1],
    [{}, {}],
    ['May 2026', 'June 2026'],
  ])('nobody knows the order of %j and %j', (a, b) => {
    expect(compareSortBy(a, b)).toBeUndefined();
  });
});

describe('the time of a place', () => {
  it.each([
    ['2026-01-01T00:00:00Z', 1_767_225_600_000],
    ['2026-01-01', 1_767_225_600_000],
    [1_767_225_600, 1_767_225_600_000],
    [1_767_225_600_000, 1_767_225_600_000],
    [42, undefined],
    ['42', undefined],
    ['2026-99-01', undefined],
  ])('of %j is %j', (value, time) => {
    expect(timeOf(value)).toBe(time);
  });

  it.each([
    ['2020-05-05T05:05:05Z', '2026-01-01T00:00:00Z'],
    ['2020-05-05T05:05:05.123456+02:00', '2026-01-01T00:00:00.000Z'],
    ['2020-05-05', '2026-01-01'],
    ['2020-05-05 05:05:05', '2026-01-01 00:00:00'],
    ['2020-05-05T05:05', '2026-01-01T00:00'],
    [1_500_000_000, 1_767_225_600],
    [1_500_000_000_000, 1_767_225_600_000],
  ])('is written as %j is', (like, written) => {
    expect(timeLike(1_767_225_600_000, like)).toBe(written);
  });
});
