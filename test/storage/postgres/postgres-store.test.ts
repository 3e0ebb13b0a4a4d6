import { createPostgresStore } from '../../../src/storage/postgres/postgres-store.ts';
import { describeStore, startMs } from '../../contract/store-contract.ts';
import { withPostgres } from '../../support/postgres.ts';

await withPostgres((postgres) => {
  const schema = 'contract';
  describeStore('PostgreSQL', async () => {
    let now = startMs;
    await postgres.empty(schema);
    const store = await createPostgresStore({ url: postgres.url, schema, now: () => now });
    return {
      store,
      advance: (ms) => void (now += ms),
      dispose: () => store.close(),
    };
  });
});
