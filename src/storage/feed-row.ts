/** The row of a feed, whichever SQL store keeps it: where its log begins and ends, and what is counted. */
import type { FeedLogState } from './feed-log.ts';
import type { JsonValue } from './records.ts';
import type { Row } from './row.ts';

/** What is known of a feed. A write changes it in place and saves it once. */
export interface FeedRow {
  /** Its short number in the other tables; no two feeds that have rows share one. */
  readonly feed: number;
  fence: number;
  version: number;
  /** As JSON text. */
  progress: string | undefined;
  lastPlace: number;
  oldestPlace: number;
  /** The newest number of what was seen or staged. */
  lastNumber: number;
  seenCount: number;
  stagedCount: number;
  parkedCount: number;
}

/** What a feed is before anything is written for it. */
export const emptyFeed: Readonly<Omit<FeedRow, 'feed'>> = {
  fence: 0,
  version: 0,
  progress: undefined,
  lastPlace: 0,
  oldestPlace: 1,
  lastNumber: 0,
  seenCount: 0,
  stagedCount: 0,
  parkedCount: 0,
};

/** What the contract tells of it. */
export function toState(row: Readonly<Omit<FeedRow, 'feed'>>): FeedLogState {
  return {
    version: row.version,
    progress: row.progress === undefined ? undefined : (JSON.parse(row.progress) as JsonValue),
    lastPlace: row.lastPlace,
    oldestPlace: row.oldestPlace,
    parkedCount: row.parkedCount,
    stagedCount: row.stagedCount,
  };
}

/** @param row - with the columns of the table `feeds`. */
export function toFeedRow(row: Row): FeedRow {
  return {
    feed: Number(row.feed),
    fence: Number(row.fence),
    version: Number(row.version),
    progress: row.progress === null ? undefined : String(row.progress),
    lastPlace: Number(row.last_place),
    oldestPlace: Number(row.oldest_place),
    lastNumber: Number(row.last_number),
    seenCount: Number(row.seen_count),
    stagedCount: Number(row.staged_count),
    parkedCount: Number(row.parked_count),
  };
}
