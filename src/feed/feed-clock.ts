/** The clock that hands out the polls of a gateway's feeds, and what it asks of them. */
import { GatewayError } from '../errors.ts';
import type { FeedDesk } from './feed-desk.ts';
import type { CreatePollClock, PollClock } from './poll-clock.ts';
import { dueInMs } from './poll-pace.ts';
import type { PollSignals } from './poll-signal.ts';
import type { RunningFeeds } from './running-feeds.ts';

/** @param running - asked for when the first poll is due. */
export function createFeedClock(
  createClock: CreatePollClock,
  desk: FeedDesk,
  signals: Pick<PollSignals, 'isWaiting' | 'take'>,
  running: () => RunningFeeds,
): PollClock {
  const { leases, records, limits, random, now } = desk;
  const { concurrentPolls: concurrency, pollTimeoutMs, takeoverMs } = limits;
  return createClock({
    leases,
    async poll(id, held, signal) {
      // What is signalled from now on asks for another poll. A store that fails now fails the poll as well.
      if (signals.isWaiting(id)) await signals.take(id).catch(() => false);
      return running().poll(id, held, signal);
    },
    async dueIn(id) {
      const record = await records.read(id);
      return record ? dueInMs(record, now()) : 0;
    },
    onTaken: (id) => running().isNeeded(id),
    onHindrance: (id, reason) => running().hinder(id, reason),
    timeoutError: () => new GatewayError('OPERATION_TIMEOUT', 'The poll of a feed took longer than it may.'),
    onFailure: createFailureLog(desk),
    random,
    ...(concurrency !== undefined && { concurrency }),
    ...(pollTimeoutMs !== undefined && { pollTimeoutMs }),
    ...(takeoverMs !== undefined && { takeoverMs }),
  });
}

/** Engines that are away fail often: it is said once in a while. */
const failureLogEveryMs = 30_000;

function createFailureLog({ logger }: Pick<FeedDesk, 'logger'>): (error: unknown) => void {
  let loggedAt = -Infinity;
  return (error) => {
    if (performance.now() - loggedAt < failureLogEveryMs) return;
    loggedAt = performance.now();
    const { code } = (error ?? {}) as { readonly code?: unknown };
    logger.warn(
      { code: typeof code === 'string' ? code : 'QUEUE_UNAVAILABLE' },
      'Polls are not handed out just now; it is tried again.',
    );
  };
}
