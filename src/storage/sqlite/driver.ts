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
  if (!(error instanceof Error) && !isErrorLike(error)) return undefined;
  const { rawCode, errcode, message } = error as { rawCode?: unknown; errcode?: unknown; message: string };
  const code = rawCode ?? errcode ?? /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(message)?.[1];
  // The primary code is the lowest byte of an extended one: https://www.sqlite.org/rescode.html
  return code === undefined ? undefined : Number(code) & 0xff;
}

/** Errors of native code may come from another realm. */
function isErrorLike(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}
