import { appendFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import type { StoredRecord } from '../../../src/storage/records.ts';
import { bundleWorker, Worker } from '../../support/bundled-worker.ts';

// Processes start slowly on a busy machine.
jest.setTimeout(240_000);
const processCount = 4;
const drivers = await findDrivers();

describe.each(drivers)('several processes on one file by $name', (driver) => {
  let bundle: string;
  let folder: string;
  let file: string;
  let workers: Worker[] = [];
  beforeAll(async () => (bundle = await bundleWorker(new URL('./store-worker.ts', import.meta.url))));
  afterAll(() => rm(bundle));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-'));
    file = join(folder, 'store.db');
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    workers = [];
    await rm(folder, { recursive: true });
  });

  // No connection of this process stands in the way: libsql gives a file back when its statements are collected.
  const start = async (count: number) => {
    workers = Array.from({ length: count }, () => new Worker(bundle));
    await Promise.all(workers.map((worker) => worker.call('open', file, driver.name)));
    return workers;
  };
  const all = <T>(name: string, ...given: readonly unknown[]) =>
    Promise.all(workers.map((worker) => worker.call<T>(name, ...given)));
  /** The values that the store holds, and that it is sound, as seen by a process that comes afterwards. */
  const afterwards = async (kind: string) => {
    const [worker] = await start(1);
    const records = await worker!.call<StoredRecord[]>('list', kind);
    expect(await worker!.call('isSound', driver.name)).toBe(true);
    await worker!.kill();
    return records.map(({ value }) => value);
  };
  const ids = Array.from({ length: 60 }, (_, index) => `id ${index}`);
  const counted = async () => (await afterwards('count')).map(({ n }) => n);

  it('make its tables once, however many begin at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      file = join(folder, `round-${round}.db`);
      await start(processCount);
      expect((await all<string[]>('create', 1)).flat()).toEqual(['id 0']);
      await Promise.all(workers.map((worker) => worker.kill()));
    }
  });

  it('create, take and lease each thing once', async () => {
    await start(processCount);
    for (const name of ['create', 'createUnique', 'take', 'acquire']) {
      const winners = await all<string[]>(name, ids.length);
      expect([name, winners.flat().sort()]).toEqual([name, [...ids].sort()]);
    }
    await Promise.all(workers.map((worker) => worker.kill()));
    expect(await afterwards('race')).toEqual([]);
    expect(await afterwards('unique')).toHaveLength(ids.length);
  });

  it('count together without losing one', async () => {
    await start(processCount);
    await workers[0]!.call('startCounting');
    await all('count', 25);
    await Promise.all(workers.map((worker) => worker.kill()));
    expect(await counted()).toEqual([25 * processCount, 25 * processCount]);
  });

  it('are alone under a lease, with fences that only grow', async () => {
    const log = join(folder, 'log');
    await start(processCount);
    await all('enter', 8, log);
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    const entered = lines.filter((_, index) => index % 2 === 0);
    const left = lines.filter((_, index) => index % 2 === 1);
    expect(lines).toHaveLength(2 * 8 * processCount);
    expect(left).toEqual(entered.map((line) => line.replace('enter', 'leave')));
    const fences = entered.map((line) => Number(line.split(' ')[1]));
    expect(fences).toEqual([...new Set(fences)].sort((one, other) => one - other));
  });

  it('lose no commit that was answered and leave none half made, whenever one is killed', async () => {
    const log = join(folder, 'log');
    await writeFile(log, '');
    for (let round = 0; round < 12; round += 1) {
      const before = await answered(log);
      const [worker] = await start(1);
      await worker!.call('startCounting');
      const hammering = worker!.call('hammer', log, Number.MAX_SAFE_INTEGER).catch(() => undefined);
      // Anywhere in a commit: the moment after an answer, and a little later each round.
      await until(async () => (await answered(log)) >= before + 3);
      await new Promise((resolve) => setTimeout(resolve, round));
      await worker!.kill();
      await hammering;
      const [one, other] = await counted();
      const last = await answered(log);
      expect(other).toBe(one);
      // The last commit may have been made and not yet answered.
      expect([last, last + 1]).toContain(one);
    }
  });

  /** A process that counted to 20 and was killed: its commits are in the log of SQLite alone. */
  const countAndDie = async () => {
    const [worker] = await start(1);
    await worker!.call('startCounting');
    await worker!.call('hammer', join(folder, 'log'), 20);
    await worker!.kill();
    return `${file}-wal`;
  };

  it.each([1, 24, 100, 4096])(
    'lose nothing that was answered when a write of %i bytes behind it was torn',
    async (bytes) => {
      const wal = await countAndDie();
      await appendFile(wal, Buffer.alloc(bytes, 0xa5));
      expect(await counted()).toEqual([20, 20]);
    },
  );

  // Bytes of an answered commit that the disk itself lost cannot come back; what must never be is half of it.
  it.each([1, 24, 100, 4096])(
    'lose the last commit as a whole when the disk loses its last %i bytes',
    async (bytes) => {
      const wal = await countAndDie();
      await truncate(wal, (await stat(wal)).size - bytes);
      expect(await counted()).toEqual([19, 19]);
    },
  );

  it.each([1, 100, 4096])('lose the last commit as a whole when one of its last %i bytes is flipped', async (bytes) => {
    const wal = await countAndDie();
    const { size } = await stat(wal);
    const handle = await open(wal, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, size - bytes);
    byte[0]! ^= 0x10;
    await handle.write(byte, 0, 1, size - bytes);
    await handle.close();
    expect(await counted()).toEqual([19, 19]);
  });
});

/** The last number that the process wrote down after the answer. */
async function answered(log: string): Promise<number> {
  return Number((await readFile(log, 'utf8')).trim().split('\n').at(-1) || 0);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
