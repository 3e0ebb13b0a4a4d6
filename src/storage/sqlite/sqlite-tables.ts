/** The tables of the embedded store, row by row. */
import type { Row } from '../row.ts';
import type { StoreTable, StoreTables } from '../store-tables.ts';
import type { Sql, SqliteDatabase } from './database.ts';
import type { SqlValue } from './driver.ts';
import { maxPlace, placeBits } from './feed-row.ts';

export function createSqliteTables(database: SqliteDatabase): StoreTables {
  return {
    count: ({ name }) =>
      database.read((sql) => Number(sql.prepare(`SELECT count(*) AS count FROM ${name}`).get([])!.count)),
    read: (table, after) =>
      database.read((sql) => {
        const { name, columns, pageSize } = table;
        const [order, from] = placeOf(table);
        const asked = Object.keys(columns).map((column) => readAs(table, column));
        return sql
          .prepare(
            `SELECT ${asked.join(', ')} FROM ${name}
             ${after ? `WHERE ${from}` : ''} ORDER BY ${order} LIMIT ${pageSize}`,
          )
          .all(after ? table.key.map((column) => after[column] as SqlValue) : []);
      }),
    last: (table) =>
      database.read((sql) => {
        const backwards = placeOf(table)[0].replaceAll(/\w+/g, '$& DESC');
        const key = table.key.map((column) => readAs(table, column));
        return sql.prepare(`SELECT ${key.join(', ')} FROM ${table.name} ORDER BY ${backwards} LIMIT 1`).get([]);
      }),
    write: (table, rows) => database.write((sql) => rows.forEach((row) => writeRow(sql, table, row))),
    number: () => database.read((sql) => Number(sql.prepare('SELECT value FROM counter').get([])!.value)),
    raise: (number) =>
      database.write((sql) => void sql.prepare('UPDATE counter SET value = max(value, ?)').run([number])),
  };
}

/** Tables whose key is one number, of the feed and of the row: the column that stands for the row's. */
const numberIn: Readonly<Record<string, string>> = {
  feed_events: 'place',
  feed_staged: 'number',
  feed_parked: 'number',
};

/** By what the rows are ordered, and the condition for those after a row. */
function placeOf({ name, key }: StoreTable): readonly [order: string, from: string] {
  if (numberIn[name] !== undefined) return ['at', `at > ((? << ${placeBits}) | ?)`];
  const columns = key.join(', ');
  return [columns, `(${columns}) > (${key.map(() => '?').join(', ')})`];
}

function readAs({ name }: StoreTable, column: string): string {
  if (numberIn[name] === undefined) return column;
  if (column === 'feed') return `at >> ${placeBits} AS feed`;
  return column === numberIn[name] ? `at & ${maxPlace} AS ${column}` : column;
}

function writeRow(sql: Sql, { name, columns }: StoreTable, row: Row): void {
  const number = numberIn[name];
  // The rows of staged events carry the number of their feed besides.
  const names = Object.keys(columns).filter(
    (column) => number === undefined || (column !== number && (column !== 'feed' || name === 'feed_staged')),
  );
  const values = names.map((column) => row[column] as SqlValue);
  const more = moreOf(name, number, row);
  const all = [...names, ...more.columns];
  const places = [...names.map(() => '?'), ...more.places];
  const written = sql
    .prepare(`INSERT OR IGNORE INTO ${name} (${all.join(', ')}) VALUES (${places.join(', ')})`)
    .run([...values, ...more.values]);
  if (name === 'records' && written > 0) writeIndexes(sql, row);
}

function moreOf(name: string, number: string | undefined, row: Row) {
  if (number !== undefined) {
    const values = [row.feed as SqlValue, row[number] as SqlValue];
    return { columns: ['at'], places: [`((? << ${placeBits}) | ?)`], values };
  }
  // Nobody listens yet whom a change would have to be told.
  return name === 'feeds'
    ? { columns: ['change'], places: ['0'], values: [] }
    : { columns: [], places: [], values: [] };
}

function writeIndexes(sql: Sql, { kind, id, indexes }: Row): void {
  const statement = sql.prepare('INSERT INTO record_indexes (kind, name, value, id) VALUES (?, ?, ?, ?)');
  for (const [name, value] of Object.entries(JSON.parse(String(indexes)) as Record<string, string>)) {
    statement.run([String(kind), name, value, String(id)]);
  }
}
