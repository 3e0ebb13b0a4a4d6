/** What a store is: records and leases that live and fail together. */
import type { Leases } from './lease.ts';
import type { Records } from './records.ts';

export interface Store {
  readonly records: Records;
  readonly leases: Leases;
  /** Lets the writes under way end, then gives the files back. What is asked afterwards fails with STORE_UNAVAILABLE. */
  close: () => Promise<void>;
}
