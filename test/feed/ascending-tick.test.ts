/** Ticks of ascending triggers. */
import { describe, expect, it } from '@jest/globals';
import { eventList, minute, rowsAt } from '../support/event-list.ts';
import { tickingFeed } from '../support/ticking-feed.ts';

const fromStart = { since: minute(0) };

describe('the first tick of an ascending feed', () => {
  it('goes through what is there without delivering it, then delivers what comes', async () => {
    const list = eventList(rowsAt(1, 250));
    const feed = tickingFeed(list.ascending());
    expect(await feed.tick()).toMatchObject({ logged: 0, pages: 3 });
    expect(await feed.delivered()).toEqual([]);
    list.rows.push(...rowsAt(251, 2));
    expect(await feed.tick()).toMatchObject({ logged: 2 });
    expect(await feed.delivered()).toEqual([251, 252]);
  });

  it('delivers everything since the time that the input names', async () => {
    const list = eventList(rowsAt(1, 250));
    const feed = tickingFeed(list.ascending(), { input: { since: minute(51) } });
    expect(await feed.tick()).toMatchObject({ logged: 200, pages: 3, isUnfinished: false });
    expect(await feed.delivered()).toEqual(rowsAt(51, 200).map(({ id }) => id));
  });

  it('drains over several ticks when there is more than a tick may poll', async () => {
    const list = eventList(rowsAt(1, 250));
    const feed = tickingFeed(list.ascending());
    expect(await feed.tick({ maxPages: 2 })).toMatchObject({ logged: 0, pages: 2, isUnfinished: true });
    feed.takeOver();
    expect(await feed.tick({ maxPages: 2 })).toMatchObject({ logged: 0, isUnfinished: false });
    list.rows.push(...rowsAt(251, 1));
    await feed.tick();
    expect(await feed.delivered()).toEqual([251]);
  });
});

describe('a first tick that comes long after the start of its feed', () => {
  const startedAt = Date.parse(minute(8));
  const now = () => Date.parse(minute(60));

  it.each(['ascending', 'descending'] as const)('delivers what happened since then (%s)', async (kind) => {
    const ahead = kind === 'descending' ? [{ id: 'appointment', at: minute(999) }] : [];
    const list = eventList([...rowsAt(1, 20), ...ahead]);
    const feed = tickingFeed(list[kind]({ pageSize: 5 }), { now, startedAt });
    await feed.tick();
    await feed.tick();
    list.rows.push(...rowsAt(21, 2));
    await feed.tick();
    expect(await feed.delivered()).toEqual(rowsAt(8, 15).map(({ id }) => id));
  });

  it.each(['ascending', 'descending'] as const)('does so after it was killed on the way too (%s)', async (kind) => {
    const list = eventList(rowsAt(1, 20));
    const feed = tickingFeed(list[kind]({ pageSize: 5 }), { now, startedAt });
    list.beforePoll = (poll) => {
      if (poll === 3) throw new Error('killed');
    };
    await expect(feed.tick()).rejects.toThrow();
    feed.takeOver();
    await feed.tick();
    expect(await feed.delivered()).toEqual(rowsAt(8, 13).map(({ id }) => id));
  });
});

describe('the cursor of an ascending feed', () => {
  it('is what the last page gave, and stays where a page gives none', async () => {
    const list = eventList(rowsAt(1, 3));
    const feed = tickingFeed(list.ascending(), { input: fromStart });
    await feed.tick();
    list.rows = [];
    await feed.tick();
    await feed.tick();
    expect(list.asked).toEqual([undefined, minute(3), minute(3)]);
  });

  it.each([[''], [{}], [[]], [false], [null], [undefined]])('stays where `nextPoll` is %j', async (nextPoll) => {
    const asked: unknown[] = [];
    const feed = tickingFeed({
      poll(_connection, _input, cursor) {
        asked.push(cursor);
        return { events: [], nextPoll: asked.length === 1 ? 'here' : nextPoll };
      },
    });
    for (let ticks = 0; ticks < 3; ticks++) await feed.tick();
    expect(asked).toEqual([undefined, 'here', 'here']);
  });

  it('moves to 0, which is a cursor as any other', async () => {
    const asked: unknown[] = [];
    const feed = tickingFeed({
      poll(_connection, _input, cursor) {
        asked.push(cursor);
        return { events: [], nextPoll: 0 };
      },
    });
    await feed.tick();
    await feed.tick();
    expect(asked).toEqual([undefined, 0]);
  });

  it('moves back where the connector says so, and nothing is delivered twice', async () => {
    const list = eventList(rowsAt(1, 3));
    const feed = tickingFeed(
      {
        ...list.ascending(),
        poll: (_c, _i, cursor) => (
          list.asked.push(cursor),
          { events: list.rows, nextPoll: minute(list.asked.length === 1 ? 3 : 1) }
        ),
      },
      { input: fromStart },
    );
    await feed.tick();
    await feed.tick();
    await feed.tick();
    expect(list.asked).toEqual([undefined, minute(3), minute(1)]);
    expect(await feed.delivered()).toEqual([1, 2, 3]);
  });

  it('is kept with each page, so that a tick that dies goes on where it was', async () => {
    const list = eventList(rowsAt(1, 250));
    const feed = tickingFeed(list.ascending(), { input: fromStart });
    list.beforePoll = (poll) => {
      if (poll === 3) throw new Error('killed');
    };
    await expect(feed.tick()).rejects.toThrow();
    expect(await feed.delivered()).toHaveLength(199);
    feed.takeOver();
    await feed.tick();
    expect(list.asked.slice(2)).toEqual([minute(199), minute(199)]);
    expect(await feed.delivered()).toEqual(rowsAt(1, 250).map(({ id }) => id));
  });
});

describe('an ascending tick', () => {
  it('ends after its cap of pages and goes on with the next', async () => {
    const list = eventList(rowsAt(1, 1_000));
    const feed = tickingFeed(list.ascending({ pageSize: 10 }), { input: fromStart });
    const first = await feed.tick();
    expect(first).toMatchObject({ pages: 100, isUnfinished: true });
    await feed.tick();
    expect(await feed.delivered()).toHaveLength(1_000);
  });

  it('reports a full page that brings nothing and moves nowhere, and does not loop', async () => {
    const list = eventList(rowsAt(1, 250, () => minute(1)));
    const feed = tickingFeed(list.ascending(), { input: fromStart });
    const { stuck, pages } = await feed.tick();
    expect(pages).toBe(2);
    expect(stuck).toMatchObject({ code: 'POLL_STUCK' });
    expect(stuck!.message).toBe(
      'Shop: triggers.sale says that more can be polled, but gave only what the feed has seen, and its cursor leads nowhere new. ' +
        'More rows share one place than a page holds, or `nextPoll` is missing: let it carry the page too.',
    );
    expect(await feed.delivered()).toHaveLength(100);
  });

  it('delivers 250 rows of one time where the cursor carries the page', async () => {
    const list = eventList(rowsAt(1, 250, () => minute(1)));
    const feed = tickingFeed(list.ascending({ carriesPage: true }), { input: fromStart });
    expect((await feed.tick()).stuck).toBeUndefined();
    expect(await feed.delivered()).toHaveLength(250);
  });

  it('reports cursors that run in a circle', async () => {
    let polls = 0;
    const feed = tickingFeed({
      poll: () => ({ events: [], nextPoll: ['a', 'b', 'c'][polls++ % 3], canPollMore: true }),
    });
    expect((await feed.tick()).stuck).toMatchObject({ code: 'POLL_STUCK' });
    expect(polls).toBe(4);
  });

  it('goes on past pages without news while the cursor moves', async () => {
    const feed = tickingFeed({
      poll: (_c, _i, cursor: number = 0) => ({
        events: [{ id: 'same' }],
        nextPoll: cursor + 1,
        canPollMore: cursor < 5,
      }),
    });
    expect(await feed.tick()).toMatchObject({ pages: 6 });
  });

  it('delivers from now on when what was there could not be gone through', async () => {
    const list = eventList(rowsAt(1, 250, () => minute(1)));
    const feed = tickingFeed(list.ascending());
    expect((await feed.tick()).stuck).toBeDefined();
    list.rows = rowsAt(500, 2);
    await feed.tick();
    expect(await feed.delivered()).toEqual([500, 501]);
  });

  it('writes nothing when nothing is new', async () => {
    const list = eventList(rowsAt(1, 5));
    const feed = tickingFeed(list.ascending(), { input: fromStart });
    await feed.tick();
    await feed.tick();
    const { version } = await feed.log.state('feed');
    await feed.tick();
    expect((await feed.log.state('feed')).version).toBe(version);
  });

  it('parks new rows that are no events, once, delivers the rest and moves on', async () => {
    const rows: object[] = [{ id: 1 }, { id: null }, { id: 2 }, { id: 3, at: 'no time' }, { id: 4 }];
    const feed = tickingFeed({
      output: [{ name: 'id' }, { name: 'at', type: 'date_time' }],
      poll: (_c, _i, cursor: number = 0) => ({ events: rows, nextPoll: cursor + 1 }),
    });
    await feed.tick();
    expect(await feed.tick()).toMatchObject({ logged: 0, parked: 0 });
    rows.push({ id: null, at: minute(1) }, { id: 5 }, { id: 6, at: 'no time either' });
    expect(await feed.tick()).toMatchObject({ logged: 1, parked: 2 });
    expect(await feed.tick()).toMatchObject({ logged: 0, parked: 0 });
    expect(await feed.parked()).toEqual(['EVENT_ID_MISSING', 'EVENT_INVALID']);
    expect(await feed.delivered()).toEqual([5]);
  });

  it('parks rows that are no objects, as what stands beside events or alone', async () => {
    let rows: unknown[] = [];
    const feed = tickingFeed({
      poll: (_c, _i, cursor: number = 0) => ({ events: rows, nextPoll: cursor + 1 }),
    });
    await feed.tick();
    rows = [{ id: 1 }, null, 'x'.repeat(300_000), [{ id: 2 }], { id: 3 }];
    expect(await feed.tick()).toMatchObject({ logged: 2, parked: 3 });
    rows = [null];
    expect(await feed.tick()).toMatchObject({ logged: 0, parked: 0 });
    expect(await feed.parked()).toEqual(['EVENT_INVALID', 'EVENT_INVALID', 'EVENT_INVALID']);
    expect(await feed.delivered()).toEqual([1, 3]);
  });

  it('says how old the newest of its events is', async () => {
    const list = eventList(rowsAt(1, 3));
    expect(await tickingFeed(list.ascending(), { input: fromStart }).tick()).toMatchObject({
      newestOccurredAt: Date.parse(minute(3)),
    });
  });

  it('writes nothing once another process polls', async () => {
    const list = eventList(rowsAt(1, 3));
    const feed = tickingFeed(list.ascending(), { input: fromStart });
    list.beforePoll = async (poll) => {
      if (poll > 1) return;
      await feed.log.append('feed', { fence: 99 });
    };
    await expect(feed.tick()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await feed.delivered()).toEqual([]);
  });
});

describe('looking back', () => {
  it('finds rows that came late, and keeps the cursor where it is', async () => {
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed({ ...list.ascending(), lookBackMs: 5 * 60_000 }, { input: fromStart });
    await feed.tick();
    list.rows.push({ id: 'late', at: minute(6) });
    await feed.tick();
    await feed.tick();
    expect(await feed.delivered()).toEqual([...rowsAt(1, 10).map(({ id }) => id), 'late']);
    expect(list.asked).toEqual([undefined, minute(5), minute(5)]);
  });

  it('walks through full pages that it knows without taking them for a standstill', async () => {
    const list = eventList(rowsAt(1, 30));
    const feed = tickingFeed({ ...list.ascending({ pageSize: 4 }), lookBackMs: 20 * 60_000 }, { input: fromStart });
    await feed.tick();
    list.rows.push({ id: 'late', at: minute(15, 30) }, ...rowsAt(31, 3));
    expect((await feed.tick()).stuck).toBeUndefined();
    expect(new Set(await feed.delivered())).toEqual(new Set([...rowsAt(1, 33).map(({ id }) => id), 'late']));
  });

  it('loses nothing when the last row that was seen is deleted', async () => {
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed(list.ascending(), { input: fromStart });
    await feed.tick();
    list.rows = [...rowsAt(1, 9), ...rowsAt(11, 2)];
    await feed.tick();
    expect(await feed.delivered()).toEqual([...rowsAt(1, 10), ...rowsAt(11, 2)].map(({ id }) => id));
  });

  it.each([
    ['seconds', (at: string) => Date.parse(at) / 1_000, (cursor: any) => cursor * 1_000],
    ['milliseconds', (at: string) => Date.parse(at), (cursor: any) => cursor],
    ['digits', (at: string) => String(Date.parse(at) / 1_000), (cursor: any) => Number(cursor) * 1_000],
    ['objects', (at: string) => ({ since: at, from: 5 }), (cursor: any) => Date.parse(cursor.since)],
  ])('sets back cursors that are %s', async (_form, cursorOf, timeOf) => {
    const rows = rowsAt(1, 10);
    const asked: number[] = [];
    const feed = tickingFeed({
      lookBackMs: 5 * 60_000,
      dedup: ({ id }) => id,
      poll(_connection, _input, cursor) {
        const since = cursor === undefined ? 0 : timeOf(cursor);
        asked.push(since);
        const events = rows.filter(({ at }) => Date.parse(at) >= since).sort((a, b) => (a.at < b.at ? -1 : 1));
        return { events, nextPoll: events.length > 0 ? cursorOf(events.at(-1)!.at) : null };
      },
    });
    await feed.tick();
    rows.push({ id: 'late', at: minute(6) });
    expect((await feed.tick()).warning).toBeUndefined();
    await feed.tick();
    expect(asked).toEqual([0, Date.parse(minute(5)), Date.parse(minute(5))]);
    expect(await feed.delivered()).toEqual(['late']);
  });

  it('is told to be impossible where the cursor holds no time', async () => {
    const asked: unknown[] = [];
    const feed = tickingFeed({
      lookBackMs: 60_000,
      poll: (_c, _i, cursor) => (asked.push(cursor), { events: [], nextPoll: 'token' }),
    });
    expect((await feed.tick()).warning).toBeUndefined();
    const { warning, stuck } = await feed.tick();
    expect(warning).toMatchObject({
      code: 'POLL_CURSOR_INVALID',
      message:
        'Shop: triggers.sale has `lookBackMs`, but its cursor holds no time that can be set back, so that rows which show late are missed. ' +
        'Let `nextPoll` be a time of ISO 8601, seconds or milliseconds since 1970, or an object with times of ISO 8601.',
    });
    expect(stuck).toBeUndefined();
    expect(asked).toEqual([undefined, 'token']);
  });

  it('is cut short by rows of one time, and the feed goes on with what is new', async () => {
    const list = eventList([...rowsAt(1, 60, () => minute(5)), { id: 'seven', at: minute(7) }]);
    const feed = tickingFeed({ ...list.ascending(), lookBackMs: 10 * 60_000 }, { input: fromStart });
    await feed.tick();
    list.rows.push(...rowsAt(101, 60, () => minute(5)), { id: 'eight', at: minute(8) });
    const { stuck, warning } = await feed.tick();
    expect(stuck).toBeUndefined();
    expect(warning).toMatchObject({
      code: 'POLL_STUCK',
      message:
        'Shop: triggers.sale looks back, but more rows share one place than a page holds, so that late ones among them may be missed. ' +
        'The feed goes on from its cursor. Let `nextPoll` carry the page too.',
    });
    expect(await feed.delivered()).toEqual(expect.arrayContaining(['seven', 'eight', 101, 140]));
    list.rows.push({ id: 'nine', at: minute(9) });
    for (let ticks = 0; ticks < 5; ticks++) await feed.tick({ maxPages: 1 });
    expect(await feed.delivered()).toContain('nine');
  });

  it('is a standstill where the cursor itself is one', async () => {
    const list = eventList(rowsAt(1, 250, () => minute(5)));
    const feed = tickingFeed({ ...list.ascending(), lookBackMs: 60_000 }, { input: fromStart });
    expect((await feed.tick()).stuck).toMatchObject({ code: 'POLL_STUCK' });
    expect((await feed.tick()).stuck).toMatchObject({ code: 'POLL_STUCK' });
  });

  it('goes on in the next tick where the cap of pages ended it', async () => {
    const list = eventList(rowsAt(1, 30));
    const feed = tickingFeed({ ...list.ascending({ pageSize: 4 }), lookBackMs: 60 * 60_000 }, { input: fromStart });
    while ((await feed.tick()).isUnfinished);
    list.rows.push({ id: 'late', at: minute(15, 30) }, ...rowsAt(31, 3));
    for (let ticks = 0; ticks < 8; ticks++) await feed.tick({ maxPages: 2 });
    expect(new Set(await feed.delivered())).toEqual(new Set([...rowsAt(1, 33).map(({ id }) => id), 'late']));
  });
});

describe('a replay', () => {
  it('asks once more since a time, and delivers what the log never had', async () => {
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed(list.ascending({ pageSize: 4 }));
    await feed.tick();
    list.rows.push(...rowsAt(11, 2));
    await feed.tick();
    const replay = { id: 'once', from: Date.parse(minute(8)) };
    expect(await feed.tick({ replay })).toMatchObject({ replayed: 'once' });
    expect(await feed.delivered()).toEqual([11, 12, 8, 9, 10]);
    const asked = list.asked.length;
    // The process died before it could note that the replay is done: that is told again.
    expect(await feed.tick({ replay })).toMatchObject({ replayed: 'once' });
    expect(list.asked).toHaveLength(asked + 1);
    expect(await feed.delivered()).toHaveLength(5);
  });

  it('goes on in the next tick where its cap ended it', async () => {
    const list = eventList(rowsAt(1, 40));
    const feed = tickingFeed(list.ascending({ pageSize: 4 }));
    await feed.tick();
    const replay = { id: 'long', from: Date.parse(minute(1)) };
    let result = await feed.tick({ replay, maxPages: 3 });
    expect(result.replayed).toBeUndefined();
    for (let ticks = 0; ticks < 20 && result.replayed === undefined; ticks++) {
      feed.takeOver();
      result = await feed.tick({ replay, maxPages: 3 });
    }
    expect(await feed.delivered()).toEqual(rowsAt(1, 40).map(({ id }) => id));
  });
});
