/** When tokens are renewed: before they end, and before they die of disuse. */
import type { ConnectionRecord } from './connection-record.ts';

/** When to ask for another access token, in milliseconds since 1970. */
export interface Schedule {
  /** From then on it is renewed, though it is good. */
  readonly renewFrom: number;
  /** From then on callers wait for the new one. */
  readonly waitFrom: number;
  readonly endsAt: number;
}

const longestMarginMs = 15 * 60_000;
/** So long before its end a token may end on its way to the provider. */
const lastMomentMs = 10_000;

/** @param expiresAt - `null`: not known, used until a 401. */
export function scheduleOf(expiresAt: number | null, obtainedAt: number | undefined): Schedule {
  if (expiresAt === null) return { renewFrom: Infinity, waitFrom: Infinity, endsAt: Infinity };
  const lifetimeMs = obtainedAt === undefined ? 2 * longestMarginMs : Math.max(0, expiresAt - obtainedAt);
  return {
    renewFrom: expiresAt - Math.min(longestMarginMs, lifetimeMs / 2),
    waitFrom: expiresAt - Math.min(lastMomentMs, lifetimeMs / 4),
    endsAt: expiresAt,
  };
}

/** Whether tokens that nobody uses are to be renewed now. */
export function isIdle({ value }: ConnectionRecord, now: number): boolean {
  const { idleRefreshAt, state, retryAt } = value;
  return state === 'STARTED' && typeof idleRefreshAt === 'number' && idleRefreshAt <= now && (retryAt ?? 0) <= now;
}
