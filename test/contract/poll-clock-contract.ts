/** What every clock that hands out polls must satisfy, for one process and for several over one store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { HeldFeed, PollClock, PollClockOptions } from '../../src/feed/poll-clock.ts';
import type { Leases } from '../../src/storage/lease.ts';
import { until } from '../support/until.ts';

/** One store with all that the clock needs, and clocks of several processes over it. */
export interface ClockHouse {
  readonly leases: Leases;
  readonly open: (options: PollClockOptions) => Promise<PollClock>;
  readonly close: () => Promise<void>;
}

interface Poll extends HeldFeed {
  readonly feed: string;
  /** Number of the process. */
  readonly by: number;
  readonly beganAt: number;
  endedAt?: number;
}

const takeoverMs = 3_000;

export function describeClock(openHouse: () => Promise<ClockHouse>): void {
  let house: ClockHouse;
  let polls: Poll[];
  let clocks: PollClock[];
  /** What a poll does; gives when the feed is due again. */
  let work: (poll: Poll, signal: AbortSignal) => Promise<number | undefined>;
  beforeEach(async () => {
    house = await openHouse();
    polls = [];
    clocks = [];
    work = async () => 30;
  });
  afterEach(async () => {
    await Promise.all(clocks.map((clock) => clock.close()));
    await house.close();
  });

  async function start(options: Partial<PollClockOptions> = {}): Promise<PollClock> {
    const by = clocks.length;
    const clock = await house.open({
      leases: house.leases,
      takeoverMs,
      timeoutError: (feed) => new Error(`${feed} took too long.`),
      async poll(feed, held, signal) {
        const poll: Poll = { ...held, feed, by, beganAt: performance.now() };
        polls.push(poll);
        const inMs = await work(poll, signal);
        poll.endedAt = performance.now();
        return inMs;
      },
      ...options,
    });
    clocks.push(clock);
    return clock;
  }
  const ofFeed = (feed: string) => polls.filter((poll) => poll.feed === feed);
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve());
    });

  it('polls a feed that is begun at once, and again in as much time as its poll says', async () => {
    const clock = await start();
    work = async () => 200;
    clock.begin('a');
    await until(() => polls.length === 3);
    const gaps = polls.slice(1).map((poll, index) => poll.beganAt - polls[index]!.endedAt!);
    for (const gap of gaps) expect(gap).toBeGreaterThan(190);
  });

  it('polls it again after parts of a millisecond, without waiting until somebody else would take it over', async () => {
    const failures: unknown[] = [];
    const clock = await start({
      takeoverMs: 600_000,
      dueIn: async () => 0.25,
      onFailure: (error) => failures.push(error),
    });
    work = async () => 20.75;
    clock.begin('a');
    await until(() => polls.length === 4);
    expect(await clock.pollSoon('a', 10.5)).toBe(true);
    await until(() => polls.length === 6);
    await clock.keep(Array.from({ length: 3 }, (_, index) => ({ feed: `k${index}`, inMs: 10.125 })));
    await until(() => ofFeed('k2').length === 2);
    expect(failures).toEqual([]);
  });

  it('polls it first when it is due', async () => {
    const clock = await start({ dueIn: async () => 400 });
    const begunAt = performance.now();
    clock.begin('a');
    await until(() => polls.length === 1);
    expect(polls[0]!.beganAt - begunAt).toBeGreaterThan(390);
  });

  it('does not poll it by itself again when its poll says no time', async () => {
    const clock = await start();
    work = async ({ feed }) => (feed === 'a' ? undefined : 20);
    clock.begin('a');
    clock.begin('b');
    await until(() => ofFeed('b').length === 5);
    expect(ofFeed('a')).toHaveLength(1);
  });

  it('polls one feed once at a time, whichever process it is, and no fence is smaller than one before', async () => {
    work = async () => (await sleep(5), 5);
    const [one, other] = [await start(), await start()];
    for (let feed = 0; feed < 10; feed += 1) {
      one.begin(`f${feed}`);
      other.begin(`f${feed}`);
    }
    await until(() => Array.from({ length: 10 }, (_, feed) => ofFeed(`f${feed}`).length).every((count) => count >= 8));
    for (let feed = 0; feed < 10; feed += 1) {
      const ended = ofFeed(`f${feed}`).filter(({ endedAt }) => endedAt !== undefined);
      for (const [index, poll] of ended.slice(1).entries()) {
        expect(poll.beganAt).toBeGreaterThanOrEqual(ended[index]!.endedAt!);
        expect(poll.fence).toBeGreaterThanOrEqual(ended[index]!.fence);
      }
    }
  });

  it('polls so many feeds at a time in one process', async () => {
    let most = 0;
    let underWay = 0;
    work = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(10);
      underWay -= 1;
      return 10;
    };
    const clock = await start({ concurrency: 3 });
    for (let feed = 0; feed < 12; feed += 1) clock.begin(`f${feed}`);
    await until(() => polls.length > 40);
    expect(most).toBe(3);
  });

  it('aborts a poll that takes too long', async () => {
    work = async (_poll, signal) => {
      await aborted(signal);
      expect(signal.reason).toEqual(new Error('a took too long.'));
      return 50;
    };
    // The limit counts from before the poll is seen here: on a busy machine some of it has passed by then.
    const clock = await start({ pollTimeoutMs: 1_000 });
    clock.begin('a');
    await until(() => polls.length === 2);
    expect(polls[0]!.endedAt! - polls[0]!.beganAt).toBeGreaterThan(500);
  });

  it('polls a feed soon when that is said, but not before it has rested', async () => {
    work = async () => 3_600_000;
    const clock = await start();
    clock.begin('a');
    await until(() => polls[0]?.endedAt !== undefined);
    await until(() => clock.pollSoon('a'));
    await until(() => polls.length === 2);
    await until(() => polls[1]!.endedAt !== undefined);
    await until(() => clock.pollSoon('a', 700));
    await until(() => polls.length === 3);
    expect(polls[2]!.beganAt - polls[1]!.beganAt).toBeGreaterThan(650);
  });

  it('polls it once more after the poll under way, however often that is said', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    work = async () => (await released, 3_600_000);
    const clock = await start();
    clock.begin('a');
    await until(() => polls.length === 1);
    for (let times = 0; times < 20; times += 1) expect(await clock.pollSoon('a')).toBe(true);
    release();
    await until(() => polls.length === 2);
    await sleep(100);
    expect(polls).toHaveLength(2);
  });

  it('says that it cannot be seen to where nobody polls it', async () => {
    const clock = await start();
    clock.begin('a');
    expect(await clock.pollSoon('b')).toBe(false);
  });

  it('gives its feeds to the other process when it is closed, at once', async () => {
    work = async (_poll, signal) => (await Promise.race([aborted(signal), sleep(30)]), signal.aborted ? undefined : 50);
    const [one, other] = [await start(), await start()];
    one.begin('a');
    await until(() => polls.length > 2);
    other.begin('a');
    await one.close();
    const closedAt = performance.now();
    await until(() => polls.some(({ by, beganAt }) => by === 1 && beganAt > closedAt));
    expect(performance.now() - closedAt).toBeLessThan(takeoverMs);
  });

  it('tells a process that is cut off from the store to stop, and another one goes on with a larger fence', async () => {
    let isCutOff = false;
    const away = (): never => {
      throw new Error('The store is away.');
    };
    const cutOff: Leases = {
      acquire: async (...given) => (isCutOff ? away() : house.leases.acquire(...given)),
      renew: async (...given) => (isCutOff ? away() : house.leases.renew(...given)),
      release: async (...given) => (isCutOff ? undefined : house.leases.release(...given)),
    };
    work = async ({ by, signal }) => {
      if (by === 1) return 50;
      await aborted(signal);
      return undefined;
    };
    const [one, other] = [await start({ leases: cutOff }), await start()];
    one.begin('a');
    await until(() => polls.length === 1);
    isCutOff = true;
    await other.keep([{ feed: 'a', inMs: 0 }]);
    // It may take a few turns: the one that is cut off still asks for what is due.
    await until(() => polls.some(({ by }) => by === 1));
    expect(polls[0]!.signal.aborted).toBe(true);
    expect(polls.find(({ by }) => by === 1)!.fence).toBeGreaterThan(polls[0]!.fence);
  });

  it('does not poll a feed that is ended, and finishes while nobody polls it', async () => {
    let isRunning = true;
    work = async (_poll, signal) => {
      await Promise.race([aborted(signal), sleep(10)]);
      return isRunning ? 10 : undefined;
    };
    const clock = await start();
    clock.begin('a');
    await until(() => polls.length > 2);
    isRunning = false;
    let underWay = Infinity;
    await clock.end('a', async () => {
      underWay = polls.filter(({ endedAt }) => endedAt === undefined).length;
    });
    expect(underWay).toBe(0);
    const count = polls.length;
    await sleep(150);
    expect(polls.length).toBeLessThanOrEqual(count + 1);
    isRunning = true;
    clock.begin('a');
    await until(() => polls.length > count + 3);
  });

  it('begins what it is to keep', async () => {
    const clock = await start();
    await clock.keep([
      { feed: 'a', inMs: 0 },
      { feed: 'b', inMs: 0 },
    ]);
    await until(() => ofFeed('a').length > 1 && ofFeed('b').length > 1);
  });
}
