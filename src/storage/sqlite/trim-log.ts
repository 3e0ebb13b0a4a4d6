/** How the logs of feeds become shorter: by their retention, or as a whole. In batches, because what goes is overwritten. */
import type { Retention } from '../feed-log.ts';
import type { FeedRow } from '../feed-row.ts';
import type { Sql } from './database.ts';
import { findFeed, ofFeed, placeBits } from './feed-row.ts';

/** Forgets a batch. Whether more is left. Call it within a write. */
export function trimLog(sql: Sql, feed: string, retention: Retention, limit: number, now: number): boolean {
  const row = findFeed(sql, feed);
  if (!row) return false;
  const size = Math.max(Math.trunc(limit) || 1, 1);
  const eventsLeft = trimEvents(sql, row, retention, size, now);
  // Only afterwards, because as many signatures stay as there are events.
  const seenLeft = !eventsLeft && trimSeen(sql, row, retention, size);
  const parkedLeft = trimParked(sql, row, retention, size, now);
  return eventsLeft || seenLeft || parkedLeft;
}

function trimEvents(sql: Sql, row: FeedRow, retention: Retention, size: number, now: number): boolean {
  const { maxCount = Infinity, maxAgeMs } = retention;
  const { feed, oldestPlace, lastPlace } = row;
  const tooMany = lastPlace - Math.max(maxCount, 0);
  const tooOld = maxAgeMs === undefined ? 0 : lastOlder(sql, row, now - maxAgeMs, size + 1);
  const wanted = Math.max(tooMany, tooOld);
  if (wanted < oldestPlace) return false;
  const upTo = Math.min(wanted, oldestPlace + size - 1);
  sql
    .prepare(`DELETE FROM feed_events WHERE at BETWEEN ((? << ${placeBits}) | ?) AND ((? << ${placeBits}) | ?)`)
    .run([feed, oldestPlace, feed, upTo]);
  sql.prepare('UPDATE feeds SET oldest_place = ? WHERE feed = ?').run([upTo + 1, feed]);
  row.oldestPlace = upTo + 1;
  return upTo < wanted;
}

/** Place before the first event, of so many from the oldest on, that was received at that time or later. */
function lastOlder(sql: Sql, { feed, oldestPlace, lastPlace }: FeedRow, time: number, size: number): number {
  const end = Math.min(oldestPlace + size - 1, lastPlace);
  const first = sql
    .prepare(
      `SELECT at - (? << ${placeBits}) AS place FROM feed_events
       WHERE at BETWEEN ((? << ${placeBits}) | ?) AND ((? << ${placeBits}) | ?) AND received_at >= ? ORDER BY at LIMIT 1`,
    )
    .get([feed, feed, oldestPlace, feed, end, time]);
  return first ? Number(first.place) - 1 : end;
}

/**
 * The numbers of signatures stand in no index of their own, which would make the table twice as large: what is to go is
 * found by reading the signatures of the feed, some milliseconds for 100 000.
 */
function trimSeen(sql: Sql, row: FeedRow, { maxSeen = Infinity }: Retention, size: number): boolean {
  const { feed, seenCount, lastPlace, oldestPlace } = row;
  const tooMany = seenCount - Math.max(maxSeen, lastPlace - oldestPlace + 1);
  if (tooMany <= 0) return false;
  const count = Math.min(tooMany, size);
  sql
    .prepare(
      `DELETE FROM feed_seen WHERE feed = ? AND number <=
       (SELECT max(number) FROM (SELECT number FROM feed_seen WHERE feed = ? ORDER BY number LIMIT ?))`,
    )
    .run([feed, feed, count]);
  sql.prepare('UPDATE feeds SET seen_count = seen_count - ? WHERE feed = ?').run([count, feed]);
  return count < tooMany;
}

/** What was seen of them stays, so that the next poll does not park them again. */
function trimParked(sql: Sql, row: FeedRow, retention: Retention, size: number, now: number): boolean {
  const { maxParked = Infinity, maxParkedAgeMs } = retention;
  const { feed, parkedCount } = row;
  if (parkedCount === 0) return false;
  const tooMany = parkedCount - Math.max(maxParked, 0);
  const tooOld = maxParkedAgeMs === undefined ? 0 : countOlderParked(sql, feed, now - maxParkedAgeMs, size + 1);
  const wanted = Math.max(tooMany, tooOld);
  if (wanted <= 0) return false;
  const deleted = sql
    .prepare(`DELETE FROM feed_parked WHERE at IN (SELECT at FROM feed_parked WHERE ${ofFeed} ORDER BY at LIMIT ?)`)
    .run([feed, feed, Math.min(wanted, size)]);
  sql.prepare('UPDATE feeds SET parked_count = parked_count - ? WHERE feed = ?').run([deleted, feed]);
  return deleted < wanted;
}

/** How many, of so many from the oldest on, were parked before that time. */
function countOlderParked(sql: Sql, feed: number, time: number, size: number): number {
  const oldest = sql
    .prepare(`SELECT parked_at FROM feed_parked WHERE ${ofFeed} ORDER BY at LIMIT ?`)
    .all([feed, feed, size]);
  const firstKept = oldest.findIndex((row) => Number(row.parked_at) >= time);
  return firstKept === -1 ? oldest.length : firstKept;
}

/** Takes its name from a feed: from now on it is none. Its rows go by `sweepRemoved`. */
export function unnameFeed(sql: Sql, feed: string): boolean {
  return sql.prepare('UPDATE feeds SET id = NULL WHERE id = ?').run([feed]) > 0;
}

/** Forgets rows of a removed feed, also of one whose removal another process did not end. Whether more is left. */
export function sweepRemoved(sql: Sql, size: number): boolean {
  const feed = Number(sql.prepare('SELECT feed FROM feeds WHERE id IS NULL LIMIT 1').get([])?.feed ?? 0);
  if (feed === 0) return false;
  for (const table of ['feed_events', 'feed_staged', 'feed_parked']) {
    const deleted = sql
      .prepare(`DELETE FROM ${table} WHERE at IN (SELECT at FROM ${table} WHERE ${ofFeed} LIMIT ?)`)
      .run([feed, feed, size]);
    if (deleted > 0) return true;
  }
  for (const [table, key] of [
    ['feed_seen', 'signature'],
    ['feed_deliveries', 'delivery'],
  ] as const) {
    const deleted = sql
      .prepare(`DELETE FROM ${table} WHERE feed = ? AND ${key} IN (SELECT ${key} FROM ${table} WHERE feed = ? LIMIT ?)`)
      .run([feed, feed, size]);
    if (deleted > 0) return true;
  }
  sql.prepare('DELETE FROM feeds WHERE feed = ?').run([feed]);
  return true;
}
