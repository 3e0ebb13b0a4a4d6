/** The feeds of a gateway: how they start, share, hold, end and go on. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuthorizationError, ProviderError } from '../../src/errors.ts';
import type { OpenFeed } from '../../src/feed/feeds.ts';
import { feedId } from '../../src/feed/feed.ts';
import { eventList, minute, rowsAt, type EventList } from '../support/event-list.ts';
import { ann, callerOf, feedKey, never, openFeedHouse, pass, prepare, type FeedHouse } from '../support/feed-house.ts';

const id = feedId(feedKey);
const interval = 60_000;
let list: EventList;
let house: FeedHouse;

async function build(part: Parameters<typeof openFeedHouse>[1] = {}): Promise<void> {
  house = await openFeedHouse(list.ascending(), part);
}

/** Ids of the rows that a subscriber is told of, from now on. */
function listen(feed: OpenFeed): { ids: unknown[]; ended: string[] } {
  const told = { ids: [] as unknown[], ended: [] as string[] };
  feed.listen({
    onEvents: (events) => told.ids.push(...events.map(({ payload }) => (JSON.parse(payload) as { id: unknown }).id)),
    onEnd: (reason) => told.ended.push(`${reason.code}: ${reason.message}`),
  });
  return told;
}

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse(minute(600)) });
  list = eventList(rowsAt(1, 3));
});
afterEach(async () => {
  const closing = house.close();
  await pass(1_000);
  await closing;
  jest.useRealTimers();
});

describe('a feed that is opened', () => {
  it('tells its subscribers what happens from then on', async () => {
    await build();
    const feed = await house.open().open(feedKey, never);
    const told = listen(feed);
    await pass(1_000);
    list.rows.push(...rowsAt(4, 2));
    await pass(interval);
    expect(told.ids).toEqual([4, 5]);
  });

  it('delivers what a start field asks for to whoever opened it', async () => {
    await build();
    const feed = await house.open().open({ ...feedKey, input: { since: minute(2) } }, never);
    const told = listen(feed);
    await pass(1_000);
    expect(told.ids).toEqual([2, 3]);
    expect(feed.lastPlace).toBe(0);
  });

  it('is tried before its first start, not for every subscriber', async () => {
    let tests = 0;
    await build({ test: () => void (tests += 1) });
    const feeds = house.open();
    await Promise.all([feeds.open(feedKey, never), feeds.open(feedKey, never)]);
    await feeds.open(feedKey, never);
    expect(tests).toBe(1);
  });

  it('is polled once for all its subscribers', async () => {
    await build();
    const feeds = house.open();
    for (let subscribers = 0; subscribers < 10; subscribers++) await feeds.open(feedKey, never);
    await pass(interval * 3);
    expect(list.asked.length).toBeLessThanOrEqual(4);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING', subscriberCount: 10, durable: false });
  });

  it('does not start when the test of its connector fails, and says so in words', async () => {
    await build({
      test: () => {
        throw new ProviderError('PROVIDER_FORBIDDEN', 'Shop answered 403.', { http: { status: 403 } });
      },
    });
    const feeds = house.open();
    await expect(feeds.open(feedKey, never)).rejects.toMatchObject({
      code: 'FEED_START_FAILED',
      message: 'Shop: the feed of sale was not started, because the test of the connector failed. Shop answered 403.',
      details: { http: { status: 403 }, connection: 'c1', connector: 'shop' },
    });
    await pass(interval * 2);
    expect(list.asked).toEqual([]);
    expect(await feeds.list(ann)).toEqual([]);
  });

  it('does not start on a connection that cannot be used', async () => {
    await build();
    house.broken.set('c1', new AuthorizationError('REAUTH_REQUIRED', 'Connect it again.'));
    await expect(house.open().open(feedKey, never)).rejects.toMatchObject({ code: 'REAUTH_REQUIRED' });
  });

  it('refuses input that its trigger does not understand', async () => {
    await build();
    const key = { ...feedKey, input: { since: 'yesterday or so' } };
    await expect(house.open().open(key, never)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('lets a subscriber go that leaves while it is tried', async () => {
    await build({ test: () => new Promise(() => {}) });
    const leaving = new AbortController();
    const opening = house.open().open(feedKey, leaving.signal);
    leaving.abort();
    await expect(opening).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' });
  });
});

describe('a feed whose last subscriber has left', () => {
  it('is polled for the grace time, then stops; its log stays', async () => {
    await build();
    const feeds = house.open({ limits: { graceMs: 90_000 } });
    const [one, other] = [await feeds.open(feedKey, never), await feeds.open(feedKey, never)];
    await pass(1_000);
    list.rows.push(...rowsAt(4, 1));
    one.release();
    one.release();
    other.release();
    await pass(80_000);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING', lastPlace: 1 });
    await pass(20_000);
    const polls = list.asked.length;
    await pass(interval * 5);
    expect(list.asked).toHaveLength(polls);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'STOPPED', lastPlace: 1 });
  });

  it('runs on when somebody comes back within the grace time', async () => {
    await build();
    const feeds = house.open({ limits: { graceMs: 30_000 } });
    (await feeds.open(feedKey, never)).release();
    await pass(20_000);
    await feeds.open(feedKey, never);
    await pass(interval * 2);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING' });
  });

  it('goes on where it stopped when somebody opens it later', async () => {
    await build();
    const feeds = house.open({ limits: { graceMs: 0 } });
    const first = await feeds.open(feedKey, never);
    await pass(1_000);
    first.release();
    await pass(1_000);
    list.rows.push(...rowsAt(4, 2));
    await pass(interval * 10);
    const told = listen(await feeds.open(feedKey, never));
    await pass(1_000);
    expect(told.ids).toEqual([4, 5]);
  });

  it('runs without subscribers when it is durable, until it is stopped', async () => {
    await build();
    const feeds = house.open({ limits: { graceMs: 0 } });
    expect(await feeds.start(feedKey, never)).toMatchObject({ id, durable: true, state: 'RUNNING' });
    await pass(1_000);
    list.rows.push(...rowsAt(4, 2));
    await pass(interval * 2);
    expect(await feeds.find(ann, id)).toMatchObject({ lastPlace: 2, state: 'RUNNING' });
    expect(await feeds.stop(ann, id)).toMatchObject({ durable: false, state: 'STOPPED' });
    const polls = list.asked.length;
    await pass(interval * 3);
    expect(list.asked).toHaveLength(polls);
  });

  it('keeps its subscribers when it is durable no more', async () => {
    await build();
    const feeds = house.open({ limits: { graceMs: 0 } });
    await feeds.start(feedKey, never);
    const told = listen(await feeds.open(feedKey, never));
    expect(await feeds.stop(ann, id)).toMatchObject({ durable: false, state: 'RUNNING' });
    await pass(1_000);
    list.rows.push(...rowsAt(4, 1));
    await pass(interval);
    expect(told.ids).toEqual([4]);
  });
});

describe('whose a feed is', () => {
  it('decides what a caller is told: others get the answer of a feed that does not exist', async () => {
    await build();
    const feeds = house.open();
    await feeds.start(feedKey, never);
    const tenants = { ...feedKey, connection: 'shared', subject: undefined };
    await feeds.start(tenants, never);
    const strangers = [callerOf('acme', 'bob'), callerOf('other', 'ann'), callerOf('acme', undefined)];
    for (const stranger of strangers) {
      expect(await feeds.find(stranger, id)).toBeUndefined();
      expect(await feeds.stop(stranger, id)).toBeUndefined();
      expect(await feeds.replay(stranger, id, new Date())).toBeUndefined();
      expect(await feeds.replayParked(stranger, id)).toBeUndefined();
      expect(await feeds.parked(stranger, id)).toEqual([]);
    }
    const listed = await Promise.all([ann, ...strangers].map(async (one) => (await feeds.list(one)).length));
    expect(listed).toEqual([2, 1, 0, 1]);
    expect(await feeds.list(ann, 'another')).toEqual([]);
  });
});

describe('a feed that fails', () => {
  it('backs off, says why, and recovers', async () => {
    await build();
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await pass(1_000);
    let isBroken = true;
    list.beforePoll = () => {
      if (isBroken) throw new ProviderError('PROVIDER_UNAVAILABLE', 'Shop answered 503.', { http: { status: 503 } });
    };
    await pass(interval);
    expect(await feeds.find(ann, id)).toMatchObject({
      state: 'BACKING_OFF',
      lastError: { code: 'PROVIDER_UNAVAILABLE', message: expect.stringContaining('503') },
    });
    const polls = list.asked.length;
    await pass(interval * 1.9);
    expect(list.asked).toHaveLength(polls);
    isBroken = false;
    list.rows.push(...rowsAt(4, 1));
    await pass(interval * 0.2);
    const status = await feeds.find(ann, id);
    expect(status).toMatchObject({ state: 'RUNNING', lastPlace: 1 });
    expect(status).not.toHaveProperty('lastError');
  });

  it('waits as long as the provider asks for, but no more than an hour', async () => {
    await build();
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await pass(1_000);
    const absurd = 10 * 365 * 24 * 60 * 60_000;
    list.beforePoll = () => {
      throw new ProviderError('PROVIDER_RATE_LIMITED', 'Too many.', { http: { status: 429 }, retryAfterMs: absurd });
    };
    await pass(interval);
    const polls = list.asked.length;
    await pass(59 * interval);
    expect(list.asked).toHaveLength(polls);
    await pass(2 * interval);
    expect(list.asked).toHaveLength(polls + 1);
  });

  it('is not frozen by an answer that never comes', async () => {
    await build();
    const feeds = house.open({ limits: { pollTimeoutMs: 10_000 } });
    await feeds.open(feedKey, never);
    await pass(1_000);
    list.beforePoll = (poll) => (poll === 2 ? new Promise(() => {}) : undefined);
    await pass(interval + 11_000);
    expect(await feeds.find(ann, id)).toMatchObject({
      state: 'BACKING_OFF',
      lastError: { code: 'OPERATION_TIMEOUT' },
    });
    list.rows.push(...rowsAt(4, 1));
    await pass(interval * 2.5);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING', lastPlace: 1 });
  });

  it('reports a provider that repeats its page, and backs off', async () => {
    list.rows = rowsAt(1, 250, () => minute(1));
    await build();
    const feeds = house.open();
    await feeds.start({ ...feedKey, input: { since: minute(0) } }, never);
    await pass(1_000);
    const [status] = await feeds.list(ann);
    expect(status).toMatchObject({ state: 'BACKING_OFF', lastError: { code: 'POLL_STUCK' }, lastPlace: 100 });
    expect(list.asked).toHaveLength(2);
  });

  it.each([
    ['text', 'POLL_ANSWER_INVALID'],
    [{ events: 7 }, 'POLL_ANSWER_INVALID'],
    [{ events: Array.from({ length: 10_000 }, (_, number) => ({ id: number })) }, 'POLL_ANSWER_INVALID'],
    [{ events: [], nextPoll: 1n }, undefined],
    [{ events: [], nextPoll: () => 1 }, 'POLL_CURSOR_INVALID'],
  ])('says so when a poll answers what is no page (%#)', async (answer, code) => {
    house = await openFeedHouse({ poll: () => answer });
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await pass(1_000);
    const status = await feeds.find(ann, id);
    expect(status?.state).toBe(code ? 'BACKING_OFF' : 'RUNNING');
    expect(status?.lastError?.code).toBe(code);
  });

  it('takes a poll that answers nothing for one that found nothing', async () => {
    house = await openFeedHouse({ poll: () => undefined });
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await pass(1_000);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING', lastPlace: 0 });
  });

  it('tells nobody what code of a connector failed with', async () => {
    house = await openFeedHouse({
      poll: () => {
        throw new Error('the secret is 42');
      },
    });
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await pass(1_000);
    const status = await feeds.find(ann, id);
    expect(status).toMatchObject({ state: 'BACKING_OFF', lastError: { code: 'CONNECTOR_ERROR' } });
    expect(JSON.stringify([status, house.warnings])).not.toContain('42');
  });
});

describe('a feed whose connection has to be connected again', () => {
  it('is held, and goes on where it stopped when it hears that the connection is usable', async () => {
    await build();
    const feeds = house.open();
    const told = listen(await feeds.open(feedKey, never));
    await pass(1_000);
    house.broken.set('c1', new AuthorizationError('REAUTH_REQUIRED', 'Connect it again.'));
    await pass(interval);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'HELD', lastError: { code: 'REAUTH_REQUIRED' } });
    list.rows.push(...rowsAt(4, 2));
    house.broken.clear();
    await feeds.connectionChanged('acme', 'c1', 'usable');
    await pass(1_000);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING' });
    expect(told.ids).toEqual([4, 5]);
    expect(told.ended).toEqual([]);
  });

  it('finds out by itself that the connection is usable again', async () => {
    await build();
    const feeds = house.open();
    await feeds.open(feedKey, never);
    house.broken.set('c1', new AuthorizationError('REAUTH_REQUIRED', 'Connect it again.'));
    await pass(interval * 30);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'HELD' });
    house.broken.clear();
    await pass(16 * interval);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'RUNNING' });
  });
});

describe('a feed that ends', () => {
  it('tells its subscribers when its connection is removed, and leaves nothing', async () => {
    await build();
    const feeds = house.open();
    const told = listen(await feeds.open(feedKey, never));
    await pass(1_000);
    list.rows.push(...rowsAt(4, 2));
    await pass(interval);
    await feeds.connectionChanged('acme', 'c1', 'removed');
    expect(told.ended).toEqual(['FEED_ENDED: The connection of this feed was removed.']);
    expect(await feeds.list(ann)).toEqual([]);
    expect(await house.store.feedLog.state(id)).toMatchObject({ lastPlace: 0, version: 0 });
    const polls = list.asked.length;
    await pass(interval * 3);
    expect(list.asked).toHaveLength(polls);
  });

  it('tells its subscribers when its trigger is not served any more', async () => {
    await build();
    const feeds = house.open();
    const told = listen(await feeds.open(feedKey, never));
    await pass(1_000);
    house.trigger = undefined;
    await pass(interval);
    expect(told.ended).toEqual(['FEED_ENDED: The trigger sale of the connector shop is not served any more.']);
    expect(await feeds.find(ann, id)).toMatchObject({ state: 'STOPPED', lastError: { code: 'FEED_ENDED' } });
  });

  it('ends when its connection is found to be gone', async () => {
    await build();
    const feeds = house.open();
    const told = listen(await feeds.open(feedKey, never));
    await pass(1_000);
    house.broken.set('c1', new AuthorizationError('CONNECTION_NOT_FOUND', 'There is none.'));
    await pass(interval);
    expect(told.ended).toEqual(['FEED_ENDED: The connection of this feed was removed.']);
  });
});

describe('parked events', () => {
  it('are delivered once their trigger understands them, once, and the others stay', async () => {
    list.rows.push({ id: 'poison', at: 'never' }, { id: '', at: minute(9) });
    const { output: _output, ...lenient } = list.ascending();
    await build();
    const feeds = house.open();
    const key = { ...feedKey, input: { since: minute(0) } };
    const told = listen(await feeds.open(key, never));
    await pass(1_000);
    const feed = feedId(key);
    expect(told.ids).toEqual([1, 2, 3]);
    const parked = await feeds.parked(ann, feed);
    expect(parked.map(({ code }) => code).sort()).toEqual(['EVENT_ID_MISSING', 'EVENT_INVALID']);
    expect(await feeds.replayParked(ann, feed)).toEqual({ delivered: 0, left: 2 });
    house.trigger = prepare(lenient);
    const [one, other] = await Promise.all([feeds.replayParked(ann, feed), feeds.replayParked(ann, feed)]);
    expect(one!.delivered + other!.delivered).toBe(1);
    await pass(interval * 2);
    expect(told.ids).toEqual([1, 2, 3, 'poison']);
    expect((await feeds.find(ann, feed))!.parkedCount).toBe(1);
  });
});

describe('a replay', () => {
  it('delivers what the feed never had, once', async () => {
    list.rows = rowsAt(1, 10);
    await build();
    const feeds = house.open();
    const told = listen(await feeds.open(feedKey, never));
    await pass(1_000);
    expect(await feeds.replay(ann, id, new Date(minute(8)))).toMatchObject({ id });
    await pass(1_000);
    expect(told.ids).toEqual([8, 9, 10]);
    await feeds.replay(ann, id, new Date(minute(7)));
    await pass(interval * 3);
    expect(told.ids).toEqual([8, 9, 10, 7]);
  });

  it('is refused for a trigger that cannot be asked since a time', async () => {
    house = await openFeedHouse({ poll: () => ({ events: [] }) });
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await expect(feeds.replay(ann, id, new Date())).rejects.toMatchObject({
      code: 'REPLAY_UNSUPPORTED',
      message: 'Shop: sale cannot be asked for what happened since a time: it has no `startField`.',
    });
  });
});

describe('what is kept of a feed', () => {
  it('stays within its retention', async () => {
    list.rows = [];
    await build();
    const feeds = house.open({ limits: { keepEvents: 10 } });
    await feeds.open({ ...feedKey, input: { since: minute(0) } }, never);
    await pass(1_000);
    list.rows = rowsAt(1, 50);
    await pass(interval);
    expect((await feeds.list(ann))[0]).toMatchObject({ lastPlace: 50, oldestPlace: 41 });
  });

  it('is not written to the disk by polls that find nothing', async () => {
    await build();
    const feeds = house.open();
    await feeds.open(feedKey, never);
    await pass(interval * 2);
    const before = (await house.store.records.get('feed', id))!.version;
    await pass(interval * 2);
    expect((await house.store.records.get('feed', id))!.version).toBe(before);
    expect((await feeds.find(ann, id))!.lastPollAt).toBeGreaterThan(Date.now() - 2 * interval);
  });
});

it('forgets old events of a feed that does not run', async () => {
  await build();
  const feeds = house.open({ limits: { graceMs: 0 } });
  const feed = await feeds.open({ ...feedKey, input: { since: minute(0) } }, never);
  await pass(1_000);
  feed.release();
  await pass(1_000);
  expect(await house.store.feedLog.state(feed.id)).toMatchObject({ oldestPlace: 1 });
  jest.setSystemTime(Date.now() + 8 * 24 * 60 * interval);
  await house.open().resume();
  expect(await house.store.feedLog.state(feed.id)).toMatchObject({ lastPlace: 3, oldestPlace: 4 });
});

describe('several processes', () => {
  it('poll a feed once, and each reads its log', async () => {
    await build();
    const [one, other] = [house.open(), house.open()];
    const told = [listen(await one.open(feedKey, never)), listen(await other.open(feedKey, never))];
    await pass(1_000);
    list.rows.push(...rowsAt(4, 2));
    await pass(interval * 2);
    expect(told.map(({ ids }) => ids)).toEqual([
      [4, 5],
      [4, 5],
    ]);
    expect(list.asked.length).toBeLessThanOrEqual(4);
    expect(await other.find(ann, id)).toMatchObject({ state: 'RUNNING', subscriberCount: 1 });
  });

  it('take over from one that goes', async () => {
    await build();
    const [one, other] = [house.open(), house.open()];
    await one.open(feedKey, never);
    const told = listen(await other.open(feedKey, never));
    await pass(1_000);
    await one.close();
    list.rows.push(...rowsAt(4, 1));
    await pass(10_000);
    expect(told.ids).toEqual([4]);
  });

  it('keep a feed for their subscribers when it stops elsewhere for want of any', async () => {
    await build();
    const [one, other] = [house.open({ limits: { graceMs: 0 } }), house.open()];
    const first = await one.open(feedKey, never);
    await pass(1_000);
    const told = listen(await other.open(feedKey, never));
    first.release();
    await pass(20_000);
    list.rows.push(...rowsAt(4, 1));
    await pass(interval);
    expect(told.ids).toEqual([4]);
  });

  it('follow what others asked for', async () => {
    await build();
    const [one, other] = [house.open({ limits: { graceMs: 0 } }), house.open()];
    await one.start(feedKey, never);
    await pass(interval * 0.5);
    await other.replay(ann, id, new Date(minute(2)));
    await pass(6_000);
    expect(await other.find(ann, id)).toMatchObject({ lastPlace: 2 });
    await other.stop(ann, id);
    await pass(10_000);
    expect(await other.find(ann, id)).toMatchObject({ state: 'STOPPED' });
  });

  it('tell their subscribers when the connection is removed in another', async () => {
    await build();
    const [one, other] = [house.open(), house.open()];
    await one.open(feedKey, never);
    const told = listen(await other.open(feedKey, never));
    await pass(1_000);
    await one.connectionChanged('acme', 'c1', 'removed');
    await pass(10_000);
    expect(told.ended).toEqual(['FEED_ENDED: The connection of this feed was removed.']);
  });
});

describe('a process that starts again', () => {
  it('resumes what ran: durable feeds for good, others for the grace time', async () => {
    await build();
    const before = house.open();
    const durable = { ...feedKey, connection: 'c2' };
    await before.start(durable, never);
    await before.open(feedKey, never);
    await pass(1_000);
    await before.close();
    const polls = list.asked.length;
    await pass(interval);
    expect(list.asked).toHaveLength(polls);
    list.rows.push(...rowsAt(4, 2));
    const after = house.open({ limits: { graceMs: 90_000 } });
    await after.resume();
    await pass(1_000);
    const statuses = await after.list(ann);
    expect(statuses.map(({ state, lastPlace }) => [state, lastPlace])).toEqual([
      ['RUNNING', 2],
      ['RUNNING', 2],
    ]);
    await pass(100_000);
    const states = new Map((await after.list(ann)).map(({ connection, state }) => [connection, state]));
    expect([states.get('c1'), states.get('c2')]).toEqual(['STOPPED', 'RUNNING']);
  });

  it('resumes durable feeds whose connector was away, once it is served again', async () => {
    await build();
    const before = house.open();
    await before.start(feedKey, never);
    await pass(1_000);
    const { trigger } = house;
    house.trigger = undefined;
    await pass(interval * 2);
    await before.close();
    const away = house.open();
    await away.resume();
    await pass(1_000);
    expect(await away.find(ann, id)).toMatchObject({ state: 'STOPPED', durable: true });
    await away.close();
    house.trigger = trigger;
    const after = house.open();
    await after.resume();
    await pass(1_000);
    expect(await after.find(ann, id)).toMatchObject({ state: 'RUNNING', durable: true });
  });

  it('leaves a provider the pause that it asked for', async () => {
    await build();
    const before = house.open();
    await before.start(feedKey, never);
    await pass(1_000);
    list.beforePoll = () => {
      throw new ProviderError('PROVIDER_RATE_LIMITED', 'Too many.', {
        http: { status: 429 },
        retryAfterMs: 30 * interval,
      });
    };
    await pass(interval);
    await before.close();
    list.beforePoll = () => {};
    const polls = list.asked.length;
    await house.open().resume();
    await pass(29 * interval);
    expect(list.asked).toHaveLength(polls);
    await pass(2 * interval);
    expect(list.asked.length).toBeGreaterThan(polls);
  });
});

describe('the budget of a connection', () => {
  it('makes polls wait until it allows one', async () => {
    await build();
    const ready = Date.now() + 5 * interval;
    const feeds = house.open({ readyAt: () => ready });
    await feeds.open(feedKey, never);
    await pass(4.9 * interval);
    expect(list.asked).toEqual([]);
    expect(await feeds.find(ann, id)).toMatchObject({ nextPollAt: ready });
    await pass(0.2 * interval);
    expect(list.asked).toHaveLength(1);
  });
});

it('gives its leases up when it is closed', async () => {
  await build();
  const feeds = house.open();
  await feeds.open(feedKey, never);
  await pass(1_000);
  await feeds.close();
  expect(await house.store.leases.acquire(`feed/${id}`, 'next', 1_000)).toBeDefined();
});
