import { appendFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FeedLogState } from '../../../src/storage/feed-log.ts';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import { bundleWorker, Worker } from '../../support/bundled-worker.ts';

// Processes start slowly on a busy machine.
jest.setTimeout(240_000);

describe.each(await findDrivers())('processes on one log of feeds by $name', (driver) => {
  let bundle: string;
  let folder: string;
  let file: string;
  let answers: string;
  let workers: Worker[] = [];
  beforeAll(async () => (bundle = await bundleWorker(new URL('./feed-log-worker.ts', import.meta.url))));
  afterAll(() => rm(bundle));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'feed-log-'));
    file = join(folder, 'store.db');
    answers = join(folder, 'answers');
    await writeFile(answers, '');
  });
  afterEach(async () => {
    await killAll();
    await rm(folder, { recursive: true });
  });

  const killAll = async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  };
  const start = async () => {
    const worker = new Worker(bundle);
    workers.push(worker);
    await worker.call('open', file, driver.name);
    return worker;
  };
  /** The last number that a process wrote down after the answer; -1 before the first. */
  const answered = async () => Number((await readFile(answers, 'utf8')).trim().split('\n').at(-1) || -1);
  /** Lets a process do something for ever and kills it in the middle, a little later each round. */
  const killDuring = async (round: number, name: string, ...given: readonly unknown[]) => {
    const before = await answered();
    const worker = await start();
    const working = worker.call(name, answers, ...given).catch(() => undefined);
    while ((await answered()) < before + 3) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, round));
    await worker.kill();
    await working;
  };
  /** What the log holds, and that it is sound, as seen by a process that comes afterwards. */
  const afterwards = async () => {
    const worker = await start();
    const [state, ids] = [await worker.call<FeedLogState>('state'), await worker.call<number[]>('ids')];
    expect(await worker.call('isSound', driver.name)).toBe(true);
    expect(await worker.call('known', ids)).toBe(ids.length);
    await killAll();
    return { state, ids };
  };
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

  it('lose no page that was answered and keep none in part, whenever one is killed', async () => {
    for (let round = 0; round < 10; round += 1) {
      await killDuring(round, 'poll', 20, Number.MAX_SAFE_INTEGER);
      const { state, ids } = await afterwards();
      const last = await answered();
      // The last page may have been kept and not yet answered.
      expect([last, last + 1]).toContain(state.progress);
      expect(ids).toEqual(upTo(20 * (Number(state.progress) + 1)));
    }
  });

  it('publish a descending cycle in order and whole, whenever one is killed between its pages', async () => {
    for (let round = 0; round < 6; round += 1) {
      await killDuring(round, 'pollDescending');
      const { state, ids } = await afterwards();
      const pages = Number(state.progress) + 1;
      expect([await answered(), (await answered()) + 1]).toContain(state.progress);
      expect(ids).toEqual(upTo(100 * Math.floor(pages / 10)));
      expect(state.stagedCount).toBe(10 * (pages % 10));
    }
  });

  it('leave a removed feed either whole or gone, whenever one is killed', async () => {
    for (let round = 0; round < 4; round += 1) {
      await writeFile(answers, '');
      await killDuring(round * 3, 'removeAgainAndAgain');
      const { state, ids } = await afterwards();
      expect([0, 2500]).toContain(state.lastPlace);
      expect(ids).toEqual(upTo(state.lastPlace));
    }
  });

  it('log each event once and leave no gap when all bring the same', async () => {
    const all = await Promise.all([start(), start(), start()]);
    const logged = await Promise.all(all.map((worker, index) => worker.call<number>('deliver', 300, index * 50)));
    await killAll();
    expect(logged.reduce((sum, each) => sum + each)).toBe(300);
    const { ids } = await afterwards();
    expect([...ids].sort((one, other) => one - other)).toEqual(upTo(300));
  });

  it('hear what another process appends', async () => {
    const [writer, listener] = await Promise.all([start(), start()]);
    await listener.call('watch');
    for (const feed of ['f', 'g', 'h']) {
      await writer.call('append', feed, 1);
      expect(await listener.call('hears', feed)).toBe(true);
    }
  });

  describe('after one that was answered 20 pages and killed', () => {
    let log: string;
    beforeEach(async () => {
      const worker = await start();
      await worker.call('poll', answers, 20, 19);
      await killAll();
      // Nothing was brought into the file itself yet.
      log = `${file}-wal`;
    });
    const pages = async () => {
      const { state, ids } = await afterwards();
      expect(ids).toEqual(upTo(20 * (Number(state.progress) + 1)));
      return Number(state.progress) + 1;
    };

    it.each([1, 100, 4096])('all pages are there when a write of %i bytes behind them was torn', async (bytes) => {
      await appendFile(log, Buffer.alloc(bytes, 0xa5));
      expect(await pages()).toBe(20);
    });

    // Bytes of an answered page that the disk itself lost cannot come back; what must never be is half of the page.
    it.each([1, 100, 4096])('the last page is gone as a whole when the disk lost its last %i bytes', async (bytes) => {
      await truncate(log, (await stat(log)).size - bytes);
      expect(await pages()).toBe(19);
    });

    it.each([1, 100, 4096])('the last page is gone as a whole when one of its last %i bytes flipped', async (bytes) => {
      const { size } = await stat(log);
      const handle = await open(log, 'r+');
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, size - bytes);
      byte[0]! ^= 0x10;
      await handle.write(byte, 0, 1, size - bytes);
      await handle.close();
      expect(await pages()).toBe(19);
    });
  });
});
