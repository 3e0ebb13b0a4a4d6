/** Looks at the records of feeds every few seconds: for what other processes did, or left undone. */
import type { FeedDesk } from './feed-desk.ts';
import { failureOf } from './feed-health.ts';
import type { RunningFeeds } from './running-feeds.ts';

export interface FeedLookout {
  /** Begins, if it has not begun. */
  readonly begin: () => void;
  readonly stop: () => void;
}

const lookEveryMs = 5_000;
/** Once an hour. */
const looksPerTidying = 720;

export function createFeedLookout(
  { logger }: Pick<FeedDesk, 'logger'>,
  running: Pick<RunningFeeds, 'look' | 'tidy'>,
): FeedLookout {
  let looking: NodeJS.Timeout | undefined;
  let looks = 0;
  const look = async (): Promise<void> => {
    try {
      await running.look();
      if (++looks % looksPerTidying === 0) await running.tidy();
    } catch (error) {
      logger.warn({ code: failureOf(error, 0).code }, 'The records of feeds could not be looked at.');
    }
  };
  return {
    begin: () => void (looking ??= setInterval(() => void look(), lookEveryMs).unref()),
    stop: () => clearInterval(looking),
  };
}
