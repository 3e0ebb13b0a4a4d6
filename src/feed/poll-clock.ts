/** Hands out polls among the processes that share a store: which feed is due, and who polls it. The contract of both clocks. */
import type { Leases } from '../storage/lease.ts';

/** What a process holds while it may poll a feed. */
export interface HeldFeed {
  /** Larger than that of whoever polled it before; the log refuses what is written with an older one. */
  readonly fence: number;
  /** Aborted when the feed is not this process's any more, or is ended. */
  readonly signal: AbortSignal;
  /** Asks the store, and renews. @throws GatewayError of the store, which knows nothing then. */
  readonly isHeld: () => Promise<boolean>;
}

export interface PollClock {
  /** The feed is polled from now on, by one process at a time, this or another. Where it is already, nothing changes. */
  readonly begin: (feed: string) => void;
  /**
   * These are all the feeds that run, for the record in the store is the truth: those that the clock does not know, since
   * what it keeps was lost, are begun, first due in so many milliseconds. To be called every few seconds. It never fails.
   */
  readonly keep: (feeds: readonly { readonly feed: string; readonly inMs: number }[]) => Promise<void>;
  /**
   * The feed is due as soon as `restMs` (default 0) have passed since its last poll began, if it was not due before that.
   * While it is polled here, once more afterwards, however often that is said.
   *
   * @returns `false` where this process cannot say so just now: another one polls the feed, or it is not known.
   */
  readonly pollSoon: (feed: string, restMs?: number) => Promise<boolean>;
  /** Whether the feed can be ended from here: nobody but this process polls it, or the clock is shared by all. */
  readonly isOurs: (feed: string) => boolean;
  /** This process has nothing to do with the feed any more; a poll under way here is aborted and has ended. */
  readonly leave: (feed: string) => Promise<void>;
  /**
   * The feed is not polled any more, which its record says already. `finish` is done while nobody polls it.
   *
   * @throws what `finish` throws.
   */
  readonly end: (feed: string, finish?: () => Promise<unknown>) => Promise<void>;
  /** Aborts the polls under way, awaits them, and gives all feeds up so that other processes go on with them at once. */
  readonly close: () => Promise<void>;
}

export interface PollClockOptions {
  readonly leases: Leases;
  /**
   * Polls a feed. It never fails.
   *
   * @param signal - aborted as that of `held`, and when the poll takes too long.
   * @returns in how many milliseconds it is due again; `undefined`: not by itself.
   */
  readonly poll: (feed: string, held: HeldFeed, signal: AbortSignal) => Promise<number | undefined>;
  /** In how many milliseconds a feed is due that begins to be polled. Default: at once. */
  readonly dueIn?: (feed: string) => Promise<number>;
  /** Another process polls it; `false`: nobody here needs to wait for that to end. Default: waits. */
  readonly onTaken?: (feed: string) => boolean;
  /** The store takes no lease of it, so that nobody may poll it, for this reason; `undefined`: it does again. */
  readonly onHindrance?: (feed: string, reason: unknown) => void;
  /** What the signal of a poll that takes too long is aborted with. */
  readonly timeoutError: (feed: string) => Error;
  /** The clock cannot be asked just now; it goes on by itself when it can. */
  readonly onFailure?: (error: unknown) => void;
  /** Polls at a time. Default 64. */
  readonly concurrency?: number;
  /** The longest that one may take. Default 5 minutes. */
  readonly pollTimeoutMs?: number;
  /** So long a feed waits at most when the process that polled it has died. Default 10 000. */
  readonly takeoverMs?: number;
  /** 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

export type CreatePollClock = (options: PollClockOptions) => PollClock;

export const defaultConcurrency = 64;
export const defaultPollTimeoutMs = 5 * 60_000;
export const defaultTakeoverMs = 10_000;

/** Under this lease a feed is polled, by whichever clock, so that different ones may run beside each other. */
export function leaseOf(feed: string): string {
  return `feed/${feed}`;
}
