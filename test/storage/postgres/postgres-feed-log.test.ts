import { createPostgresStore } from '../../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { describeFeedLog } from '../../contract/feed-log-contract.ts';
import { startMs } from '../../contract/store-contract.ts';
import { withPostgres } from '../../support/postgres.ts';

await withPostgres((postgres) => {
  const schema = 'contract';
  describeFeedLog('PostgreSQL', async () => {
    let now = startMs;
    await postgres.empty(schema);
    const stores: Store[] = [];
    const openAnother = async () => {
      const store = await createPostgresStore({ url: postgres.url, schema, now: () => now });
      stores.push(store);
      return store.feedLog;
    };
    return {
      log: await openAnother(),
      openAnother,
      advance: (ms) => void (now += ms),
      async dispose() {
        for (const store of stores) await store.close();
      },
    };
  });
});
