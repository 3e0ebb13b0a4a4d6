/** One open SQLite file: reads, and writes that share their commits, with every fault in our own words. */
import { performance } from 'node:perf_hooks';
// Not the global ones: a test with a fake clock must not stop the store.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../errors.ts';
import { failureCode, failureMessage, type SqlDatabase, type SqliteDriver, type SqlStatement } from './driver.ts';
import { isBusy, storeError } from './store-error.ts';

/** What a piece of work gets: statements, prepared once. */
export interface Sql {
  prepare(sql: string): SqlStatement;
}

/** Synchronous, so that nothing of this process comes between its steps. It may run more than once. */
export type Work<T> = (sql: Sql) => T;

interface Job {
  run(sql: Sql): () => void;
  fail(error: unknown): void;
}

/**
 * So long an operation waits for other processes before it is STORE_UNAVAILABLE. SQLite's own waiting stops the whole
 * process, so it waits for a moment only and we wait for the rest.
 */
const busyLimitMs = 10_000;
const busyTimeoutMs = 20;
/** Writes that share one commit at most: they hold the process up together. */
const maxGroupSize = 128;

/**
 * The writes that were asked for in one turn of the event loop share one transaction and so one flush to the disk,
 * which is nearly all that a write costs; each is undone alone when it fails alone, and is answered after the commit.
 */
export class SqliteDatabase implements Sql {
  readonly #database: SqlDatabase;
  readonly #statements = new Map<string, SqlStatement>();
  #queue: Job[] = [];
  #writing: Promise<void> | undefined;
  #isHalfDone = false;
  #isClosed = false;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  prepare(sql: string): SqlStatement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  /** What `work` reads; it sees every write that was answered. */
  async read<T>(work: Work<T>): Promise<T> {
    const until = performance.now() + busyLimitMs;
    for (;;) {
      if (this.#isClosed) throw closedError();
      try {
        this.#mend();
        return work(this);
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) throw storeError(error, 'read');
      }
      await sleep(pauseMs());
    }
  }

  /** What `work` gives, after all that it wrote is on the disk. When it throws, nothing was written. */
  write<T>(work: Work<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closedError());
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        run(sql) {
          const result = work(sql);
          return () => resolve(result);
        },
        fail: reject,
      });
      this.#writing ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing;
    try {
      // So that the file alone is the whole store, e.g. for a copy. Other processes that still read it come first.
      this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get([]);
    } catch {
      // The log is as good as the file; whoever opens the store next reads both.
    }
    this.#statements.clear();
    this.#database.close();
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // The other writes of this turn of the event loop come along.
      await nextTurn();
      await this.#commitTogether(this.#queue.splice(0, maxGroupSize));
    }
    this.#writing = undefined;
  }

  async #commitTogether(jobs: readonly Job[]): Promise<void> {
    const until = performance.now() + busyLimitMs;
    for (;;) {
      try {
        for (const settle of this.#transact(jobs)) settle();
        return;
      } catch (error) {
        const isOver = !isBusy(error) || performance.now() > until;
        if (isOver && (jobs.length === 1 || isBusy(error))) {
          for (const job of jobs) job.fail(storeError(error, 'write'));
          return;
        }
        if (isOver) break;
      }
      await sleep(pauseMs());
    }
    // One of them broke the transaction of all, as one that is too large for the disk does: each has its own now.
    for (const job of jobs) await this.#commitTogether([job]);
  }

  /**
   * Always IMMEDIATE: a transaction that reads first and writes later fails at once when another process wrote in
   * between, and leaves libsql's connection unusable.
   */
  #transact(jobs: readonly Job[]): readonly (() => void)[] {
    this.#mend();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const settlings = jobs.map((job) => this.#runAlone(job));
      this.#database.exec('COMMIT');
      return settlings;
    } catch (error) {
      this.#isHalfDone = true;
      try {
        this.#mend();
      } catch {
        // Whoever comes next tries again, before anything else.
      }
      throw error;
    }
  }

  #runAlone(job: Job): () => void {
    this.#database.exec('SAVEPOINT job');
    try {
      const settle = job.run(this);
      this.#database.exec('RELEASE job');
      return settle;
    } catch (error) {
      // After a fault of SQLite's own the transaction may be gone, so it is not for this job to go on.
      if (failureCode(error) !== undefined) throw error;
      this.#database.exec('ROLLBACK TO job');
      this.#database.exec('RELEASE job');
      return () => job.fail(error);
    }
  }

  /** Undoes what a failed transaction left; until that is done nothing is read, for what was never committed would be seen. */
  #mend(): void {
    if (!this.#isHalfDone) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch (error) {
      // SQLite may have done it by itself, as it does when the disk is full.
      if (!failureMessage(error).includes('no transaction is active')) throw error;
    }
    this.#isHalfDone = false;
  }
}

/** Opens with the pragmas that every connection needs, whatever is in the file. */
export function openConnection(driver: SqliteDriver, file: string): SqlDatabase {
  const database = driver.open(file);
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  // Every commit is on the disk before it is answered: https://www.sqlite.org/pragma.html#pragma_synchronous
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA foreign_keys = ON');
  // What was removed is overwritten, not only forgotten: a disconnected account leaves no sealed token behind.
  database.exec('PRAGMA secure_delete = ON');
  return database;
}

/** Spread, so that processes that met once do not meet again. */
function pauseMs(): number {
  return 2 + Math.random() * 20;
}

function closedError(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'The store is closed: the gateway is stopping.');
}
