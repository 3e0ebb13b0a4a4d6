/** One page of a feed, written in one transaction: a statement for each sort of thing in it, whatever their number. */
import { readText } from '../exact-text.ts';
import type { AppendResult } from '../feed-log.ts';
import { emptyFeed, toState, type FeedRow } from '../feed-row.ts';
import { signatureKey, type PreparedEvent, type PreparedPage, type PreparedParked } from '../prepare-page.ts';
import type { Sql } from './database.ts';
import { createFeed, lockFeed, parkedNumber, saveFeed } from './feed-row.ts';

/** What an append did, and the number of its transaction where readers have a reason to look. */
export interface Appended {
  readonly result: AppendResult;
  readonly change?: string;
}

/** Deliveries of all feeds, remembered long enough, that a new one takes away: more than it adds, so they never pile up. */
const sweepSize = 8;

/** A page under way. */
interface Draft {
  readonly sql: Sql;
  /** The row of the feed as it will be. */
  readonly row: FeedRow;
  logged: number;
  known: number;
  isChanged: boolean;
}

/** Writes it, or says why not and writes nothing. Call it within a transaction. */
export async function appendPage(sql: Sql, feed: string, page: PreparedPage): Promise<Appended> {
  let isNew = false;
  for (;;) {
    const row = await lockFeed(sql, feed);
    const refusal = await judge(sql, row, page);
    if (refusal) return { result: { kind: refusal } };
    if (row) return writePage({ sql, row, logged: 0, known: 0, isChanged: isNew }, page);
    await createFeed(sql, feed);
    isNew = true;
  }
}

async function judge(
  sql: Sql,
  before: FeedRow | undefined,
  { fence, version, delivery, unpark }: PreparedPage,
): Promise<'fenced' | 'repeated' | 'gone' | undefined> {
  const { fence: newestFence, version: newestVersion } = before ?? emptyFeed;
  if (fence !== undefined && fence < newestFence) return 'fenced';
  if (version !== undefined && version !== newestVersion) return 'fenced';
  if (before && delivery && (await isRemembered(sql, before.feed, delivery.key))) return 'repeated';
  if (unpark.length === 0) return undefined;
  return before && (await areParked(sql, before.feed, unpark)) ? undefined : 'gone';
}

async function isRemembered(sql: Sql, feed: number, key: string): Promise<boolean> {
  const { count } = await sql.ask(
    'SELECT 1 FROM feed_deliveries WHERE feed = $1 AND delivery = $2 AND held_until > now_ms()',
    [feed, key],
  );
  return count > 0;
}

async function areParked(sql: Sql, feed: number, ids: readonly string[]): Promise<boolean> {
  const numbers = ids.flatMap((id) => parkedNumber(id) ?? []);
  const { count } = await sql.ask('SELECT 1 FROM feed_parked WHERE feed = $1 AND number = ANY ($2::bigint[])', [
    feed,
    numbers,
  ]);
  return count === ids.length;
}

async function writePage(draft: Draft, page: PreparedPage): Promise<Appended> {
  await setProgress(draft, page);
  if (page.delivery) await remember(draft, page.delivery);
  const released = await unpark(draft, page.unpark);
  if (page.unstage) await unstage(draft);
  await logEvents(draft, page.events);
  await stageEvents(draft, page.staged);
  await park(draft, page.parked);
  // What was taken back and neither logged nor parked again stays seen all the same.
  await markSeen(draft, [...page.seen, ...released]);
  if (page.publish) await publish(draft);
  const { sql, row, logged, known, isChanged } = draft;
  // A page that brings nothing writes nothing, and so costs no flush to the disk.
  const change = isChanged ? await saveFeed(sql, row) : undefined;
  return { result: { kind: 'appended', state: toState(row), logged, known }, ...(change && { change }) };
}

async function setProgress(draft: Draft, { fence, progress }: PreparedPage): Promise<void> {
  const { sql, row } = draft;
  if (fence !== undefined && fence > row.fence) {
    row.fence = fence;
    draft.isChanged = true;
  }
  if (progress === undefined) return;
  row.progress = progress;
  // Of the store, so that a feed that was removed and begins anew never has a version that its old poller knows.
  const { rows } = await sql.ask(`SELECT nextval('numbers') AS number`);
  row.version = Number(rows[0]!.number);
  draft.isChanged = true;
}

async function remember(
  { sql, row }: Draft,
  { key, rememberMs }: NonNullable<PreparedPage['delivery']>,
): Promise<void> {
  // A row that another page is about to take away is left to it.
  await sql.ask(
    `DELETE FROM feed_deliveries WHERE (feed, delivery) IN (
       SELECT feed, delivery FROM feed_deliveries WHERE held_until <= now_ms() LIMIT ${sweepSize} FOR UPDATE SKIP LOCKED)`,
  );
  await sql.ask(
    `INSERT INTO feed_deliveries (feed, delivery, held_until) VALUES ($1, $2, now_ms() + $3)
     ON CONFLICT (feed, delivery) DO UPDATE SET held_until = excluded.held_until`,
    [row.feed, key, rememberMs],
  );
}

/** Takes them away, also from what was seen, so that this page may log them. The signatures they had. */
async function unpark(draft: Draft, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const { sql, row } = draft;
  const { rows, count } = await sql.ask(
    'DELETE FROM feed_parked WHERE feed = $1 AND number = ANY ($2::bigint[]) RETURNING signature',
    [row.feed, ids.flatMap((id) => parkedNumber(id) ?? [])],
  );
  row.parkedCount -= count;
  draft.isChanged = true;
  const signatures = rows.flatMap(({ signature }) =>
    typeof signature === 'string' ? signatureKey(readText(signature)) : [],
  );
  if (signatures.length === 0) return [];
  const forgotten = await sql.ask('DELETE FROM feed_seen WHERE feed = $1 AND signature = ANY ($2::text[])', [
    row.feed,
    signatures,
  ]);
  row.seenCount -= forgotten.count;
  return signatures;
}

async function unstage(draft: Draft): Promise<void> {
  const { sql, row } = draft;
  if (row.stagedCount === 0) return;
  await sql.ask('DELETE FROM feed_staged WHERE feed = $1', [row.feed]);
  row.stagedCount = 0;
  draft.isChanged = true;
}

async function logEvents(draft: Draft, events: readonly PreparedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const { sql, row } = draft;
  const fresh = await markSeen(
    draft,
    events.map(({ signature }) => signature),
  );
  // The second of two in one page finds its signature taken.
  const logged = events.filter(({ signature }) => fresh.delete(signature));
  draft.known += events.length - logged.length;
  if (logged.length === 0) return;
  await sql.ask(
    `INSERT INTO feed_events (feed, place, received_at, occurred_at, size, id, payload)
     SELECT $1, $2 + number, now_ms(), occurred_at, size, id, payload
     FROM unnest($3::bigint[], $4::integer[], $5::text[], $6::text[])
       WITH ORDINALITY AS event (occurred_at, size, id, payload, number)`,
    [row.feed, row.lastPlace, ...columnsOf(logged)],
  );
  row.lastPlace += logged.length;
  draft.logged += logged.length;
}

async function stageEvents(draft: Draft, events: readonly PreparedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const { sql, row } = draft;
  const { count } = await sql.ask(
    `INSERT INTO feed_staged (feed, number, signature, occurred_at, size, id, payload)
     SELECT $1, $2 + number, signature, occurred_at, size, id, payload
     FROM unnest($3::bigint[], $4::integer[], $5::text[], $6::text[], $7::text[])
       WITH ORDINALITY AS event (occurred_at, size, id, payload, signature, number)
     WHERE NOT EXISTS (SELECT FROM feed_seen WHERE feed_seen.feed = $1 AND feed_seen.signature = event.signature)
     ORDER BY number
     ON CONFLICT (feed, signature) DO NOTHING`,
    [row.feed, row.lastNumber, ...columnsOf(events), events.map(({ signature }) => signature)],
  );
  draft.known += events.length - count;
  if (count === 0) return;
  row.lastNumber += events.length;
  row.stagedCount += count;
  draft.isChanged = true;
}

function columnsOf(events: readonly PreparedEvent[]) {
  return [
    events.map(({ occurredAt }) => occurredAt),
    events.map(({ size }) => size),
    events.map(({ id }) => id),
    events.map(({ payload }) => payload),
  ] as const;
}

async function park(draft: Draft, parked: readonly PreparedParked[]): Promise<void> {
  if (parked.length === 0) return;
  const { sql, row } = draft;
  const fresh = await markSeen(
    draft,
    parked.flatMap(({ key }) => key ?? []),
  );
  const kept = parked.filter(({ key }) => key === null || fresh.delete(key));
  draft.known += parked.length - kept.length;
  if (kept.length === 0) return;
  // Numbers of the store, so that the id of what is gone is never that of another.
  await sql.ask(
    `INSERT INTO feed_parked (feed, number, parked_at, code, reason, signature, payload)
     SELECT $1, nextval('numbers'), now_ms(), code, reason, signature, payload
     FROM (SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])
       WITH ORDINALITY AS event (code, reason, signature, payload, number) ORDER BY number) AS event`,
    [
      row.feed,
      kept.map(({ code }) => code),
      kept.map(({ reason }) => reason),
      kept.map(({ signature }) => signature),
      kept.map(({ payload }) => payload),
    ],
  );
  row.parkedCount += kept.length;
  draft.isChanged = true;
}

/** The staged ones become events, the last staged first, without coming to us. */
async function publish(draft: Draft): Promise<void> {
  const { sql, row } = draft;
  const { feed, stagedCount } = row;
  if (stagedCount === 0) return;
  await sql.ask(
    `INSERT INTO feed_events (feed, place, received_at, occurred_at, size, id, payload)
     SELECT feed, $2 + row_number() OVER (ORDER BY number DESC), now_ms(), occurred_at, size, id, payload
     FROM feed_staged WHERE feed = $1`,
    [feed, row.lastPlace],
  );
  const seen = await sql.ask(
    `INSERT INTO feed_seen (feed, signature, number)
     SELECT feed, signature, $2 + row_number() OVER (ORDER BY number DESC) FROM feed_staged WHERE feed = $1
     ON CONFLICT DO NOTHING`,
    [feed, row.lastNumber],
  );
  row.seenCount += seen.count;
  row.lastPlace += stagedCount;
  row.lastNumber += stagedCount;
  draft.logged += stagedCount;
  await unstage(draft);
}

/** Marks all that are neither seen nor staged, in one statement, and gives them. */
async function markSeen(draft: Draft, signatures: readonly string[]): Promise<Set<string>> {
  if (signatures.length === 0) return new Set();
  const { sql, row } = draft;
  const { rows, count } = await sql.ask(
    `INSERT INTO feed_seen (feed, signature, number)
     SELECT $1, signature, $2 + number FROM unnest($3::text[]) WITH ORDINALITY AS asked (signature, number)
     WHERE NOT EXISTS (SELECT FROM feed_staged WHERE feed_staged.feed = $1 AND feed_staged.signature = asked.signature)
     ORDER BY number
     ON CONFLICT DO NOTHING RETURNING signature`,
    [row.feed, row.lastNumber, signatures],
  );
  if (count > 0) draft.isChanged = true;
  row.lastNumber += signatures.length;
  row.seenCount += count;
  return new Set(rows.map(({ signature }) => String(signature)));
}
