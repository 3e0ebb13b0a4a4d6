/** What a store is: records, leases and the logs of feeds, which live and fail together. */
import type { FeedLog } from './feed-log.ts';
import type { Leases } from './lease.ts';
import type { Records } from './records.ts';

export interface Store {
  readonly records: Records;
  readonly leases: Leases;
  readonly feedLog: FeedLog;
  /** Lets the writes under way end, then gives the files back. What is asked afterwards fails with STORE_UNAVAILABLE. */
  close: () => Promise<void>;
}
