/**
 * The store that tests open: the embedded one, or with TEST_POSTGRES (`npm run test:postgres`) one on that server, where
 * every file has a schema of its own. A test whose promise holds on both stores opens its store here, and only here.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { createPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';

const server = process.env['TEST_POSTGRES'];

/** What a configuration calls the store that is kept in this file. Default: one that nobody else has. */
export function storePlace(file = ':memory:'): string {
  if (server === undefined || file.startsWith('postgres')) return file;
  const name = file === ':memory:' ? randomUUID() : file;
  const url = new URL(server);
  url.searchParams.set('schema', `t_${createHash('sha256').update(name).digest('hex').slice(0, 20)}`);
  return url.href;
}

/** Opens it. Close it after the test. @param now - the clock of the store. */
export function openTestStore(file?: string, now?: () => number): Promise<Store> {
  const place = storePlace(file);
  const clock = now && { now };
  if (server === undefined) return createSqliteStore({ file: place, ...clock });
  return createPostgresStore({ url: place, poolSize: 4, ...clock });
}

/** All that the store in this file keeps, as it is kept. */
export async function readStoreBytes(file: string): Promise<Buffer> {
  if (server === undefined) {
    return Buffer.concat(await Promise.all(['', '-wal', '-shm'].map((end) => readFile(`${file}${end}`))));
  }
  const schema = new URL(storePlace(file)).searchParams.get('schema');
  const client = new Client(server);
  await client.connect();
  const { rows: tables } = await client.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [schema]);
  const kept: string[] = [];
  for (const { tablename } of tables) {
    const { rows } = await client.query(`SELECT t::text AS kept FROM "${schema}"."${tablename}" t`);
    kept.push(...rows.map((row) => String(row.kept)));
  }
  await client.end();
  return Buffer.from(kept.join('\n'));
}
