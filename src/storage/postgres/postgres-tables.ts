/** The tables of a store on PostgreSQL, row by row. */
import type { Row } from '../row.ts';
import type { StoreTable, StoreTables } from '../store-tables.ts';
import type { PostgresDatabase, Sql, SqlRow, SqlValue } from './database.ts';
import { indexEntries } from './index-entry.ts';

export function createPostgresTables(database: PostgresDatabase): StoreTables {
  return {
    async count({ name }) {
      const { rows } = await database.read(`SELECT count(*) AS count FROM ${name}`);
      return Number(rows[0]!.count);
    },
    async read({ name, key, columns, pageSize }, after) {
      const from = after ? `WHERE (${key.join(', ')}) > (${key.map((_, index) => `$${index + 1}`).join(', ')})` : '';
      const { rows } = await database.read(
        `SELECT ${Object.keys(columns).join(', ')} FROM ${name} ${from} ORDER BY ${key.join(', ')} LIMIT ${pageSize}`,
        after ? key.map((column) => after[column]!) : [],
      );
      return rows.map((row) => withNumbers(row, columns));
    },
    async last({ name, key, columns }) {
      const backwards = key.map((column) => `${column} DESC`).join(', ');
      const { rows } = await database.read(`SELECT ${key.join(', ')} FROM ${name} ORDER BY ${backwards} LIMIT 1`);
      return rows[0] && withNumbers(rows[0], columns);
    },
    write: (table, rows) => database.transact((sql) => writeRows(sql, table, rows)),
    async number() {
      const { rows } = await database.read('SELECT last_value AS value FROM numbers');
      return Number(rows[0]!.value);
    },
    async raise(number) {
      await database.transact(async (sql) => {
        await sql.ask(`SELECT setval('numbers', greatest($1, (SELECT last_value FROM numbers)))`, [number]);
        await sql.ask(
          `SELECT setval(pg_get_serial_sequence('feeds', 'feed'), max(feed)) FROM feeds HAVING max(feed) IS NOT NULL`,
        );
      });
    },
  };
}

/** All rows as one list for each column. */
async function writeRows(sql: Sql, { name, columns }: StoreTable, rows: readonly Row[]): Promise<void> {
  const names = Object.keys(columns);
  const lists = names.map((column) => rows.map((row) => row[column] as string | number | null));
  const types = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`);
  const given = `SELECT * FROM unnest(${types.join(', ')}) AS given (${names.join(', ')})`;
  if (name !== 'records') {
    const identity = name === 'feeds' ? 'OVERRIDING SYSTEM VALUE' : '';
    await sql.ask(`INSERT INTO ${name} (${names.join(', ')}) ${identity} ${given} ON CONFLICT DO NOTHING`, lists);
    return;
  }
  await sql.ask(
    `INSERT INTO records (${names.join(', ')}, entries) SELECT given.*, '{}' FROM (${given}) AS given ON CONFLICT DO NOTHING`,
    lists,
  );
  for (const row of rows) await writeEntries(sql, row);
}

/** By what the record is found. */
async function writeEntries(sql: Sql, { kind, id, indexes }: Row): Promise<void> {
  const entries = indexEntries(String(kind), JSON.parse(String(indexes)) as Record<string, string>);
  if (entries.length === 0) return;
  const values: SqlValue[] = [String(kind), String(id), entries];
  await sql.ask('UPDATE records SET entries = $3 WHERE kind = $1 AND id = $2', values);
  await sql.ask('INSERT INTO record_indexes (entry, id) SELECT unnest($2::bytea[]), $1 ON CONFLICT DO NOTHING', [
    String(id),
    entries,
  ]);
}

/** Numbers of 64 bits come as text. */
function withNumbers(row: SqlRow, columns: StoreTable['columns']): Row {
  const entries = Object.entries(row).map(([column, value]) => [
    column,
    columns[column] === 'bigint' && value !== null ? Number(value) : value,
  ]);
  return Object.fromEntries(entries) as Row;
}
