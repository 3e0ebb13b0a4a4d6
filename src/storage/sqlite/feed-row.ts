/** How the row of a feed is found, made and saved in SQLite. */
import { toFeedRow, type FeedRow } from '../feed-row.ts';
import type { Sql } from './database.ts';

/** Bits of a place; with 23 for the number of the feed they make the key of a row. */
export const placeBits = 40;
/** The largest place. */
export const maxPlace = 2 ** placeBits - 1;
/** The rows of a feed in a table with `at`; its number is bound twice. */
export const ofFeed = `at BETWEEN (? << ${placeBits}) AND ((? << ${placeBits}) | ${maxPlace})`;

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

/** The number that the id of a parked event stands for; `undefined` when it was never one. */
export function parkedNumber(id: string): number | undefined {
  const number = /^[1-9]\d{0,12}$/.test(id) ? Number(id) : 0;
  return number > 0 && number <= maxPlace ? number : undefined;
}
