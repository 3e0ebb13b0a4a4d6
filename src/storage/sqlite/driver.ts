/** The one small synchronous way to SQLite that the embedded store needs, over whichever package there is. */

/** What is bound and what comes back: booleans and `undefined` are not among it, because the drivers disagree on them. */
export type SqlValue = string | number | null;

/** A row, by column. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlStatement {
  /** Number of rows that were changed. */
  run(values: readonly SqlValue[]): number;
  get(values: readonly SqlValue[]): SqlRow | undefined;
  all(values: readonly SqlValue[]): readonly SqlRow[];
}

/** One open database. Errors are the package's own; `failureCode` reads them. */
export interface SqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

export interface SqliteDriver {
  readonly name: 'node:sqlite' | 'libsql';
  /** `file` may be `:memory:`. */
  open(file: string): SqlDatabase;
}

/** SQLite's primary result code (5 = busy, 13 = full, …), or `undefined` when the error is not SQLite's. */
export function failureCode(error: unknown): number | undefined {
  // No `instanceof`: the errors of native code may be of another realm.
  if (typeof error !== 'object' || error === null) return undefined;
  const { rawCode, errcode } = error as { rawCode?: unknown; errcode?: unknown };
  const code = rawCode ?? errcode ?? /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(failureMessage(error))?.[1];
  // The primary code is the lowest byte of an extended one: https://www.sqlite.org/rescode.html
  return code === undefined ? undefined : Number(code) & 0xff;
}

/** What SQLite said, in its words. */
export function failureMessage(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}
