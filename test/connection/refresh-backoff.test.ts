/** Pauses after failed renewals. */
import { describe, expect, it } from '@jest/globals';
import { assert, double, integer, nat, property } from 'fast-check';
import { backoffMs, createServerBreaker } from '../../src/connection/refresh-backoff.ts';

describe('the pause of a connection', () => {
  it('grows from a second to a minute, with full jitter', () => {
    const longest = [1, 2, 3, 6, 7, 50].map((failures) => backoffMs(failures, undefined, () => 1));
    expect(longest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
    expect(backoffMs(5, undefined, () => 0)).toBe(0);
  });

  it('is never shorter than the server asked for, up to five minutes, nor longer than both', () => {
    assert(
      property(
        integer({ min: 1, max: 2000 }),
        nat(10 ** 9),
        double({ min: 0, max: 1, noNaN: true }),
        (failures, asked, chance) => {
          const pause = backoffMs(failures, asked, () => chance);
          expect(pause).toBeGreaterThanOrEqual(Math.min(asked, 300_000));
          expect(pause).toBeLessThanOrEqual(Math.max(60_000, Math.min(asked, 300_000)));
        },
      ),
    );
  });
});

describe('a server that fails', () => {
  const a = { tenant: 'acme', tokenUrl: 'https://auth.example.test/token' };
  const failTimes = (breaker: ReturnType<typeof createServerBreaker>, times: number, now = 0) => {
    for (let count = 0; count < times; count += 1) breaker.failed(a, now);
  };

  it('is asked by everyone until it has failed five times in a row', () => {
    const breaker = createServerBreaker();
    failTimes(breaker, 4);
    expect(breaker.waitMs(a, 0)).toBe(0);
    failTimes(breaker, 1);
    expect(breaker.waitMs(a, 0)).toBe(30_000);
  });

  it.each([
    ['another tenant', { ...a, tenant: 'globex' }],
    ['another token endpoint of the same origin', { ...a, tokenUrl: 'https://auth.example.test/eu/token' }],
    ['a tenant and an endpoint that read the same side by side', { tenant: `acme${a.tokenUrl}`, tokenUrl: '' }],
  ])('keeps nobody from asking who is %s', (_name, other) => {
    const breaker = createServerBreaker();
    failTimes(breaker, 5);
    expect(breaker.waitMs({ ...a }, 0)).toBe(30_000);
    expect(breaker.waitMs(other, 0)).toBe(0);
    breaker.succeeded(other);
    expect(breaker.waitMs(a, 0)).toBe(30_000);
  });

  it('is probed once every 30 s, and asked by everyone when it answers', () => {
    const breaker = createServerBreaker();
    failTimes(breaker, 5);
    expect([breaker.waitMs(a, 29_999), breaker.waitMs(a, 30_000), breaker.waitMs(a, 30_001)]).toEqual([1, 0, 29_999]);
    breaker.succeeded(a);
    expect(breaker.waitMs(a, 30_002)).toBe(0);
  });

  it('is remembered only with as many others as fit', () => {
    const breaker = createServerBreaker();
    failTimes(breaker, 5);
    for (let count = 0; count < 10_000; count += 1) breaker.failed({ ...a, tokenUrl: `https://${count}.example` }, 0);
    expect(breaker.waitMs(a, 0)).toBe(0);
  });

  it('is asked within 30 s though the clock was set back by a year', () => {
    const breaker = createServerBreaker();
    failTimes(breaker, 5, 10 ** 12);
    expect(breaker.waitMs(a, 0)).toBe(30_000);
  });
});
