/** SQLite by Node itself, from 22.13 on. */
import type { SqliteDriver, SqlRow, SqlValue } from './driver.ts';

/** What we use of `node:sqlite`; the types of Node 20 do not know it. */
interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...values: SqlValue[]): { readonly changes: number | bigint };
      get(...values: SqlValue[]): SqlRow | undefined;
      all(...values: SqlValue[]): SqlRow[];
    };
    close(): void;
  };
}

/** `undefined` where Node has no SQLite, or has it behind a flag. */
export async function loadNodeSqlite(): Promise<SqliteDriver | undefined> {
  const sqlite = withoutExperimentalWarning(() => process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined);
  if (!sqlite) return undefined;
  return {
    name: 'node:sqlite',
    open(file) {
      const database = new sqlite.DatabaseSync(file);
      return {
        exec: (sql) => database.exec(sql),
        prepare(sql) {
          const statement = database.prepare(sql);
          return {
            run: (values) => Number(statement.run(...values).changes),
            get: (values) => statement.get(...values),
            all: (values) => statement.all(...values),
          };
        },
        close: () => database.close(),
      };
    },
  };
}

/** Node warns once that its SQLite is young. We chose it knowingly, so the reader of stderr need not hear of it. */
function withoutExperimentalWarning<T>(load: () => T): T | undefined {
  const emitWarning: unknown = Reflect.get(process, 'emitWarning');
  process.emitWarning = (...given: unknown[]) => {
    if (given[1] !== 'ExperimentalWarning') Reflect.apply(emitWarning as () => void, process, given);
  };
  try {
    return load();
  } catch {
    return undefined;
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
}
