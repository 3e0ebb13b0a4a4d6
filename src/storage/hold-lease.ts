/** Does work under a lease: waits for it, renews it, tells the work when it is lost, gives it up at the end. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.ts';
import type { Leases } from './lease.ts';

export interface HoldOptions {
  /** So long the lease outlives a holder that died. */
  readonly ttlMs: number;
  /** At most a third of `ttlMs`, so that one renewal may fail. */
  readonly renewEveryMs: number;
  /** So long to wait while another holds it; 0 = ask once. */
  readonly waitMs: number;
  /** Ends the waiting, and aborts the signal of the work. */
  readonly signal?: AbortSignal;
}

const firstPollMs = 20;
const longestPollMs = 500;

/** What is done under a lease. */
export type LeasedWork<T> = (
  fence: number,
  signal: AbortSignal,
  /**
   * Asks the store now, and renews: `false` when the lease is lost, with which the signal aborts. A process that was frozen
   * may find out before its timers do.
   *
   * @throws GatewayError of the store, which knows nothing then.
   */
  isHeld: () => Promise<boolean>,
) => Promise<T>;

/**
 * What `work` gives. Its signal aborts with LEASE_LOST when the lease was lost or could not be renewed in time, by the
 * clock of this process and never later than by that of the store; what work still writes then must be refused by its
 * `fence`, or by compare-and-set. The timers hold no process up.
 *
 * @throws GatewayError LEASE_TIMEOUT when another held it all the while; what `work` and the store throw.
 */
export async function withLease<T>(
  leases: Leases,
  name: string,
  options: HoldOptions,
  work: LeasedWork<T>,
): Promise<T> {
  const owner = randomUUID();
  const { fence, heldUntil } = await waitForLease(leases, name, owner, options);
  const { signal, isHeld, stop } = keepRenewed(leases, { name, owner, fence, heldUntil }, options);
  try {
    return await work(fence, options.signal ? AbortSignal.any([signal, options.signal]) : signal, isHeld);
  } finally {
    stop();
    // One that cannot be given up runs out by itself; the work is done all the same.
    await leases.release(name, owner, fence).catch(() => undefined);
  }
}

interface Holding {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
  /** By the clock of `performance.now`, taken before the store was asked. */
  readonly heldUntil: number;
}

async function waitForLease(
  leases: Leases,
  name: string,
  owner: string,
  { ttlMs, waitMs, signal }: HoldOptions,
): Promise<{ fence: number; heldUntil: number }> {
  const until = performance.now() + waitMs;
  for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 1.5, longestPollMs)) {
    signal?.throwIfAborted();
    const askedAt = performance.now();
    const lease = await leases.acquire(name, owner, ttlMs);
    if (lease) return { fence: lease.fence, heldUntil: askedAt + ttlMs };
    const leftMs = until - performance.now();
    if (leftMs <= 0) throw timeoutError(name, waitMs);
    // Spread, so that those who wait together do not ask together.
    await sleep(Math.min(pollMs * (0.5 + Math.random()), leftMs), undefined, signal ? { signal } : {});
  }
}

function keepRenewed(
  leases: Leases,
  holding: Holding,
  { ttlMs, renewEveryMs }: HoldOptions,
): { signal: AbortSignal; isHeld: () => Promise<boolean>; stop: () => void } {
  const lost = new AbortController();
  const { name, owner, fence } = holding;
  let expiry: NodeJS.Timeout | undefined;
  let renewal: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(expiry);
    clearTimeout(renewal);
    isOver = true;
  };
  let isOver = false;
  const lose = (cause?: unknown) => {
    stop();
    lost.abort(
      new GatewayError('LEASE_LOST', `The lease ${name} ran out before the work under it had ended.`, { cause }),
    );
  };
  const holdUntil = (heldUntil: number) => {
    clearTimeout(expiry);
    expiry = setTimeout(lose, heldUntil - performance.now()).unref();
  };
  const renewAfter = (ms: number) => void (renewal = setTimeout(() => void renew(), ms).unref());
  const isHeld = async (): Promise<boolean> => {
    if (isOver) return false;
    const askedAt = performance.now();
    const isRenewed = await leases.renew(name, owner, fence, ttlMs);
    if (isOver) return false;
    if (isRenewed) holdUntil(askedAt + ttlMs);
    else lose();
    return isRenewed;
  };
  const renew = async () => {
    const isRenewed = await isHeld().catch(() => false);
    // A store that fails may be back before the lease has run out.
    if (!isOver) renewAfter(isRenewed ? renewEveryMs : renewEveryMs / 4);
  };
  holdUntil(holding.heldUntil);
  renewAfter(renewEveryMs);
  return { signal: lost.signal, isHeld, stop };
}

function timeoutError(name: string, waitMs: number): GatewayError {
  return new GatewayError(
    'LEASE_TIMEOUT',
    `Another process has held the lease ${name} for more than ${waitMs} ms. Try again.`,
    { retryAfterMs: 1000 },
  );
}
