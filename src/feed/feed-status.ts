/** What is told of a feed: its record, what its log holds, and how it fares as far as this process knows. */
import type { FeedDesk } from './feed-desk.ts';
import type { FeedStatus } from './feed.ts';
import type { HealthState } from './feed-health.ts';
import { isRunning, keyOfRecord, type FeedRecord } from './feed-record.ts';
import type { RunningFeeds } from './running-feeds.ts';

/** @throws GatewayError of the store */
export async function readStatus(
  { log }: Pick<FeedDesk, 'log'>,
  record: FeedRecord,
  running: RunningFeeds,
): Promise<FeedStatus> {
  const { id, value } = record;
  const { lastPlace, oldestPlace, parkedCount } = await log.state(id);
  const { state, lastError, lastPollAt, nextPollAt, lagMs } = healthOf(record, running);
  return {
    ...keyOfRecord(record),
    id,
    state,
    durable: value.durable,
    ...(lastError && { lastError: { code: lastError.code, message: lastError.message, at: lastError.at } }),
    ...(lastPollAt !== null && { lastPollAt }),
    ...(nextPollAt !== null && { nextPollAt }),
    ...(lagMs !== null && { lagMs }),
    lastPlace,
    oldestPlace,
    parkedCount,
    subscriberCount: running.countOf(id),
  };
}

/** Whether it is stopped the record knows first; how it fares, whoever polled it last. */
function healthOf(record: FeedRecord, running: RunningFeeds): HealthState {
  const { id, value } = record;
  if (!isRunning(record)) return value;
  const lastError = running.hindrance(id);
  if (lastError) return { ...value, state: 'BACKING_OFF', lastError };
  const known = running.health(id);
  return known && (known.lastPollAt ?? 0) >= (value.lastPollAt ?? 0) ? known : value;
}
