/** One page of a feed, written in one transaction. */
import { readText } from '../exact-text.ts';
import type { AppendResult } from '../feed-log.ts';
import { emptyFeed, toState, type FeedRow } from '../feed-row.ts';
import { signatureKey, type PreparedEvent, type PreparedPage, type PreparedParked } from '../prepare-page.ts';
import { nextNumber } from './counter.ts';
import type { Sql } from './database.ts';
import { findFeed, findOrCreateFeed, ofFeed, parkedNumber, placeBits, saveFeed } from './feed-row.ts';

/** What an append did, and whether readers have a reason to look. */
export interface Appended {
  readonly result: AppendResult;
  readonly isChanged: boolean;
}

/** Deliveries of all feeds, remembered long enough, that a new one takes away: more than it adds, so they never pile up. */
const sweepSize = 8;
const noSignatures: ReadonlySet<string> = new Set();
/** The key of a row, of the number of its feed and its own. */
const at = `((? << ${placeBits}) | ?)`;

/** A page under way. */
interface Draft {
  readonly sql: Sql;
  readonly now: number;
  /** The row of the feed as it will be. */
  readonly row: FeedRow;
  logged: number;
  known: number;
  isChanged: boolean;
}

/** Writes it, or says why not and writes nothing. Call it within a write. */
export function appendPage(sql: Sql, feed: string, page: PreparedPage, now: number): Appended {
  const before = findFeed(sql, feed);
  const refusal = judge(sql, before, page, now);
  if (refusal) return { result: { kind: refusal }, isChanged: false };
  const row = before ?? findOrCreateFeed(sql, feed);
  const draft = { sql, now, row, logged: 0, known: 0, isChanged: before === undefined };
  writePage(draft, page);
  // A page that brings nothing writes nothing, and so costs no flush to the disk.
  if (draft.isChanged) saveFeed(sql, row, nextNumber(sql));
  return {
    result: { kind: 'appended', state: toState(row), logged: draft.logged, known: draft.known },
    isChanged: draft.isChanged,
  };
}

function judge(
  sql: Sql,
  before: FeedRow | undefined,
  { fence, version, delivery, unpark }: PreparedPage,
  now: number,
): 'fenced' | 'repeated' | 'gone' | undefined {
  const { fence: newestFence, version: newestVersion } = before ?? emptyFeed;
  if (fence !== undefined && fence < newestFence) return 'fenced';
  if (version !== undefined && version !== newestVersion) return 'fenced';
  if (before && delivery && isRemembered(sql, before.feed, delivery.key, now)) return 'repeated';
  return unpark.every((id) => before && isParked(sql, before.feed, id)) ? undefined : 'gone';
}

function isRemembered(sql: Sql, feed: number, key: string, now: number): boolean {
  return (
    sql
      .prepare('SELECT 1 FROM feed_deliveries WHERE feed = ? AND delivery = ? AND held_until > ?')
      .get([feed, key, now]) !== undefined
  );
}

function isParked(sql: Sql, feed: number, id: string): boolean {
  const number = parkedNumber(id) ?? 0;
  return sql.prepare(`SELECT 1 FROM feed_parked WHERE at = ${at}`).get([feed, number]) !== undefined;
}

function writePage(draft: Draft, page: PreparedPage): void {
  setProgress(draft, page);
  if (page.delivery) remember(draft, page.delivery);
  const released = page.unpark.flatMap((id) => unpark(draft, id) ?? []);
  if (page.unstage) unstage(draft);
  logEvents(draft, page.events);
  stageEvents(draft, page.staged);
  park(draft, page.parked);
  // What was taken back and neither logged nor parked again stays seen all the same.
  markSeen(draft, [...page.seen, ...released]);
  if (page.publish) publish(draft);
}

function setProgress(draft: Draft, { fence, progress }: PreparedPage): void {
  const { sql, row } = draft;
  if (fence !== undefined && fence > row.fence) {
    row.fence = fence;
    draft.isChanged = true;
  }
  if (progress === undefined) return;
  row.progress = progress;
  // Of the store, so that a feed that was removed and begins anew never has a version that its old poller knows.
  row.version = nextNumber(sql);
  draft.isChanged = true;
}

function remember({ sql, now, row }: Draft, { key, rememberMs }: NonNullable<PreparedPage['delivery']>): void {
  sql
    .prepare(
      'DELETE FROM feed_deliveries WHERE rowid IN (SELECT rowid FROM feed_deliveries WHERE held_until <= ? LIMIT ?)',
    )
    .run([now, sweepSize]);
  sql
    .prepare('INSERT OR REPLACE INTO feed_deliveries (feed, delivery, held_until) VALUES (?, ?, ?)')
    .run([row.feed, key, now + rememberMs]);
}

/** Takes it away, also from what was seen, so that this page may log it. The signature it had. */
function unpark(draft: Draft, id: string): string | undefined {
  const { sql, row } = draft;
  const values = [row.feed, parkedNumber(id)!];
  const parked = sql.prepare(`SELECT signature FROM feed_parked WHERE at = ${at}`).get(values);
  sql.prepare(`DELETE FROM feed_parked WHERE at = ${at}`).run(values);
  row.parkedCount -= 1;
  draft.isChanged = true;
  if (typeof parked?.signature !== 'string') return undefined;
  const signature = signatureKey(readText(parked.signature));
  row.seenCount -= sql.prepare('DELETE FROM feed_seen WHERE feed = ? AND signature = ?').run([row.feed, signature]);
  return signature;
}

function unstage(draft: Draft): void {
  const { sql, row } = draft;
  if (row.stagedCount === 0) return;
  sql.prepare(`DELETE FROM feed_staged WHERE ${ofFeed}`).run([row.feed, row.feed]);
  row.stagedCount = 0;
  draft.isChanged = true;
}

function logEvents(draft: Draft, events: readonly PreparedEvent[]): void {
  const { row, now } = draft;
  const fresh = markSeen(
    draft,
    events.map(({ signature }) => signature),
  );
  const statement = draft.sql.prepare(
    `INSERT INTO feed_events (at, received_at, occurred_at, size, id, payload) VALUES (${at}, ?, ?, ?, ?, ?)`,
  );
  for (const { signature, occurredAt, size, id, payload } of events) {
    // The second of two in one page finds its signature taken.
    if (!fresh.delete(signature)) {
      draft.known += 1;
      continue;
    }
    row.lastPlace += 1;
    draft.logged += 1;
    statement.run([row.feed, row.lastPlace, now, occurredAt, size, id, payload]);
  }
}

function stageEvents(draft: Draft, events: readonly PreparedEvent[]): void {
  const { row } = draft;
  const seen = among(
    draft,
    'feed_seen',
    events.map(({ signature }) => signature),
  );
  const statement = draft.sql.prepare(
    `INSERT OR IGNORE INTO feed_staged (at, feed, signature, occurred_at, size, id, payload) VALUES (${at}, ?, ?, ?, ?, ?, ?)`,
  );
  for (const { signature, occurredAt, size, id, payload } of events) {
    const values = [row.feed, row.lastNumber + 1, row.feed, signature, occurredAt, size, id, payload];
    if (seen.has(signature) || statement.run(values) === 0) {
      draft.known += 1;
      continue;
    }
    row.lastNumber += 1;
    row.stagedCount += 1;
    draft.isChanged = true;
  }
}

function park(draft: Draft, parked: readonly PreparedParked[]): void {
  const { sql, row, now } = draft;
  const fresh = markSeen(
    draft,
    parked.flatMap(({ key }) => key ?? []),
  );
  for (const { code, reason, key, signature, payload } of parked) {
    if (key !== null && !fresh.delete(key)) {
      draft.known += 1;
      continue;
    }
    sql
      .prepare(
        `INSERT INTO feed_parked (at, parked_at, code, reason, signature, payload) VALUES (${at}, ?, ?, ?, ?, ?)`,
      )
      // A number of the store, so that the id of what is gone is never that of another.
      .run([row.feed, nextNumber(sql), now, code, reason, signature, payload]);
    row.parkedCount += 1;
    draft.isChanged = true;
  }
}

/** The staged ones become events, the last staged first; SQLite moves them without showing them to us. */
function publish(draft: Draft): void {
  const { sql, row, now } = draft;
  const { feed, stagedCount } = row;
  if (stagedCount === 0) return;
  sql
    .prepare(
      `INSERT INTO feed_events (at, received_at, occurred_at, size, id, payload)
       SELECT (feed << ${placeBits}) | (? + row_number() OVER (ORDER BY at DESC)), ?, occurred_at, size, id, payload
       FROM feed_staged WHERE ${ofFeed} ORDER BY at DESC`,
    )
    .run([row.lastPlace, now, feed, feed]);
  row.seenCount += sql
    .prepare(
      `INSERT OR IGNORE INTO feed_seen (feed, signature, number)
       SELECT feed, signature, ? + row_number() OVER (ORDER BY at DESC) FROM feed_staged WHERE ${ofFeed}`,
    )
    .run([row.lastNumber, feed, feed]);
  row.lastPlace += stagedCount;
  row.lastNumber += stagedCount;
  draft.logged += stagedCount;
  unstage(draft);
}

/** Marks all that are neither seen nor staged, in one statement, and gives them. */
function markSeen(draft: Draft, signatures: readonly string[]): Set<string> {
  const { sql, row } = draft;
  const staged = row.stagedCount > 0 ? among(draft, 'feed_staged', signatures) : noSignatures;
  const asked = staged.size > 0 ? signatures.filter((signature) => !staged.has(signature)) : signatures;
  if (asked.length === 0) return new Set();
  const marked = sql
    .prepare(
      `INSERT OR IGNORE INTO feed_seen (feed, signature, number)
       SELECT ?, value, ? + key FROM json_each(?) WHERE true RETURNING signature`,
    )
    .all([row.feed, row.lastNumber + 1, JSON.stringify(asked)]);
  if (marked.length > 0) draft.isChanged = true;
  row.lastNumber += asked.length;
  row.seenCount += marked.length;
  return new Set(marked.map(({ signature }) => String(signature)));
}

/** Which of these signatures of the feed a table has. */
function among({ sql, row }: Draft, table: 'feed_seen' | 'feed_staged', signatures: readonly string[]): Set<string> {
  if (signatures.length === 0) return new Set();
  const found = sql
    .prepare(
      `SELECT known.signature FROM json_each(?) AS asked CROSS JOIN ${table} AS known
       ON known.feed = ? AND known.signature = asked.value`,
    )
    .all([JSON.stringify(signatures), row.feed]);
  return new Set(found.map(({ signature }) => String(signature)));
}
