/** The store that several replicas share: one schema of a PostgreSQL database. */
import { performance } from 'node:perf_hooks';
// Not the global one: a test with a fake clock must not stop the store.
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, type ErrorCode } from '../../errors.ts';
import type { Store } from '../store.ts';
import { PostgresDatabase } from './database.ts';
import { loadPg, type ClientConfig, type Pool } from './pg-driver.ts';
import { createPostgresFeedLog } from './postgres-feed-log.ts';
import { createPostgresLeases } from './postgres-leases.ts';
import { createPostgresRecords } from './postgres-records.ts';
import { migrate } from './schema.ts';
import { codeOf, SqlFault } from './store-error.ts';
import { createLogWatch } from './watch-log.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=…` where the server asks for it. */
  readonly url: string;
  /** Made when absent; nothing else may be in it. Default `plugboard`. */
  readonly schema?: string;
  /** Connections at most, of each of two pools: records with leases, and the logs of feeds. Default 10. */
  readonly poolSize?: number;
  /** So long a statement may take, the wait for locks included. Default 10 000. */
  readonly statementTimeoutMs?: number;
  /** The clock of the store, in milliseconds since 1970. Default: that of the database, which all replicas share. */
  readonly now?: () => number;
}

interface Opening {
  readonly schema: string;
  readonly now: (() => number) | undefined;
  readonly openPool: () => Pool;
}

/** A server that starts, or that has no connection left for a moment, is waited for. */
const openLimitMs = 15_000;
/** Nothing that is well answers later. */
const connectTimeoutMs = 5000;
/** Features that we use are in all versions that are still maintained. */
const oldestServer = 130_000;

/**
 * Opens the store, and makes or upgrades its tables; any number of replicas may do so at once.
 *
 * @throws GatewayError STORE_UNAVAILABLE, STORE_FOREIGN, STORE_TOO_NEW, STORE_READ_ONLY or STORE_DRIVER_MISSING; the
 * message names the server and the database, for it goes to the operator at start, and never the user or the password.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { schema = 'plugboard', poolSize = 10, statementTimeoutMs = 10_000, now } = options;
  const url = readUrl(options.url, schema);
  const driver = await loadPg();
  const config = { ...connectionConfig(url, statementTimeoutMs), connectionTimeoutMillis: connectTimeoutMs };
  const opening = { schema, now, openPool: () => driver.openPool({ ...config, max: poolSize, min: 1 }) };
  const database = await openDatabase(opening, url);
  // Refreshes and leases do not wait behind a storm of events.
  const logDatabase = new PostgresDatabase(opening.openPool(), now);
  const logWatch = createLogWatch(logDatabase, () => driver.openClient(config), schema);
  return {
    records: createPostgresRecords(database),
    leases: createPostgresLeases(database),
    feedLog: createPostgresFeedLog(logDatabase, logWatch),
    async close() {
      await logWatch.close();
      await Promise.all([database.close(), logDatabase.close()]);
    },
  };
}

/** @throws GatewayError STORE_UNAVAILABLE; without its cause, which would hold the password. */
function readUrl(text: string, schema: string): URL {
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw new GatewayError(
      'STORE_UNAVAILABLE',
      `The schema of a store is 1–48 of a–z, 0–9 and _, and begins with a letter; got "${schema}".`,
    );
  }
  if (/^postgres(ql)?:/.test(text) && URL.canParse(text)) {
    const url = new URL(text);
    // Where the tables are, for every statement; options that the operator gave come first.
    const options = [url.searchParams.get('options'), `-c search_path=${schema}`].filter(Boolean);
    url.searchParams.set('options', options.join(' '));
    return url;
  }
  throw new GatewayError(
    'STORE_UNAVAILABLE',
    'The URL of the store cannot be read: expected postgres://user:password@host:port/database, with signs such as @ / # in user and password as %40 %2F %23.',
  );
}

/** The limits hold on the server as well, so that a replica that stands still keeps nobody from working. */
function connectionConfig(url: URL, statementTimeoutMs: number): ClientConfig {
  return {
    connectionString: url.href,
    application_name: 'plugboard',
    statement_timeout: statementTimeoutMs,
    // For a server that does not answer at all.
    query_timeout: statementTimeoutMs + 2000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

async function openDatabase({ schema, now, openPool }: Opening, url: URL): Promise<PostgresDatabase> {
  const until = performance.now() + openLimitMs;
  for (;;) {
    const database = new PostgresDatabase(openPool(), now);
    try {
      await checkServer(database);
      await migrate(database, schema);
      return database;
    } catch (error) {
      await database.close();
      const state = stateOf(error);
      const isForAMoment = state === '57P03' || state === '53300';
      if (!isForAMoment || performance.now() > until) throw openError(error, url);
    }
    await sleep(100 + Math.random() * 200);
  }
}

async function checkServer(database: PostgresDatabase): Promise<void> {
  const { rows } = await database.read(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`,
  );
  const { version, encoding } = rows[0] ?? {};
  if (Number(version) >= oldestServer && encoding === 'UTF8') return;
  throw new GatewayError(
    'STORE_UNAVAILABLE',
    `The store needs PostgreSQL 13 or newer and a database in UTF8; this is ${String(version)} in ${String(encoding)}.`,
  );
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing answers there',
  ENOTFOUND: 'no such host is known',
  EAI_AGAIN: 'the name of its host could not be looked up',
  '28P01': 'the server refuses its user or password',
  '28000': 'the server refuses its user or the way it connects',
  '3D000': 'the server has no such database. Make it with CREATE DATABASE',
  '42501': 'its user may not make or use its tables. Grant it CREATE on the database',
  '25006': 'the server is read-only, as a standby is. Name the primary',
  '53300': 'the server has no connection left for us. Raise max_connections, or give each replica fewer',
  '57P03': 'the server is starting or stopping',
};

function openError(error: unknown, url: URL): unknown {
  const state = stateOf(error);
  if (state === undefined) return error;
  const code: ErrorCode = codeOf(state);
  const words = reasons[state] ?? `it answered ${state || 'nothing'}`;
  const where = `${url.hostname}${url.port && `:${url.port}`}${url.pathname}`;
  return new GatewayError(code, `The store at ${where} cannot be opened: ${words}.`, { cause: error });
}

/** What PostgreSQL or the system said; `undefined` for what is ours. */
function stateOf(error: unknown): string | undefined {
  const { cause } = error instanceof GatewayError ? error : {};
  return cause instanceof SqlFault ? cause.state : undefined;
}
