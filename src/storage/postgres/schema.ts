/** The tables of a store on PostgreSQL, made once by whoever starts first, and how an older store becomes a newer one. */
import { GatewayError } from '../../errors.ts';
import type { PostgresDatabase, Sql } from './database.ts';

/**
 * One step per version of the schema. Steps are never edited once released, only added. Names are kept as bytes
 * (`COLLATE "C"`): their order is that of UTF-8, and no new version of a language's rules breaks an index.
 */
const steps: readonly (readonly string[])[] = [
  [
    // The source of versions, fences and the ids of parked events: it only grows.
    'CREATE SEQUENCE numbers',
    `CREATE TABLE records (
      kind text COLLATE "C" NOT NULL,
      id text COLLATE "C" NOT NULL,
      version bigint NOT NULL,
      value text NOT NULL,
      indexes text NOT NULL,
      entries bytea[] NOT NULL,
      unique_key text COLLATE "C",
      created_at bigint NOT NULL,
      updated_at bigint NOT NULL,
      expires_at bigint,
      PRIMARY KEY (kind, id)
    )`,
    'CREATE UNIQUE INDEX records_by_unique_key ON records (kind, unique_key) WHERE unique_key IS NOT NULL',
    'CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL',
    // An entry is the digest of kind, name and value: those may be longer than a row of an index.
    `CREATE TABLE record_indexes (
      entry bytea NOT NULL,
      id text COLLATE "C" NOT NULL,
      PRIMARY KEY (entry, id)
    )`,
    `CREATE TABLE leases (
      name text COLLATE "C" PRIMARY KEY,
      owner text NOT NULL,
      fence bigint NOT NULL,
      held_until bigint NOT NULL
    )`,
    'CREATE INDEX leases_by_time ON leases (held_until)',
  ],
  // The logs of feeds. All rows of a feed stand under its short number, so that a page is one range of one index, which
  // is all that 10⁸ events need; what is forgotten is cleared away early, for whole ranges go at once.
  [
    `CREATE TABLE feeds (
      feed bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text COLLATE "C" UNIQUE,
      fence bigint NOT NULL DEFAULT 0,
      version bigint NOT NULL DEFAULT 0,
      progress text,
      last_place bigint NOT NULL DEFAULT 0,
      oldest_place bigint NOT NULL DEFAULT 1,
      last_number bigint NOT NULL DEFAULT 0,
      seen_count bigint NOT NULL DEFAULT 0,
      staged_count bigint NOT NULL DEFAULT 0,
      parked_count bigint NOT NULL DEFAULT 0,
      change xid8 NOT NULL DEFAULT pg_current_xact_id()
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`,
    'CREATE INDEX feeds_by_change ON feeds (change)',
    'CREATE INDEX feeds_removed ON feeds (feed) WHERE id IS NULL',
    `CREATE TABLE feed_events (
      feed bigint NOT NULL,
      place bigint NOT NULL,
      received_at bigint NOT NULL,
      occurred_at bigint,
      size integer NOT NULL,
      id text NOT NULL,
      payload text NOT NULL,
      PRIMARY KEY (feed, place)
    ) WITH (autovacuum_vacuum_scale_factor = 0.02)`,
    `CREATE TABLE feed_seen (
      feed bigint NOT NULL,
      signature text COLLATE "C" NOT NULL,
      number bigint NOT NULL,
      PRIMARY KEY (feed, signature)
    ) WITH (autovacuum_vacuum_scale_factor = 0.02)`,
    `CREATE TABLE feed_staged (
      feed bigint NOT NULL,
      number bigint NOT NULL,
      signature text COLLATE "C" NOT NULL,
      occurred_at bigint,
      size integer NOT NULL,
      id text NOT NULL,
      payload text NOT NULL,
      PRIMARY KEY (feed, number),
      UNIQUE (feed, signature)
    )`,
    `CREATE TABLE feed_parked (
      feed bigint NOT NULL,
      number bigint NOT NULL,
      parked_at bigint NOT NULL,
      code text NOT NULL,
      reason text NOT NULL,
      signature text,
      payload text,
      PRIMARY KEY (feed, number)
    )`,
    `CREATE TABLE feed_deliveries (
      feed bigint NOT NULL,
      delivery text COLLATE "C" NOT NULL,
      held_until bigint NOT NULL,
      PRIMARY KEY (feed, delivery)
    )`,
    'CREATE INDEX feed_deliveries_by_time ON feed_deliveries (held_until)',
  ],
];

/**
 * Brings the schema up to date in one transaction, so that it is never half done; those who start meanwhile wait.
 *
 * @throws GatewayError STORE_TOO_NEW or STORE_FOREIGN, and leaves the database as it is.
 */
export async function migrate(database: PostgresDatabase, schema: string): Promise<void> {
  // Nothing is locked and no right to make tables is needed where nothing is to do.
  if ((await readVersion({ ask: (text, values) => database.read(text, values) }, schema)) === steps.length) return;
  await database.transact(async (sql) => {
    await sql.ask(`SET LOCAL statement_timeout = '60s'`);
    await sql.ask('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`plugboard migrate ${schema}`]);
    const version = await readVersion(sql, schema);
    if (version === steps.length) return;
    if (version === undefined) {
      await sql.ask(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
      await sql.ask(`CREATE TABLE "${schema}".plugboard_schema (version integer NOT NULL)`);
      await sql.ask(`INSERT INTO "${schema}".plugboard_schema VALUES (0)`);
    }
    for (const statement of steps.slice(version ?? 0).flat()) await sql.ask(statement);
    await sql.ask(`UPDATE "${schema}".plugboard_schema SET version = $1`, [steps.length]);
  });
}

/** The version of the tables; `undefined` when there are none. */
async function readVersion(sql: Sql, schema: string): Promise<number | undefined> {
  const { rows } = await sql.ask(
    // Of the tables, not by `to_regclass`, which would not see what was made while this transaction waited.
    `SELECT count(*) > 0 AS is_used, count(*) FILTER (WHERE relname = 'plugboard_schema') > 0 AS is_ours
     FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1`,
    [schema],
  );
  if (rows[0]?.is_ours !== true) {
    if (rows[0]?.is_used !== true) return undefined;
    throw new GatewayError(
      'STORE_FOREIGN',
      `The schema "${schema}" of the database is that of another program, so it was left alone. Name another database for the store.`,
    );
  }
  const answer = await sql.ask(`SELECT version FROM "${schema}".plugboard_schema`);
  const version = Number(answer.rows[0]?.version);
  if (version <= steps.length) return version;
  throw new GatewayError(
    'STORE_TOO_NEW',
    `The schema "${schema}" was made by a newer Plugboard (schema ${version}; this one knows ${steps.length}), so it was left alone. Run the newer version, or restore an older copy.`,
  );
}
