import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { GatewayError } from '../../src/errors.ts';
import type { FeedListener } from '../../src/feed/feeds.ts';
import { createFeedTails } from '../../src/feed/feed-tail.ts';
import { createMemoryFeedLog, newEvents } from '../support/memory-feed-log.ts';

afterEach(() => void jest.useRealTimers());

function listener() {
  const places: number[] = [];
  const ends: string[] = [];
  const given: FeedListener = {
    onEvents: (events) => void places.push(...events.map(({ place }) => place)),
    onEnd: ({ code }) => void ends.push(code),
  };
  return { ...given, places, ends };
}

const settled = async (): Promise<void> => {
  for (let index = 0; index < 20; index += 1) await turn();
};

describe('the tail of a feed', () => {
  it('gives a listener what is logged from now on', async () => {
    const log = createMemoryFeedLog();
    await log.append('f', { events: newEvents('a', 'b') });
    const tail = await createFeedTails(log).open('f');
    const one = listener();
    expect(tail.lastPlace).toBe(2);
    expect(tail.listen(one).from).toBe(2);
    await log.append('f', { events: newEvents('c', 'd') });
    await settled();
    expect(one.places).toEqual([3, 4]);
  });

  it('gives what was logged between opening and listening', async () => {
    const log = createMemoryFeedLog();
    const tail = await createFeedTails(log).open('f');
    await log.append('f', { events: newEvents('a') });
    const one = listener();
    expect(tail.listen(one).from).toBe(0);
    await settled();
    expect(one.places).toEqual([1]);
  });

  it('reads the log once for all who listen', async () => {
    const log = createMemoryFeedLog();
    const tails = createFeedTails(log);
    const all = Array.from({ length: 100 }, listener);
    for (const each of all) (await tails.open('f')).listen(each);
    await settled();
    const before = log.reads.length;
    await log.append('f', { events: newEvents('a', 'b', 'c') });
    await settled();
    expect(log.reads.length).toBe(before + 1);
    for (const { places } of all) expect(places).toEqual([1, 2, 3]);
  });

  it('reads a long log page by page', async () => {
    const log = createMemoryFeedLog();
    const tail = await createFeedTails(log).open('f');
    await log.append('f', { events: newEvents(...Array.from({ length: 1_201 }, (_, index) => `e${index}`)) });
    const one = listener();
    tail.listen(one);
    await settled();
    expect(one.places).toEqual(Array.from({ length: 1_201 }, (_, index) => index + 1));
    expect(log.reads.map(([, after]) => after)).toEqual([0, 500, 1_000]);
  });

  it('goes on when the store is back, without waiting for another event', async () => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask'] });
    const log = createMemoryFeedLog();
    const tail = await createFeedTails(log).open('f');
    log.failReads = 3;
    const one = listener();
    tail.listen(one);
    await log.append('f', { events: newEvents('a') });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(one.places).toEqual([1]);
    expect(one.ends).toEqual([]);
  });

  it('watches the store only while somebody listens', async () => {
    const log = createMemoryFeedLog();
    const tails = createFeedTails(log);
    const tail = await tails.open('f');
    expect(log.watcherCount()).toBe(0);
    const stops = [tail.listen(listener()).stop, (await tails.open('g')).listen(listener()).stop];
    expect(log.watcherCount()).toBe(1);
    stops[0]!();
    stops[0]!();
    expect(log.watcherCount()).toBe(1);
    stops[1]!();
    expect(log.watcherCount()).toBe(0);
  });

  it('tells listeners of an ended feed once, and nothing afterwards', async () => {
    const log = createMemoryFeedLog();
    const tails = createFeedTails(log);
    const [one, other] = [listener(), listener()];
    (await tails.open('f')).listen(one);
    (await tails.open('g')).listen(other);
    const reason = new GatewayError('FEED_ENDED', 'It is over.');
    tails.end('f', reason);
    tails.end('f', reason);
    await log.append('f', { events: newEvents('a') });
    await log.append('g', { events: newEvents('a') });
    await settled();
    expect(one).toMatchObject({ places: [], ends: ['FEED_ENDED'] });
    expect(other).toMatchObject({ places: [1], ends: [] });
  });

  it('ends when the log was begun anew', async () => {
    const log = createMemoryFeedLog();
    await log.append('f', { events: newEvents('a', 'b') });
    const one = listener();
    (await createFeedTails(log).open('f')).listen(one);
    await log.remove('f');
    await log.append('f', { events: newEvents('c') });
    await settled();
    expect(one).toMatchObject({ places: [], ends: ['FEED_ENDED'] });
  });

  it('goes on for the others when a listener fails', async () => {
    const log = createMemoryFeedLog();
    const tail = await createFeedTails(log).open('f');
    const [bad, good] = [listener(), listener()];
    const failing = {
      ...bad,
      onEvents: () => {
        throw new Error('no');
      },
    };
    tail.listen(failing);
    tail.listen(good);
    await log.append('f', { events: newEvents('a') });
    await log.append('f', { events: newEvents('b') });
    await settled();
    expect(bad.ends).toEqual(['INTERNAL_ERROR']);
    expect(good.places).toEqual([1, 2]);
  });

  it('tells nobody when it is closed', async () => {
    const log = createMemoryFeedLog();
    const tails = createFeedTails(log);
    const one = listener();
    (await tails.open('f')).listen(one);
    tails.close();
    await log.append('f', { events: newEvents('a') });
    await settled();
    expect(one).toMatchObject({ places: [], ends: [] });
    expect(log.watcherCount()).toBe(0);
  });

  it('gives each listener every place after its own, once and in order, whatever happens when', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 700 }) }),
      fc.record({ do: fc.constant('join' as const) }),
      fc.record({ do: fc.constant('leave' as const), which: fc.nat(5) }),
      fc.record({ do: fc.constant('wait' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const log = createMemoryFeedLog();
        const tails = createFeedTails(log);
        const joined: { places: number[]; from: number; stop: () => void; upTo?: number }[] = [];
        let last = 0;
        for (const each of steps) {
          if (each.do === 'append') {
            const ids = Array.from({ length: each.count }, (_, index) => `e${last + index}`);
            last += each.count;
            await log.append('f', { events: newEvents(...ids) });
          } else if (each.do === 'join') {
            const one = listener();
            joined.push({ places: one.places, ...(await tails.open('f')).listen(one) });
          } else if (each.do === 'wait') await turn();
          else {
            const leaving = joined[each.which];
            if (leaving && leaving.upTo === undefined) {
              leaving.stop();
              leaving.upTo = leaving.from + leaving.places.length;
            }
          }
        }
        await settled();
        for (const { places, from, upTo = last } of joined) {
          expect(places).toEqual(Array.from({ length: upTo - from }, (_, index) => from + index + 1));
        }
      }),
      { numRuns: 60 },
    );
  });
});
