import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import type { ExecutionResult } from 'graphql';
import { GatewayError } from '../../src/errors.ts';
import { createFeedTails } from '../../src/feed/feed-tail.ts';
import type { OpenFeed } from '../../src/feed/feeds.ts';
import { ResultMemory } from '../../src/resolvers/event-results.ts';
import {
  createSubscriptionGroup,
  type GroupOptions,
  type SubscriptionGroup,
} from '../../src/resolvers/subscription-group.ts';
import type { RunningSubscription } from '../../src/resolvers/subscription.ts';
import { WaitingRoom } from '../../src/resolvers/waiting-room.ts';
import type { LoggedEvent } from '../../src/storage/feed-log.ts';
import { createMemoryFeedLog } from '../support/memory-feed-log.ts';
import { atRest, recordingSink, until, type RecordingSink } from '../support/recording-sink.ts';

/** One group on one feed in memory. */
function scene(options: Partial<GroupOptions> = {}) {
  const log = createMemoryFeedLog();
  const tails = createFeedTails(log);
  const executed: number[] = [];
  const closed = jest.fn();
  const empty = jest.fn();
  let leaseCount = 0;
  let last = 0;
  const memory = new ResultMemory();
  let group: SubscriptionGroup | undefined;
  // Whoever comes when a group is closed is in another one, as among the subscriptions of a graph.
  const createGroup = (): SubscriptionGroup =>
    createSubscriptionGroup({
      memory,
      cursorAt: (place) => `c${place}`,
      isTold: () => true,
      finish: (result) => result,
      execute(event) {
        executed.push(event.place);
        return { data: { id: event.id } };
      },
      onClosed() {
        closed();
        group = undefined;
      },
      onEmpty: empty,
      ...options,
    });
  const openFeed = async (): Promise<OpenFeed> => {
    leaseCount += 1;
    return { id: 'f', ...(await tails.open('f')), release: () => void (leaseCount -= 1) };
  };
  return {
    log,
    tails,
    executed,
    closed,
    empty,
    leaseCount: () => leaseCount,
    last: () => last,
    async alone() {
      return { feed: await openFeed(), group: createGroup() };
    },
    async accept(after?: number) {
      const feed = await openFeed();
      return (group ??= createGroup()).accept(feed, after ?? feed.lastPlace);
    },
    async join(sink: RecordingSink, after?: number): Promise<RunningSubscription> {
      return (await this.accept(after)).start(sink);
    },
    async append(count: number, payload = '{}') {
      const first = last + 1;
      last += count;
      const events = Array.from({ length: count }, (_, index) => ({
        id: `e${first + index}`,
        signature: `e${first + index}`,
        payload,
      }));
      await log.append('f', { events });
    },
  };
}

function places({ cursors }: RecordingSink): number[] {
  return cursors.map((cursor) => Number(cursor!.slice(1)));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function errorOf(sink: RecordingSink) {
  const ended = sink.ended();
  if (!ended || ended === 'complete') throw new Error('It has not ended with an error.');
  return { code: ended.errors![0]!.extensions.code, cursor: ended.errors![0]!.extensions.cursor };
}

describe('subscribers who ask the same', () => {
  it('are served by one execution and one text for each event', async () => {
    const one = scene();
    const sinks = Array.from({ length: 100 }, () => recordingSink());
    for (const sink of sinks) await one.join(sink);
    await one.append(3);
    await until(() => sinks.every(({ payloads }) => payloads.length === 3));
    expect(one.executed).toEqual([1, 2, 3]);
    expect(sinks[99]!.payloads).toEqual(
      [1, 2, 3].map((n) => `{"data":{"id":"e${n}"},"extensions":{"cursor":"c${n}"}}`),
    );
    expect(sinks.every(({ payloads }) => payloads[0] === sinks[0]!.payloads[0])).toBe(true);
  });

  it('who come back together are served from what was executed for the first of them', async () => {
    const one = scene();
    await one.append(250);
    const sinks = Array.from({ length: 20 }, () => recordingSink());
    for (const sink of sinks) await one.join(sink, 50);
    await until(() => sinks.every(({ payloads }) => payloads.length === 200));
    expect(one.executed.sort((a, b) => a - b)).toEqual(range(51, 250));
    for (const sink of sinks) expect(places(sink)).toEqual(range(51, 250));
  });

  it('get events in order though the first takes longest', async () => {
    const waiting: (() => void)[] = [];
    const one = scene({
      execute: (event: LoggedEvent) =>
        new Promise<ExecutionResult>((resolve) => void waiting.push(() => resolve({ data: { id: event.id } }))),
    });
    const sink = recordingSink();
    await one.join(sink);
    await one.append(20);
    await atRest();
    expect(waiting.length).toBe(8);
    for (const answer of waiting.splice(0).reverse()) answer();
    await until(() => waiting.length === 8);
    expect(places(sink)).toEqual(range(1, 8));
    while (sink.cursors.length < 20) {
      waiting.pop()?.();
      await turn();
    }
    expect(places(sink)).toEqual(range(1, 20));
  });

  it('are not told of events that are not for them, and go on behind these', async () => {
    const one = scene({ isTold: ({ place }) => place % 3 === 0 });
    const [live, replaying] = [recordingSink(), recordingSink()];
    await one.join(live);
    await one.append(10);
    await one.join(replaying, 0);
    await until(() => live.cursors.length === 3 && replaying.cursors.length === 3);
    expect(places(live)).toEqual([3, 6, 9]);
    expect(places(replaying)).toEqual([3, 6, 9]);
    // Nobody was behind when they happened, so nothing was remembered for who came later.
    expect(one.executed).toEqual([3, 6, 9, 3, 6, 9]);
  });

  it('get what masks nobody foresaw', async () => {
    const one = scene({ finish: () => ({ data: null }) });
    const sink = recordingSink(1);
    await one.join(sink);
    one.tails.end('f', new GatewayError('FEED_ENDED', 'It is over.'));
    expect(sink.ended()).toEqual({ data: null });
  });
});

describe('a subscriber', () => {
  it('begins with what happens after it was accepted', async () => {
    const one = scene();
    await one.append(2);
    const accepted = await one.accept();
    await one.append(2);
    const sink = recordingSink();
    accepted.start(sink);
    await until(() => sink.cursors.length === 2);
    await one.append(1);
    await until(() => sink.cursors.length === 3);
    expect(places(sink)).toEqual([3, 4, 5]);
  });

  it('who takes nothing is told where to go on, and nobody else notices', async () => {
    const one = scene();
    const [stuck, fast] = [recordingSink(1), recordingSink()];
    await one.join(stuck);
    await one.join(fast);
    for (let index = 0; index < 11; index += 1) {
      await one.append(100);
      await until(() => fast.cursors.length === one.last());
    }
    expect(errorOf(stuck)).toEqual({ code: 'LAGGED', cursor: 'c1' });
    expect(places(fast)).toEqual(range(1, 1_100));
    expect(one.leaseCount()).toBe(1);
  });

  it('is not told that it lags while what waits for it is below the limits', async () => {
    const one = scene();
    const slow = recordingSink(1);
    const running = await one.join(slow);
    await one.append(1_001);
    await atRest();
    expect(slow.ended()).toBeUndefined();
    slow.room = Infinity;
    running.resume();
    await until(() => slow.cursors.length === 1_001);
    expect(places(slow)).toEqual(range(1, 1_001));
    await one.append(1);
    await until(() => slow.cursors.length === 1_002);
  });

  it('lags when more than 1 MiB waits', async () => {
    const payload = 'x'.repeat(200_000);
    const one = scene({ execute: () => ({ data: { payload } }) });
    const slow = recordingSink(1);
    await one.join(slow);
    await one.append(6);
    await atRest();
    expect(slow.ended()).toBeUndefined();
    await one.append(1);
    await atRest();
    expect(errorOf(slow)).toEqual({ code: 'LAGGED', cursor: 'c1' });
  });

  it('lags when more than 1 MiB waits for all subscriptions of its client, and room is made by those that end', async () => {
    const payload = 'x'.repeat(200_000);
    const waitingRoom = new WaitingRoom();
    const execute = () => ({ data: { payload } });
    const [one, other] = [scene({ execute }), scene({ execute })];
    const [first, second] = [recordingSink(1, waitingRoom), recordingSink(1, waitingRoom)];
    const running = await one.join(first);
    await one.append(4);
    await other.join(second);
    await other.append(3);
    await atRest();
    expect([first.ended(), second.ended()]).toEqual([undefined, undefined]);
    await other.append(1);
    await atRest();
    expect(errorOf(second)).toEqual({ code: 'LAGGED', cursor: 'c1' });
    await one.append(2);
    await atRest();
    expect(first.ended()).toBeUndefined();
    first.room = Infinity;
    running.resume();
    await until(() => first.cursors.length === 6);
    // Whatever took room has given it back: as much waits for another as would for the first.
    const third = recordingSink(1, waitingRoom);
    await one.join(third);
    await one.append(6);
    await atRest();
    expect(third.ended()).toBeUndefined();
  });

  it('waits while other subscriptions of its client have filled what it is sent through', async () => {
    const one = scene();
    const sink = recordingSink();
    let isFull = true;
    const running = await one.join({ ...sink, canTake: () => !isFull });
    await one.append(2);
    await atRest();
    expect(places(sink)).toEqual([]);
    isFull = false;
    running.resume();
    await until(() => sink.cursors.length === 2);
    await atRest();
    isFull = true;
    await one.append(2);
    await atRest();
    expect(places(sink)).toEqual([1, 2]);
    // Whoever is called while another one fills it again waits on.
    running.resume();
    await atRest();
    expect(places(sink)).toEqual([1, 2]);
    isFull = false;
    running.resume();
    expect(places(sink)).toEqual([1, 2, 3, 4]);
    isFull = true;
    await one.append(1_001);
    await until(() => sink.ended() !== undefined);
    expect(errorOf(sink)).toEqual({ code: 'LAGGED', cursor: 'c4' });
  });

  it('gets one event of any size, however slow it is', async () => {
    const payload = 'x'.repeat(3_000_000);
    const one = scene({ execute: () => ({ data: { payload } }) });
    const slow = recordingSink(1);
    const running = await one.join(slow);
    await one.append(2);
    await atRest();
    slow.room = 2;
    running.resume();
    expect(places(slow)).toEqual([1, 2]);
  });

  it('replays at its own pace and never lags', async () => {
    const one = scene();
    await one.append(5_000);
    const slow = recordingSink(1);
    const running = await one.join(slow, 0);
    await atRest();
    expect(slow.cursors.length).toBe(1);
    const readCount = one.log.reads.length;
    await one.append(1_500);
    await atRest();
    // It is blocked: nothing is read or kept for it.
    expect(one.log.reads.slice(readCount).filter(([, after]) => after < 5_000)).toEqual([]);
    slow.room = Infinity;
    running.resume();
    await until(() => slow.cursors.length === 6_500);
    expect(places(slow)).toEqual(range(1, 6_500));
  });

  it('may ask for more from within its own call', async () => {
    const one = scene();
    const sink = recordingSink();
    let running: RunningSubscription | undefined;
    const asking = {
      ...sink,
      send(payload: string, cursor: string | undefined) {
        sink.send(payload, cursor);
        running?.resume();
        return false;
      },
    };
    await one.append(10);
    running = (await one.accept(0)).start(asking);
    await until(() => sink.cursors.length === 10);
    await one.append(5);
    await until(() => sink.cursors.length === 15);
    expect(places(sink)).toEqual(range(1, 15));
  });

  it('is told the oldest place when the log forgets what it has not read', async () => {
    const one = scene();
    await one.append(300);
    const slow = recordingSink(1);
    const running = await one.join(slow, 0);
    await atRest();
    one.log.forgetUpTo('f', 200);
    // What is remembered of the group is still good.
    slow.room = Infinity;
    running.resume();
    await until(() => slow.ended() !== undefined);
    expect(errorOf(slow)).toEqual({ code: 'CURSOR_EXPIRED', cursor: 'c200' });
    expect(places(slow)).toEqual(range(1, slow.cursors.length));
  });

  it('notices nothing of a store that fails for a while', async () => {
    const one = scene();
    await one.append(10);
    one.log.failReads = 2;
    const sink = recordingSink();
    await one.join(sink, 0);
    await until(() => sink.cursors.length === 10);
    expect(sink.ended()).toBeUndefined();
  });

  it('whose sink fails is gone, and the others are not', async () => {
    const one = scene();
    const good = recordingSink();
    const bad = {
      send() {
        throw new Error('no');
      },
      end: jest.fn(),
    };
    (await one.accept()).start(bad);
    await one.join(good);
    await one.append(3);
    await until(() => good.cursors.length === 3);
    expect(bad.end).not.toHaveBeenCalled();
    expect(one.leaseCount()).toBe(1);
  });
});

describe('a group', () => {
  it('gives the feed back when its last subscriber has gone', async () => {
    const one = scene();
    const running = [await one.join(recordingSink()), await one.join(recordingSink(), 0)];
    const discarded = await one.accept();
    discarded.discard();
    discarded.discard();
    expect(one.leaseCount()).toBe(2);
    running[0]!.stop();
    running[0]!.stop();
    expect([one.leaseCount(), one.closed.mock.calls.length]).toEqual([1, 0]);
    running[1]!.stop();
    expect([one.leaseCount(), one.closed.mock.calls.length, one.empty.mock.calls.length]).toEqual([0, 1, 1]);
    expect(one.log.watcherCount()).toBe(0);
  });

  it('that is closed takes nobody in, who would hear of nothing', async () => {
    const one = scene();
    const { feed, group } = await one.alone();
    group.accept(feed, 0).discard();
    expect(() => group.accept(feed, 0)).toThrow('A group that is closed takes nobody in.');
  });

  it('remembers nothing while all are live, and never more than the budget of all groups', async () => {
    const memory = new ResultMemory(3_000);
    const execute = () => ({ data: { text: 'x'.repeat(1_000) } });
    const scenes = [scene({ memory, execute }), scene({ memory, execute }), scene({ memory, execute })];
    for (const one of scenes) {
      const live = recordingSink();
      await one.join(live);
      await one.append(5);
      await until(() => live.cursors.length === 5);
    }
    expect(memory.size).toBe(0);
    const behind = [];
    for (const one of scenes) {
      behind.push(await one.join(recordingSink(1), 0));
      const live = recordingSink();
      await one.join(live);
      await one.append(1);
      await until(() => live.cursors.length === 1);
    }
    expect(memory.size).toBeGreaterThan(1_000);
    expect(memory.size).toBeLessThanOrEqual(3_000);
    for (const running of behind) running.stop();
    expect(memory.size).toBe(0);
  });

  it('executes nothing while nobody is live', async () => {
    const one = scene();
    const blocked = recordingSink(1);
    await one.append(10);
    await one.join(blocked, 0);
    await atRest();
    await one.append(10);
    await atRest();
    expect(one.executed).toEqual([1]);
  });

  it('tells everything that happened before its feed ended, then the end', async () => {
    const answers: (() => void)[] = [];
    const one = scene({
      execute: ({ id }) => new Promise((resolve) => void answers.push(() => resolve({ data: { id } }))),
    });
    const live = recordingSink();
    await one.join(live);
    await one.append(2);
    await until(() => answers.length === 2);
    one.tails.end('f', new GatewayError('FEED_ENDED', 'Its connection was removed.'));
    expect(live.ended()).toBeUndefined();
    for (const answer of answers) answer();
    await until(() => live.ended() !== undefined);
    expect(places(live)).toEqual([1, 2]);
    expect(errorOf(live)).toEqual({ code: 'FEED_ENDED', cursor: 'c2' });
    expect(one.closed).toHaveBeenCalled();
  });

  it('keeps no more than a bounded part of what happens faster than it can be executed', async () => {
    const answers: (() => void)[] = [];
    const one = scene({
      execute: ({ id }) => new Promise((resolve) => void answers.push(() => resolve({ data: { id } }))),
    });
    const live = recordingSink();
    await one.join(live);
    for (let index = 0; index < 50; index += 1) await one.append(100);
    await atRest();
    expect(answers.length).toBe(8);
    while (live.cursors.length < 5_000) {
      for (const answer of answers.splice(0)) answer();
      await turn();
    }
    expect(places(live)).toEqual(range(1, 5_000));
    // Beyond the first 1 000 the log was read again, page by page.
    expect(one.log.reads.some(([, after]) => after >= 1_000)).toBe(true);
  });

  it('ends those who are live when what they have not seen is forgotten', async () => {
    const answers: (() => void)[] = [];
    const one = scene({
      execute: ({ id }) => new Promise((resolve) => void answers.push(() => resolve({ data: { id } }))),
    });
    const live = recordingSink();
    await one.join(live);
    for (let index = 0; index < 20; index += 1) await one.append(100);
    await atRest();
    one.log.forgetUpTo('f', 1_900);
    while (live.ended() === undefined) {
      for (const answer of answers.splice(0)) answer();
      await turn();
    }
    expect(errorOf(live)).toEqual({ code: 'CURSOR_EXPIRED', cursor: 'c1900' });
    expect(places(live)).toEqual(range(1, 1_008));
  });

  it('gives each subscriber every place after its own, once and in order, whatever happens when', async () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 150 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('join' as const),
          back: fc.nat(300),
          room: fc.integer({ min: 1, max: 60 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('resume' as const),
          which: fc.nat(8),
          room: fc.integer({ min: 1, max: 200 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), which: fc.nat(8) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 5 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, isSlow) => {
        const one = scene({
          execute: ({ id, place }) =>
            isSlow && place % 3 !== 0
              ? new Promise((resolve) => void setImmediate(resolve, { data: { id } }))
              : { data: { id } },
        });
        const joined: { sink: RecordingSink; after: number; running: RunningSubscription; isStopped?: boolean }[] = [];
        for (const each of steps) {
          if (each.do === 'append') await one.append(each.count);
          else if (each.do === 'join') {
            const sink = recordingSink(each.room);
            const after = Math.max(0, one.last() - each.back);
            joined.push({ sink, after, running: await one.join(sink, after) });
          } else if (each.do === 'wait') for (let index = 0; index < each.turns; index += 1) await turn();
          else if (each.do === 'fail') one.log.failReads = 1;
          else {
            const member = joined[each.which];
            if (!member) continue;
            if (each.do === 'stop') {
              member.running.stop();
              member.isStopped = true;
              continue;
            }
            member.sink.room = each.room;
            member.running.resume();
          }
        }
        for (const { sink, running } of joined) {
          sink.room = Infinity;
          running.resume();
        }
        await until(() =>
          joined.every(
            ({ sink, after, isStopped }) => isStopped || sink.ended() || after + sink.cursors.length >= one.last(),
          ),
        );
        await atRest();
        for (const { sink, after } of joined) {
          expect(places(sink)).toEqual(range(after + 1, after + sink.cursors.length));
          if (sink.ended())
            expect(errorOf(sink)).toEqual({ code: 'LAGGED', cursor: `c${after + sink.cursors.length}` });
        }
        const remaining = joined.filter(({ sink, isStopped }) => !isStopped && !sink.ended()).length;
        expect(one.leaseCount()).toBe(remaining);
      }),
      { numRuns: 80, timeout: 60_000 },
    );
  });
});
