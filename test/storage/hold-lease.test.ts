import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withLease, type HoldOptions } from '../../src/storage/hold-lease.ts';
import type { Leases } from '../../src/storage/lease.ts';
import type { Store } from '../../src/storage/store.ts';
import { openTestStore } from '../support/test-store.ts';

const options: HoldOptions = { ttlMs: 1000, renewEveryMs: 10, waitMs: 0 };
/** Resolves when the signal aborts, with its reason. */
const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

describe('work under a lease', () => {
  let store: Store;
  beforeEach(async () => (store = await openTestStore()));
  afterEach(async () => store.close());

  /** The leases of the store, with some methods replaced. */
  const leasesWith = (replaced: Partial<Leases>): Leases => ({ ...store.leases, ...replaced });

  it('gives what the work gives, and frees the lease', async () => {
    const first = await withLease(store.leases, 'a', options, async (fence) => fence);
    const second = await withLease(store.leases, 'a', options, async (fence) => fence);
    expect(second).toBeGreaterThan(first);
  });

  it('frees the lease when the work fails', async () => {
    const failure = new Error('refused');
    await expect(withLease(store.leases, 'a', options, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await store.leases.acquire('a', 'b', 1000)).toBeDefined();
  });

  it('is done by one at a time, in turn', async () => {
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(
      Array.from({ length: 5 }, () => withLease(store.leases, 'a', { ...options, waitMs: 10_000 }, work)),
    );
    expect(most).toBe(1);
  });

  it('is not begun when another holds the lease for longer than one can wait', async () => {
    await store.leases.acquire('a', 'other', 60_000);
    const begun: number[] = [];
    const attempt = withLease(store.leases, 'a', { ...options, waitMs: 30 }, async (fence) => begun.push(fence));
    await expect(attempt).rejects.toMatchObject({
      code: 'LEASE_TIMEOUT',
      message: 'Another process has held the lease a for more than 30 ms. Try again.',
    });
    expect(begun).toEqual([]);
  });

  it('begins when the holder has died and its lease has run out', async () => {
    await store.leases.acquire('a', 'dead', 40);
    expect(await withLease(store.leases, 'a', { ...options, waitMs: 10_000 }, async () => 'done')).toBe('done');
  });

  it('keeps the lease for as long as it takes', async () => {
    let renewals = 0;
    let enough = () => {};
    const renewed = new Promise<void>((resolve) => (enough = resolve));
    const leases = leasesWith({
      renew: async (...given) => {
        if ((renewals += 1) === 6) enough();
        return store.leases.renew(...given);
      },
    });
    await withLease(leases, 'a', { ttlMs: 200, renewEveryMs: 50, waitMs: 0 }, async (_, signal) => {
      await renewed;
      expect(signal.aborted).toBe(false);
      expect(await store.leases.acquire('a', 'other', 1000)).toBeUndefined();
    });
    expect(await store.leases.acquire('a', 'other', 1000)).toBeDefined();
  });

  it('may ask whether it still holds the lease, before any timer has told', async () => {
    const asked = await withLease(
      store.leases,
      'a',
      { ...options, renewEveryMs: 300 },
      async (_fence, signal, isHeld) => {
        const before = await isHeld();
        const leases = leasesWith({ renew: async () => false });
        const lost = await withLease(leases, 'b', { ...options, renewEveryMs: 300 }, async (_, own, isOwn) => [
          await isOwn(),
          (own.reason as { code: string }).code,
        ]);
        return [before, signal.aborted, ...lost];
      },
    );
    expect(asked).toEqual([true, false, false, 'LEASE_LOST']);
  });

  it('hears that its lease went to another', async () => {
    const leases = leasesWith({ renew: async () => false });
    const reason = await withLease(leases, 'a', options, (_, signal) => aborted(signal));
    expect(reason).toMatchObject({
      code: 'LEASE_LOST',
      message: 'The lease a ran out before the work under it had ended.',
    });
  });

  it('hears that its lease ran out while the store could not be asked', async () => {
    const leases = leasesWith({ renew: () => Promise.reject(new Error('down')) });
    expect(await withLease(leases, 'a', { ...options, ttlMs: 60 }, (_, signal) => aborted(signal))).toMatchObject({
      code: 'LEASE_LOST',
    });
    const hanging = leasesWith({ renew: () => new Promise(() => {}) });
    expect(await withLease(hanging, 'b', { ...options, ttlMs: 60 }, (_, signal) => aborted(signal))).toMatchObject({
      code: 'LEASE_LOST',
    });
  });

  it('goes on when a renewal fails and the next succeeds', async () => {
    let renewals = 0;
    let enough = () => {};
    const renewed = new Promise<void>((resolve) => (enough = resolve));
    const leases = leasesWith({
      renew: async (...given) => {
        renewals += 1;
        if (renewals % 2) throw new Error('down');
        if (renewals === 6) enough();
        return store.leases.renew(...given);
      },
    });
    await withLease(leases, 'a', { ...options, ttlMs: 400 }, async (_, signal) => {
      await renewed;
      expect(signal.aborted).toBe(false);
    });
  });

  it('is not begun, or hears of it, when its caller gives up', async () => {
    const caller = new AbortController();
    const given = { ...options, signal: caller.signal, waitMs: 60_000 };
    let begin = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const working = withLease(store.leases, 'a', given, (_, signal) => {
      begin();
      return aborted(signal);
    });
    await begun;
    const waiting = withLease(store.leases, 'a', given, async () => 'begun');
    caller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow();
    expect(await working).toEqual(new Error('gone'));
    await expect(withLease(store.leases, 'b', given, async () => 'begun')).rejects.toThrow('gone');
  });

  it('does not mind that the lease cannot be given up', async () => {
    const leases = leasesWith({ release: () => Promise.reject(new Error('down')) });
    expect(await withLease(leases, 'a', options, async () => 'done')).toBe('done');
  });
});
