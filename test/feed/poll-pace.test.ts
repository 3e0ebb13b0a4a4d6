/** When a feed is polled next. */
import { describe, expect, it } from '@jest/globals';
import { GatewayError, ProviderError } from '../../src/errors.ts';
import { nextPollMs, type Pace } from '../../src/feed/poll-pace.ts';

const minute = 60_000;
const pace = (given: Partial<Pace> = {}): number =>
  nextPollMs({ intervalMs: minute, minIntervalMs: 1_000, failures: 0, random: () => 0.5, ...given });
const limited = (retryAfterMs: number) => new ProviderError('PROVIDER_RATE_LIMITED', 'Too many.', { retryAfterMs });

describe('the time until the next poll', () => {
  it('is the interval of the trigger, spread by a tenth either way', () => {
    expect(pace()).toBe(minute);
    expect(pace({ random: () => 0 })).toBe(0.9 * minute);
    expect(pace({ random: () => 0.999 })).toBeLessThan(1.1 * minute);
  });

  it('is never below what the operator allows', () => {
    expect(pace({ intervalMs: 10, minIntervalMs: 5_000 })).toBe(5_000);
    for (const failures of [0, 1]) {
      const at = (random: number) => pace({ intervalMs: 10, minIntervalMs: 5_000, failures, random: () => random });
      expect(at(0)).toBeGreaterThanOrEqual(5_000);
      expect(at(1)).toBeGreaterThan(5_000);
    }
    expect(pace({ intervalMs: 5_100, minIntervalMs: 5_000, random: () => 0 })).toBe(5_000);
  });

  it('is at most a day', () => {
    expect(pace({ intervalMs: 1e12 })).toBe(24 * 60 * minute);
  });

  it('doubles with each failure up to 15 minutes', () => {
    expect([1, 2, 3, 4, 5, 99].map((failures) => pace({ failures }) / minute)).toEqual([2, 4, 8, 15, 15, 15]);
  });

  it('is no shorter after a failure than the interval', () => {
    expect(pace({ intervalMs: 60 * minute, failures: 1 })).toBe(60 * minute);
  });

  it('is five seconds at most while the store is away, and as ever where its disk is full', () => {
    const away = new GatewayError('STORE_UNAVAILABLE', 'Away.');
    expect([1, 9].map((failures) => pace({ failures, error: away }))).toEqual([5_000, 5_000]);
    expect(pace({ intervalMs: 1_000, failures: 1, error: away })).toBe(2_000);
    expect(pace({ failures: 1, error: new GatewayError('STORE_FULL', 'Full.') })).toBe(2 * minute);
  });

  it('is as long as the provider asks for', () => {
    expect(pace({ failures: 1, error: limited(30 * minute) })).toBe(30 * minute);
    expect(pace({ failures: 1, error: limited(1_000) })).toBe(2 * minute);
  });

  it('is an hour where the provider asks for something absurd', () => {
    expect(pace({ failures: 1, error: limited(1e15) })).toBe(60 * minute);
  });
});
