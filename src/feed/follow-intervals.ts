/** Lets feeds follow the intervals of their triggers when other connectors are served. */
import type { FeedDesk } from './feed-desk.ts';
import type { FeedRecord } from './feed-record.ts';
import type { PollClock } from './poll-clock.ts';

/**
 * Feeds whose interval is shorter than it was are due by the new one; a longer one holds from the next poll on by itself.
 *
 * @param running - all that run; default: they are read. @throws GatewayError of the store
 */
export type FollowIntervals = (running?: readonly FeedRecord[]) => Promise<void>;

export function createFollowIntervals(
  { records, triggers }: Pick<FeedDesk, 'records' | 'triggers'>,
  clock: Pick<PollClock, 'pollSoon'>,
  floorMs: number,
): FollowIntervals {
  /** By the names of connector and trigger. */
  const intervals = new Map<string, number>();
  /** Notes the intervals of now, and gives those that became shorter. */
  const findShorter = (running: readonly FeedRecord[]): ReadonlyMap<string, number> => {
    const shorter = new Map<string, number>();
    for (const { value } of running) {
      const name = nameOf(value);
      const intervalMs = triggers(value.connector, value.trigger)?.intervalMs;
      if (intervalMs === undefined || shorter.has(name)) continue;
      if (intervalMs < (intervals.get(name) ?? intervalMs)) shorter.set(name, intervalMs);
      intervals.set(name, intervalMs);
    }
    return shorter;
  };
  return async (running) => {
    const shorter = findShorter(running ?? (await records.listRunning(true)));
    if (shorter.size === 0) return;
    for (const { id, value } of await records.listRunning(true)) {
      const intervalMs = shorter.get(nameOf(value));
      if (intervalMs === undefined || value.state !== 'RUNNING') continue;
      await clock.pollSoon(id, Math.max(intervalMs, floorMs));
    }
  };
}

function nameOf({ connector, trigger }: FeedRecord['value']): string {
  return `${connector}.${trigger}`;
}
