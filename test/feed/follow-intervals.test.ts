import { describe, expect, it } from '@jest/globals';
import type { FeedDesk } from '../../src/feed/feed-desk.ts';
import { createFollowIntervals } from '../../src/feed/follow-intervals.ts';

const feed = (id: string, trigger: string, state = 'RUNNING') => ({ id, value: { connector: 'shop', trigger, state } });
const running = [feed('a', 'sale'), feed('b', 'sale'), feed('c', 'order'), feed('d', 'sale', 'BACKING_OFF')];

/** One replica with the intervals that its connectors have; what it makes due, and when. */
function replica(floorMs = 1_000) {
  const intervals: Record<string, number> = { sale: 60_000, order: 60_000 };
  const due: [string, number | undefined][] = [];
  const desk = {
    records: { listRunning: async () => running },
    triggers: (_connector: string, trigger: string) =>
      intervals[trigger] === undefined ? undefined : { intervalMs: intervals[trigger] },
  } as unknown as FeedDesk;
  const clock = { pollSoon: async (id: string, restMs?: number) => due.push([id, restMs]) > 0 };
  const follow = createFollowIntervals(desk, clock, floorMs);
  return { intervals, due, follow };
}

describe('feeds whose trigger has another interval on one of several replicas', () => {
  it('are due by a shorter one, wherever their job is, and those of other triggers are left alone', async () => {
    const { intervals, due, follow } = replica();
    await follow();
    intervals['sale'] = 5_000;
    await follow();
    expect(due).toEqual([
      ['a', 5_000],
      ['b', 5_000],
    ]);
    await follow();
    expect(due).toHaveLength(2);
  });

  it('are due no sooner than the operator allows, and not at all by a longer one', async () => {
    const { intervals, due, follow } = replica(10_000);
    await follow();
    intervals['order'] = 100;
    intervals['sale'] = 120_000;
    await follow();
    expect(due).toEqual([['c', 10_000]]);
    intervals['sale'] = 60_000;
    await follow();
    expect(due.slice(1)).toEqual([
      ['a', 60_000],
      ['b', 60_000],
    ]);
  });

  it('stay as they are where their trigger is not served', async () => {
    const { intervals, due, follow } = replica();
    await follow();
    delete intervals['sale'];
    await follow();
    expect(due).toEqual([]);
  });
});
