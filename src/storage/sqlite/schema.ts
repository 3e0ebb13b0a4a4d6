/** The tables of the embedded store, made once, and how an older file becomes a newer one. */
import { GatewayError } from '../../errors.ts';
import type { SqlDatabase } from './driver.ts';

/** "PLGB": says whose file it is, as https://www.sqlite.org/pragma.html#pragma_application_id provides. */
const applicationId = 0x504c4742;

/** One step per version of the schema. Steps are never edited once released, only added. */
const steps: readonly string[] = [
  `
  CREATE TABLE counter (value INTEGER NOT NULL) STRICT;
  INSERT INTO counter VALUES (0);

  CREATE TABLE records (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    value TEXT NOT NULL,
    indexes TEXT NOT NULL,
    unique_key TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (kind, id)
  ) STRICT;
  CREATE UNIQUE INDEX records_by_unique_key ON records (kind, unique_key) WHERE unique_key IS NOT NULL;
  CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE record_indexes (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (kind, name, value, id),
    FOREIGN KEY (kind, id) REFERENCES records (kind, id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX record_indexes_by_record ON record_indexes (kind, id);

  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    held_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // The logs of feeds. `at` = number of the feed << 40 | number within the feed: the rows of one feed lie side by side,
  // so that a page is one range, and large rows stay whole, which they do not in a table without rowid.
  `
  CREATE TABLE feeds (
    feed INTEGER PRIMARY KEY CHECK (feed < 8388608),
    id TEXT UNIQUE,
    fence INTEGER NOT NULL,
    version INTEGER NOT NULL,
    progress TEXT,
    last_place INTEGER NOT NULL,
    oldest_place INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    staged_count INTEGER NOT NULL,
    parked_count INTEGER NOT NULL,
    change INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX feeds_by_change ON feeds (change);

  CREATE TABLE feed_events (
    at INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    occurred_at INTEGER,
    size INTEGER NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL
  ) STRICT;

  CREATE TABLE feed_seen (
    feed INTEGER NOT NULL,
    signature TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (feed, signature)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE feed_staged (
    at INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL,
    signature TEXT NOT NULL,
    occurred_at INTEGER,
    size INTEGER NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    UNIQUE (feed, signature)
  ) STRICT;

  CREATE TABLE feed_parked (
    at INTEGER PRIMARY KEY,
    parked_at INTEGER NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    signature TEXT,
    payload TEXT
  ) STRICT;

  CREATE TABLE feed_deliveries (
    feed INTEGER NOT NULL,
    delivery TEXT NOT NULL,
    held_until INTEGER NOT NULL,
    UNIQUE (feed, delivery)
  ) STRICT;
  CREATE INDEX feed_deliveries_by_time ON feed_deliveries (held_until);
  `,
];

/**
 * Brings the file up to date. Call it while nobody else writes (`BEGIN IMMEDIATE`): of several processes that start at
 * once, the first makes the tables and the others find them.
 *
 * @throws GatewayError STORE_TOO_NEW or STORE_FOREIGN, and leaves the file as it is.
 */
export function migrate(database: SqlDatabase, file: string): void {
  const version = checkOrigin(database, file);
  for (const step of steps.slice(version)) database.exec(step);
  if (version === steps.length) return;
  database.exec(`PRAGMA application_id = ${applicationId}`);
  database.exec(`PRAGMA user_version = ${steps.length}`);
}

/**
 * The version of the schema in the file, 0 when it is empty. It only reads.
 *
 * @throws GatewayError STORE_TOO_NEW or STORE_FOREIGN
 */
export function checkOrigin(database: SqlDatabase, file: string): number {
  const version = readNumber(database, 'PRAGMA user_version');
  const isOurs = readNumber(database, 'PRAGMA application_id') === applicationId;
  if (!isOurs && (version > 0 || readNumber(database, 'SELECT count(*) FROM sqlite_schema') > 0)) {
    throw new GatewayError(
      'STORE_FOREIGN',
      `${file} is the database of another program, so it was left alone. Name another file for the store.`,
    );
  }
  if (version > steps.length) {
    throw new GatewayError(
      'STORE_TOO_NEW',
      `${file} was made by a newer Plugboard (schema ${version}; this one knows ${steps.length}), so it was left alone. Run the newer version, or restore an older copy.`,
    );
  }
  return version;
}

function readNumber(database: SqlDatabase, sql: string): number {
  return Number(Object.values(database.prepare(sql).get([]) ?? {})[0] ?? 0);
}
