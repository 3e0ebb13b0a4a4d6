/** What a store is: records, leases and the logs of feeds, which live and fail together. */
import type { FeedLog } from './feed-log.ts';
import type { Leases } from './lease.ts';
import type { Records } from './records.ts';
import type { StoreTables } from './store-tables.ts';

export interface Store {
  readonly records: Records;
  readonly leases: Leases;
  readonly feedLog: FeedLog;
  /** For moving it to another store; nobody else asks for them. */
  readonly tables: StoreTables;
  /** Whether it answers just now, as far as that is known without asking; of PostgreSQL never older than five seconds. */
  readonly isAvailable: () => boolean;
  /** Lets the writes under way end, then gives the files back. What is asked afterwards fails with STORE_UNAVAILABLE. */
  close: () => Promise<void>;
}
