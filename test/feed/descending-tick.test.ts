/** Ticks of descending triggers. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ProviderError } from '../../src/errors.ts';
import { eventList, minute, rowsAt } from '../support/event-list.ts';
import { createMemoryFeedLog } from '../support/memory-feed-log.ts';
import { tickingFeed } from '../support/ticking-feed.ts';

const ids = (from: number, count: number) => rowsAt(from, count).map(({ id }) => id);
const fromStart = { since: minute(0) };

describe('the first cycle of a descending feed', () => {
  it('takes its first page for known ground', async () => {
    const list = eventList(rowsAt(1, 250));
    const feed = tickingFeed(list.descending());
    expect(await feed.tick()).toMatchObject({ logged: 0, pages: 1 });
    list.rows.push(...rowsAt(251, 3));
    expect(await feed.tick()).toMatchObject({ logged: 3, pages: 1 });
    expect(await feed.delivered()).toEqual([251, 252, 253]);
  });

  it('delivers all down to the end, oldest first, where the input names a start', async () => {
    const list = eventList(rowsAt(1, 250));
    const feed = tickingFeed(list.descending(), { input: { since: minute(21) } });
    expect(await feed.tick()).toMatchObject({ logged: 230, pages: 3 });
    expect(await feed.delivered()).toEqual(ids(21, 230));
  });

  it('begins with an empty list as with any other', async () => {
    const list = eventList();
    const feed = tickingFeed(list.descending());
    await feed.tick();
    list.rows.push(...rowsAt(1, 2));
    await feed.tick();
    expect(await feed.delivered()).toEqual([1, 2]);
  });
});

describe('a descending cycle', () => {
  it('pages back to known ground and delivers oldest first', async () => {
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed(list.descending({ pageSize: 5 }));
    await feed.tick();
    list.rows.push(...rowsAt(11, 12));
    expect(await feed.tick()).toMatchObject({ logged: 12, pages: 3 });
    expect(await feed.delivered()).toEqual(ids(11, 12));
    expect(list.asked).toEqual([undefined, undefined, 1, 2]);
  });

  it('delivers a row again that has changed since', async () => {
    const list = eventList(rowsAt(1, 3));
    const feed = tickingFeed(list.descending());
    await feed.tick();
    list.rows = [...rowsAt(2, 2), { id: 1, at: minute(9) }];
    await feed.tick();
    expect(await feed.delivered()).toEqual([1]);
  });

  it('writes nothing when nothing is new', async () => {
    const list = eventList(rowsAt(1, 5));
    const feed = tickingFeed(list.descending({ pageSize: 3 }));
    await feed.tick();
    const { version } = await feed.log.state('feed');
    await feed.tick();
    expect((await feed.log.state('feed')).version).toBe(version);
  });

  it('stops at the first known row where nothing says how the list is sorted', async () => {
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed(list.descending({ pageSize: 4, sorts: false }));
    await feed.tick();
    list.rows.push(...rowsAt(11, 6));
    await feed.tick();
    expect(await feed.delivered()).toEqual(ids(11, 6));
    expect(list.asked).toEqual([undefined, undefined, 1]);
  });

  it('stops below its high-water mark though every row that it knew was deleted', async () => {
    const list = eventList(rowsAt(1, 100));
    const feed = tickingFeed(list.descending({ pageSize: 5 }));
    await feed.tick();
    list.rows = [...rowsAt(1, 90), ...rowsAt(101, 7)];
    await feed.tick();
    expect(list.asked).toEqual([undefined, undefined, 1]);
    expect(await feed.delivered()).toEqual(ids(101, 7));
  });

  it('does not take rows for new that a deletion moves onto its page', async () => {
    const list = eventList(rowsAt(1, 100));
    const feed = tickingFeed(list.descending({ pageSize: 5 }));
    await feed.tick();
    list.rows = [...rowsAt(1, 97), ...rowsAt(101, 1)];
    await feed.tick();
    expect(await feed.delivered()).toEqual([101]);
  });

  it('delivers a row that came late where it stands on a page that is read', async () => {
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed(list.descending({ pageSize: 5 }));
    await feed.tick();
    list.rows.push({ id: 'late', at: minute(8, 30) });
    await feed.tick();
    expect(await feed.delivered()).toEqual(['late']);
  });

  it('looks for late rows as far back as its trigger says', async () => {
    const list = eventList(rowsAt(1, 40));
    const trigger = { ...list.descending({ pageSize: 5 }), lookBackMs: 20 * 60_000 };
    const feed = tickingFeed(trigger, { input: fromStart });
    await feed.tick();
    list.rows.push({ id: 'late', at: minute(25, 30) }, { id: 'too late', at: minute(2, 30) }, ...rowsAt(41, 1));
    await feed.tick();
    expect(await feed.delivered()).toEqual([...ids(1, 40), 'late', 41]);
  });

  it.each([false, true])(
    'loses none of 250 rows of one time that come at once (oldest first: %s)',
    async (isStable) => {
      const list = eventList(rowsAt(1, 3));
      const feed = tickingFeed(list.descending({ isStable }));
      await feed.tick();
      list.rows.push(...rowsAt(4, 250, () => minute(9)));
      await feed.tick();
      expect(new Set(await feed.delivered())).toEqual(new Set(ids(4, 250)));
    },
  );

  it.each([false, true])(
    'loses none of 250 rows of one time that come bit by bit (oldest first: %s)',
    async (isStable) => {
      const list = eventList(rowsAt(1, 100, () => minute(9)));
      const feed = tickingFeed(list.descending({ isStable }));
      await feed.tick();
      for (const from of [101, 151, 201]) {
        list.rows.push(...rowsAt(from, 50, () => minute(9)));
        await feed.tick();
      }
      expect(new Set(await feed.delivered())).toEqual(new Set(ids(101, 150)));
      expect(await feed.delivered()).toHaveLength(150);
    },
  );

  it('takes all rows of one time for ground when its first page holds nothing else', async () => {
    const list = eventList([...rowsAt(1, 5), ...rowsAt(6, 250, () => minute(9))]);
    const feed = tickingFeed(list.descending({ isStable: true }));
    expect(await feed.tick()).toMatchObject({ logged: 0, pages: 3 });
    list.rows.push({ id: 'new', at: minute(9) });
    await feed.tick();
    expect(await feed.delivered()).toEqual(['new']);
  });

  it('loses nothing while the clock of the provider is ahead, and after it was set right', async () => {
    const now = () => Date.parse(minute(60));
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed(list.descending({ pageSize: 5 }), { now });
    await feed.tick();
    list.rows.push({ id: 'ahead', at: '2099-01-01T00:00:00Z' });
    await feed.tick();
    list.rows.push(...rowsAt(61, 12));
    await feed.tick();
    list.rows.push(...rowsAt(73, 12));
    await feed.tick();
    expect(await feed.delivered()).toEqual(['ahead', ...ids(61, 24)]);
  });

  it('parks rows that are no events, once, and delivers the rest', async () => {
    const list = eventList(rowsAt(1, 3));
    const feed = tickingFeed(list.descending());
    await feed.tick();
    list.rows.push(...rowsAt(4, 2), { id: 'poison', at: 'never' }, { id: '', at: minute(7) });
    expect(await feed.tick()).toMatchObject({ logged: 2, parked: 2 });
    expect(await feed.tick()).toMatchObject({ logged: 0, parked: 0 });
    expect(await feed.parked()).toHaveLength(2);
  });

  it('walks on past pages of which every row is parked', async () => {
    const list = eventList(rowsAt(1, 2));
    const feed = tickingFeed(list.descending({ pageSize: 2 }));
    await feed.tick();
    const poison = rowsAt(7, 10).map(({ at }) => ({ id: '', at }));
    list.rows.push(...rowsAt(3, 4), ...poison);
    expect(await feed.tick()).toMatchObject({ logged: 4, parked: 10 });
    expect(await feed.delivered()).toEqual(ids(3, 4));
    list.rows.push(...rowsAt(17, 2));
    await feed.tick();
    expect(await feed.delivered()).toEqual([...ids(3, 4), 17, 18]);
    expect((await feed.tick()).stuck).toBeUndefined();
  });

  it('finds what lies below parked rows after it was killed on the way', async () => {
    const list = eventList(rowsAt(1, 2));
    const feed = tickingFeed(list.descending({ pageSize: 2 }));
    await feed.tick();
    list.rows.push(...rowsAt(3, 4), ...rowsAt(7, 10).map(({ at }) => ({ id: '', at })));
    list.beforePoll = (poll) => {
      if (poll === 7) throw new Error('killed');
    };
    await expect(feed.tick()).rejects.toThrow();
    feed.takeOver();
    await feed.tick();
    expect(await feed.delivered()).toEqual(ids(3, 4));
  });

  it.each([250, 350, 1_250])('finds a row among %i others of its time, wherever it stands', async (count) => {
    const list = eventList(rowsAt(1, count, () => minute(5)));
    const feed = tickingFeed(list.descending({ isStable: true }), { input: fromStart });
    await feed.tick();
    list.rows.push({ id: 'tied', at: minute(5) });
    expect(await feed.tick()).toMatchObject({ logged: 1 });
    expect((await feed.delivered()).slice(count)).toEqual(['tied']);
  });

  it('does not go through more than a hundred pages that it knows', async () => {
    const list = eventList(rowsAt(1, 150, () => minute(5)));
    const feed = tickingFeed(list.descending({ pageSize: 1 }), { input: fromStart });
    while ((await feed.tick()).isUnfinished);
    list.asked.length = 0;
    expect(await feed.tick({ maxPages: 60 })).toMatchObject({ isUnfinished: true });
    expect(await feed.tick({ maxPages: 60 })).toMatchObject({ isUnfinished: false, pages: 40 });
    expect((await feed.tick()).stuck).toBeUndefined();
  });

  it('reports a provider that repeats its page for ever, and delivers what it gave', async () => {
    const list = eventList(rowsAt(1, 3));
    const { poll, ...rest } = list.descending();
    let pages = 0;
    const feed = tickingFeed({
      ...rest,
      poll: async (connection, input, _cursor, about) => {
        const page = (await poll!(connection, input, undefined, about)) as { events: unknown[] };
        return { ...page, nextPage: ++pages };
      },
    });
    await feed.tick();
    list.rows = rowsAt(10, 3);
    const { stuck, logged } = await feed.tick();
    expect(stuck).toMatchObject({ code: 'POLL_STUCK' });
    expect(stuck!.message).toBe(
      'Shop: triggers.sale names a next page again and again, and gives only rows that it gave before. ' +
        'Let `nextPage` be blank after the last page, and let `poll` ask for the page that it is given.',
    );
    expect(logged).toBe(3);
    expect((await feed.tick()).pages).toBe(1);
  });

  it('reports empty pages that never end', async () => {
    let pages = 0;
    const feed = tickingFeed({ type: 'paging_desc', poll: () => ({ events: [], nextPage: ++pages }) });
    await feed.tick();
    expect((await feed.tick()).stuck).toMatchObject({ code: 'POLL_STUCK' });
    expect(pages).toBeLessThan(10);
  });
});

describe('a descending cycle that is interrupted', () => {
  it('goes on with the next page in the next tick when its cap is met', async () => {
    const list = eventList(rowsAt(1, 40));
    const feed = tickingFeed(list.descending({ pageSize: 4 }), { input: fromStart });
    expect(await feed.tick({ maxPages: 3 })).toMatchObject({ logged: 0, isUnfinished: true });
    expect(await feed.delivered()).toEqual([]);
    for (let ticks = 0; ticks < 3; ticks++) await feed.tick({ maxPages: 3 });
    expect(await feed.delivered()).toEqual(ids(1, 40));
    expect(list.asked).toEqual([undefined, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('begins anew under another lease, as after a kill, and delivers in order', async () => {
    const list = eventList(rowsAt(1, 10));
    const feed = tickingFeed(list.descending({ pageSize: 4 }));
    await feed.tick();
    list.rows.push(...rowsAt(11, 12));
    list.beforePoll = (poll) => {
      if (poll === 4) throw new Error('killed');
    };
    await expect(feed.tick()).rejects.toThrow();
    expect((await feed.log.state('feed')).stagedCount).toBe(8);
    feed.takeOver();
    list.rows = [...list.rows.filter(({ id }) => id !== 20), ...rowsAt(23, 3)];
    await feed.tick();
    expect(await feed.delivered()).toEqual([...ids(11, 9), 21, 22, 23, 24, 25]);
    expect(list.asked.slice(3)).toEqual([2, undefined, 1, 2, 3]);
  });

  it('goes on where it was when the provider only failed for a while', async () => {
    const list = eventList(rowsAt(1, 20));
    const feed = tickingFeed(list.descending({ pageSize: 4 }), { input: fromStart });
    list.beforePoll = (poll) => {
      if (poll === 3) throw new ProviderError('PROVIDER_UNAVAILABLE', 'Away.', { http: { status: 503 } });
    };
    await expect(feed.tick()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    await feed.tick();
    expect(list.asked).toEqual([undefined, 1, 2, 2, 3, 4]);
    expect(await feed.delivered()).toEqual(ids(1, 20));
  });

  it('begins anew when the provider no longer knows the next page', async () => {
    const list = eventList(rowsAt(1, 20));
    const feed = tickingFeed(list.descending({ pageSize: 4 }), { input: fromStart });
    list.beforePoll = (poll) => {
      if (poll === 3) throw new ProviderError('PROVIDER_NOT_FOUND', 'Gone.', { http: { status: 410 } });
    };
    await expect(feed.tick()).rejects.toMatchObject({ code: 'PROVIDER_NOT_FOUND' });
    await feed.tick();
    expect(list.asked).toEqual([undefined, 1, 2, undefined, 1, 2, 3, 4]);
    expect(await feed.delivered()).toEqual(ids(1, 20));
  });

  it('loses nothing and repeats nothing wherever it is killed, whatever comes and goes meanwhile', async () => {
    const step = fc.record({
      added: fc.integer({ min: 0, max: 9 }),
      killedAt: fc.integer({ min: 0, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        async (steps, pageSize) => {
          const list = eventList(rowsAt(1, 5));
          const log = createMemoryFeedLog();
          const append = log.append;
          let left = Infinity;
          const dying = {
            ...log,
            append: async (...args: Parameters<typeof append>) => {
              if (left-- <= 0) throw new Error('killed');
              return append(...args);
            },
          };
          const feed = tickingFeed(list.descending({ pageSize }), { log: dying });
          await feed.tick();
          let next = 6;
          for (const { added, killedAt } of [...steps, { added: 0, killedAt: 9 }]) {
            list.rows.push(...rowsAt(next, added));
            next += added;
            left = killedAt;
            await feed.tick().catch(() => feed.takeOver());
          }
          left = Infinity;
          await feed.tick();
          expect(await feed.delivered()).toEqual(ids(6, next - 6));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a replay of a descending feed', () => {
  it('pages back to its time, and delivers what the log never had, oldest first', async () => {
    const list = eventList(rowsAt(1, 40));
    const feed = tickingFeed(list.descending({ pageSize: 5 }));
    await feed.tick();
    list.rows.push(...rowsAt(41, 2));
    await feed.tick();
    const replay = { id: 'once', from: Date.parse(minute(28)) };
    expect(await feed.tick({ replay })).toMatchObject({ replayed: 'once' });
    expect(await feed.delivered()).toEqual([41, 42, ...ids(28, 13)]);
    const polls = list.asked.length;
    // The process died before it could note that the replay is done: that is told again.
    expect(await feed.tick({ replay })).toMatchObject({ replayed: 'once' });
    expect(list.asked).toHaveLength(polls + 1);
  });
});
