/** When a feed is polled next: its interval, jitter, and a pause that grows while it fails. */
import { GatewayError } from '../errors.ts';
import type { FeedRecord } from './feed-record.ts';

export interface Pace {
  /** Of the trigger. */
  readonly intervalMs: number;
  /** The operator's floor. */
  readonly minIntervalMs: number;
  /** In a row. */
  readonly failures: number;
  /** What the last poll failed with. */
  readonly error?: unknown;
  /** 0 up to 1. */
  readonly random: () => number;
}

const longestBackoffMs = 15 * 60_000;
/** A store that was away is looked for so soon: that asks no provider, for a poll begins with its record. */
const storeAgainMs = 5_000;
/** A provider that asks for more, by mistake or not, is asked again after an hour all the same. */
export const longestWaitMs = 60 * 60_000;
/** Timers hold no more than 2³¹ ms; a day is long enough for any of them. */
const longestIntervalMs = 24 * 60 * 60_000;

/**
 * Milliseconds until the next poll. Feeds that began together spread by ±10 %. After failures it doubles up to 15 minutes,
 * (5 s where the store is away), and never comes before the provider's `Retry-After`, of which an hour counts at most. No spread goes below the operator's
 * floor.
 */
export function nextPollMs({ intervalMs, minIntervalMs, failures, error, random }: Pace): number {
  const interval = Math.min(Math.max(intervalMs, minIntervalMs), longestIntervalMs);
  const spread = 0.9 + 0.2 * random();
  if (failures === 0) return Math.max(interval * spread, minIntervalMs);
  // An interval beyond the longest pause is no reason to poll a failing provider more often than one that works.
  const isStoreAway = error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE';
  const longest = isStoreAway ? storeAgainMs : Math.max(longestBackoffMs, interval);
  const backoff = Math.min(interval * 2 ** Math.min(failures, 30), longest);
  const retryAfterMs = error instanceof GatewayError ? (error.details.retryAfterMs ?? 0) : 0;
  return Math.max(backoff * spread, minIntervalMs, Math.min(retryAfterMs, longestWaitMs));
}

/** In how many milliseconds a feed is due that begins to be polled: a provider that asked for a pause still has it. */
export function dueInMs({ value: { state, nextPollAt } }: FeedRecord, now: number): number {
  if (state === 'RUNNING' || nextPollAt === null) return 0;
  return Math.min(Math.max(0, nextPollAt - now), longestWaitMs);
}
