import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../../src/connection/caller.ts';
import { CallerError } from '../../../src/errors.ts';
import { createCallerWatch } from '../../../src/server/subscriptions/caller-watch.ts';

describe('the watch over callers', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const ada: Caller = { tenant: 'acme', subject: 'ada', scopes: new Set(['plugboard.read']) };
  const headers = { authorization: 'Bearer ada' };

  it('asks once per credentials and interval, however much they have opened', async () => {
    const asked: (string | undefined)[] = [];
    const watch = watching(async ({ authorization }) => {
      asked.push(authorization);
      return ada;
    });
    for (let index = 0; index < 1_000; index += 1) watch(headers, ada, () => {});
    watch({ authorization: 'Bearer other' }, ada, () => {});
    expect(asked).toEqual([]);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(asked).toEqual(['Bearer ada', 'Bearer other']);
    await jest.advanceTimersByTimeAsync(4_000);
    expect(asked).toHaveLength(6);
  });

  it('asks no second time while the first answer is awaited', async () => {
    let count = 0;
    const watch = watching(() => {
      count += 1;
      return new Promise(() => {});
    });
    watch(headers, ada, () => {});
    await jest.advanceTimersByTimeAsync(20_000);
    expect(count).toBe(1);
  });

  it('ends all that revoked credentials have opened, each once, and asks nothing more', async () => {
    let count = 0;
    const watch = watching(async () => {
      count += 1;
      throw new CallerError('UNAUTHENTICATED', 'No.');
    });
    const [first, second] = [jest.fn(), jest.fn()];
    watch(headers, ada, first);
    watch(headers, ada, second);
    await jest.advanceTimersByTimeAsync(10_000);
    expect([first.mock.calls.length, second.mock.calls.length, count]).toEqual([1, 1, 1]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends by the clock what expires, within five seconds, also when nobody answers', async () => {
    const watch = watching(() => new Promise(() => {}));
    const end = jest.fn();
    watch(headers, { ...ada, expiresAt: Date.now() + 9_500 }, end);
    await jest.advanceTimersByTimeAsync(9_000);
    expect(end).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('learns that credentials live longer than they did', async () => {
    const watch = watching(async () => ({ ...ada, expiresAt: Date.now() + 60_000 }));
    const end = jest.fn();
    watch(headers, { ...ada, expiresAt: Date.now() + 3_000 }, end);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(end).not.toHaveBeenCalled();
  });

  it.each([
    ['another tenant', { ...ada, tenant: 'other' }],
    ['another subject', { ...ada, subject: 'eve' }],
    ['fewer scopes', { ...ada, scopes: new Set<string>() }],
    ['other scopes', { ...ada, scopes: new Set(['plugboard.write']) }],
  ])('ends what was opened when the credentials now stand for %s', async (_what, caller) => {
    const watch = watching(async () => caller);
    const end = jest.fn();
    watch(headers, ada, end);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('revokes nothing when the question fails', async () => {
    const watch = watching(async () => {
      throw new Error('The disk is gone.');
    });
    const end = jest.fn();
    watch(headers, ada, end);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(end).not.toHaveBeenCalled();
  });

  it('forgets what was closed', async () => {
    let count = 0;
    const watch = watching(async () => {
      count += 1;
      return ada;
    });
    const endFirst = watch(headers, ada, () => {});
    const endSecond = watch(headers, ada, () => {});
    endFirst();
    await jest.advanceTimersByTimeAsync(2_000);
    expect(count).toBe(1);
    endSecond();
    endSecond();
    await jest.advanceTimersByTimeAsync(20_000);
    expect([count, jest.getTimerCount()]).toEqual([1, 0]);
  });

  function watching(caller: (headers: IncomingHttpHeaders) => Promise<Caller>) {
    return createCallerWatch({ caller, everyMs: 2_000 }).watch;
  }
});
