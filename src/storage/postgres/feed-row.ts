/** How the row of a feed is found, locked and saved in PostgreSQL. */
import { toFeedRow, type FeedRow } from '../feed-row.ts';
import type { Sql } from './database.ts';

/** The largest number of 64 bits that a number of ours can be. */
export const maxNumber = Number.MAX_SAFE_INTEGER;

/** Asks for the row of the feed `$1`. */
export const selectFeed = `
  SELECT feed, fence, version, progress, last_place, oldest_place, last_number, seen_count, staged_count, parked_count
  FROM feeds WHERE id = $1`;

/**
 * The row of a feed, which from now on nobody else changes until the transaction ends: places are given in the order in
 * which they are committed, so that no reader passes one that comes late.
 */
export async function lockFeed(sql: Sql, id: string): Promise<FeedRow | undefined> {
  const { rows } = await sql.ask(`${selectFeed} FOR UPDATE`, [id]);
  return rows[0] && toFeedRow(rows[0]);
}

/** Makes the row of a feed; somebody else may have done so first. */
export async function createFeed(sql: Sql, id: string): Promise<void> {
  await sql.ask('INSERT INTO feeds (id) VALUES ($1) ON CONFLICT (id) DO NOTHING', [id]);
}

/** Saves it, and that the feed was appended to in this transaction, whose number it gives. */
export async function saveFeed(sql: Sql, row: FeedRow): Promise<string> {
  const { rows } = await sql.ask(
    `UPDATE feeds SET fence = $2, version = $3, progress = $4, last_place = $5, oldest_place = $6, last_number = $7,
       seen_count = $8, staged_count = $9, parked_count = $10, change = pg_current_xact_id() WHERE feed = $1
     RETURNING change::text AS change`,
    [
      row.feed,
      row.fence,
      row.version,
      row.progress ?? null,
      row.lastPlace,
      row.oldestPlace,
      row.lastNumber,
      row.seenCount,
      row.stagedCount,
      row.parkedCount,
    ],
  );
  return String(rows[0]!.change);
}

/** The number that the id of a parked event stands for; `undefined` when it was never one. */
export function parkedNumber(id: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : undefined;
}
