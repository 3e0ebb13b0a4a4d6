/**
 * Events a second that the logs of feeds take: one feed and a thousand, a page of 100 events or single ones, on the
 * embedded store, and on PostgreSQL where BENCH_POSTGRES names a server. No test: it only measures.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';

/** About what a provider's row is. */
const payload = JSON.stringify({ text: 'x'.repeat(1000) });

export async function measureFeedLog({ quick }: { readonly quick: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-feed-log-'));
  const server = process.env['BENCH_POSTGRES'];
  const stores: (readonly [string, Store])[] = [
    ['embedded', await createSqliteStore({ file: join(folder, 'store.db') })],
  ];
  if (server !== undefined) stores.push(['PostgreSQL', await createPostgresStore({ url: server, schema: 'bench' })]);
  const runMs = quick ? 2_000 : 8_000;
  for (const [name, store] of stores) {
    for (const [feeds, size] of [
      [1, 100],
      [1, 1],
      [1_000, 100],
      [1_000, 1],
    ] as const) {
      const rate = await appendFor(store, feeds, size, runMs);
      console.log(
        `${name.padEnd(10)} ${String(feeds).padStart(4)} feeds, pages of ${size}: ${Math.round(rate)} events/s`,
      );
    }
    await store.close();
  }
  await rm(folder, { recursive: true });
}

/** As many appends at a time as a replica polls feeds. */
async function appendFor({ feedLog }: Store, feeds: number, size: number, runMs: number): Promise<number> {
  const run = randomUUID();
  const begin = performance.now();
  let logged = 0;
  const append = async (worker: number) => {
    for (let turn = worker; performance.now() - begin < runMs; turn += 64) {
      const events = Array.from({ length: size }, (_, index) => {
        const id = `${turn}-${index}`;
        return { signature: id, id, payload };
      });
      const result = await feedLog.append(`${run} ${turn % feeds}`, { events });
      if (result.kind === 'appended') logged += result.logged;
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, worker) => append(worker)));
  return (logged / (performance.now() - begin)) * 1000;
}
