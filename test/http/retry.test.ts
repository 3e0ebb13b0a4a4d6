import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { defaultRetryLimits, isTransientStatus, nextDelayMs, retryAfterMs } from '../../src/http/retry.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const day = 24 * 60 * 60_000;

describe('retryAfterMs', () => {
  it.each([
    ['0', 0],
    ['3', 3000],
    [' 3 ', 3000],
    ['1.5', 1500],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Thursday, 01-Jan-26 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['99999999999999999999', day],
    ['9'.repeat(400), day],
    ['Fri, 31 Dec 9999 23:59:59 GMT', day],
    ['', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['NaN', undefined],
    ['1e9', undefined],
    ['Infinity', undefined],
    ['Mon, no date', undefined],
  ])('reads %j', (text, expected) => {
    expect(retryAfterMs({ 'retry-after': text }, now)).toBe(expected);
  });

  it('knows nothing when the header is absent', () => {
    expect(retryAfterMs({}, now)).toBeUndefined();
  });
});

describe('nextDelayMs', () => {
  it('doubles up to the cap, and leaves half of it to chance', () => {
    const limits = { ...defaultRetryLimits, maxTries: 10, totalMs: 1e9 };
    const bounds = [1, 2, 3, 4, 5, 6].map((tries) => [
      nextDelayMs(limits, tries, 0, undefined, () => 0),
      nextDelayMs(limits, tries, 0, undefined, () => 1),
    ]);
    expect(bounds).toEqual([
      [100, 200],
      [200, 400],
      [400, 800],
      [800, 1600],
      [1000, 2000],
      [1000, 2000],
    ]);
  });

  it('takes the longer of the own wait and the one asked for', () => {
    expect(nextDelayMs(defaultRetryLimits, 1, 0, 3000)).toBe(3000);
    expect(nextDelayMs(defaultRetryLimits, 1, 0, 1, () => 1)).toBe(200);
  });

  it('gives up when the provider asks for longer than the cap', () => {
    expect(nextDelayMs(defaultRetryLimits, 1, 0, 5001)).toBeUndefined();
  });

  it('never plans a try beyond the count or the total time', () => {
    const input = fc.tuple(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(input, ([tries, elapsedMs, chance]) => {
        const delay = nextDelayMs(defaultRetryLimits, tries, elapsedMs, undefined, () => chance);
        if (tries >= 4) expect(delay).toBeUndefined();
        if (delay !== undefined) expect(elapsedMs + delay).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

describe('isTransientStatus', () => {
  it('holds for 502, 503 and 504 only', () => {
    const statuses = Array.from({ length: 600 }, (_, status) => status).filter(isTransientStatus);
    expect(statuses).toEqual([502, 503, 504]);
  });
});
