/** Which of two places in a provider's list is older, where that can be told. */
import type { JsonValue } from '../storage/records.ts';

/**
 * Below 0 when `a` is older (smaller) than `b`. Numbers, strings of digits and times of ISO 8601 are compared; of anything
 * else nobody knows how its provider orders it, and a guess would lose events: `undefined`.
 */
export function compareSortBy(a: JsonValue | undefined, b: JsonValue | undefined): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [timeA, timeB] = [isoTime(a), isoTime(b)];
  if (timeA !== undefined && timeB !== undefined) return timeA - timeB;
  if (isDigits(a) && isDigits(b)) return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
  return undefined;
}

/** The time that a cursor or a `sortBy` means, in milliseconds since 1970: of ISO 8601, or seconds or milliseconds of this century. */
export function timeOf(value: JsonValue | undefined): number | undefined {
  if (typeof value !== 'number') return isoTime(value);
  if (value >= 1e9 && value < 1e10) return value * 1_000;
  return value >= 1e12 && value < 1e13 ? value : undefined;
}

/** A time in the form of another value: its unit, its precision, or the string that it is. */
export function timeLike(time: number, like: JsonValue): JsonValue {
  if (typeof like === 'number') return like < 1e10 ? Math.floor(time / 1_000) : time;
  const iso = new Date(time).toISOString();
  if (typeof like !== 'string') return iso;
  const [, separator, minutes, seconds, fraction, offset] = formPattern.exec(like) ?? [];
  if (separator === undefined) return iso.slice(0, 10);
  const length = fraction !== undefined ? 23 : seconds !== undefined || minutes === undefined ? 19 : 16;
  return `${iso.slice(0, 10)}${separator}${iso.slice(11, length)}${offset === undefined ? '' : 'Z'}`;
}

const formPattern = /^[\d-]{10}([T ])(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-][\d:]+)?$/;

/** A date, or a date with a time; without offset it is read as UTC. */
const isoPattern = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** Only for those of ISO 8601: `Date.parse` reads much else, and "12" as a month. */
export function isoTime(value: JsonValue | undefined): number | undefined {
  if (typeof value !== 'string' || !isoPattern.test(value)) return undefined;
  const hasOffset = value.length <= 10 || /(?:Z|[+-]\d\d:?\d\d)$/.test(value.slice(10));
  const time = Date.parse(`${value.replace(' ', 'T')}${hasOffset ? '' : 'Z'}`);
  return Number.isNaN(time) ? undefined : time;
}

function isDigits(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && /^(?:0|[1-9]\d{0,63})$/.test(value);
}
