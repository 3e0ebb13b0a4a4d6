import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import { createSqliteStore } from '../../../src/storage/sqlite/sqlite-store.ts';
import { describeStore, startMs, type StoreUnderTest } from '../../contract/store-contract.ts';

for (const driver of await findDrivers()) {
  const open = async (file: string, remove: () => Promise<void>): Promise<StoreUnderTest> => {
    let now = startMs;
    const store = await createSqliteStore({ file, driver, now: () => now });
    return {
      store,
      advance: (ms) => void (now += ms),
      dispose: async () => {
        await store.close();
        await remove();
      },
    };
  };
  describeStore(`SQLite in memory by ${driver.name}`, () => open(':memory:', async () => {}));
  describeStore(`SQLite on file by ${driver.name}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'store-'));
    return open(join(folder, 'store.db'), () => rm(folder, { recursive: true }));
  });
}
