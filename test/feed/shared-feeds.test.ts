/** Feeds that several processes listen to: who stops them, and when they are polled that a webhook says are due. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProviderError } from '../../src/errors.ts';
import type { FeedWebhooks } from '../../src/feed/feed-desk.ts';
import { feedId } from '../../src/feed/feed.ts';
import { eventList, minute, rowsAt } from '../support/event-list.ts';
import { ann, feedKey, never, openFeedHouse, pass, type FeedHouse } from '../support/feed-house.ts';

const id = feedId(feedKey);
const pushed = {
  output: [{ name: 'id' }],
  dedup: (row: any) => row.id,
  webhook: { subscribe: () => ({}), unsubscribe: () => {}, notification: ({ payload }: any) => payload },
};
let house: FeedHouse;
/** What the processes did to the provider's webhook, in their order. */
let calls: string[];
let ending: Promise<void> | undefined;
beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse(minute(600)) });
  calls = [];
  ending = undefined;
});
afterEach(async () => {
  const closing = house.close();
  await pass(1_000);
  await closing;
  jest.useRealTimers();
});

function open(name: string) {
  const webhooks: FeedWebhooks = {
    ensure: async () => (calls.push(`${name} ensures`), { state: 'ACTIVE' }),
    async end() {
      calls.push(`${name} ends`);
      await ending;
      calls.push(`${name} has ended`);
    },
  };
  return house.open({ webhooks, limits: { graceMs: 10_000 } });
}

describe('a feed that two processes listen to', () => {
  it('is not stopped, and its webhook not ended, while one of them has a subscriber', async () => {
    house = await openFeedHouse(pushed);
    const [a, b] = [open('A'), open('B')];
    const first = await a.open(feedKey, never);
    await pass(1_000);
    const second = await b.open(feedKey, never);
    await pass(5_000);
    first.release();
    await pass(120_000);
    expect(calls.filter((call) => !call.endsWith('ensures'))).toEqual([]);
    expect(await b.find(ann, id)).toMatchObject({ state: 'RUNNING' });
    second.release();
    await pass(60_000);
    expect(calls.filter((call) => !call.endsWith('ensures'))).toEqual(['A ends', 'A has ended']);
    expect(await b.find(ann, id)).toMatchObject({ state: 'STOPPED' });
  });

  it('is stopped all the same when the process with the other subscriber has died', async () => {
    house = await openFeedHouse(pushed);
    const [a, b] = [open('A'), open('B')];
    const first = await a.open(feedKey, never);
    await pass(1_000);
    await b.open(feedKey, never);
    await b.close();
    first.release();
    await pass(60_000);
    expect(await a.find(ann, id)).toMatchObject({ state: 'STOPPED' });
  });

  it('has a new webhook when somebody comes while the old one is ended', async () => {
    house = await openFeedHouse(pushed);
    const [a, b] = [open('A'), open('B')];
    const first = await a.open(feedKey, never);
    await pass(1_000);
    let release = () => {};
    ending = new Promise((resolve) => (release = resolve));
    first.release();
    await pass(15_000);
    expect(calls.at(-1)).toBe('A ends');
    await b.open(feedKey, never);
    await pass(15_000);
    expect(calls.at(-1)).toBe('A ends');
    release();
    await pass(15_000);
    expect(calls.slice(calls.indexOf('A ends'), calls.indexOf('A ends') + 3)).toEqual([
      'A ends',
      'A has ended',
      'B ensures',
    ]);
    expect(await b.find(ann, id)).toMatchObject({ state: 'RUNNING' });
  });
});

describe('a feed that webhooks say is due', () => {
  it('is polled at once, but never more often than the floor of the operator', async () => {
    const list = eventList(rowsAt(1, 3));
    house = await openFeedHouse(list.ascending());
    const feeds = house.open({ limits: { minIntervalMs: 30_000 } });
    await feeds.open(feedKey, never);
    await pass(1_000);
    expect(list.asked).toHaveLength(1);
    await pass(30_000);
    for (let second = 0; second < 25; second += 1) {
      await feeds.signals.request(id);
      await pass(500);
      expect(list.asked).toHaveLength(2);
    }
    await pass(30_000);
    expect(list.asked).toHaveLength(3);
  });

  it('is not polled before its pause is over while it fails', async () => {
    const list = eventList(rowsAt(1, 3));
    house = await openFeedHouse(list.ascending());
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await pass(1_000);
    list.beforePoll = () => {
      throw new ProviderError('PROVIDER_UNAVAILABLE', 'Shop answered 503.', { http: { status: 503 } });
    };
    await pass(60_000);
    const polls = list.asked.length;
    for (let turn = 0; turn < 9; turn += 1) {
      await feeds.signals.request(id);
      await pass(10_000);
    }
    expect(list.asked).toHaveLength(polls);
    await pass(60_000);
    expect(list.asked).toHaveLength(polls + 1);
  });
});
