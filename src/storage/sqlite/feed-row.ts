/** The row of a feed: where its log begins and ends, and what is counted. */
import type { FeedLogState } from '../feed-log.ts';
import type { JsonValue } from '../records.ts';
import type { Sql } from './database.ts';
import type { SqlRow } from './driver.ts';

/** Bits of a place; with 23 for the number of the feed they make the key of a row. */
export const placeBits = 40;
/** The largest place. */
export const maxPlace = 2 ** placeBits - 1;
/** The rows of a feed in a table with `at`; its number is bound twice. */
export const ofFeed = `at BETWEEN (? << ${placeBits}) AND ((? << ${placeBits}) | ${maxPlace})`;

/** What is known of a feed. A write changes it in place and saves it once. */
export interface FeedRow {
  /** Its short number in the other tables; given again only after everything of the feed is gone. */
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

export function findFeed(sql: Sql, id: string): FeedRow | undefined {
  const row = sql.prepare('SELECT * FROM feeds WHERE id = ?').get([id]);
  return row && toFeedRow(row);
}

/** The row of a feed, made where there is none. Call it within a write. */
export function findOrCreateFeed(sql: Sql, id: string): FeedRow {
  const found = findFeed(sql, id);
  if (found) return found;
  sql.prepare('INSERT INTO feeds VALUES (NULL, ?, 0, 0, NULL, 0, 1, 0, 0, 0, 0, 0)').run([id]);
  return findFeed(sql, id)!;
}

/** Saves it as the change of that number, so that other processes see that the feed was appended to. */
export function saveFeed(sql: Sql, row: FeedRow, change: number): void {
  sql
    .prepare(
      `UPDATE feeds SET fence = ?, version = ?, progress = ?, last_place = ?, oldest_place = ?, last_number = ?,
       seen_count = ?, staged_count = ?, parked_count = ?, change = ? WHERE feed = ?`,
    )
    .run([
      row.fence,
      row.version,
      row.progress ?? null,
      row.lastPlace,
      row.oldestPlace,
      row.lastNumber,
      row.seenCount,
      row.stagedCount,
      row.parkedCount,
      change,
      row.feed,
    ]);
}

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

/** The number that the id of a parked event stands for; `undefined` when it was never one. */
export function parkedNumber(id: string): number | undefined {
  const number = /^[1-9]\d{0,12}$/.test(id) ? Number(id) : 0;
  return number > 0 && number <= maxPlace ? number : undefined;
}

function toFeedRow(row: SqlRow): FeedRow {
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
