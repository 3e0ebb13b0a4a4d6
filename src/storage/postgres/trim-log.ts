/** How the logs of feeds become shorter: by their retention, or as a whole. In batches, so that others get their turn. */
import type { Retention } from '../feed-log.ts';
import type { FeedRow } from '../feed-row.ts';
import type { Sql } from './database.ts';
import { lockFeed } from './feed-row.ts';

/** Forgets a batch. Whether more is left. Call it within a transaction. */
export async function trimLog(sql: Sql, feed: string, retention: Retention, limit: number): Promise<boolean> {
  const row = await lockFeed(sql, feed);
  if (!row) return false;
  const size = Math.max(Math.trunc(limit) || 1, 1);
  const eventsLeft = await trimEvents(sql, row, retention, size);
  // Only afterwards, because as many signatures stay as there are events.
  const seenLeft = !eventsLeft && (await trimSeen(sql, row, retention, size));
  const parkedLeft = await trimParked(sql, row, retention, size);
  return eventsLeft || seenLeft || parkedLeft;
}

async function trimEvents(sql: Sql, row: FeedRow, retention: Retention, size: number): Promise<boolean> {
  const { maxCount = Infinity, maxAgeMs } = retention;
  const { feed, oldestPlace, lastPlace } = row;
  const tooMany = lastPlace - Math.max(maxCount, 0);
  const tooOld = maxAgeMs === undefined ? 0 : await lastOlder(sql, row, maxAgeMs, size + 1);
  const wanted = Math.max(tooMany, tooOld);
  if (wanted < oldestPlace) return false;
  const upTo = Math.min(wanted, oldestPlace + size - 1);
  await sql.ask('DELETE FROM feed_events WHERE feed = $1 AND place BETWEEN $2 AND $3', [feed, oldestPlace, upTo]);
  await sql.ask('UPDATE feeds SET oldest_place = $2 WHERE feed = $1', [feed, upTo + 1]);
  row.oldestPlace = upTo + 1;
  return upTo < wanted;
}

/** Place before the first event, of so many from the oldest on, that is no older than that. */
async function lastOlder(
  sql: Sql,
  { feed, oldestPlace, lastPlace }: FeedRow,
  maxAgeMs: number,
  size: number,
): Promise<number> {
  const end = Math.min(oldestPlace + size - 1, lastPlace);
  const { rows } = await sql.ask(
    `SELECT place FROM feed_events WHERE feed = $1 AND place BETWEEN $2 AND $3 AND received_at >= now_ms() - $4::bigint
     ORDER BY place LIMIT 1`,
    [feed, oldestPlace, end, Math.trunc(maxAgeMs)],
  );
  return rows[0] ? Number(rows[0].place) - 1 : end;
}

/**
 * The numbers of signatures stand in no index of their own, which would make the table twice as large: what is to go is
 * found by reading the signatures of the feed, some milliseconds for 100 000.
 */
async function trimSeen(sql: Sql, row: FeedRow, { maxSeen = Infinity }: Retention, size: number): Promise<boolean> {
  const { feed, seenCount, lastPlace, oldestPlace } = row;
  const tooMany = seenCount - Math.max(maxSeen, lastPlace - oldestPlace + 1);
  if (tooMany <= 0) return false;
  const { count } = await sql.ask(
    `DELETE FROM feed_seen WHERE feed = $1 AND signature IN (
       SELECT signature FROM feed_seen WHERE feed = $1 ORDER BY number LIMIT $2)`,
    [feed, Math.min(tooMany, size)],
  );
  await sql.ask('UPDATE feeds SET seen_count = seen_count - $2 WHERE feed = $1', [feed, count]);
  return count < tooMany;
}

/** What was seen of them stays, so that the next poll does not park them again. */
async function trimParked(sql: Sql, row: FeedRow, retention: Retention, size: number): Promise<boolean> {
  const { maxParked = Infinity, maxParkedAgeMs } = retention;
  const { feed, parkedCount } = row;
  if (parkedCount === 0) return false;
  const tooMany = parkedCount - Math.max(maxParked, 0);
  const tooOld = maxParkedAgeMs === undefined ? 0 : await countOlderParked(sql, feed, maxParkedAgeMs, size + 1);
  const wanted = Math.max(tooMany, tooOld);
  if (wanted <= 0) return false;
  const { count } = await sql.ask(
    `DELETE FROM feed_parked WHERE feed = $1 AND number IN (
       SELECT number FROM feed_parked WHERE feed = $1 ORDER BY number LIMIT $2)`,
    [feed, Math.min(wanted, size)],
  );
  await sql.ask('UPDATE feeds SET parked_count = parked_count - $2 WHERE feed = $1', [feed, count]);
  return count < wanted;
}

/** How many, of so many from the oldest on, were parked longer ago than that. */
async function countOlderParked(sql: Sql, feed: number, maxAgeMs: number, size: number): Promise<number> {
  const { rows } = await sql.ask(
    `SELECT parked_at < now_ms() - $3::bigint AS is_old
     FROM (SELECT number, parked_at FROM feed_parked WHERE feed = $1 ORDER BY number LIMIT $2) AS oldest ORDER BY number`,
    [feed, size, Math.trunc(maxAgeMs)],
  );
  const firstKept = rows.findIndex((row) => row.is_old !== true);
  return firstKept === -1 ? rows.length : firstKept;
}

/** Forgets rows of a removed feed, also of one whose removal another replica did not end. Whether more is left. */
export async function sweepRemoved(sql: Sql, size: number): Promise<boolean> {
  const { rows } = await sql.ask('SELECT feed FROM feeds WHERE id IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED');
  if (!rows[0]) return false;
  const feed = Number(rows[0].feed);
  for (const table of ['feed_events', 'feed_staged', 'feed_parked', 'feed_seen', 'feed_deliveries']) {
    const { count } = await sql.ask(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE feed = $1 LIMIT $2))`,
      [feed, size],
    );
    if (count > 0) return true;
  }
  await sql.ask('DELETE FROM feeds WHERE feed = $1', [feed]);
  return true;
}
