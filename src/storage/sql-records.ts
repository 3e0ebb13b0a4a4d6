/** Records over the tables of any SQL store: what is asked is judged here, and then each store has its own statements. */
import { checkIndexes, checkNames, checkTime, isStorableName, writeJson } from './check-record.ts';
import type {
  Change,
  CommitResult,
  CreateOptions,
  Records,
  RecordValue,
  StoredRecord,
  UpdateOptions,
} from './records.ts';
import type { Row } from './row.ts';

/** A new record of which everything can be kept. */
export interface CheckedRecord {
  readonly kind: string;
  readonly id: string;
  /** The value as JSON text. */
  readonly text: string;
  readonly indexes: Readonly<Record<string, string>>;
  readonly uniqueKey: string | undefined;
  readonly expiresAt: number | undefined;
}

/** What replaces a version of a record; absent and `null` as in `UpdateOptions`. */
export interface CheckedUpdate extends UpdateOptions {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  /** The value as JSON text. */
  readonly text: string;
}

/** What a write gives: the record that it made or removed, `false` when it could not be made. */
export type Written = StoredRecord | false;

/** The statements of one store. A `Write` is prepared before anything is locked, and run by `alone` or `together`. */
export interface RecordTables<Write> {
  readonly get: (kind: string, id: string) => Promise<StoredRecord | undefined>;
  /** @param limit - within 1 and 1 000. */
  readonly list: (
    kind: string,
    where: Readonly<Record<string, string>>,
    after: string,
    limit: number,
  ) => Promise<readonly StoredRecord[]>;
  readonly create: (record: CheckedRecord) => Write;
  readonly update: (change: CheckedUpdate) => Write;
  /** Removes it, when `version` is given only that version. */
  readonly remove: (kind: string, id: string, version?: number) => Write;
  readonly alone: (write: Write) => Promise<Written>;
  /** All in one transaction, which `WriteRefused` undoes as soon as one cannot be made. */
  readonly together: (writes: readonly Write[]) => Promise<readonly StoredRecord[]>;
}

/** Thrown out of a transaction when one of its writes could not be made. */
export class WriteRefused extends Error {
  readonly place: number;
  /** @param place - of the write among all. */
  constructor(place: number) {
    super(`Write ${place} could not be made.`);
    this.place = place;
  }
}

export function createSqlRecords<Write>(tables: RecordTables<Write>): Records {
  return {
    async get(kind, id) {
      return areStorable(kind, id) ? tables.get(kind, id) : undefined;
    },
    async list(kind, where, { after = '', limit = 100 } = {}) {
      if (!areStorable(kind, ...Object.keys(where), ...Object.values(where))) return [];
      return tables.list(kind, where, after, Math.min(Math.max(Math.trunc(limit) || 1, 1), 1000));
    },
    async create(kind, id, value, options = {}) {
      return (await tables.alone(tables.create(checkCreate(kind, id, value, options)))) || undefined;
    },
    async compareAndSet(kind, id, version, value, options = {}) {
      return (await tables.alone(tables.update(checkUpdate(kind, id, version, value, options)))) || undefined;
    },
    async remove(kind, id, version) {
      return areStorable(kind, id) && (await tables.alone(tables.remove(kind, id, version))) !== false;
    },
    async take(kind, id) {
      return areStorable(kind, id) ? (await tables.alone(tables.remove(kind, id))) || undefined : undefined;
    },
    commit: (changes) => commit(tables, changes),
  };
}

async function commit<Write>(tables: RecordTables<Write>, changes: readonly Change[]): Promise<CommitResult> {
  const writes = changes.map((change) => prepare(tables, change));
  if (writes.length === 0) return { committed: true, records: [] };
  try {
    const written = await tables.together(writes);
    const records = written.map((record, place) => (changes[place]?.change === 'remove' ? undefined : record));
    return { committed: true, records };
  } catch (error) {
    if (error instanceof WriteRefused) return { committed: false, failed: error.place };
    throw error;
  }
}

function prepare<Write>(tables: RecordTables<Write>, change: Change): Write {
  const { kind, id } = change;
  switch (change.change) {
    case 'create':
      return tables.create(checkCreate(kind, id, change.value, change));
    case 'compareAndSet':
      return tables.update(checkUpdate(kind, id, change.version, change.value, change));
    case 'remove':
      // What cannot be stored is not there; nor is an id without any character, and that every store can look up.
      return areStorable(kind, id) ? tables.remove(kind, id, change.version) : tables.remove('', '');
  }
}

function checkCreate(
  kind: string,
  id: string,
  value: RecordValue,
  { indexes = {}, uniqueKey, expiresAt }: CreateOptions,
): CheckedRecord {
  checkNames({ kind, id, 'unique key': uniqueKey });
  checkIndexes(indexes);
  checkTime('expiry', expiresAt);
  return { kind, id, text: writeJson(value), indexes, uniqueKey, expiresAt };
}

function checkUpdate(
  kind: string,
  id: string,
  version: number,
  value: RecordValue,
  { indexes, uniqueKey, expiresAt }: UpdateOptions,
): CheckedUpdate {
  checkNames({ kind, id, 'unique key': uniqueKey ?? undefined });
  if (indexes) checkIndexes(indexes);
  checkTime('expiry', expiresAt);
  return {
    kind,
    id,
    version,
    text: writeJson(value),
    ...(indexes && { indexes }),
    ...(uniqueKey !== undefined && { uniqueKey }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** @param row - with the columns of the table `records`. */
export function toRecord(row: Row): StoredRecord {
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
function areStorable(...names: readonly string[]): boolean {
  return names.every(isStorableName);
}
