/** Records in PostgreSQL. */
import type { Records, StoredRecord } from '../records.ts';
import {
  createSqlRecords,
  toRecord,
  WriteRefused,
  type CheckedRecord,
  type CheckedUpdate,
  type Written,
} from '../sql-records.ts';
import type { PostgresDatabase, Sql, SqlRow, SqlValue } from './database.ts';
import { gatherReads } from './gather-reads.ts';
import { indexEntries } from './index-entry.ts';
import { isTaken } from './store-error.ts';

const isLiving = '(expires_at IS NULL OR expires_at > now_ms())';
const columns = ['kind', 'id', 'version', 'value', 'indexes', 'unique_key', 'created_at', 'updated_at', 'expires_at']
  .map((column) => `r.${column}`)
  .join(', ');
/** Expired records that a write of an expiring one takes away; more than it adds, so they never pile up. */
const sweepSize = 8;

type Write = (sql: Sql) => Promise<Written>;

/** Records over an open database. @param now - the clock of this process, by which callers say when records expire. */
export function createPostgresRecords(database: PostgresDatabase, now: () => number = () => Date.now()): Records {
  const getRow = gatherReads(
    (kinds, ids) => getRows(database, kinds, ids),
    (row) => ({ kind: String(row.kind), id: String(row.id) }),
  );
  const single: Sql = { ask: (text, values) => database.write(text, values) };
  return createSqlRecords<Write>({
    async get(kind, id) {
      const row = await getRow(kind, id);
      return row && toRecord(row);
    },
    list: (...asked) => listRecords(database, ...asked),
    // As long from now on as they said, by the clock of the store: that of a replica may be minutes away.
    create: (record) =>
      writeCreate(record.expiresAt === undefined ? record : { ...record, expiresAt: record.expiresAt - now() }),
    update: (change) => writeUpdate(change.expiresAt ? { ...change, expiresAt: change.expiresAt - now() } : change),
    remove: (kind, id, version) => (sql) => removeRecord(sql, kind, id, version),
    alone: (write) => write(single),
    together: (writes) =>
      database.transact(async (sql) => {
        const made: StoredRecord[] = [];
        for (const [place, write] of writes.entries()) {
          const record = await write(sql);
          if (record === false) throw new WriteRefused(place);
          made.push(record);
        }
        return made;
      }),
  });
}

async function getRows(
  database: PostgresDatabase,
  kinds: readonly string[],
  ids: readonly string[],
): Promise<readonly SqlRow[]> {
  const { rows } =
    ids.length === 1
      ? await database.read(`SELECT ${columns} FROM records r WHERE kind = $1 AND id = $2 AND ${isLiving}`, [
          kinds[0]!,
          ids[0]!,
        ])
      : await database.read(
          `SELECT ${columns} FROM unnest($1::text[], $2::text[]) AS asked (asked_kind, asked_id)
           JOIN records r ON r.kind = asked_kind AND r.id = asked_id WHERE ${isLiving}`,
          [kinds, ids],
        );
  return rows;
}

const insertRecord = `
  WITH r AS (
    INSERT INTO records (kind, id, version, value, indexes, entries, unique_key, created_at, updated_at, expires_at)
    VALUES ($1, $2, nextval('numbers'), $3, $4, $5, $6, now_ms(), now_ms(), now_ms() + $7::bigint)
    ON CONFLICT DO NOTHING RETURNING *
  ), indexed AS (
    INSERT INTO record_indexes (entry, id) SELECT unnest(entries), id FROM r ON CONFLICT DO NOTHING
  )
  SELECT ${columns} FROM r`;

function writeCreate({ kind, id, text, indexes, uniqueKey, expiresAt }: CheckedRecord): Write {
  const key = uniqueKey ?? null;
  const entries = indexEntries(kind, indexes);
  const values = [kind, id, text, JSON.stringify(indexes), entries, key, expiresAt ?? null];
  return async (sql) => {
    if (expiresAt !== undefined) await sweep(sql);
    const made = await sql.ask(insertRecord, values);
    if (made.rows[0]) return toRecord(made.rows[0]);
    // Somebody is in the way; one that has expired is not.
    await forgetExpired(sql, kind, id, key);
    const { rows } = await sql.ask(insertRecord, values);
    return rows[0] ? toRecord(rows[0]) : false;
  };
}

const updateRecord = `
  WITH before AS (
    SELECT entries FROM records WHERE kind = $1 AND id = $2 AND version = $3 AND ${isLiving} FOR UPDATE
  ), r AS (
    UPDATE records SET version = nextval('numbers'), value = $4, indexes = coalesce($5, indexes),
      entries = coalesce($6, records.entries), unique_key = CASE WHEN $7 THEN $8 ELSE unique_key END,
      updated_at = now_ms(), expires_at = CASE WHEN $9 THEN now_ms() + $10::bigint ELSE expires_at END
    FROM before WHERE kind = $1 AND id = $2 AND version = $3 RETURNING records.*
  ), unindexed AS (
    DELETE FROM record_indexes i USING before
    WHERE i.id = $2 AND i.entry = ANY (before.entries) AND NOT i.entry = ANY ($6)
  ), indexed AS (
    INSERT INTO record_indexes (entry, id) SELECT unnest($6::bytea[]), id FROM r ON CONFLICT DO NOTHING
  )
  SELECT ${columns} FROM r`;

function writeUpdate({ kind, id, version, text, indexes, uniqueKey, expiresAt }: CheckedUpdate): Write {
  const values: readonly SqlValue[] = [
    kind,
    id,
    version,
    text,
    indexes ? JSON.stringify(indexes) : null,
    indexes ? indexEntries(kind, indexes) : null,
    uniqueKey !== undefined,
    uniqueKey ?? null,
    expiresAt !== undefined,
    expiresAt ?? null,
  ];
  return async (sql) => {
    if (uniqueKey) await forgetExpired(sql, kind, id, uniqueKey);
    try {
      const { rows } = await sql.ask(updateRecord, values);
      return rows[0] ? toRecord(rows[0]) : false;
    } catch (error) {
      // Another record has the key.
      if (isTaken(error)) return false;
      throw error;
    }
  };
}

/** Removes it with its index. */
async function removeRecord(sql: Sql, kind: string, id: string, version: number | null = null): Promise<Written> {
  const { rows } = await sql.ask(
    deleteWhere(`kind = $1 AND id = $2 AND ${isLiving} AND ($3::bigint IS NULL OR version = $3)`),
    [kind, id, version],
  );
  return rows[0] ? toRecord(rows[0]) : false;
}

async function forgetExpired(sql: Sql, kind: string, id: string, uniqueKey: string | null): Promise<void> {
  const isInTheWay = 'kind = $1 AND (id = $2 OR unique_key = $3) AND expires_at <= now_ms()';
  await sql.ask(deleteWhere(isInTheWay), [kind, id, uniqueKey]);
}

async function sweep(sql: Sql): Promise<void> {
  // Those that somebody else is about to take away are left to him.
  const expired = `SELECT kind, id FROM records WHERE expires_at <= now_ms() LIMIT ${sweepSize} FOR UPDATE SKIP LOCKED`;
  await sql.ask(deleteWhere(`(kind, id) IN (${expired})`));
}

/**
 * A row of the index that somebody adds meanwhile may stay behind; it finds nothing, because a list looks at the
 * entries of the record as well.
 */
function deleteWhere(condition: string): string {
  return `
    WITH r AS (DELETE FROM records WHERE ${condition} RETURNING *),
    unindexed AS (DELETE FROM record_indexes i USING r WHERE i.id = r.id AND i.entry = ANY (r.entries))
    SELECT ${columns} FROM r`;
}

async function listRecords(
  database: PostgresDatabase,
  kind: string,
  where: Readonly<Record<string, string>>,
  after: string,
  limit: number,
): Promise<readonly StoredRecord[]> {
  const entries = indexEntries(kind, where);
  const from = [kind, afterId(after), limit];
  const { rows } =
    entries.length === 0
      ? await database.read(
          `SELECT ${columns} FROM records r WHERE kind = $1 AND id > $2 AND ${isLiving} ORDER BY id LIMIT $3`,
          from,
        )
      : await database.read(
          `SELECT ${columns} FROM record_indexes i JOIN records r ON r.kind = $1 AND r.id = i.id
           WHERE i.entry = ($4::bytea[])[1] AND i.id > $2 AND r.entries @> $4 AND ${isLiving} ORDER BY i.id LIMIT $3`,
          [...from, entries],
        );
  return rows.map(toRecord);
}

/** An id that was never one stands where its text would. */
function afterId(after: string): string {
  return after.split('\0', 1)[0]!.toWellFormed();
}
