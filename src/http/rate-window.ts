/** One window of a provider's rate limit: what is left in it, what is under way, and when the next begins. */
import type { RateFacts } from './rate-headers.ts';

/** Part of a window that polls leave to actions; one request at least. */
const reservedPart = 0.1;
/** A refusal that names no time is waited out for so long, doubled for each that follows. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** Times in milliseconds of a clock that never moves back. */
export class RateWindow {
  /** Counts what was learned, so that an answer of a request from before is known as such. */
  revision = 0;
  /** Requests under way, which the provider may not have counted yet. */
  underWay = 0;
  #limit: number | undefined;
  #remaining = Number.POSITIVE_INFINITY;
  /** `undefined`: not known, or past. */
  #resetAt: number | undefined;
  /** Refusals one after the other. */
  #refusals = 0;
  readonly #listeners = new Set<() => void>();

  /**
   * Milliseconds until a request may go, 0 for now; `undefined`: the answers under way decide. After a refusal that is one
   * request alone, whose answer tells whether the others may follow.
   */
  waitMs(now: number): number | undefined {
    this.#turn(now);
    if (this.#remaining > this.underWay) return 0;
    if (this.#resetAt !== undefined) return this.#resetAt - now;
    return this.underWay === 0 ? 0 : undefined;
  }

  /** When a poll may go, so that the last of a window is left to actions; 0 for now. */
  readyAt(now: number): number {
    this.#turn(now);
    if (this.#resetAt === undefined) return 0;
    const reserved = Math.max(1, Math.floor((this.#limit ?? 0) * reservedPart));
    return this.#remaining - this.underWay > reserved ? 0 : this.#resetAt;
  }

  /** @param revision - of this window, when the request was sent; `undefined` when there was none yet. */
  learn(facts: RateFacts, now: number, revision: number | undefined): void {
    if (facts.isRefusal) return this.#refuse(facts, now);
    // Whatever is answered after a refusal was asked before it, and says nothing about what goes now.
    if (this.#isRefused(now) || facts.remaining === undefined) return;
    const resetAt = facts.resetMs === undefined ? undefined : now + facts.resetMs;
    this.#limit = facts.limit ?? this.#limit;
    if (revision === this.revision) {
      this.#remaining = facts.remaining;
      this.#resetAt = resetAt ?? this.#resetAt;
      this.#refusals = 0;
    } else {
      // It was answered beside others, in an order that nobody knows: the least is true.
      this.#remaining = Math.min(this.#remaining, facts.remaining);
      this.#resetAt ??= resetAt;
    }
    if (this.#remaining <= 0) this.#resetAt ??= now + firstPauseMs;
    this.revision++;
  }

  /** Another process was told that nothing goes until then. */
  close(until: number): void {
    this.#remaining = 0;
    this.#resetAt = Math.max(this.#resetAt ?? 0, until);
    this.revision++;
  }

  /** Milliseconds until something may go again, as far as it was told; 0 while something is left. */
  closedMs(now: number): number {
    return this.#remaining > 0 || this.#resetAt === undefined ? 0 : Math.max(0, this.#resetAt - now);
  }

  /** An answer that says nothing of a limit. */
  count(now: number): void {
    if (this.#isRefused(now)) return;
    if (this.#resetAt !== undefined) {
      this.#remaining = Math.max(0, this.#remaining - 1);
      return;
    }
    this.#remaining = Number.POSITIVE_INFINITY;
    this.#refusals = 0;
  }

  /** Nothing is known any more that a later request would need. */
  isIdle(): boolean {
    return this.#remaining === Number.POSITIVE_INFINITY && this.underWay === 0 && this.#listeners.size === 0;
  }

  /** Calls once, after the next answer. Ends with the returned function. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(): void {
    if (this.#listeners.size === 0) return;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  #refuse({ resetMs, remaining = 0 }: RateFacts, now: number): void {
    const isRefused = this.#isRefused(now);
    // Requests that were sent together are refused together: that is one refusal.
    if (!isRefused) this.#refusals++;
    // While something remains it is another limit that refuses (GitHub's secondary one), and the reset is not its own.
    const toldMs = remaining > 0 ? 0 : (resetMs ?? 0);
    const pauseMs = toldMs > 0 ? toldMs : Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#refusals - 1));
    this.#resetAt = isRefused ? Math.max(this.#resetAt!, now + toldMs) : now + pauseMs;
    this.#remaining = 0;
    this.revision++;
  }

  #isRefused(now: number): boolean {
    return this.#refusals > 0 && this.#resetAt !== undefined && now < this.#resetAt;
  }

  /** After the reset a whole window is there again, or after a refusal one request, which tries. */
  #turn(now: number): void {
    if (this.#resetAt === undefined || now < this.#resetAt) return;
    this.#resetAt = undefined;
    this.#remaining = this.#refusals > 0 ? 1 : (this.#limit ?? Number.POSITIVE_INFINITY);
    this.revision++;
  }
}
