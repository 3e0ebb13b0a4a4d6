/** A clock of feeds that stands still until a test moves it. */
import type { PollClock, PollClockOptions } from '../feed/poll-clock.ts';
import { createTimerClock } from '../feed/timer-clock.ts';

export interface TestClock {
  /** Moves on by so much: every poll that becomes due meanwhile runs, in order, and has ended when this resolves. */
  readonly advance: (ms: number) => Promise<void>;
  /** For the feeds of a gateway. */
  readonly create: (options: PollClockOptions) => PollClock;
}

/** What is asked for at once is polled at once; only what waits for its time waits for `advance`. */
export function createTestClock(): TestClock {
  let now = 0;
  const due = new Map<string, number>();
  const under = new Set<Promise<unknown>>();
  let inner: PollClock | undefined;
  const nextDue = (until: number) => [...due].filter(([, at]) => at <= until).toSorted(([, a], [, b]) => a - b)[0];
  const settle = async (): Promise<void> => {
    // A poll begins a step after it was asked for.
    await new Promise((resolve) => setImmediate(resolve));
    while (under.size > 0) await Promise.allSettled(under);
  };
  return {
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let next = nextDue(until); next; next = nextDue(until)) {
        const [feed, at] = next;
        now = Math.max(now, at);
        due.delete(feed);
        await inner?.pollSoon(feed);
        await settle();
      }
      now = until;
    },
    create(options) {
      const clock = createTimerClock({
        ...options,
        async poll(feed, held, signal) {
          due.delete(feed);
          const polling = options.poll(feed, held, signal);
          under.add(polling);
          try {
            const inMs = await polling;
            if (inMs !== undefined) due.set(feed, now + inMs);
          } finally {
            under.delete(polling);
          }
          // When it is due again this clock says.
          return undefined;
        },
      });
      inner = clock;
      return {
        ...clock,
        leave(feed) {
          due.delete(feed);
          return clock.leave(feed);
        },
        end(feed, finish) {
          due.delete(feed);
          return clock.end(feed, finish);
        },
      };
    },
  };
}
