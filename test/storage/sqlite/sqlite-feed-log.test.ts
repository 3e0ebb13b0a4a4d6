import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import { createSqliteStore } from '../../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { describeFeedLog, type FeedLogUnderTest } from '../../contract/feed-log-contract.ts';
import { startMs } from '../../contract/store-contract.ts';

for (const driver of await findDrivers()) {
  const open = async (file: string, remove: () => Promise<void>): Promise<Required<FeedLogUnderTest>> => {
    let now = startMs;
    const stores: Store[] = [];
    const openAnother = async () => {
      const store = await createSqliteStore({ file, driver, now: () => now });
      stores.push(store);
      return store.feedLog;
    };
    return {
      log: await openAnother(),
      openAnother,
      advance: (ms) => void (now += ms),
      dispose: async () => {
        for (const store of stores) await store.close();
        await remove();
      },
    };
  };
  describeFeedLog(`SQLite in memory by ${driver.name}`, () => open(':memory:', async () => {}), false);
  describeFeedLog(`SQLite on file by ${driver.name}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'feed-log-'));
    return open(join(folder, 'store.db'), () => rm(folder, { recursive: true }));
  });
}
