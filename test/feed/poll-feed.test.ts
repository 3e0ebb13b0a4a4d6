/** One poll of a feed, as its record and its log know it. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GatewayError } from '../../src/errors.ts';
import { feedId } from '../../src/feed/feed.ts';
import type { FeedValue } from '../../src/feed/feed-record.ts';
import { eventList, minute, rowsAt, type EventList } from '../support/event-list.ts';
import { ann, feedKey, never, openFeedHouse, pass, type FeedHouse } from '../support/feed-house.ts';

const id = feedId(feedKey);
let list: EventList;
let house: FeedHouse;
beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse(minute(600)) });
  list = eventList(rowsAt(1, 3));
});
afterEach(async () => {
  const closed = house.close();
  await pass(1_000);
  await closed;
  jest.useRealTimers();
});

const recordOf = async () => (await house.store.records.get('feed', id))!;

describe('a replay whose process died before it was noted as done', () => {
  it.each(['ascending', 'descending'] as const)('ends with the next poll of an %s feed', async (kind) => {
    house = await openFeedHouse(list[kind]());
    const feeds = house.open();
    await feeds.start(feedKey, never);
    await pass(1_000);
    await feeds.replay(ann, id, new Date(minute(1)));
    const { replay } = (await recordOf()).value as FeedValue;
    await pass(5_000);
    await feeds.close();
    const done = await recordOf();
    expect(done.value).toMatchObject({ replay: null });
    const { version, value, indexes } = done;
    await house.store.records.compareAndSet('feed', id, version, { ...value, replay }, { indexes });
    const polls = list.asked.length;
    await house.open().resume();
    await pass(10_000);
    expect((await recordOf()).value).toMatchObject({ replay: null });
    expect(list.asked.length - polls).toBeLessThan(3);
  });
});

describe('what a tick warns of', () => {
  it('is logged once, and the feed runs', async () => {
    const poll = () => ({ events: [], nextPoll: 'token' });
    house = await openFeedHouse({ output: [{ name: 'id' }], lookBackMs: 60_000, intervalMs: 1_000, poll });
    const feeds = house.open();
    await feeds.start(feedKey, never);
    await pass(10_000);
    expect(house.warnings).toEqual([expect.stringContaining('its cursor holds no time that can be set back')]);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING' });
  });
});

describe('how a feed fares', () => {
  const idle = { output: [{ name: 'id' }] as const, intervalMs: 1_000 };

  it('is not noted by a process that has lost the lease while it slept', async () => {
    let fail: (() => void) | undefined;
    let isFrozen = false;
    const poll = async () => {
      if (isFrozen) await new Promise((_, reject) => (fail = () => reject(new Error('The time is up.'))));
      return { events: [] };
    };
    house = await openFeedHouse({ ...idle, poll });
    const { leases } = house.store;
    // As it is when another process has taken over.
    const renew: typeof leases.renew = async (...given) => fail === undefined && leases.renew(...given);
    const own = { acquire: leases.acquire.bind(leases), renew, release: leases.release.bind(leases) };
    // It would not look by itself for long.
    const feeds = house.open({ leases: own, limits: { takeoverMs: 100_000 } });
    await feeds.start(feedKey, never);
    await pass(2_000);
    isFrozen = true;
    await pass(1_500);
    fail!();
    await pass(100);
    expect((await recordOf()).value).toMatchObject({ state: 'RUNNING', lastError: null });
    expect(house.warnings).toEqual([]);
  });

  it('is set right with the next poll where another process has noted something else', async () => {
    house = await openFeedHouse({ ...idle, poll: () => ({ events: [] }) });
    const feeds = house.open();
    await feeds.start(feedKey, never);
    await pass(2_000);
    const { version, value, indexes } = await recordOf();
    const lastError = { code: 'PROVIDER_TIMEOUT', message: 'Late.', at: 1 };
    const wrong = { ...value, state: 'BACKING_OFF', lastError };
    await house.store.records.compareAndSet('feed', id, version, wrong, { indexes });
    await pass(2_000);
    expect((await recordOf()).value).toMatchObject({ state: 'RUNNING', lastError: null });
  });

  it('says why while the store gives no lease', async () => {
    house = await openFeedHouse({ ...idle, poll: () => ({ events: [] }) });
    const { leases } = house.store;
    let isFull = true;
    const acquire: typeof leases.acquire = async (...given) => {
      if (isFull) throw new GatewayError('STORE_FULL', 'The disk is full.');
      return leases.acquire(...given);
    };
    const own = { acquire, renew: leases.renew.bind(leases), release: leases.release.bind(leases) };
    const feeds = house.open({ leases: own });
    await feeds.start(feedKey, never);
    await pass(5_000);
    const lastError = { code: 'STORE_FULL', message: 'The disk is full.', at: expect.any(Number) };
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'BACKING_OFF', lastError });
    expect(house.warnings).toEqual(['A feed is not polled. The disk is full.']);
    isFull = false;
    await pass(5_000);
    const status = await feeds.find(ann, id);
    expect([status?.state, status?.lastError, status?.lastPollAt]).toEqual(['RUNNING', undefined, expect.any(Number)]);
  });
});
