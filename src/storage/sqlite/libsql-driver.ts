/** SQLite by the package libsql, prebuilt for every common machine; the driver of Node before 22.13. */
import type { SqliteDriver, SqlRow, SqlStatement } from './driver.ts';

/** `undefined` when the package is not installed, or not for this machine. */
export async function loadLibsql(): Promise<SqliteDriver | undefined> {
  const module = await import('libsql').catch(() => undefined);
  if (!module) return undefined;
  const Database = module.default;
  return {
    name: 'libsql',
    open(file) {
      const database = new Database(file);
      return {
        exec: (sql) => void database.exec(sql),
        prepare: (sql) => statementOf(database.prepare(sql)),
        close: () => void database.close(),
      };
    },
  };
}

interface LibsqlStatement {
  run(...values: unknown[]): { readonly changes: number };
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

function statementOf(statement: LibsqlStatement): SqlStatement {
  return {
    run: (values) => statement.run([...values]).changes,
    get(values) {
      const row = statement.get([...values]) as Record<string, unknown> | undefined;
      if (!row) return undefined;
      // How long it took; libsql adds it to the columns of a single row.
      delete row._metadata;
      return row as SqlRow;
    },
    all: (values) => statement.all([...values]) as SqlRow[],
  };
}
