/** A cursor that is set back in time. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isEarlier, setBack } from '../../src/feed/look-back.ts';

describe('a cursor that is set back by a minute', () => {
  it.each([
    ['2026-01-01T00:01:00Z', '2026-01-01T00:00:00Z'],
    ['2026-01-01T00:01:00.500Z', '2026-01-01T00:00:00.500Z'],
    ['2026-01-01T02:01:00+02:00', '2026-01-01T00:00:00Z'],
    ['2026-01-01 00:01:00', '2026-01-01 00:00:00'],
    ['2026-01-01T00:01', '2026-01-01T00:00'],
    ['2026-01-01', '2025-12-31'],
    [1_767_225_660, 1_767_225_600],
    [1_767_225_660_123, 1_767_225_600_123],
    ['1767225660', '1767225600'],
    ['1767225660123', '1767225600123'],
    ['1767225660.000200', '1767225600.000000'],
    [
      { changedSince: '2026-01-01T00:01:00Z', createdSince: 1_767_225_660_000 },
      { changedSince: '2026-01-01T00:00:00Z', createdSince: 1_767_225_660_000 },
    ],
    [
      { at: { since: ['2026-01-01T00:01:00Z'] }, page: 3 },
      { at: { since: ['2026-01-01T00:00:00Z'] }, page: 3 },
    ],
  ])('%j becomes %j', (cursor, back) => {
    expect(setBack(cursor, 60_000)).toEqual(back);
    expect(isEarlier(back, cursor)).toBe(true);
    expect(isEarlier(cursor, back)).toBe(false);
    expect(isEarlier(cursor, cursor)).toBe(false);
  });

  it.each([['token'], [''], [42], ['42'], [true], [null], [{ page: 2, at: 1_767_225_660 }], [['a']], [{}]])(
    '%j has nothing to set back',
    (cursor) => expect(setBack(cursor, 60_000)).toBeUndefined(),
  );

  it('is no earlier one where one time is earlier and another later', () => {
    const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
    expect(isEarlier({ a: early, b: late }, { a: late, b: early })).toBe(false);
    expect(isEarlier({ a: early }, { b: late })).toBe(false);
  });

  it('is earlier, whatever it holds besides', () => {
    const time = fc
      .date({ min: new Date('2002-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
    const cursor = fc.record({ since: time, rest: fc.jsonValue({ maxDepth: 2 }), page: fc.nat() });
    fc.assert(
      fc.property(cursor, fc.integer({ min: 1, max: 1e9 }), (given, byMs) => {
        expect(isEarlier(setBack(given as never, byMs), given as never)).toBe(true);
      }),
    );
  });
});
