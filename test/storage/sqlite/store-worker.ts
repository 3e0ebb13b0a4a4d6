/** One of several processes on one store; `bundled-worker` starts it and calls it. */
import { appendFileSync } from 'node:fs';
import { withLease } from '../../../src/storage/hold-lease.ts';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import { createSqliteStore } from '../../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/storage/store.ts';

let store: Store;
let path: string;
const me = process.pid;
const kind = 'race';
const names = (count: number) => Array.from({ length: count }, (_, index) => `id ${index}`);

/** The ids of which `act` was the one that did it. */
async function won(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<string[]> {
  const results = await Promise.all(ids.map(act));
  return ids.filter((_, index) => Boolean(results[index]));
}

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  async open(file: string, driverName: string) {
    const driver = (await findDrivers()).find(({ name }) => name === driverName);
    path = file;
    store = await createSqliteStore({ file, ...(driver ? { driver } : {}) });
  },
  list: (name: string) => store.records.list(name, {}),
  async isSound(driverName: string) {
    const database = (await findDrivers()).find(({ name }) => name === driverName)!.open(path);
    return database.prepare('PRAGMA integrity_check').get([])?.integrity_check === 'ok';
  },
  async startCounting() {
    for (const id of ['one', 'other']) await store.records.create('count', id, { n: 0 });
  },
  create: (count: number) => won(names(count), (id) => store.records.create(kind, id, { me })),
  createUnique: (count: number) =>
    won(names(count), (id) => store.records.create('unique', `${id} of ${me}`, { me }, { uniqueKey: id })),
  take: (count: number) => won(names(count), (id) => store.records.take(kind, id)),
  acquire: (count: number) => won(names(count), (id) => store.leases.acquire(id, String(me), 60_000)),
  /** Adds 1 to a record, and again 1 to another in the same commit. */
  async count(times: number) {
    for (let done = 0; done < times;) {
      const [one, other] = await store.records.list('count', {});
      const n = Number(one!.value.n) + 1;
      const result = await store.records.commit([
        { change: 'compareAndSet', kind: 'count', id: one!.id, version: one!.version, value: { n } },
        { change: 'compareAndSet', kind: 'count', id: other!.id, version: other!.version, value: { n } },
      ]);
      if (result.committed) done += 1;
    }
  },
  /** Enters the part that is one's alone; the log of all processes shows who was in it with whom. */
  async enter(times: number, log: string) {
    for (let turn = 0; turn < times; turn += 1) {
      const options = { ttlMs: 20_000, renewEveryMs: 5000, waitMs: 20_000 };
      await withLease(store.leases, 'alone', options, async (fence) => {
        appendFileSync(log, `enter ${fence}\n`);
        await new Promise((resolve) => setImmediate(resolve));
        appendFileSync(log, `leave ${fence}\n`);
      });
    }
  },
  /** Counts for ever, or to `last`, and writes each number into `log` once its commit was answered. */
  async hammer(log: string, last: number) {
    let versions = (await store.records.list('count', {})).map(({ version }) => version);
    const from = Number((await store.records.list('count', {}))[0]!.value.n);
    for (let n = from + 1; n <= last; n += 1) {
      const result = await store.records.commit(
        ['one', 'other'].map((id, index) => ({
          change: 'compareAndSet' as const,
          kind: 'count',
          id,
          version: versions[index]!,
          value: { n, padding: 'x'.repeat(n % 3000) },
        })),
      );
      if (!result.committed) throw new Error('Nobody else was to write.');
      versions = result.records.map((record) => record!.version);
      appendFileSync(log, `${n}\n`);
    }
  },
  close: () => store.close(),
};

process.on('message', (message: { call: number; name: string; given: never[] }) => {
  const { call, name, given } = message;
  calls[name]!(...given).then(
    (result) => process.send!({ call, result }),
    (error: unknown) => process.send!({ call, error: String(error) }),
  );
});
