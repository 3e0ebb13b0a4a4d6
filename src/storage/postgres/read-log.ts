/** What is read of a feed's log. Each is one statement, and so one moment of the store, whatever other replicas write. */
import type { FeedLog, LogSlice, ParkedEvent } from '../feed-log.ts';
import { sizeOf, toParked, toSlice } from '../feed-log-rows.ts';
import { signatureKey } from '../prepare-page.ts';
import type { PostgresDatabase } from './database.ts';
import { maxNumber, parkedNumber } from './feed-row.ts';

const feedOf = '(SELECT feed FROM feeds WHERE id = $1)';

/** See `FeedLog.read`. The sizes are summed up before any payload is read, so that memory holds what is given and no more. */
export async function readLog(
  database: PostgresDatabase,
  feed: string,
  after: number,
  options: Parameters<FeedLog['read']>[2] = {},
): Promise<LogSlice> {
  const { limit = 500, maxBytes = 1024 * 1024 } = options;
  const { rows } = await database.read(
    `WITH sized AS (
       SELECT place, sum(size) OVER w AS total, row_number() OVER w AS row FROM (
         SELECT place, size FROM feed_events WHERE feed = ${feedOf} AND place > $2 ORDER BY place LIMIT $3) AS part
       WINDOW w AS (ORDER BY place ROWS UNBOUNDED PRECEDING))
     SELECT last_place, oldest_place, e.place, e.id, e.occurred_at, e.received_at, e.payload
     FROM feeds f LEFT JOIN feed_events e
       ON e.feed = f.feed AND e.place > $2 AND e.place <= (SELECT max(place) FROM sized WHERE row = 1 OR total <= $4)
     WHERE f.id = $1 ORDER BY e.place`,
    [feed, wholeNumber(after), sizeOf(limit), wholeNumber(maxBytes)],
  );
  return toSlice(rows);
}

/** See `FeedLog.known`. */
export async function knownSignatures(
  database: PostgresDatabase,
  feed: string,
  signatures: readonly string[],
): Promise<ReadonlySet<string>> {
  const byKey = new Map(signatures.map((signature) => [signatureKey(signature), signature]));
  const { rows } = await database.read(
    `SELECT signature FROM feed_seen WHERE feed = ${feedOf} AND signature = ANY ($2::text[])`,
    [feed, [...byKey.keys()]],
  );
  return new Set(rows.map(({ signature }) => byKey.get(String(signature))!));
}

/** See `FeedLog.parked`. */
export async function listParked(
  database: PostgresDatabase,
  feed: string,
  { after, limit = 100, ids }: NonNullable<Parameters<FeedLog['parked']>[1]> = {},
): Promise<readonly ParkedEvent[]> {
  const from = after === undefined ? 0 : parkedNumber(after);
  if (from === undefined) return [];
  const asked = ids ? ids.flatMap((id) => parkedNumber(id) ?? []) : null;
  const { rows } = await database.read(
    `SELECT number, parked_at, code, reason, signature, payload FROM feed_parked
     WHERE feed = ${feedOf} AND number > $2 AND ($4::bigint[] IS NULL OR number = ANY ($4)) ORDER BY number LIMIT $3`,
    [feed, from, sizeOf(limit), asked],
  );
  return rows.map(toParked);
}

function wholeNumber(value: number): number {
  return Math.min(Math.max(Math.trunc(value) || 0, 0), maxNumber);
}
