/** Timers of one process: which feed is due, one poll of a feed at a time and so many in all. */
import { defaultConcurrency, defaultPollTimeoutMs } from './poll-clock.ts';

export interface PollTimers {
  /** The feed is due in so many milliseconds; what was due before is not any more. */
  readonly schedule: (feed: string, inMs: number) => void;
  /** It is due now. While it is polled, once more afterwards, however often that is said. */
  readonly pollSoon: (feed: string) => void;
  /** Nothing is due any more. Resolves when the poll under way, which is aborted, has ended. */
  readonly cancel: (feed: string, reason?: Error) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface PollTimersOptions {
  /**
   * Polls a feed.
   *
   * @returns in how many milliseconds it is due again; `undefined`: not by itself.
   */
  readonly poll: (feed: string, signal: AbortSignal) => Promise<number | undefined>;
  /** What the signal of a poll that takes too long is aborted with. */
  readonly timeoutError: (feed: string) => Error;
  /** Polls at a time. Default 64. */
  readonly concurrency?: number;
  /** The longest that one may take. Default 5 minutes. */
  readonly pollTimeoutMs?: number;
}

interface Entry {
  timer?: NodeJS.Timeout;
  isWanted: boolean;
  under?: { readonly abort: AbortController; readonly ended: Promise<void> };
}

/**
 * Timers go on evenly whatever is done to the time of day, and hold no process up. Feeds that are due while all places are
 * taken wait in the order in which they became due.
 */
export function createPollTimers(options: PollTimersOptions): PollTimers {
  const { poll, timeoutError, concurrency = defaultConcurrency, pollTimeoutMs = defaultPollTimeoutMs } = options;
  const entries = new Map<string, Entry>();
  const waiting = new Set<string>();
  let running = 0;
  const entryOf = (feed: string): Entry => {
    const known = entries.get(feed);
    if (known) return known;
    const entry: Entry = { isWanted: false };
    entries.set(feed, entry);
    return entry;
  };
  const schedule = (feed: string, inMs: number): void => {
    const entry = entryOf(feed);
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => pollSoon(feed), Math.max(0, inMs)).unref();
  };
  const pollSoon = (feed: string): void => {
    const entry = entryOf(feed);
    clearTimeout(entry.timer);
    if (entry.under) entry.isWanted = true;
    else waiting.add(feed);
    startNext();
  };
  const startNext = (): void => {
    for (const feed of waiting) {
      if (running >= concurrency) return;
      waiting.delete(feed);
      begin(feed, entryOf(feed));
    }
  };
  const begin = (feed: string, entry: Entry): void => {
    running += 1;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(timeoutError(feed)), pollTimeoutMs).unref();
    const ended = (async () => {
      // Not within the caller's own step: whoever schedules is not polled before it has returned.
      await Promise.resolve();
      let dueInMs: number | undefined;
      try {
        dueInMs = await poll(feed, abort.signal);
      } finally {
        clearTimeout(timer);
        running -= 1;
        delete entry.under;
        // One that was cancelled meanwhile has no entry any more, or another one.
        if (entries.get(feed) === entry) goOn(feed, entry, dueInMs);
        startNext();
      }
    })();
    entry.under = { abort, ended };
  };
  const goOn = (feed: string, entry: Entry, dueInMs: number | undefined): void => {
    if (entry.isWanted) {
      entry.isWanted = false;
      pollSoon(feed);
    } else if (dueInMs !== undefined) schedule(feed, dueInMs);
  };
  const cancel = async (feed: string, reason?: Error): Promise<void> => {
    const entry = entries.get(feed);
    if (!entry) return;
    entries.delete(feed);
    waiting.delete(feed);
    clearTimeout(entry.timer);
    entry.under?.abort.abort(reason);
    await entry.under?.ended;
  };
  return {
    schedule,
    pollSoon,
    cancel,
    close: async () => void (await Promise.all([...entries.keys()].map((feed) => cancel(feed)))),
  };
}
