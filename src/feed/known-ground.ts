/** Where a descending cycle may stop: what it meets was delivered, or was there before the feed. */
import type { TriggerEvent } from '../connector/run-trigger.ts';
import type { JsonValue } from '../storage/records.ts';
import type { News } from './page-writer.ts';
import type { FeedProgress } from './progress.ts';
import { compareSortBy, timeLike, timeOf } from './sort-order.ts';

/** A page of a cycle, with what the feed has seen of it. */
export interface MetPage {
  readonly events: readonly TriggerEvent[];
  /** Signatures. */
  readonly known: ReadonlySet<string>;
}

/**
 * Whether nothing new can follow a page. Where `sortBy` can be compared, that is so below the largest one that was
 * delivered; a page of which rows are known does not end the cycle while rows of the same `sortBy` may follow, since
 * providers order these as they like, or while its last row is new. Elsewhere the first known row ends it.
 *
 * @param lookBackMs - so far below the largest `sortBy` rows that come late are looked for.
 */
export function isKnownGround({ events, known }: MetPage, { highest }: FeedProgress, lookBackMs: number): boolean {
  const lowest = lowestOf(events);
  const order = compareSortBy(lowest, highest);
  if (order === undefined) return known.size > 0;
  const [lowestTime, highestTime] = [timeOf(lowest), timeOf(highest)];
  if (lookBackMs > 0 && lowestTime !== undefined && highestTime !== undefined) {
    return lowestTime + lookBackMs < highestTime;
  }
  if (order < 0) return true;
  return order > 0 && known.has(events.at(-1)!.signature);
}

/** Whether a row was there before the feed: it lies below the oldest row of its ground. */
export function isBeforeFeed({ sortBy }: TriggerEvent, { floor, highest }: FeedProgress): boolean {
  const order = compareSortBy(sortBy, floor);
  if (order === undefined) return false;
  // Of rows that share the floor's place the ground holds some; the others were on the next page.
  return order < 0 || (order === 0 && compareSortBy(floor, highest) !== 0);
}

/** A provider's clock may be ahead by so much; what is later still is no time at which something happened. */
const maxAheadMs = 5 * 60_000;

/** Parts what a first poll meets, which may come long after its feed was started: what happened since then is no ground. */
export function partNews(
  { events, parked }: Pick<News, 'events' | 'parked'>,
  { startedAt = Infinity, now }: { readonly startedAt?: number; readonly now: () => number },
): { readonly fresh: readonly TriggerEvent[]; readonly ground: Pick<News, 'events' | 'parked'> } {
  const latest = now() + maxAheadMs;
  const isFresh = ({ occurredAt }: TriggerEvent) =>
    occurredAt !== undefined && occurredAt >= startedAt && occurredAt <= latest;
  const fresh = events.filter(isFresh);
  return { fresh, ground: { events: events.filter((event) => !isFresh(event)), parked } };
}

/** The smallest `sortBy`, where it can be told. */
export function lowestOf(events: readonly TriggerEvent[]): JsonValue | undefined {
  return events.reduce<JsonValue | undefined>(
    (lowest, { sortBy }) => (lowest === undefined || (compareSortBy(sortBy, lowest) ?? 0) < 0 ? sortBy : lowest),
    undefined,
  );
}

/**
 * The largest `sortBy`, but never one of the future: a provider whose clock is ahead, or one row with a wrong year, would
 * otherwise let everything that comes until then pass for old.
 */
export function highestOf(
  before: JsonValue | undefined,
  events: readonly TriggerEvent[],
  now: number,
): JsonValue | undefined {
  return events.reduce((highest, { sortBy }) => {
    if (sortBy === undefined) return highest;
    const time = timeOf(sortBy);
    const value = time !== undefined && time > now ? timeLike(now, sortBy) : sortBy;
    if (highest === undefined) return compareSortBy(value, value) === undefined ? undefined : value;
    return (compareSortBy(value, highest) ?? 0) > 0 ? value : highest;
  }, before);
}
