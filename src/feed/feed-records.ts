/** Feeds as the store has them: what a caller is shown carries its tenant and subject (safety A3), every write is compare-and-set. */
import type { Caller } from '../connection/caller.ts';
import { GatewayError } from '../errors.ts';
import type { Records } from '../storage/records.ts';
import { feedId, type FeedKey } from './feed.ts';
import { feedIndexes, feedKind, feedValue, type FeedRecord, type FeedValue } from './feed-record.ts';

export interface FeedRecords {
  /** One by id, whoever's it is: for those who poll it. */
  readonly read: (id: string) => Promise<FeedRecord | undefined>;
  /** One by id; `undefined` when there is none, and when it is somebody else's. */
  readonly find: (caller: Caller, id: string) => Promise<FeedRecord | undefined>;
  /** Those of the caller's subject and of its tenant, in the order of their ids. */
  readonly listOf: (caller: Caller, connector?: string) => Promise<readonly FeedRecord[]>;
  /** All that run, in whichever process, or all that do not. */
  readonly listRunning: (isRunning: boolean) => Promise<readonly FeedRecord[]>;
  readonly listOfConnection: (tenant: string, connection: string) => Promise<readonly FeedRecord[]>;
  /** The record of a key, made where there is none; then changed. */
  readonly write: (key: FeedKey, change: FeedChange) => Promise<FeedRecord>;
  /**
   * Changes what is there, again when somebody else wrote meanwhile.
   *
   * @param change - `undefined` leaves it as it is.
   * @returns as it is now; `undefined` when there is none.
   */
  readonly change: (id: string, change: FeedChange) => Promise<FeedRecord | undefined>;
  /** Removes exactly that version. */
  readonly remove: (record: FeedRecord) => Promise<boolean>;
}

export type FeedChange = (value: FeedValue) => Partial<FeedValue> | undefined;

/** Writers of one feed are few, and each gets through in the end. */
const maxAttempts = 20;

export function createFeedRecords(records: Records): FeedRecords {
  const read = async (id: string) => (await records.get(feedKind, id)) as FeedRecord | undefined;
  const change = async (id: string, change: FeedChange): Promise<FeedRecord | undefined> => {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const record = await read(id);
      const changed = record && change(record.value);
      if (!record || !changed) return record;
      const value: FeedValue = { ...record.value, ...changed };
      const indexes = feedIndexes(value);
      const written = await records.compareAndSet(feedKind, id, record.version, value, { indexes });
      if (written) return written as FeedRecord;
    }
    throw new GatewayError('STORE_UNAVAILABLE', `Feed ${id} is written by others all the while. Try again.`);
  };
  return {
    read,
    change,
    async find(caller, id) {
      const record = await read(id);
      return record && isOf(record, caller) ? record : undefined;
    },
    async listOf(caller, connector) {
      const all = await listAll(records, { tenant: caller.tenant });
      return all.filter(
        (record) => isOf(record, caller) && (connector === undefined || record.value.connector === connector),
      );
    },
    listRunning: (isRunning) => listAll(records, { runs: isRunning ? 'yes' : 'no' }),
    listOfConnection: (tenant, connection) => listAll(records, { tenant, connection }),
    async write(key, changeOf) {
      const id = feedId(key);
      const fresh = feedValue(key);
      const value = { ...fresh, ...changeOf(fresh) };
      for (;;) {
        const changed = await change(id, changeOf);
        if (changed) return changed;
        const made = await records.create(feedKind, id, value, { indexes: feedIndexes(value) });
        if (made) return made as FeedRecord;
      }
    },
    remove: (record) => records.remove(feedKind, record.id, record.version),
  };
}

function isOf({ value }: FeedRecord, { tenant, subject }: Caller): boolean {
  return value.tenant === tenant && (value.subject === null || value.subject === subject);
}

async function listAll(records: Records, where: Readonly<Record<string, string>>): Promise<FeedRecord[]> {
  const all: FeedRecord[] = [];
  const limit = 1_000;
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await records.list(feedKind, where, { limit, ...(after !== undefined && { after }) });
    all.push(...(page as FeedRecord[]));
    if (page.length < limit) return all;
  }
}
