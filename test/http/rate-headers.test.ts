import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { longestWindowMs, readRateFacts } from '../../src/http/rate-headers.ts';

const wallMs = Date.parse('2026-01-01T00:00:00Z');
const seconds = wallMs / 1000;
const read = (headers: Record<string, string>, status = 200) => readRateFacts(status, headers, wallMs);

describe('readRateFacts', () => {
  it('says nothing of an answer that says nothing', () => {
    expect(read({ 'content-type': 'application/json', 'retry-after': '5' })).toBeUndefined();
    expect(read({}, 403)).toBeUndefined();
    expect(read({ 'retry-after': '5' }, 503)).toBeUndefined();
  });

  it.each<[string, Record<string, string>, object]>([
    [
      'GitHub, whose reset is a time in seconds',
      {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '4999',
        'x-ratelimit-reset': String(seconds + 90),
        'x-ratelimit-resource': 'core',
      },
      { limit: 5000, remaining: 4999, resetMs: 90_000, resource: 'core' },
    ],
    [
      'a time in milliseconds',
      { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': String(wallMs + 1500) },
      { remaining: 1, resetMs: 1500 },
    ],
    [
      'a number of seconds',
      { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '30' },
      { remaining: 1, resetMs: 30_000 },
    ],
    [
      'a part of a second',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + 1), 'x-ratelimit-reset-after': '0.35' },
      { remaining: 0, resetMs: 350 },
    ],
    [
      'a time of RFC 3339',
      { 'x-rate-limit-remaining': '3', 'x-rate-limit-reset': '2026-01-01T00:00:10Z' },
      { remaining: 3, resetMs: 10_000 },
    ],
    [
      'an HTTP date',
      { 'x-rate-limit-remaining': '3', 'x-rate-limit-reset': 'Thu, 01 Jan 2026 00:00:10 GMT' },
      { remaining: 3, resetMs: 10_000 },
    ],
    [
      'the fields of draft 6, with a list of limits',
      { 'ratelimit-limit': '10, 10;w=1, 50;w=60', 'ratelimit-remaining': '9', 'ratelimit-reset': '1' },
      { limit: 10, remaining: 9, resetMs: 1000 },
    ],
    [
      'the field of draft 7',
      { ratelimit: 'limit=100, remaining=50, reset=5' },
      { limit: 100, remaining: 50, resetMs: 5000 },
    ],
    [
      'the fields of draft 10',
      { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"burst";q=9;w=1,"default";q=100;w=60' },
      { limit: 100, remaining: 50, resetMs: 30_000 },
    ],
    [
      'of several policies the one that leaves least',
      { ratelimit: '"day";r=500;t=3000, "burst";t=2;r=1 , "minute";r=7' },
      { remaining: 1, resetMs: 2000 },
    ],
    ['no time where none is said', { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': 'soon' }, { remaining: 3 }],
    [
      'a time that is past as now',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds - 5) },
      { remaining: 0, resetMs: 0 },
    ],
    [
      'an absurd time as an hour',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9'.repeat(15) },
      { remaining: 0, resetMs: longestWindowMs },
    ],
  ])('reads %s', (_what, headers, expected) => {
    expect(read(headers)).toEqual({ isRefusal: false, ...expected });
  });

  it('reads times against the clock of the provider, where it tells it', () => {
    const date = 'Thu, 01 Jan 2026 00:10:00 GMT';
    const headers = { date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + 660) };
    expect(read(headers)).toMatchObject({ resetMs: 60_000 });
    expect(read({ date, 'retry-after': 'Thu, 01 Jan 2026 00:10:07 GMT' }, 429)).toMatchObject({ resetMs: 7000 });
  });

  it.each([
    ['3', 3000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['99999999999999999999', longestWindowMs],
    ['Fri, 31 Dec 9999 23:59:59 GMT', longestWindowMs],
    ['-5', undefined],
    ['soon', undefined],
  ])('reads Retry-After %j of a refusal', (text, resetMs) => {
    const expected = { isRefusal: true, ...(resetMs === undefined ? {} : { resetMs }) };
    expect(read({ 'retry-after': text }, 429)).toEqual(expected);
    expect(read({ 'retry-after': text }, 403)).toEqual(expected);
  });

  it('knows a refusal by 429 alone, and by 403 when nothing remains', () => {
    expect(read({}, 429)).toEqual({ isRefusal: true });
    const used = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' };
    expect(read(used, 403)).toEqual({ isRefusal: true, remaining: 0, resetMs: 60_000 });
    expect(read({ ...used, 'x-ratelimit-remaining': '7' }, 403)).toMatchObject({ isRefusal: false });
  });

  it('never fails, and never gives a wait that is negative, endless or longer than an hour', () => {
    const text = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String), fc.date().map(String));
    const name = fc.constantFrom(
      'retry-after',
      'ratelimit',
      'ratelimit-policy',
      'x-ratelimit-remaining',
      'x-ratelimit-limit',
      'x-ratelimit-reset',
      'date',
    );
    fc.assert(
      fc.property(fc.dictionary(name, text), fc.constantFrom(200, 403, 429), (headers, status) => {
        const facts = readRateFacts(status, headers, wallMs);
        for (const value of [facts?.resetMs, facts?.remaining, facts?.limit]) {
          if (value !== undefined && !(value >= 0 && Number.isFinite(value))) return false;
        }
        return (facts?.resetMs ?? 0) <= longestWindowMs;
      }),
    );
  });
});
