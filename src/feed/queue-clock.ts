/** The clock of replicas: a queue hands each poll to one of them, which holds the lease of the feed as long as the poll takes. */
import { GatewayError } from '../errors.ts';
import { withLease } from '../storage/hold-lease.ts';
import type { JobQueue } from './job-queue.ts';
import {
  defaultConcurrency,
  defaultPollTimeoutMs,
  defaultTakeoverMs,
  leaseOf,
  type PollClock,
  type PollClockOptions,
} from './poll-clock.ts';

/** A poll under way here. */
interface Polling {
  readonly abort: AbortController;
  readonly ended: Promise<number | undefined>;
  /** It is due so soon once more. */
  wantedAt: number;
  readonly beganAt: number;
}

/** Jobs of one request to the queue. */
const batchSize = 500;
/** Feeds that were lost together are not polled together. */
const spreadMs = 30_000;
/** A feed alone is not spread, nor are few. */
const fewFeeds = 64;

/**
 * A clock over a queue that all replicas share. The queue may lose what it holds: the record of a feed says whether it is
 * polled, and the lease and the fence that no two replicas write for it.
 */
export function createQueueClock(queue: JobQueue, options: PollClockOptions): PollClock {
  const { leases, random = Math.random, onFailure = () => {}, takeoverMs = defaultTakeoverMs } = options;
  const { concurrency = defaultConcurrency, pollTimeoutMs = defaultPollTimeoutMs, dueIn = async () => 0 } = options;
  const lease = { ttlMs: Math.max(takeoverMs * 0.5, 300), renewEveryMs: Math.max(takeoverMs * 0.15, 90), waitMs: 0 };
  const lookAgainMs = takeoverMs * 0.1;
  const polling = new Map<string, Polling>();
  let isClosing = false;
  let isWorking = false;

  /** Under the lease; when another one has it, the job comes back in a moment. */
  const poll = async (feed: string, abort: AbortController): Promise<number | undefined> => {
    try {
      return await withLease(leases, leaseOf(feed), lease, async (fence, signal, isHeld) => {
        options.onHindrance?.(feed, undefined);
        const timer = setTimeout(() => abort.abort(options.timeoutError(feed)), pollTimeoutMs).unref();
        const over = new AbortController();
        const held = AbortSignal.any([signal, over.signal]);
        try {
          const given = AbortSignal.any([held, abort.signal]);
          const inMs = await options.poll(feed, { fence, signal: held, isHeld }, given);
          if (inMs !== undefined) return inMs;
          // What was given up is due at once, wherever it may be polled; what was lost is polled elsewhere already.
          if (abort.signal.aborted) return 0;
          return signal.aborted ? lookAgainMs : undefined;
        } finally {
          clearTimeout(timer);
          over.abort();
        }
      });
    } catch (error) {
      const isOthers = error instanceof GatewayError && error.code === 'LEASE_TIMEOUT';
      options.onHindrance?.(feed, isOthers ? undefined : error);
      return lookAgainMs * (0.5 + random());
    }
  };
  const process = async (feed: string): Promise<number | undefined> => {
    if (isClosing) return 0;
    // After this process stood still its job may come back before its poll has noticed.
    if (polling.has(feed)) return lookAgainMs;
    const abort = new AbortController();
    const ended = poll(feed, abort);
    const entry: Polling = { abort, ended, wantedAt: Infinity, beganAt: performance.now() };
    polling.set(feed, entry);
    const inMs = await ended;
    polling.delete(feed);
    if (inMs === undefined) return undefined;
    return Math.max(0, Math.min(inMs, entry.wantedAt - performance.now()));
  };
  const work = (): void => {
    if (isWorking) return;
    isWorking = true;
    queue.work({ process, concurrency, lockMs: Math.max(takeoverMs * 0.4, 200), lookEveryMs: takeoverMs * 0.15 });
  };
  const stop = async (feed: string): Promise<void> => {
    const entry = polling.get(feed);
    entry?.abort.abort();
    await entry?.ended;
  };
  return {
    begin(feed) {
      work();
      dueIn(feed)
        .then((inMs) => queue.add([{ feed, inMs }]))
        .catch(onFailure);
    },
    async keep(feeds) {
      work();
      const lookLease = { ttlMs: 10_000, renewEveryMs: 3_000, waitMs: 0 };
      // One process for all is enough, and the next one does it should that one die.
      await withLease(leases, 'feeds/keep', lookLease, async () => {
        if ((await queue.count()) >= feeds.length) return;
        const isSpread = feeds.length > fewFeeds;
        for (let from = 0; from < feeds.length; from += batchSize) {
          if (isClosing) return;
          const batch = feeds.slice(from, from + batchSize);
          await queue.add(
            batch.map(({ feed, inMs }) => ({ feed, inMs: isSpread ? inMs + random() * spreadMs : inMs })),
          );
        }
      }).catch((error: unknown) => {
        if (error instanceof GatewayError && error.code === 'LEASE_TIMEOUT') return;
        onFailure(error);
        // A queue beside a store that takes nothing hands out nothing: no poll would tell what keeps its feed waiting.
        for (const { feed } of feeds) options.onHindrance?.(feed, error);
      });
    },
    async pollSoon(feed, restMs = 0) {
      const entry = polling.get(feed);
      if (entry) {
        entry.wantedAt = Math.min(entry.wantedAt, entry.beganAt + restMs);
        return true;
      }
      return queue.hasten(feed, restMs).catch((error: unknown) => {
        onFailure(error);
        return false;
      });
    },
    isOurs: () => true,
    leave: stop,
    async end(feed, finish) {
      await stop(feed);
      await queue.remove(feed).catch(onFailure);
      if (!finish) return;
      // Another replica may poll it just now, and finds the feed stopped afterwards.
      await withLease(leases, leaseOf(feed), { ...lease, waitMs: takeoverMs }, finish).catch((error: unknown) => {
        if (error instanceof GatewayError && error.code === 'LEASE_TIMEOUT') return finish();
        throw error;
      });
    },
    async close() {
      isClosing = true;
      for (const { abort } of polling.values()) abort.abort();
      await queue.close();
    },
  };
}
