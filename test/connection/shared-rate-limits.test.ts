import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSharedRateLimits, rateLimitKind } from '../../src/connection/shared-rate-limits.ts';
import { createRateBudgets, type RateOwner } from '../../src/http/rate-budget.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { until } from '../support/until.ts';

const url = new URL('https://api.example.com/items/1');
const owner: RateOwner = { connector: 'sample', connection: 'c1' };
let store: Store;
let nowMs: number;
beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  store = await createSqliteStore({ file: ':memory:', now: () => nowMs });
});
afterEach(() => store.close());

/** One replica, whose own clock may differ from that of the store. */
function replica(clockAheadMs = 0) {
  const limits = createSharedRateLimits(store.records, () => nowMs + clockAheadMs);
  const budgets = createRateBudgets({ now: () => nowMs, wallNow: () => nowMs, onClosed: limits.publish });
  return {
    limits,
    answered: (status: number, headers: Readonly<Record<string, string>>) =>
      budgets.settle(owner, url, undefined, { status, headers }),
    listen: () => limits.listen(budgets),
    waitMs(whose = owner, to = url) {
      const given = budgets.admit(whose, to);
      if (given?.kind === 'go') budgets.settle(whose, to, given, undefined);
      return given?.kind === 'wait' ? given.waitMs : 0;
    },
  };
}

const written = () => until(async () => (await store.records.list(rateLimitKind, {}))[0]?.expiresAt !== undefined);

describe('a limit that one replica was told to have reached', () => {
  it.each([
    ['by a refusal', 429, { 'retry-after': '30' }],
    ['by nothing that is left', 200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }],
  ])('holds the others back too, %s, until it ends', async (_name, status, headers) => {
    const [one, other] = [replica(), replica(600_000)];
    await other.listen();
    one.answered(status, headers);
    await written();
    await other.listen();
    expect([one.waitMs(), other.waitMs()]).toEqual([30_000, 30_000]);
    expect(other.waitMs({ connector: 'sample', connection: 'c2' })).toBe(0);
    expect(other.waitMs(owner, new URL('https://other.example.com/'))).toBe(0);
    nowMs += 30_000;
    await other.listen();
    expect([one.waitMs(), other.waitMs()]).toEqual([0, 0]);
    expect(await store.records.list(rateLimitKind, {})).toEqual([]);
  });

  it('is known to a replica that begins later, for what is left of it', async () => {
    replica().answered(429, { 'retry-after': '30' });
    await written();
    nowMs += 10_000;
    const later = replica();
    await later.listen();
    expect(later.waitMs()).toBe(20_000);
  });

  it('is told once by each answer that says so, and by no other', async () => {
    let writes = 0;
    const { records } = store;
    const create: typeof records.create = (...given) => {
      writes += 1;
      return records.create(...given);
    };
    const limits = createSharedRateLimits({ ...records, create });
    const budgets = createRateBudgets({ onClosed: limits.publish });
    for (const remaining of ['3', '2', '1']) {
      budgets.settle(owner, url, undefined, { status: 200, headers: { 'x-ratelimit-remaining': remaining } });
    }
    expect(writes).toBe(0);
    budgets.settle(owner, url, undefined, { status: 429, headers: {} });
    expect(writes).toBe(1);
    await limits.stop();
  });

  it('is kept to itself while the store fails, and fails nothing', async () => {
    const one = replica();
    await store.close();
    one.answered(429, { 'retry-after': '30' });
    await one.limits.stop();
    expect(one.waitMs()).toBe(30_000);
  });
});
