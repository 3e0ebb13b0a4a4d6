/** Records in PostgreSQL. */
import { checkIndexes, checkNames, checkTime, isStorableName, writeJson } from '../check-record.ts';
import type {
  Change,
  CommitResult,
  CreateOptions,
  ListOptions,
  Records,
  RecordValue,
  StoredRecord,
  UpdateOptions,
} from '../records.ts';
import type { PostgresDatabase, Sql, SqlRow, SqlValue } from './database.ts';
import { indexEntries } from './index-entry.ts';
import { isTaken } from './store-error.ts';

const isLiving = '(expires_at IS NULL OR expires_at > now_ms())';
const columns = ['kind', 'id', 'version', 'value', 'indexes', 'unique_key', 'created_at', 'updated_at', 'expires_at']
  .map((column) => `r.${column}`)
  .join(', ');
/** Expired records that a write of an expiring one takes away; more than it adds, so they never pile up. */
const sweepSize = 8;

/** Records over an open database. */
export function createPostgresRecords(database: PostgresDatabase): Records {
  const alone: Sql = { ask: (text, values) => database.write(text, values) };
  return {
    async get(kind, id) {
      if (!areNames(kind, id)) return undefined;
      const { rows } = await database.read(
        `SELECT ${columns} FROM records r WHERE kind = $1 AND id = $2 AND ${isLiving}`,
        [kind, id],
      );
      return rows[0] && toRecord(rows[0]);
    },
    async list(kind, where, options = {}) {
      if (!areNames(kind, ...Object.keys(where), ...Object.values(where))) return [];
      return listRecords(database, kind, where, options);
    },
    async create(kind, id, value, options = {}) {
      const write = prepareCreate(kind, id, value, options);
      return (await write(alone)) || undefined;
    },
    async compareAndSet(kind, id, version, value, options = {}) {
      const write = prepareUpdate(kind, id, version, value, options);
      return (await write(alone)) || undefined;
    },
    async remove(kind, id, version) {
      return areNames(kind, id) && (await deleteRecord(alone, kind, id, version)) !== undefined;
    },
    async take(kind, id) {
      return areNames(kind, id) ? deleteRecord(alone, kind, id) : undefined;
    },
    commit: (changes) => commit(database, changes),
  };
}

/** One write: the record, `undefined` for one that was removed, `false` when it could not be made. */
type Write = (sql: Sql) => Promise<StoredRecord | undefined | false>;

class ChangeFailed extends Error {
  readonly place: number;
  constructor(place: number) {
    super(`Change ${place} could not be made.`);
    this.place = place;
  }
}

async function commit(database: PostgresDatabase, changes: readonly Change[]): Promise<CommitResult> {
  const writes = changes.map(prepareChange);
  if (writes.length === 0) return { committed: true, records: [] };
  try {
    const records = await database.transact(async (sql) => {
      const made: (StoredRecord | undefined)[] = [];
      for (const [place, write] of writes.entries()) {
        const record = await write(sql);
        if (record === false) throw new ChangeFailed(place);
        made.push(record);
      }
      return made;
    });
    return { committed: true, records };
  } catch (error) {
    if (error instanceof ChangeFailed) return { committed: false, failed: error.place };
    throw error;
  }
}

function prepareChange(change: Change): Write {
  const { kind, id } = change;
  switch (change.change) {
    case 'create':
      return prepareCreate(kind, id, change.value, change);
    case 'compareAndSet':
      return prepareUpdate(kind, id, change.version, change.value, change);
    case 'remove':
      return async (sql) =>
        areNames(kind, id) && (await deleteRecord(sql, kind, id, change.version)) !== undefined && undefined;
  }
}

const insertRecord = `
  WITH r AS (
    INSERT INTO records (kind, id, version, value, indexes, entries, unique_key, created_at, updated_at, expires_at)
    VALUES ($1, $2, nextval('numbers'), $3, $4, $5, $6, now_ms(), now_ms(), $7)
    ON CONFLICT DO NOTHING RETURNING *
  ), indexed AS (
    INSERT INTO record_indexes (entry, id) SELECT unnest(entries), id FROM r ON CONFLICT DO NOTHING
  )
  SELECT ${columns} FROM r`;

/** Checks and serializes before anything is locked. */
function prepareCreate(kind: string, id: string, value: RecordValue, options: CreateOptions): Write {
  const { indexes = {}, uniqueKey, expiresAt } = options;
  checkNames({ kind, id, 'unique key': uniqueKey });
  checkIndexes(indexes);
  checkTime('expiry', expiresAt);
  const entries = indexEntries(kind, indexes);
  const key = uniqueKey ?? null;
  const values = [kind, id, writeJson(value), JSON.stringify(indexes), entries, key, expiresAt ?? null];
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
      updated_at = now_ms(), expires_at = CASE WHEN $9 THEN $10 ELSE expires_at END
    FROM before WHERE kind = $1 AND id = $2 AND version = $3 RETURNING records.*
  ), unindexed AS (
    DELETE FROM record_indexes i USING before
    WHERE i.id = $2 AND i.entry = ANY (before.entries) AND NOT i.entry = ANY ($6)
  ), indexed AS (
    INSERT INTO record_indexes (entry, id) SELECT unnest($6::bytea[]), id FROM r ON CONFLICT DO NOTHING
  )
  SELECT ${columns} FROM r`;

function prepareUpdate(
  kind: string,
  id: string,
  version: number,
  value: RecordValue,
  { indexes, uniqueKey, expiresAt }: UpdateOptions,
): Write {
  checkNames({ kind, id, 'unique key': uniqueKey ?? undefined });
  if (indexes) checkIndexes(indexes);
  checkTime('expiry', expiresAt);
  const values: readonly SqlValue[] = [
    kind,
    id,
    version,
    writeJson(value),
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

/** Removes it with its index and gives it; `undefined` when it is not there. */
async function deleteRecord(
  sql: Sql,
  kind: string,
  id: string,
  version: number | null = null,
): Promise<StoredRecord | undefined> {
  const { rows } = await sql.ask(
    deleteWhere(`kind = $1 AND id = $2 AND ${isLiving} AND ($3::bigint IS NULL OR version = $3)`),
    [kind, id, version],
  );
  return rows[0] && toRecord(rows[0]);
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
  { after = '', limit = 100 }: ListOptions,
): Promise<readonly StoredRecord[]> {
  const size = Math.min(Math.max(Math.trunc(limit) || 1, 1), 1000);
  const entries = indexEntries(kind, where);
  const from = [kind, afterId(after), size];
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

function toRecord(row: SqlRow): StoredRecord {
  return {
    kind: String(row.kind),
    id: String(row.id),
    version: Number(row.version),
    value: JSON.parse(String(row.value)) as RecordValue,
    indexes: JSON.parse(String(row.indexes)) as Record<string, string>,
    ...(row.unique_key === null ? {} : { uniqueKey: String(row.unique_key) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
  };
}

/** What cannot be stored is not there: an id that a client made up is no fault of the store. */
function areNames(...names: readonly string[]): boolean {
  return names.every(isStorableName);
}
