import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPollSignals, type PollSignals } from '../../src/feed/poll-signal.ts';
import type { Store } from '../../src/storage/store.ts';
import { openTestStore } from '../support/test-store.ts';

let store: Store;
let told: string[];
let signals: PollSignals;

beforeEach(async () => {
  store = await openTestStore();
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
  told = [];
  signals = createPollSignals({ records: store.records, pollSoon: (feed) => void told.push(feed) });
});
afterEach(async () => {
  signals.stop();
  jest.useRealTimers();
  await store.close();
});

describe('a signal to poll', () => {
  it('is told at once', async () => {
    await signals.request('f');
    expect(told).toEqual(['f']);
  });

  it('makes few polls of many webhooks, the last of them after the last webhook', async () => {
    const polls: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      await signals.request('f');
      polls.push(told.length);
      jest.advanceTimersByTime(1_000);
    }
    expect(told).toHaveLength(6);
    expect(polls.slice(0, 13)).toEqual([...Array.from({ length: 12 }, () => 1), 2]);
    jest.advanceTimersByTime(60_000);
    expect(told).toHaveLength(6);
  });

  it('of one feed holds up no other', async () => {
    await signals.request('f');
    await signals.request('g');
    expect(told).toEqual(['f', 'g']);
  });

  it('is due until a poll takes it, and again after that', async () => {
    await signals.request('f');
    await signals.request('f');
    expect([await signals.take('f'), await signals.take('f')]).toEqual([true, false]);
    await signals.request('f');
    expect(await signals.take('f')).toBe(true);
  });

  it('reaches the process that polls, also after the one that took it has died', async () => {
    await signals.request('f');
    const other: string[] = [];
    const polling = createPollSignals({ records: store.records, pollSoon: (feed) => void other.push(feed) });
    polling.watch();
    jest.advanceTimersByTime(1_000);
    while (other.length === 0) await new Promise(setImmediate);
    expect(other).toEqual(['f']);
    await polling.take('f');
    jest.advanceTimersByTime(30_000);
    await store.records.list('poll_signal', {});
    expect(other).toEqual(['f']);
    polling.stop();
  });

  it('that cannot be kept is none', async () => {
    await store.close();
    await expect(signals.request('f')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(told).toEqual([]);
  });
});
