/** A disk that is full in the middle of a page (F10): the feed says so, waits, and loses nothing. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { feedId } from '../../src/feed/feed.ts';
import { findDriver } from '../../src/storage/sqlite/find-driver.ts';
import { eventList, minute, rowsAt } from '../support/event-list.ts';
import { failingDriver, type StatementFaults } from '../support/failing-driver.ts';
import { ann, feedKey, never, openFeedHouse, pass, type FeedHouse } from '../support/feed-house.ts';

const key = { ...feedKey, input: { since: minute(0) } };
const id = feedId(key);
/** https://www.sqlite.org/rescode.html#full */
const full = 13;
let house: FeedHouse;
beforeEach(() => void jest.useFakeTimers({ now: Date.parse(minute(600)) }));
afterEach(async () => {
  const closing = house.close();
  await pass(1_000);
  await closing;
  jest.useRealTimers();
});

describe('a feed whose store is full', () => {
  it('waits and says why, keeps its cursor, and has everything once when there is room again', async () => {
    const list = eventList(rowsAt(1, 3));
    const faults: StatementFaults = { at: undefined, code: full };
    house = await openFeedHouse(list.ascending(), {}, failingDriver(await findDriver(), faults));
    const feeds = house.open();
    await feeds.start(key, never);
    await pass(1_000);
    const before = await house.store.feedLog.state(id);
    expect(before).toMatchObject({ lastPlace: 3 });

    list.rows.push(...rowsAt(4, 5));
    // Two events of the page fit.
    Object.assign(faults, { at: ['INSERT INTO feed_events'], after: 2 });
    await pass(60_000);
    expect(await feeds.find(ann, id)).toMatchObject({
      state: 'BACKING_OFF',
      lastError: { code: 'STORE_FULL', message: expect.stringContaining('disk is full') },
    });
    expect(await house.store.feedLog.state(id)).toEqual(before);
    const asked = list.asked.length;
    await pass(90_000);
    expect(list.asked).toHaveLength(asked);

    faults.at = undefined;
    await pass(15 * 60_000);
    const status = await feeds.find(ann, id);
    expect(status).toMatchObject({ state: 'RUNNING', lastPlace: 8 });
    expect(status).not.toHaveProperty('lastError');
    const { events } = await house.store.feedLog.read(id, 0);
    expect(events.map(({ place, payload }) => [place, (JSON.parse(payload) as { id: number }).id])).toEqual(
      Array.from({ length: 8 }, (_, index) => [index + 1, index + 1]),
    );
  });
});
