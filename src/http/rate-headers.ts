/** What an answer says about how many more requests its provider takes, and when it takes more again. */
import { retryAfterMs } from './retry.ts';

/** What one answer says. An answer that says nothing gives `undefined` instead. */
export interface RateFacts {
  /** The answer itself was a refusal. Where it says nothing of `resetMs`, nobody knows for how long. */
  readonly isRefusal: boolean;
  /** Requests that one window takes. */
  readonly limit?: number;
  /** Requests that are left in this window. */
  readonly remaining?: number;
  /** From now to the next window, at most an hour. */
  readonly resetMs?: number;
  /** Where a provider counts several kinds of requests apart: which of them this was (GitHub). */
  readonly resource?: string;
}

/** Nobody is believed who says that nothing goes for longer: after that time the provider is asked again. */
export const longestWindowMs = 60 * 60_000;

/**
 * Reads `RateLimit` and `RateLimit-Policy` (drafts 7 to 10), `RateLimit-Limit`, `-Remaining` and `-Reset` (up to draft 6),
 * their older spellings with `X-`, and `Retry-After` of a 429 or 403.
 *
 * @param wallMs - our clock, in milliseconds since 1970; times of the provider are read against its own `Date` where it says one.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export function readRateFacts(
  status: number,
  headers: Readonly<Record<string, string>>,
  wallMs: number,
): RateFacts | undefined {
  const asked = status === 429 || status === 403 ? headers['retry-after'] : undefined;
  const isRefusal = status === 429 || asked !== undefined;
  const counted =
    headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining'] ?? headers['x-rate-limit-remaining'];
  const combined = headers['ratelimit'];
  // Most answers of most providers end here.
  if (!isRefusal && counted === undefined && combined === undefined) return undefined;
  const window =
    (combined === undefined ? undefined : readCombined(combined, headers['ratelimit-policy'])) ??
    readCounted(counted, headers, wallMs);
  const waitMs = asked === undefined ? undefined : retryAfterMs(headers, providerNow(headers, wallMs));
  // It is about all requests, whatever they are counted as.
  if (waitMs !== undefined) return { isRefusal, resetMs: Math.min(waitMs, longestWindowMs) };
  const resource = headers['x-ratelimit-resource'];
  return {
    // GitHub answers 403 when a window is used up.
    isRefusal: isRefusal || (status === 403 && window?.remaining === 0),
    ...window,
    ...(resource === undefined ? undefined : { resource: resource.slice(0, 64) }),
  };
}

interface Window {
  readonly limit?: number;
  readonly remaining: number;
  readonly resetMs?: number;
}

/** The three fields of one window. `X-RateLimit-Reset` is a time for some providers, and a number of seconds for others. */
function readCounted(
  counted: string | undefined,
  headers: Readonly<Record<string, string>>,
  wallMs: number,
): Window | undefined {
  const remaining = readNumber(counted);
  if (remaining === undefined) return undefined;
  const limit = readNumber(headers['x-ratelimit-limit'] ?? headers['ratelimit-limit'] ?? headers['x-rate-limit-limit']);
  const resetMs = readReset(headers, wallMs);
  return {
    remaining,
    ...(limit === undefined ? undefined : { limit }),
    ...(resetMs === undefined ? undefined : { resetMs }),
  };
}

/** No window lasts so long, and no time since 1970 was so short ago: 2001 in seconds, which is 12 days in milliseconds. */
const leastTimeSeconds = 1_000_000_000;
const leastTimeMs = 1_000_000_000_000;

function readReset(headers: Readonly<Record<string, string>>, wallMs: number): number | undefined {
  const after = readNumber(headers['x-ratelimit-reset-after']);
  if (after !== undefined) return Math.min(after * 1000, longestWindowMs);
  const text = headers['x-ratelimit-reset'] ?? headers['ratelimit-reset'] ?? headers['x-rate-limit-reset'];
  const value = readNumber(text);
  if (value === undefined) return readTime(text, headers, wallMs);
  if (value < leastTimeSeconds) return Math.min(value * 1000, longestWindowMs);
  return untilTime(value < leastTimeMs ? value * 1000 : value, headers, wallMs);
}

function readTime(text: string | undefined, headers: Readonly<Record<string, string>>, wallMs: number) {
  // An HTTP date begins with the name of a day, and a time of RFC 3339 with a whole date.
  if (text === undefined || !/^(?:[A-Z][a-z]{2,8},? |\d{4}-\d\d-\d\dT)/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : untilTime(timeMs, headers, wallMs);
}

function untilTime(timeMs: number, headers: Readonly<Record<string, string>>, wallMs: number): number {
  return Math.min(Math.max(0, timeMs - providerNow(headers, wallMs)), longestWindowMs);
}

/** The provider's clock, where it tells it: ours may be wrong by minutes. */
function providerNow(headers: Readonly<Record<string, string>>, wallMs: number): number {
  const date = headers['date'];
  const timeMs = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(timeMs) ? wallMs : timeMs;
}

/**
 * `"default";r=50;t=30`, a list of such, or `limit=100, remaining=50, reset=5` of draft 7. Of several policies the one that
 * leaves least counts.
 */
function readCombined(text: string, policies: string | undefined): Window | undefined {
  let least: Window | undefined;
  for (const item of text.slice(0, longestField).split(',')) {
    const remaining = parameter(item, 'r');
    if (remaining === undefined || (least && least.remaining <= remaining)) continue;
    const seconds = parameter(item, 't');
    const limit = limitOf(item.split(';', 1)[0]!.trim(), policies);
    least = {
      remaining,
      ...(seconds === undefined ? undefined : { resetMs: Math.min(seconds * 1000, longestWindowMs) }),
      ...(limit === undefined ? undefined : { limit }),
    };
  }
  return least ?? readDraft7(text.slice(0, longestField));
}

/** A longer field is not what it says it is. */
const longestField = 1024;

function readDraft7(text: string): Window | undefined {
  const [remaining, limit, seconds] = ['remaining', 'limit', 'reset'].map((name) => parameter(text, name));
  if (remaining === undefined) return undefined;
  return {
    remaining,
    ...(limit === undefined ? undefined : { limit }),
    ...(seconds === undefined ? undefined : { resetMs: Math.min(seconds * 1000, longestWindowMs) }),
  };
}

/** `q` of the policy of that name. */
function limitOf(name: string, policies: string | undefined): number | undefined {
  const policy = policies
    ?.slice(0, longestField)
    .split(',')
    .find((item) => item.split(';', 1)[0]!.trim() === name);
  return policy === undefined ? undefined : parameter(policy, 'q');
}

function parameter(text: string, name: string): number | undefined {
  for (const part of text.split(/[;,]/)) {
    const [key, value] = part.split('=', 2);
    if (key!.trim() === name) return readNumber(value);
  }
  return undefined;
}

/** Of a list, such as `100, 100;w=60` of draft 3, the first number. */
function readNumber(text: string | undefined): number | undefined {
  const digits = text === undefined ? undefined : /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*(?:$|[,;])/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
