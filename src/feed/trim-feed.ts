/** Keeps the log of a feed within its retention, little by little beside its polls. */
import { retentionOf, type FeedDesk } from './feed-desk.ts';

export interface Trimmer {
  /** To be called after a poll. @throws GatewayError of the store. */
  readonly after: (logged: number, signal: AbortSignal) => Promise<void>;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * Trims when a tenth of what is kept was added, a minute after anything was, or when too much is parked, and every hour
 * because events grow old.
 */
export function createTrimmer({ log, limits, now }: Pick<FeedDesk, 'log' | 'limits' | 'now'>, feed: string): Trimmer {
  const retention = retentionOf(limits);
  let logged = 0;
  let trimmedAt = 0;
  let countedAt = 0;
  const isTooMuchParked = async (): Promise<boolean> => {
    if (Math.abs(now() - countedAt) < minuteMs) return false;
    countedAt = now();
    return (await log.state(feed)).parkedCount > retention.maxParked;
  };
  return {
    async after(count, signal) {
      logged += count;
      const sinceMs = Math.abs(now() - trimmedAt);
      const isDue = logged > retention.maxCount / 10 || (logged > 0 && sinceMs >= minuteMs) || sinceMs >= hourMs;
      if (!isDue && !(await isTooMuchParked())) return;
      logged = 0;
      trimmedAt = now();
      while (!signal.aborted && (await log.trim(feed, retention)));
    },
  };
}
