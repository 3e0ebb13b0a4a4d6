/** The embedded store: one SQLite file, or memory, for one process or several on one machine. */
import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, type ErrorCode } from '../../errors.ts';
import type { Store } from '../store.ts';
import { openConnection, SqliteDatabase } from './database.ts';
import { failureCode, type SqlDatabase, type SqliteDriver } from './driver.ts';
import { findDriver } from './find-driver.ts';
import { checkOrigin, migrate } from './schema.ts';
import { createSqliteFeedLog } from './sqlite-feed-log.ts';
import { createSqliteLeases } from './sqlite-leases.ts';
import { createSqliteRecords } from './sqlite-records.ts';
import { createSqliteTables } from './sqlite-tables.ts';
import { isBusy } from './store-error.ts';

export interface SqliteStoreOptions {
  /** Path of the file, made with its folder when absent and readable by its owner only; `:memory:` keeps nothing. */
  readonly file: string;
  /** Default: Node's own SQLite where there is one, else libsql. */
  readonly driver?: SqliteDriver;
  /** The clock of the store, in milliseconds since 1970. Default: that of the machine, which all its processes share. */
  readonly now?: () => number;
}

const openLimitMs = 15_000;

/**
 * Opens the store, and makes or upgrades its tables; any number of processes may do so at once.
 *
 * @throws GatewayError STORE_FOREIGN, STORE_TOO_NEW, STORE_CORRUPT, STORE_READ_ONLY, STORE_FULL, STORE_UNAVAILABLE or
 * STORE_DRIVER_MISSING; the message names the file, for it goes to the operator at start.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, driver = await findDriver(), now = Date.now } = options;
  const database = await openDatabase(driver, file);
  return {
    records: createSqliteRecords(database, now),
    leases: createSqliteLeases(database, now),
    feedLog: createSqliteFeedLog(database, now),
    tables: createSqliteTables(database),
    // A file is always there; what fails with it fails where it is asked.
    isAvailable: () => !database.isClosed,
    close: () => database.close(),
  };
}

async function openDatabase(driver: SqliteDriver, file: string): Promise<SqliteDatabase> {
  const isFile = file !== ':memory:';
  const until = performance.now() + openLimitMs;
  for (;;) {
    try {
      if (isFile) keepPrivate(file);
      return new SqliteDatabase(openReady(driver, file));
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw openError(error, file);
    }
    await sleep(10 + Math.random() * 40);
  }
}

/** Readable by the owner only, from the first byte on; SQLite gives its `-wal` and `-shm` the mode of the file. */
function keepPrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      chmodSync(path, 0o600);
    } catch {
      // Absent, or another user's file: its owner has decided.
    }
  }
  // SQLite would open it all the same, and fail at the first write; its log is a new file in the folder.
  accessSync(file, constants.R_OK | constants.W_OK);
  accessSync(dirname(file), constants.W_OK);
}

function openReady(driver: SqliteDriver, file: string): SqlDatabase {
  const database = openConnection(driver, file);
  try {
    // Before anything is written: another program's database stays as it is.
    checkOrigin(database, file);
    database.prepare('PRAGMA journal_mode = WAL').get([]);
    database.exec('BEGIN IMMEDIATE');
    migrate(database, file);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const reasons: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  5: ['STORE_UNAVAILABLE', 'another process has kept it locked'],
  8: ['STORE_READ_ONLY', 'it, or its folder, is read-only'],
  11: ['STORE_CORRUPT', 'it is damaged; restore the last good copy'],
  13: ['STORE_FULL', 'its disk is full'],
  26: ['STORE_FOREIGN', 'it is no SQLite database; it was left alone. Name another file for the store'],
  EACCES: ['STORE_READ_ONLY', 'this user may not read and write it and its folder'],
  EROFS: ['STORE_READ_ONLY', 'its disk is read-only'],
  ENOSPC: ['STORE_FULL', 'its disk is full'],
  EISDIR: ['STORE_UNAVAILABLE', 'it is a folder'],
};

function openError(error: unknown, file: string): unknown {
  if (error instanceof GatewayError) return error;
  const reason = failureCode(error) ?? systemCode(error);
  const [code, words] = reasons[reason ?? ''] ?? ['STORE_UNAVAILABLE', `the system answered ${reason ?? 'nothing'}`];
  return new GatewayError(code, `The store ${file} cannot be opened: ${words}.`, { cause: error });
}

/** e.g. `EACCES`, of making the folder or the file. */
function systemCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
