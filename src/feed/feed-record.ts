/** A feed as it is kept: its key, whether it runs, and how it fared. */
import type { RecordValue, StoredRecord, JsonValue } from '../storage/records.ts';
import type { FeedKey, FeedState } from './feed.ts';

/** The key of a feed in a record. */
export interface KeptKey extends RecordValue {
  readonly tenant: string;
  /** `null`: the connector needs none. */
  readonly connection: string | null;
  /** `null`: the connection is the tenant's. */
  readonly subject: string | null;
  readonly connector: string;
  readonly trigger: string;
  readonly input: Readonly<Record<string, JsonValue>>;
}

/** Times in milliseconds since 1970. */
export interface FeedValue extends KeptKey {
  readonly state: FeedState;
  /** Runs without subscribers. */
  readonly durable: boolean;
  readonly lastError: FeedFailure | null;
  /** How it fared when that was last noted: whoever polls it knows better, and notes it rarely. */
  readonly lastPollAt: number | null;
  readonly nextPollAt: number | null;
  readonly lagMs: number | null;
  /** What somebody wants to be asked again; `null`: nothing. */
  readonly replay: { readonly id: string; readonly from: number } | null;
  /** Polls in a row that failed; absent in a record of before. */
  readonly failures?: number;
}

/** Why a feed does not run, or last failed, in words that may be shown. */
export interface FeedFailure extends RecordValue {
  readonly code: string;
  readonly message: string;
  readonly at: number;
}

export type FeedRecord = StoredRecord<FeedValue>;

/** Kind of the record. */
export const feedKind = 'feed';

/** A feed that is about to run for the first time. */
export function feedValue(key: FeedKey): FeedValue {
  return {
    ...keptKey(key),
    state: 'RUNNING',
    durable: false,
    lastError: null,
    lastPollAt: null,
    nextPollAt: null,
    lagMs: null,
    replay: null,
    failures: 0,
  };
}

/** By what it is found: its owner, its connection, and whether it runs. */
export function feedIndexes({ tenant, connection, state }: FeedValue): Readonly<Record<string, string>> {
  return { tenant, ...(connection !== null && { connection }), runs: state === 'STOPPED' ? 'no' : 'yes' };
}

export function keptKey({ connection, subject, ...key }: FeedKey): KeptKey {
  const { tenant, connector, trigger, input } = key;
  return { tenant, connection: connection ?? null, subject: subject ?? null, connector, trigger, input };
}

/** The feed that a record is about. */
export function keyOfRecord({ value }: { readonly value: KeptKey }): FeedKey {
  const { tenant, connection, subject, connector, trigger, input } = value;
  return { tenant, connection: connection ?? undefined, subject: subject ?? undefined, connector, trigger, input };
}

export function isRunning({ value }: Pick<FeedRecord, 'value'>): boolean {
  return value.state !== 'STOPPED';
}
