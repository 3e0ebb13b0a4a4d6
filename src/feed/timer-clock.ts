/** The clock of the embedded store: a process holds the lease of a feed for as long as it polls it, by timers of its own. */
import { GatewayError } from '../errors.ts';
import { withLease } from '../storage/hold-lease.ts';
import { defaultTakeoverMs, leaseOf, type HeldFeed, type PollClock, type PollClockOptions } from './poll-clock.ts';
import { createPollTimers, type PollTimers } from './poll-timers.ts';

interface Entry {
  readonly stopping: AbortController;
  /** Ends when the feed was left. */
  readonly running: Promise<void>;
  held?: HeldFeed;
  /** By the clock of `performance.now`. */
  beganAt: number;
  dueAt: number;
  isPolling: boolean;
  finish?: () => Promise<unknown>;
  finished?: Promise<unknown>;
}

/** An idle poll writes nothing, since the lease outlives it; many feeds in many processes would renew too many leases. */
export function createTimerClock(options: PollClockOptions): PollClock {
  const { poll, onTaken = () => true, takeoverMs = defaultTakeoverMs, random = Math.random } = options;
  const entries = new Map<string, Entry>();
  const timers = createPollTimers({
    ...options,
    async poll(feed, signal) {
      const entry = entries.get(feed);
      if (!entry?.held) return undefined;
      entry.beganAt = performance.now();
      entry.dueAt = Infinity;
      entry.isPolling = true;
      const inMs = await poll(feed, entry.held, signal);
      entry.isPolling = false;
      if (inMs === undefined) return undefined;
      entry.dueAt = Math.min(entry.dueAt, performance.now() + inMs);
      return Math.max(0, entry.dueAt - performance.now());
    },
  });
  const begin = (feed: string): void => {
    if (entries.has(feed)) return;
    const stopping = new AbortController();
    // Not within this step: whoever begins knows of the entry before it is held.
    const running = Promise.resolve().then(() => run(feed, entry));
    const entry: Entry = { stopping, running, beganAt: -Infinity, dueAt: Infinity, isPolling: false };
    entries.set(feed, entry);
  };
  /** Waits for the lease, and polls while it is held. */
  const run = async (feed: string, entry: Entry): Promise<void> => {
    // Together less than the time in which the feed of a dead process is to be taken over.
    const lease = { ttlMs: takeoverMs * 0.7, renewEveryMs: takeoverMs * 0.2, waitMs: 0, signal: entry.stopping.signal };
    while (!entry.stopping.signal.aborted) {
      const isTaken = await withLease(options.leases, leaseOf(feed), lease, (fence, signal, isHeld) =>
        hold(options, timers, feed, entry, { fence, signal, isHeld }),
      ).then(
        () => false,
        (error: unknown) => {
          const isOthers = error instanceof GatewayError && error.code === 'LEASE_TIMEOUT';
          if (!entry.stopping.signal.aborted) options.onHindrance?.(feed, isOthers ? undefined : error);
          return isOthers;
        },
      );
      if (entry.stopping.signal.aborted) return;
      if (isTaken && !onTaken(feed)) {
        if (entries.get(feed) === entry) entries.delete(feed);
        return;
      }
      await pause(takeoverMs * 0.2 * (0.75 + random() / 2), entry.stopping.signal);
    }
  };
  const leave = async (feed: string, finish?: () => Promise<unknown>): Promise<void> => {
    const entry = entries.get(feed);
    entries.delete(feed);
    if (entry) {
      if (finish) entry.finish = finish;
      entry.stopping.abort();
      await entry.running;
    }
    await (entry?.finished ?? finish?.());
  };
  return {
    begin,
    async keep(feeds) {
      for (const { feed } of feeds) begin(feed);
    },
    async pollSoon(feed, restMs = 0) {
      const entry = entries.get(feed);
      if (!entry?.held) return false;
      const at = Math.max(performance.now(), entry.beganAt + restMs);
      if (restMs === 0) timers.pollSoon(feed);
      else if (at < entry.dueAt) {
        // While it is polled this is when it is due afterwards.
        if (!entry.isPolling) timers.schedule(feed, at - performance.now());
        entry.dueAt = at;
      }
      return true;
    },
    isOurs: (feed) => entries.get(feed)?.held !== undefined,
    leave: (feed) => leave(feed),
    end: leave,
    async close() {
      await Promise.all([...entries.keys()].map((feed) => leave(feed)));
      await timers.close();
    },
  };
}

async function hold(
  { dueIn, onHindrance }: PollClockOptions,
  timers: PollTimers,
  feed: string,
  entry: Entry,
  held: HeldFeed,
): Promise<void> {
  onHindrance?.(feed, undefined);
  const inMs = (await dueIn?.(feed)) ?? 0;
  entry.held = held;
  entry.dueAt = performance.now() + inMs;
  timers.schedule(feed, inMs);
  await aborted(held.signal);
  delete entry.held;
  await timers.cancel(feed);
  // Before the lease is given up.
  entry.finished = entry.finish?.();
  await entry.finished?.catch(() => undefined);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(stop, ms).unref();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}
