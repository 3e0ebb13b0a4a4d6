/** What a feed is: one trigger on one connection with one input, shared by all its subscribers. */
import { createHash } from 'node:crypto';
import type { JsonValue } from '../storage/records.ts';

export interface FeedKey {
  readonly tenant: string;
  /** Absent for a connector that needs no connection. */
  readonly connection: string | undefined;
  /** Whose connection it is; absent: the tenant's. */
  readonly subject: string | undefined;
  readonly connector: string;
  readonly trigger: string;
  /** Arguments of the graph as JSON, without `after` and `connection`. */
  readonly input: Readonly<Record<string, JsonValue>>;
}

/** Id of a feed: the same key gives the same id in every process. */
export function feedId({ tenant, connection, connector, trigger, input }: FeedKey): string {
  const parts = [tenant, connection ?? null, connector, trigger, sorted(input)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}

/** Keys in one order, those without a value left out. */
function sorted(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((each: JsonValue) => sorted(each) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

/** How a feed fares. `HELD`: its connection has to be connected again, and it goes on where it stopped. */
export type FeedState = 'RUNNING' | 'BACKING_OFF' | 'HELD' | 'STOPPED';

/** What is told of a feed. Times in milliseconds since 1970. */
export interface FeedStatus extends FeedKey {
  readonly id: string;
  readonly state: FeedState;
  /** Runs without subscribers. */
  readonly durable: boolean;
  /** Why it does not run, or last failed, in words. */
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: number };
  readonly lastPollAt?: number;
  readonly nextPollAt?: number;
  /** Milliseconds from when the newest event happened to when it was logged. */
  readonly lagMs?: number;
  readonly lastPlace: number;
  readonly oldestPlace: number;
  readonly parkedCount: number;
  /** In this process. */
  readonly subscriberCount: number;
}
