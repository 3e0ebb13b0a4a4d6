/** One of several processes on one log of feeds in PostgreSQL, to be frozen in the midst of a page. */
import type { FeedLog, FeedPage } from '../../../src/storage/feed-log.ts';
import { createPostgresStore, type PostgresStoreOptions } from '../../../src/storage/postgres/postgres-store.ts';

let log: FeedLog;

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  async open(options: PostgresStoreOptions) {
    log = (await createPostgresStore(options)).feedLog;
  },
  append: (feed: string, page: FeedPage) => log.append(feed, page),
};

process.on('message', ({ call, name, given }: { call: number; name: string; given: never[] }) => {
  calls[name]!(...given).then(
    (result) => process.send!({ call, result }),
    (error: unknown) => process.send!({ call, error: String(error) }),
  );
});
