/** One poll of a feed, as its record and its log know it. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
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
