/** A driver of SQLite whose statements fail when they are told to. */
import type { SqliteDriver } from '../../src/storage/sqlite/driver.ts';

export interface StatementFaults {
  /** Statements that begin with one of these fail as a disk does that cannot be read or written. */
  at: readonly string[] | undefined;
  /** Statements of that kind that pass before the first that fails. Default 0. */
  after?: number;
  /** What SQLite calls it: https://www.sqlite.org/rescode.html. Default 10, that the disk failed. */
  code?: number;
}

export function failingDriver(driver: SqliteDriver, faults: StatementFaults): SqliteDriver {
  const check = (sql: string) => {
    if (!faults.at?.some((beginning) => sql.startsWith(beginning))) return;
    if (faults.after) faults.after -= 1;
    else throw Object.assign(new Error('The disk failed, or is full.'), { rawCode: faults.code ?? 10 });
  };
  return {
    ...driver,
    open(file) {
      const database = driver.open(file);
      return {
        ...database,
        exec(sql) {
          check(sql);
          database.exec(sql);
        },
        prepare(sql) {
          const statement = database.prepare(sql);
          const checked = <T>(act: () => T): T => {
            check(sql);
            return act();
          };
          return {
            run: (values) => checked(() => statement.run(values)),
            get: (values) => checked(() => statement.get(values)),
            all: (values) => checked(() => statement.all(values)),
          };
        },
      };
    },
  };
}
