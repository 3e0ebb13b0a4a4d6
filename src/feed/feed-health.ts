/** How a feed fares: known at once where it is polled, noted for other processes when it matters. */
import { GatewayError } from '../errors.ts';
import type { FeedDesk } from './feed-desk.ts';
import type { FeedFailure, FeedValue } from './feed-record.ts';

export type HealthState = Pick<FeedValue, 'state' | 'lastError' | 'failures' | 'lastPollAt' | 'nextPollAt' | 'lagMs'>;

export interface FeedHealth {
  readonly now: () => HealthState;
  /** What stands in the record now: a process that lost the lease may have noted something there. */
  readonly saw: (noted: HealthState) => void;
  /**
   * Takes what is new, and notes it in the record after each failure and the first poll without one, else every few
   * minutes; but
   * only while the lease is held.
   *
   * @throws GatewayError of the store
   */
  readonly tell: (change: Partial<HealthState>) => Promise<void>;
}

/** An idle poll writes nothing to the disk; other processes show a `lastPollAt` that is at most so old. */
const noteEveryMs = 5 * 60_000;

export function createFeedHealth(
  desk: Pick<FeedDesk, 'records' | 'now'>,
  id: string,
  initial: HealthState,
  isHeld: () => Promise<boolean>,
): FeedHealth {
  let current = initial;
  let noted = initial;
  // Whoever held the feed before may have been another process.
  let notedAt = initial.lastPollAt ?? -Infinity;
  return {
    now: () => current,
    saw: (value) => void (noted = value),
    async tell(change) {
      current = { ...current, ...change };
      // The next process goes on with the pause of this one.
      const isTold = current.state === noted.state && current.failures === (noted.failures ?? 0);
      // The time of day may have been set back.
      if (isTold && Math.abs(desk.now() - notedAt) < noteEveryMs) return;
      // Whoever polls it now knows better.
      if (!(await isHeld())) return;
      // A feed that was stopped meanwhile stays so.
      await desk.records.change(id, (value) => (value.state === 'STOPPED' ? undefined : current));
      noted = current;
      notedAt = desk.now();
    },
  };
}

/** What may be shown of a failure. What is not ours is not shown: it may hold what it was given. */
export function failureOf(error: unknown, at: number): FeedFailure {
  if (error instanceof GatewayError) return { code: error.code, message: error.message, at };
  return { code: 'INTERNAL_ERROR', message: 'Plugboard failed while it polled. Its log says more.', at };
}
