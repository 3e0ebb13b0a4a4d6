/** Records in SQLite. */
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
import type { Sql, SqliteDatabase } from './database.ts';
import type { SqlRow, SqlValue } from './driver.ts';
import { nextNumber } from './counter.ts';

/** Expired records that a write of an expiring one takes away; more than it adds, so they never pile up. */
const sweepSize = 8;
const isLiving = '(expires_at IS NULL OR expires_at > ?)';

/** Records over an open database; `now` is the clock of the store. */
export function createSqliteRecords(database: SqliteDatabase, now: () => number): Records {
  return {
    async get(kind, id) {
      if (!areNames(kind, id)) return undefined;
      return database.read((sql) => readRecord(sql, kind, id, now()));
    },
    async list(kind, where, options = {}) {
      if (!areNames(kind, ...Object.keys(where), ...Object.values(where))) return [];
      return database.read((sql) => listRecords(sql, kind, where, options, now()));
    },
    async create(kind, id, value, options = {}) {
      const write = prepareCreate(kind, id, value, options);
      return database.write((sql) => write(sql, now()) || undefined);
    },
    async compareAndSet(kind, id, version, value, options = {}) {
      const write = prepareUpdate(kind, id, version, value, options);
      return database.write((sql) => write(sql, now()) || undefined);
    },
    async remove(kind, id, version) {
      if (!areNames(kind, id)) return false;
      return database.write((sql) => removeRecord(sql, kind, id, version, now()));
    },
    async take(kind, id) {
      if (!areNames(kind, id)) return undefined;
      return database.write((sql) => {
        const record = readRecord(sql, kind, id, now());
        if (record) sql.prepare('DELETE FROM records WHERE kind = ? AND id = ?').run([kind, id]);
        return record;
      });
    },
    commit: (changes) => commit(database, changes, now),
  };
}

/** One write: the record, `undefined` for one that was removed, `false` when it could not be made. */
type Write = (sql: Sql, now: number) => StoredRecord | undefined | false;

class ChangeFailed extends Error {
  readonly place: number;
  constructor(place: number) {
    super(`Change ${place} could not be made.`);
    this.place = place;
  }
}

async function commit(database: SqliteDatabase, changes: readonly Change[], now: () => number): Promise<CommitResult> {
  const writes = changes.map(prepareChange);
  try {
    const records = await database.write((sql) => {
      const time = now();
      return writes.map((write, place) => {
        const record = write(sql, time);
        if (record === false) throw new ChangeFailed(place);
        return record;
      });
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
      return (sql, now) => areNames(kind, id) && removeRecord(sql, kind, id, change.version, now) && undefined;
  }
}

/** Checks and serializes before the transaction, so that it holds nobody up. */
function prepareCreate(kind: string, id: string, value: RecordValue, options: CreateOptions): Write {
  const { indexes = {}, uniqueKey, expiresAt } = options;
  checkNames({ kind, id, 'unique key': uniqueKey });
  checkIndexes(indexes);
  checkTime('expiry', expiresAt);
  const text = writeJson(value);
  const indexText = JSON.stringify(indexes);
  return (sql, now) => {
    forgetExpired(sql, kind, id, uniqueKey, now);
    if (expiresAt !== undefined) sweep(sql, now);
    if (exists(sql, kind, id) || isKeyTaken(sql, kind, uniqueKey, id)) return false;
    const row = {
      kind,
      id,
      version: nextNumber(sql),
      value: text,
      indexes: indexText,
      unique_key: uniqueKey ?? null,
      created_at: now,
      updated_at: now,
      expires_at: expiresAt ?? null,
    };
    sql.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)').run(Object.values(row));
    insertIndexes(sql, kind, id, indexes);
    return toRecord(row);
  };
}

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
  const text = writeJson(value);
  return (sql, now) => {
    const before = readRow(sql, kind, id, now);
    if (before?.version !== version) return false;
    const key = uniqueKey === undefined ? before.unique_key : uniqueKey;
    if (uniqueKey) forgetExpired(sql, kind, id, uniqueKey, now);
    if (isKeyTaken(sql, kind, key, id)) return false;
    const change = {
      version: nextNumber(sql),
      value: text,
      indexes: indexes ? JSON.stringify(indexes) : before.indexes!,
      unique_key: key ?? null,
      updated_at: now,
      expires_at: (expiresAt === undefined ? before.expires_at : expiresAt) ?? null,
    };
    sql
      .prepare(
        'UPDATE records SET version = ?, value = ?, indexes = ?, unique_key = ?, updated_at = ?, expires_at = ? WHERE kind = ? AND id = ?',
      )
      .run([...Object.values(change), kind, id]);
    if (indexes) {
      sql.prepare('DELETE FROM record_indexes WHERE kind = ? AND id = ?').run([kind, id]);
      insertIndexes(sql, kind, id, indexes);
    }
    return toRecord({ ...before, ...change });
  };
}

function removeRecord(sql: Sql, kind: string, id: string, version: number | undefined, now: number): boolean {
  const where = `kind = ? AND id = ? AND ${isLiving}`;
  const values = [kind, id, now];
  return version === undefined
    ? sql.prepare(`DELETE FROM records WHERE ${where}`).run(values) > 0
    : sql.prepare(`DELETE FROM records WHERE ${where} AND version = ?`).run([...values, version]) > 0;
}

function readRecord(sql: Sql, kind: string, id: string, now: number): StoredRecord | undefined {
  const row = readRow(sql, kind, id, now);
  return row && toRecord(row);
}

function readRow(sql: Sql, kind: string, id: string, now: number): SqlRow | undefined {
  const row = sql.prepare('SELECT * FROM records WHERE kind = ? AND id = ?').get([kind, id]);
  return row && (row.expires_at === null || Number(row.expires_at) > now) ? row : undefined;
}

/** Whether a record other than `id` has the key. A write that is refused writes nothing, and so costs no flush. */
function isKeyTaken(sql: Sql, kind: string, key: SqlValue | undefined, id: string): boolean {
  if (key === null || key === undefined) return false;
  return (
    sql.prepare('SELECT 1 FROM records WHERE kind = ? AND unique_key = ? AND id <> ?').get([kind, key, id]) !==
    undefined
  );
}

function exists(sql: Sql, kind: string, id: string): boolean {
  return sql.prepare('SELECT 1 FROM records WHERE kind = ? AND id = ?').get([kind, id]) !== undefined;
}

function listRecords(
  sql: Sql,
  kind: string,
  where: Readonly<Record<string, string>>,
  { after = '', limit = 100 }: ListOptions,
  now: number,
): readonly StoredRecord[] {
  const [first, ...others] = Object.entries(where);
  const size = Math.min(Math.max(Math.trunc(limit), 1), 1000);
  if (!first) {
    return sql
      .prepare(`SELECT * FROM records WHERE kind = ? AND id > ? AND ${isLiving} ORDER BY id LIMIT ?`)
      .all([kind, after, now, size])
      .map(toRecord);
  }
  const also =
    'AND EXISTS (SELECT 1 FROM record_indexes o WHERE o.kind = i.kind AND o.name = ? AND o.value = ? AND o.id = i.id)';
  const values: SqlValue[] = [kind, ...first, after, ...others.flat(), now, size];
  return sql
    .prepare(
      `SELECT r.* FROM record_indexes i CROSS JOIN records r ON r.kind = i.kind AND r.id = i.id
       WHERE i.kind = ? AND i.name = ? AND i.value = ? AND i.id > ? ${also.repeat(others.length)} AND ${isLiving}
       ORDER BY i.id LIMIT ?`,
    )
    .all(values)
    .map(toRecord);
}

function insertIndexes(sql: Sql, kind: string, id: string, indexes: Readonly<Record<string, string>>): void {
  const statement = sql.prepare('INSERT INTO record_indexes (kind, name, value, id) VALUES (?, ?, ?, ?)');
  for (const [name, value] of Object.entries(indexes)) statement.run([kind, name, value, id]);
}

/** An expired record stands in nobody's way. */
function forgetExpired(sql: Sql, kind: string, id: string, uniqueKey: string | undefined, now: number): void {
  sql.prepare('DELETE FROM records WHERE kind = ? AND id = ? AND expires_at <= ?').run([kind, id, now]);
  if (uniqueKey === undefined) return;
  sql.prepare('DELETE FROM records WHERE kind = ? AND unique_key = ? AND expires_at <= ?').run([kind, uniqueKey, now]);
}

function sweep(sql: Sql, now: number): void {
  sql
    .prepare('DELETE FROM records WHERE rowid IN (SELECT rowid FROM records WHERE expires_at <= ? LIMIT ?)')
    .run([now, sweepSize]);
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
