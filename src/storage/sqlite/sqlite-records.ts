/** Records in SQLite. */
import type { Records, StoredRecord } from '../records.ts';
import {
  createSqlRecords,
  toRecord,
  WriteRefused,
  type CheckedRecord,
  type CheckedUpdate,
  type Written,
} from '../sql-records.ts';
import type { Sql, SqliteDatabase } from './database.ts';
import type { SqlRow, SqlValue } from './driver.ts';
import { nextNumber } from './counter.ts';

/** Expired records that a write of an expiring one takes away; more than it adds, so they never pile up. */
const sweepSize = 8;
const isLiving = '(expires_at IS NULL OR expires_at > ?)';

type Write = (sql: Sql, now: number) => Written;

/** Records over an open database; `now` is the clock of the store. */
export function createSqliteRecords(database: SqliteDatabase, now: () => number): Records {
  return createSqlRecords<Write>({
    get: (kind, id) => database.read((sql) => readRecord(sql, kind, id, now())),
    list: (...asked) => database.read((sql) => listRecords(sql, now(), ...asked)),
    create: writeCreate,
    update: writeUpdate,
    remove: (kind, id, version) => (sql, time) => removeRecord(sql, kind, id, version, time),
    alone: (write) => database.write((sql) => write(sql, now())),
    together: (writes) =>
      database.write((sql) => {
        const time = now();
        return writes.map((write, place) => {
          const record = write(sql, time);
          if (record === false) throw new WriteRefused(place);
          return record;
        });
      }),
  });
}

function writeCreate({ kind, id, text, indexes, uniqueKey, expiresAt }: CheckedRecord): Write {
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

function writeUpdate({ kind, id, version, text, indexes, uniqueKey, expiresAt }: CheckedUpdate): Write {
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

function removeRecord(sql: Sql, kind: string, id: string, version: number | undefined, now: number): Written {
  const record = readRecord(sql, kind, id, now);
  if (!record || (version !== undefined && record.version !== version)) return false;
  sql.prepare('DELETE FROM records WHERE kind = ? AND id = ?').run([kind, id]);
  return record;
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
  now: number,
  kind: string,
  where: Readonly<Record<string, string>>,
  after: string,
  limit: number,
): readonly StoredRecord[] {
  const [first, ...others] = Object.entries(where);
  if (!first) {
    return sql
      .prepare(`SELECT * FROM records WHERE kind = ? AND id > ? AND ${isLiving} ORDER BY id LIMIT ?`)
      .all([kind, after, now, limit])
      .map(toRecord);
  }
  const also =
    'AND EXISTS (SELECT 1 FROM record_indexes o WHERE o.kind = i.kind AND o.name = ? AND o.value = ? AND o.id = i.id)';
  const values: SqlValue[] = [kind, ...first, after, ...others.flat(), now, limit];
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
