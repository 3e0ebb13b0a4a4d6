/** The clock of an embedded store satisfies the contract. */
import { describe } from '@jest/globals';
import { createTimerClock } from '../../src/feed/timer-clock.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { describeClock } from '../contract/poll-clock-contract.ts';

describe('a clock of timers over an embedded store', () => {
  describeClock(async () => {
    const store = await createSqliteStore({ file: ':memory:' });
    return { leases: store.leases, open: async (options) => createTimerClock(options), close: store.close };
  });
});
