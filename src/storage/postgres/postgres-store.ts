/** The store that several replicas share: one schema of a PostgreSQL database. */
import { performance } from 'node:perf_hooks';
// Not the global one: a test with a fake clock must not stop the store.
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, type ErrorCode } from '../../errors.ts';
import type { Store } from '../store.ts';
import { checkServer } from './check-server.ts';
import { PostgresDatabase } from './database.ts';
import { createCuttable, loadPg, type ClientConfig, type Pool } from './pg-driver.ts';
import { createPostgresFeedLog } from './postgres-feed-log.ts';
import { createPostgresLeases } from './postgres-leases.ts';
import { createPostgresRecords } from './postgres-records.ts';
import { createPostgresTables } from './postgres-tables.ts';
import { createPulse } from './pulse.ts';
import { migrate } from './schema.ts';
import { codeOf, isForAMoment, SqlFault } from './store-error.ts';
import { createLogWatch, readLogMark } from './watch-log.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=…` where the server asks for it, and `schema=…`. */
  readonly url: string;
  /** Made when absent; nothing else may be in it. Default: what the URL names, else `plugboard`. */
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
/** So long one waits for a connection, also for one that others have; a server that is away is noticed sooner by the pulse. */
const connectTimeoutMs = 10_000;
/**
 * Opens the store, and makes or upgrades its tables; any number of replicas may do so at once.
 *
 * @throws GatewayError STORE_UNAVAILABLE, STORE_FOREIGN, STORE_TOO_NEW, STORE_READ_ONLY or STORE_DRIVER_MISSING; the
 * message names the server and the database, for it goes to the operator at start, and never the user or the password.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { poolSize = 10, statementTimeoutMs = 10_000, now } = options;
  const { url, schema } = readUrl(options.url, options.schema);
  const driver = await loadPg();
  const { stream, cut } = createCuttable();
  const config = { ...connectionConfig(url, statementTimeoutMs), connectionTimeoutMillis: connectTimeoutMs, stream };
  const openPool = () => driver.openPool({ ...config, max: poolSize, min: 1 });
  await makeReady({ schema, now, openPool }, url);
  const pulse = createPulse({
    openClient(connectionTimeoutMillis) {
      const own = createCuttable();
      return { client: driver.openClient({ ...config, connectionTimeoutMillis, stream: own.stream }), cut: own.cut };
    },
    onSilence: cut,
  });
  const database = new PostgresDatabase(openPool(), now, pulse);
  // Refreshes and leases do not wait behind a storm of events.
  const logDatabase = new PostgresDatabase(openPool(), now, pulse);
  const logWatch = createLogWatch(logDatabase, () => driver.openClient(config), schema, await readLogMark(logDatabase));
  return {
    records: createPostgresRecords(database, now),
    leases: createPostgresLeases(database),
    feedLog: createPostgresFeedLog(logDatabase, logWatch),
    tables: createPostgresTables(database),
    isAvailable: () => !database.isClosed && pulse.isThere(),
    async close() {
      await logWatch.close();
      await Promise.all([database.close(), logDatabase.close()]);
      await pulse.close();
    },
  };
}

/** @throws GatewayError STORE_UNAVAILABLE; without its cause, which would hold the password. */
function readUrl(text: string, given: string | undefined): { readonly url: URL; readonly schema: string } {
  if (/^postgres(ql)?:/.test(text) && URL.canParse(text)) {
    const url = new URL(text);
    const schema = given ?? url.searchParams.get('schema') ?? 'plugboard';
    checkSchema(schema);
    url.searchParams.delete('schema');
    // Where the tables are, for every statement; options that the operator gave come first.
    const options = [url.searchParams.get('options'), `-c search_path=${schema}`].filter(Boolean);
    url.searchParams.set('options', options.join(' '));
    return { url, schema };
  }
  throw new GatewayError(
    'STORE_UNAVAILABLE',
    'The URL of the store cannot be read: expected postgres://user:password@host:port/database, with signs such as @ / # in user and password as %40 %2F %23.',
  );
}

function checkSchema(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw new GatewayError(
      'STORE_UNAVAILABLE',
      `The schema of a store is 1–48 of a–z, 0–9 and _, and begins with a letter; got "${schema}".`,
    );
  }
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

async function makeReady({ schema, now, openPool }: Opening, url: URL): Promise<void> {
  const until = performance.now() + openLimitMs;
  for (;;) {
    const database = new PostgresDatabase(openPool(), now);
    try {
      await checkServer(database);
      await migrate(database, schema);
      return;
    } catch (error) {
      const fault = faultOf(error);
      if (!fault || !isForAMoment(fault) || performance.now() > until) throw openError(error, url);
    } finally {
      await database.close();
    }
    await sleep(100 + Math.random() * 200);
  }
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
  const state = faultOf(error)?.state;
  if (state === undefined) return error;
  const code: ErrorCode = codeOf(state);
  const words = reasons[state] ?? `it answered ${state || 'nothing'}`;
  const where = `${url.hostname}${url.port && `:${url.port}`}${url.pathname}`;
  return new GatewayError(code, `The store at ${where} cannot be opened: ${words}.`, { cause: error });
}

/** What PostgreSQL or the system said; `undefined` for what is ours. */
function faultOf(error: unknown): SqlFault | undefined {
  const { cause } = error instanceof GatewayError ? error : {};
  return cause instanceof SqlFault ? cause : undefined;
}
