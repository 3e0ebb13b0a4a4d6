/** The number of the store: it only grows, and is the source of versions and fences. */
import type { Sql } from './database.ts';

/** The next number; never given before in this store. Call it within a write. */
export function nextNumber(sql: Sql): number {
  sql.prepare('UPDATE counter SET value = value + 1').run([]);
  return Number(sql.prepare('SELECT value FROM counter').get([])?.value);
}
