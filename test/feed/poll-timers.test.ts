/** The timers that polls of one process run by. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPollTimers, type PollTimers } from '../../src/feed/poll-timers.ts';

/** A poll under way, to be ended by the test. */
interface Poll {
  readonly feed: string;
  readonly at: number;
  readonly signal: AbortSignal;
  readonly end: (dueInMs?: number) => void;
}

let timers: PollTimers;
let polls: Poll[];

function start(options: { concurrency?: number; pollTimeoutMs?: number } = {}): void {
  timers = createPollTimers({
    ...options,
    timeoutError: (feed) => new Error(`${feed} took too long.`),
    poll: (feed, signal) =>
      new Promise((resolve) => {
        polls.push({ feed, at: performance.now(), signal, end: resolve });
        signal.addEventListener('abort', () => resolve(undefined));
      }),
  });
}

const feeds = () => polls.map(({ feed }) => feed);
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
  polls = [];
});
afterEach(async () => {
  await timers.close();
  jest.useRealTimers();
});

describe('a feed that is scheduled', () => {
  it('is polled when it is due, and again in as much time as its poll says', async () => {
    start();
    timers.schedule('a', 1_000);
    await pass(999);
    expect(feeds()).toEqual([]);
    await pass(1);
    expect(feeds()).toEqual(['a']);
    polls[0]!.end(500);
    await pass(499);
    expect(feeds()).toEqual(['a']);
    await pass(1);
    expect(feeds()).toEqual(['a', 'a']);
  });

  it('is due at the last of several times', async () => {
    start();
    timers.schedule('a', 100);
    timers.schedule('a', 5_000);
    await pass(4_999);
    expect(feeds()).toEqual([]);
    await pass(1);
    expect(feeds()).toEqual(['a']);
  });

  it('is not polled by itself again when its poll says no time', async () => {
    start();
    timers.pollSoon('a');
    await pass(0);
    polls[0]!.end();
    await pass(1e9);
    expect(feeds()).toEqual(['a']);
  });

  it('is due after the same time though the time of day is set back and forward', async () => {
    start();
    timers.schedule('a', 60_000);
    jest.setSystemTime(Date.now() - 600_000);
    await pass(30_000);
    jest.setSystemTime(Date.now() + 1_200_000);
    await pass(29_999);
    expect(feeds()).toEqual([]);
    await pass(1);
    expect(feeds()).toEqual(['a']);
  });
});

describe('a feed of which a poll is wanted soon', () => {
  it('is polled once more after the poll under way, however often that is said', async () => {
    start();
    timers.pollSoon('a');
    await pass(0);
    for (let times = 0; times < 100; times++) timers.pollSoon('a');
    await pass(0);
    expect(feeds()).toEqual(['a']);
    polls[0]!.end(60_000);
    await pass(0);
    expect(feeds()).toEqual(['a', 'a']);
    polls[1]!.end(60_000);
    await pass(59_999);
    expect(feeds()).toEqual(['a', 'a']);
  });

  it('is not polled a second time for what it was scheduled for', async () => {
    start();
    timers.schedule('a', 1_000);
    timers.pollSoon('a');
    await pass(0);
    polls[0]!.end();
    await pass(10_000);
    expect(feeds()).toEqual(['a']);
  });
});

describe('many feeds', () => {
  it('are polled so many at a time, in the order in which they became due', async () => {
    start({ concurrency: 2 });
    for (const feed of ['a', 'b', 'c', 'd']) timers.pollSoon(feed);
    await pass(0);
    expect(feeds()).toEqual(['a', 'b']);
    polls[1]!.end(0);
    await pass(0);
    expect(feeds()).toEqual(['a', 'b', 'c']);
    polls[0]!.end();
    polls[2]!.end();
    await pass(0);
    expect(feeds()).toEqual(['a', 'b', 'c', 'd', 'b']);
  });

  it('are not held up by one whose poll hangs: it is aborted after its time', async () => {
    start({ concurrency: 1, pollTimeoutMs: 10_000 });
    timers.pollSoon('hangs');
    timers.pollSoon('b');
    await pass(9_999);
    expect(feeds()).toEqual(['hangs']);
    await pass(1);
    expect(feeds()).toEqual(['hangs', 'b']);
    expect(polls[0]!.signal.reason).toEqual(new Error('hangs took too long.'));
  });
});

describe('a feed that is cancelled', () => {
  it('is not polled any more, and its poll under way has ended', async () => {
    start();
    timers.pollSoon('a');
    timers.schedule('b', 10);
    await pass(0);
    await timers.cancel('a');
    await timers.cancel('b');
    expect(polls[0]!.signal.aborted).toBe(true);
    await pass(1e6);
    expect(feeds()).toEqual(['a']);
  });

  it('may be scheduled anew', async () => {
    start();
    timers.pollSoon('a');
    await pass(0);
    await timers.cancel('a');
    timers.pollSoon('a');
    await pass(0);
    expect(feeds()).toEqual(['a', 'a']);
  });

  it('gives its place up while it waits', async () => {
    start({ concurrency: 1 });
    for (const feed of ['a', 'b', 'c']) timers.pollSoon(feed);
    await pass(0);
    await timers.cancel('b');
    polls[0]!.end();
    await pass(0);
    expect(feeds()).toEqual(['a', 'c']);
  });
});

it('ends all polls when it is closed', async () => {
  start();
  timers.pollSoon('a');
  timers.pollSoon('b');
  await pass(0);
  await timers.close();
  expect(polls.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(jest.getTimerCount()).toBe(0);
});
