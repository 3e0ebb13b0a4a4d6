/** What is read of a feed's log. Each is one statement, and so one moment of the store, whatever other processes write. */
import type { FeedLog, LogSlice, ParkedEvent } from '../feed-log.ts';
import { sizeOf, toParked, toSlice } from '../feed-log-rows.ts';
import { signatureKey } from '../prepare-page.ts';
import type { Sql } from './database.ts';
import { maxPlace, parkedNumber, placeBits } from './feed-row.ts';

const feedOf = '(SELECT feed FROM feeds WHERE id = ?)';

/** See `FeedLog.read`. The sizes are summed up before any payload is read, so that memory holds what is given and no more. */
export function readLog(sql: Sql, feed: string, after: number, options: Parameters<FeedLog['read']>[2] = {}): LogSlice {
  const { limit = 500, maxBytes = 1024 * 1024 } = options;
  const rows = sql
    .prepare(
      `WITH feed_row AS (SELECT feed << ${placeBits} AS base, last_place, oldest_place FROM feeds WHERE id = ?),
       sized AS (
         SELECT at, sum(size) OVER w AS total, row_number() OVER w AS row
         FROM feed_events
         WHERE at > (SELECT base | ? FROM feed_row) AND at <= (SELECT base | last_place FROM feed_row)
         WINDOW w AS (ORDER BY at ROWS UNBOUNDED PRECEDING) ORDER BY at LIMIT ?)
       SELECT last_place, oldest_place, at & ${maxPlace} AS place, id, occurred_at, received_at, payload
       FROM feed_row LEFT JOIN feed_events
         ON at > (base | ?) AND at <= (SELECT max(at) FROM sized WHERE row = 1 OR total <= ?)
       ORDER BY at`,
    )
    .all([feed, placeOf(after), sizeOf(limit), placeOf(after), maxBytes]);
  return toSlice(rows);
}

/** See `FeedLog.known`. */
export function knownSignatures(sql: Sql, feed: string, signatures: readonly string[]): ReadonlySet<string> {
  const byKey = new Map(signatures.map((signature) => [signatureKey(signature), signature]));
  const rows = sql
    .prepare(
      `SELECT seen.signature FROM json_each(?) AS asked CROSS JOIN feed_seen AS seen
       ON seen.feed = ${feedOf} AND seen.signature = asked.value`,
    )
    .all([JSON.stringify([...byKey.keys()]), feed]);
  return new Set(rows.map(({ signature }) => byKey.get(String(signature))!));
}

/** See `FeedLog.parked`. */
export function listParked(
  sql: Sql,
  feed: string,
  { after, limit = 100, ids }: NonNullable<Parameters<FeedLog['parked']>[1]> = {},
): readonly ParkedEvent[] {
  const from = after === undefined ? 0 : parkedNumber(after);
  if (from === undefined) return [];
  const isAsked = ids ? `AND (at & ${maxPlace}) IN (SELECT value FROM json_each(?))` : '';
  const asked = ids ? [JSON.stringify(ids.map(parkedNumber).filter((number) => number !== undefined))] : [];
  return sql
    .prepare(
      `SELECT at & ${maxPlace} AS number, feed_parked.* FROM feed_parked
       WHERE at > ((${feedOf} << ${placeBits}) | ?) AND at <= ((${feedOf} << ${placeBits}) | ${maxPlace}) ${isAsked}
       ORDER BY at LIMIT ?`,
    )
    .all([feed, from, feed, ...asked, sizeOf(limit)])
    .map(toParked);
}

function placeOf(place: number): number {
  return Math.min(Math.max(Math.trunc(place) || 0, 0), maxPlace);
}
