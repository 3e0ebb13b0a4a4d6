/** The connections to one PostgreSQL database: statements and transactions, with every fault in our own words. */
import { performance } from 'node:perf_hooks';
// Not the global one: a test with a fake clock must not stop the store.
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../errors.ts';
import type { Pool, PoolClient } from './pg-driver.ts';
import type { Pulse } from './pulse.ts';
import { isForAMoment, isUndone, SqlFault, storeError } from './store-error.ts';

export type SqlValue = string | number | boolean | null | Buffer | readonly (string | number | null | Buffer)[];
/** Numbers of 64 bits come as text. */
export type SqlRow = Readonly<Record<string, string | number | boolean | null>>;

export interface SqlAnswer {
  readonly rows: readonly SqlRow[];
  /** Rows that were read or changed. */
  readonly count: number;
}

/** Runs a statement. `now_ms()` in it is the clock of the store, at one moment for the whole statement. */
export interface Sql {
  ask(text: string, values?: readonly SqlValue[]): Promise<SqlAnswer>;
}

/** So long somebody is tried again who met others; longer than any of them works. */
const meetLimitMs = 10_000;
/** So long one waits for a connection while the server has none left: those that we have come back meanwhile. */
const connectionLimitMs = 5000;
/** A sub-select, so that it is asked once and an index can be used with it. */
const databaseClock = '(SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)';

export class PostgresDatabase {
  readonly #pool: Pool;
  readonly #now: (() => number) | undefined;
  readonly #pulse: Pulse | undefined;
  readonly #statements = new Map<string, { readonly name: string; readonly text: string }>();
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** `now` stands for the clock of the database, for tests. With a `pulse` nothing waits for a server that is away. */
  constructor(pool: Pool, now?: () => number, pulse?: Pulse) {
    this.#pool = pool;
    this.#now = now;
    this.#pulse = pulse;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** One statement that changes nothing; asked again when its connection is lost. */
  read(text: string, values: readonly SqlValue[] = []): Promise<SqlAnswer> {
    return this.#track('read', async () => {
      for (let isFirst = true; ; isFirst = false) {
        try {
          return await this.#withClient((sql) => sql.ask(text, values));
        } catch (error) {
          if (!isFirst || !(error instanceof LostStatement)) throw error;
        }
      }
    });
  }

  /** One statement that changes something, at once for all. When it was answered it is on the disk. */
  write(text: string, values: readonly SqlValue[] = []): Promise<SqlAnswer> {
    return this.#track('write', () => this.#untilAlone(() => this.#withClient((sql) => sql.ask(text, values))));
  }

  /**
   * What `work` gives, after all that it wrote is on the disk; when it throws, nothing was written. It may run more
   * than once. Each of its statements sees what was committed before that statement.
   */
  transact<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#track('write', async () => {
      for (let isFirst = true; ; isFirst = false) {
        try {
          return await this.#untilAlone(() => this.#withClient((sql) => transactOnce(sql, work)));
        } catch (error) {
          // Before COMMIT was sent nothing has happened, so it is done again on another connection.
          if (!isFirst || !(error instanceof LostStatement) || error.isCommit) throw error;
        }
      }
    });
  }

  /** Lets what is under way end. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
      await this.#pool.end();
    })();
    return this.#closing;
  }

  async #track<T>(during: 'read' | 'write', work: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw new GatewayError('STORE_UNAVAILABLE', 'The store is closed: the gateway is stopping.');
    const working = work();
    this.#underWay.add(working);
    try {
      return await working;
    } catch (error) {
      throw storeError(error, during);
    } finally {
      this.#underWay.delete(working);
    }
  }

  /** Does it again when it met others and was undone: https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html */
  async #untilAlone<T>(work: () => Promise<T>): Promise<T> {
    const until = performance.now() + meetLimitMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isUndone(error) || performance.now() > until) throw error;
      }
      await sleep(2 + Math.random() * 20);
    }
  }

  async #withClient<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    let isLost = false;
    const ask: Sql['ask'] = async (text, values = []) => {
      try {
        const { rows, rowCount } = await client.query({ ...this.#statement(text), values: [...values] });
        return { rows: rows as SqlRow[], count: rowCount ?? 0 };
      } catch (error) {
        const fault = new SqlFault(error);
        isLost ||= fault.isLost;
        throw fault.isLost ? new LostStatement(error, text === 'COMMIT') : fault;
      }
    };
    try {
      return await work({ ask });
    } finally {
      release(client, isLost);
    }
  }

  async #connect(): Promise<PoolClient> {
    const until = performance.now() + connectionLimitMs;
    for (;;) {
      await this.#pulse?.untilThere();
      try {
        return await this.#pool.connect();
      } catch (error) {
        const fault = new SqlFault(error);
        if (!isForAMoment(fault) || performance.now() > until) throw fault;
      }
      await sleep(20 + Math.random() * 80);
    }
  }

  /** Prepared once per connection; not with a clock of our own, whose time stands in the text. */
  #statement(text: string): { readonly name?: string; readonly text: string } {
    if (this.#now) return { text: text.replaceAll('now_ms()', `${this.#now()}::bigint`) };
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = { name: `s${this.#statements.size}`, text: text.replaceAll('now_ms()', databaseClock) };
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

/** A statement whose answer was lost with its connection. */
class LostStatement extends SqlFault {
  readonly isCommit: boolean;
  constructor(error: unknown, isCommit: boolean) {
    super(error);
    this.isCommit = isCommit;
  }
}

async function transactOnce<T>(sql: Sql, work: (sql: Sql) => Promise<T>): Promise<T> {
  await sql.ask('BEGIN');
  try {
    const result = await work(sql);
    await sql.ask('COMMIT');
    return result;
  } catch (error) {
    // A connection that is lost is thrown away, and with it what it began.
    if (!(error instanceof LostStatement)) await sql.ask('ROLLBACK');
    throw error;
  }
}

function release(client: PoolClient, isLost: boolean): void {
  client.release(isLost);
}
