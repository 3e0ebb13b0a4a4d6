/** Prints how long it takes to seal 10 000 connections anew while readers run, and what sealing costs. No test: it only measures. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { resealAll } from '../src/connection/reseal.ts';
import { createKeyRing } from '../src/connection/seal.ts';
import type { Records } from '../src/storage/records.ts';
import { createSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';

const count = 10_000;
const oldKey = { id: 'old', key: randomBytes(32) };
const newKey = { id: 'new', key: randomBytes(32) };
const ring = createKeyRing([newKey, oldKey]);
const token = 'x'.repeat(1000);
const identity = (id: string) => ['tenant', id, 'token'];

const folder = await mkdtemp(join(tmpdir(), 'bench-reseal-'));
const store = await createSqliteStore({ file: join(folder, 'store.db') });
try {
  await fill(store.records);
  const reads = { times: [] as number[], failed: 0 };
  const stop = new AbortController();
  const readers = Array.from({ length: 10 }, (_, seed) => read(store.records, seed, reads, stop.signal));
  const begin = performance.now();
  const kinds = [{ kind: 'connection', identityOf: ({ id }: { id: string }) => identity(id) }];
  const { resealed, failed } = await resealAll(store.records, ring, { kinds });
  const seconds = (performance.now() - begin) / 1000;
  stop.abort();
  await Promise.all(readers);
  reads.times.sort((one, other) => one - other);
  const quantile = (share: number) => reads.times[Math.floor(reads.times.length * share)]!.toFixed(2);
  console.log(`resealed     ${resealed} of ${count} in ${seconds.toFixed(1)} s, ${failed.length} failed`);
  console.log(
    `reads beside ${reads.times.length}, failed ${reads.failed}, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`,
  );
  const sealed = ring.seal(token, identity('1'));
  console.log(`seal         ${microseconds(() => ring.seal(token, identity('1')))} µs for ${token.length} characters`);
  console.log(`open         ${microseconds(() => ring.open(sealed, identity('1')))} µs`);
} finally {
  await store.close();
  await rm(folder, { recursive: true });
}

async function fill(records: Records): Promise<void> {
  const oldRing = createKeyRing([oldKey]);
  for (let from = 0; from < count; from += 1000) {
    await records.commit(
      Array.from({ length: 1000 }, (_, index) => {
        const id = String(from + index);
        const value = { token: oldRing.seal(token, identity(id)) };
        return { change: 'create', kind: 'connection', id, value, indexes: { tenant: 'tenant' }, uniqueKey: id };
      }),
    );
  }
}

/** Reads and opens one connection after the other, a little apart, as requests do. */
async function read(
  records: Records,
  seed: number,
  reads: { times: number[]; failed: number },
  signal: AbortSignal,
): Promise<void> {
  for (let turn = seed; !signal.aborted; turn += 7919) {
    const id = String(turn % count);
    const begin = performance.now();
    const record = await records.get('connection', id);
    try {
      if (ring.open(record?.value.token as string, identity(id)) !== token) reads.failed += 1;
    } catch {
      reads.failed += 1;
    }
    reads.times.push(performance.now() - begin);
    await nextTurn();
  }
}

function microseconds(act: () => unknown): string {
  const rounds = 20_000;
  for (let round = 0; round < rounds; round += 1) act();
  const begin = performance.now();
  for (let round = 0; round < rounds; round += 1) act();
  return (((performance.now() - begin) * 1000) / rounds).toFixed(1);
}
