import { describe, expect, it } from '@jest/globals';
import { createTrimmer } from '../../src/feed/trim-feed.ts';
import { createMemoryFeedLog } from '../support/memory-feed-log.ts';

const signal = new AbortController().signal;
const minuteMs = 60_000;

describe('what is parked of a feed', () => {
  it('is kept up to a thousand events, the newest, though nothing is logged', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const log = createMemoryFeedLog(() => now);
    const trimmer = createTrimmer({ log, limits: {}, now: () => now }, 'f');
    await trimmer.after(0, signal);
    const parked = Array.from({ length: 1_500 }, (_, number) => ({ code: 'EVENT_INVALID', reason: `r${number}` }));
    await log.append('f', { parked });
    now += minuteMs;
    await trimmer.after(0, signal);
    expect((await log.state('f')).parkedCount).toBe(1_000);
    expect((await log.parked('f', { limit: 1 }))[0]).toMatchObject({ reason: 'r500' });
  });

  it('is kept as long as events are', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const log = createMemoryFeedLog(() => now);
    const trimmer = createTrimmer({ log, limits: { keepMs: 120 * minuteMs }, now: () => now }, 'f');
    await log.append('f', { parked: [{ code: 'EVENT_INVALID', reason: 'old' }] });
    now += 120 * minuteMs;
    await trimmer.after(0, signal);
    expect((await log.state('f')).parkedCount).toBe(1);
    now += 61 * minuteMs;
    await trimmer.after(0, signal);
    expect((await log.state('f')).parkedCount).toBe(0);
  });
});
