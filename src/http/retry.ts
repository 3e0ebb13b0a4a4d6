/** When a request is sent again, and how long it waits before. */

/** Bounds of the repetitions of one `send`. */
export interface RetryLimits {
  /** Tries in all, the first included. Default 4; 1 never repeats. */
  readonly maxTries: number;
  /** No try begins later than this after the first. Default 10 000. */
  readonly totalMs: number;
  /** Wait before the second try, doubled for each further one. Default 200. */
  readonly baseDelayMs: number;
  /** The longest wait of our own. Default 2 000. */
  readonly maxDelayMs: number;
  /** The longest `Retry-After` of a 503 that is waited for; a longer one ends the repetitions. Default 5 000. */
  readonly maxRetryAfterMs: number;
}

export const defaultRetryLimits: RetryLimits = {
  maxTries: 4,
  totalMs: 10_000,
  baseDelayMs: 200,
  maxDelayMs: 2_000,
  maxRetryAfterMs: 5_000,
};

/** Bad gateway, unavailable, gateway timeout: the provider itself says that another try may do. 429 says the contrary. */
export function isTransientStatus(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/**
 * Gives the milliseconds to wait before the next try, or `undefined` when there is none.
 *
 * @param tries - tries made so far.
 * @param elapsedMs - time since the first try began.
 * @param askedMs - what the provider asked for (`retryAfterMs`); the longer of both waits wins.
 */
export function nextDelayMs(
  limits: RetryLimits,
  tries: number,
  elapsedMs: number,
  askedMs: number | undefined,
  random: () => number = Math.random,
): number | undefined {
  if (tries >= limits.maxTries) return undefined;
  if (askedMs !== undefined && askedMs > limits.maxRetryAfterMs) return undefined;
  const ceiling = Math.min(limits.maxDelayMs, limits.baseDelayMs * 2 ** (tries - 1));
  // Half of it is left to chance, so that callers that failed together do not come back together.
  const delay = Math.max(ceiling / 2 + (random() * ceiling) / 2, askedMs ?? 0);
  return elapsedMs + delay > limits.totalMs ? undefined : delay;
}

/** A provider that says "in a year" means "no": nothing is planned by a longer wait than a day. */
const longestRetryAfterMs = 24 * 60 * 60_000;

/**
 * Reads `Retry-After`: seconds or an HTTP date, capped at one day; `undefined` when absent or unreadable.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs = Date.now()): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, longestRetryAfterMs);
  // All three forms of an HTTP date begin with the name of the day; `Date.parse` alone takes "-5" for a year.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : Math.min(Math.max(0, timeMs - nowMs), longestRetryAfterMs);
}
