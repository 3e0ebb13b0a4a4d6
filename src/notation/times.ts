/** Reads and writes points in time and days. Strings without an offset are read in a time zone, as Workato's runtime does. */
import { Mismatch } from './mismatch.ts';

/** Workato's default, `Pacific Time (US & Canada)`. */
export const defaultTimeZone = 'America/Los_Angeles';

/**
 * A point in time as RFC 3339 in UTC. A string that already is one is given back as it is, whatever its precision; any
 * other keeps its digits after the second.
 *
 * @throws Mismatch when it is neither a valid Date nor a date and time in words.
 */
export function utcText(value: unknown, timeZone: string): string {
  if (typeof value === 'string') {
    if (isUtcText(value)) return value;
    const { seconds, fraction } = readTime(value, timeZone);
    return rfc3339(new Date(seconds), value).replace('.000Z', `${fraction}Z`);
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) return rfc3339(value, value);
  throw notATime(value);
}

/** Whether a text is RFC 3339 in UTC already. Asked of every time in a list, so without a regular expression. */
export function isUtcText(text: string): boolean {
  if (!startsWithDay(text) || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return false;
  if (!(twoDigits(text, 11) <= 23 && twoDigits(text, 14) <= 59 && twoDigits(text, 17) <= 59)) return false;
  const last = text.length - 1;
  if (text[last] !== 'Z' || last === 20) return false;
  if (last > 20 && text[19] !== '.') return false;
  for (let place = 20; place < last; place++) if (!isDigit(text.charCodeAt(place))) return false;
  return last >= 19;
}

/** Whether a text is a day, `YYYY-MM-DD`. */
export function isDayText(text: string): boolean {
  return text.length === 10 && startsWithDay(text);
}

function startsWithDay(text: string): boolean {
  if (text[4] !== '-' || text[7] !== '-') return false;
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)];
  if (!(twoDigits(text, 0) <= 99 && twoDigits(text, 2) <= 99 && month >= 1 && month <= 12 && day >= 1)) return false;
  return day <= 28 || (day <= 31 && isDayOfMonth(text));
}

/** The number that two digits say; NaN where there are none. */
function twoDigits(text: string, place: number): number {
  const [tens, ones] = [text.charCodeAt(place), text.charCodeAt(place + 1)];
  return isDigit(tens) && isDigit(ones) ? 10 * tens + ones - 11 * zero : Number.NaN;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= zero + 9;
}

const zero = 0x30;

/**
 * A point in time.
 *
 * @throws Mismatch when it is neither a valid Date nor a date and time in words.
 */
export function instant(value: unknown, timeZone: string): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  if (typeof value !== 'string') throw notATime(value);
  const { seconds, fraction } = readTime(value, timeZone);
  return new Date(seconds + Math.floor(Number(`0${fraction}`) * 1000));
}

/**
 * A day, `YYYY-MM-DD`: of a string the day as it is written, of a Date the day in UTC.
 *
 * @throws Mismatch when there is no day in it.
 */
export function dayText(value: unknown): string {
  if (typeof value === 'string') {
    const day = value.slice(0, 10);
    if (dayPattern.test(day) && isDayOfMonth(day) && (value.length === 10 || isoPattern.test(value))) return day;
    const written = rfc2822Pattern.test(value) ? Date.parse(value.replace(/\s+([+-]\d{4}|[A-Z]{1,3})$/, ' GMT')) : NaN;
    if (!Number.isNaN(written)) return new Date(written).toISOString().slice(0, 10);
  } else if (value instanceof Date && !Number.isNaN(value.getTime())) {
    return rfc3339(value, value).slice(0, 10);
  }
  throw Mismatch.none('a day as YYYY-MM-DD', value);
}

/** The day that it is in a time zone at a point in time. */
export function dayIn(time: Date, timeZone: string): string {
  return rfc3339(new Date(time.getTime() + offsetAt(time.getTime(), timeZone)), time).slice(0, 10);
}

/** Whether `Intl` knows a time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    return clockOf(name) !== undefined;
  } catch {
    return false;
  }
}

const dayPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
/** ISO 8601 as providers write it: `T` or a space, seconds or none, `Z`, an offset with or without colon, or none. */
const isoPattern =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?([.,]\d+)?)? ?([Zz]|UTC|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$/;
/** `Tue, 15 Nov 1994 08:12:31 GMT` (RFC 2822, HTTP) and `Wed Oct 10 20:19:24 +0000 2018`. */
const rfc2822Pattern =
  /^(?:(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|UT|Z|[+-]\d{4})|[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d\d:\d\d:\d\d [+-]\d{4} \d{4})$/;

/** Milliseconds of the whole second, and the digits after it as they are written (`.25`, or nothing). */
function readTime(text: string, timeZone: string): { seconds: number; fraction: string } {
  const [, day, hours = '00', minutes = '00', seconds = '00', fraction = '', offset] = isoPattern.exec(text) ?? [];
  if (day === undefined) {
    const time = rfc2822Pattern.test(text) ? Date.parse(text) : NaN;
    if (Number.isNaN(time)) throw notATime(text);
    return { seconds: time, fraction: '' };
  }
  const wall = dayPattern.test(day) && isDayOfMonth(day) ? Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`) : NaN;
  if (Number.isNaN(wall)) throw notATime(text);
  const inUtc = offset === undefined ? wallToInstant(wall, timeZone) : wall - offsetMs(offset);
  return { seconds: inUtc, fraction: fraction.replace(',', '.') };
}

function notATime(value: unknown): Mismatch {
  const cure =
    typeof value === 'number'
      ? "For seconds since 1970 name the convertor 'parse_epoch_time', for milliseconds 'parse_date_time_epoch_millis'."
      : '';
  return Mismatch.none('a date and time', value, cure);
}

/** Is there such a day in such a month? The text starts with `YYYY-MM-DD`, the day is 01 to 31. */
function isDayOfMonth(text: string): boolean {
  const day = Number(text.slice(8, 10));
  if (day <= 28) return true;
  const month = Number(text.slice(5, 7));
  return day <= new Date(Date.UTC(2000 + (Number(text.slice(0, 4)) % 400), month, 0)).getUTCDate();
}

/** RFC 3339 has years of four digits. */
function rfc3339(time: Date, value: unknown): string {
  const text = time.toISOString();
  if (text.length !== 24) throw new Mismatch('a year from 0000 to 9999', value, '', 'another year');
  return text;
}

function offsetMs(offset: string): number {
  if (!/^[+-]/.test(offset)) return 0;
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000;
}

/**
 * The point in time at which the clocks of a zone show `wall` (milliseconds, as if it were UTC). Where they show it twice
 * the first is meant; where they skip it, as much later as they skip.
 */
function wallToInstant(wall: number, timeZone: string): number {
  if (timeZone === 'UTC') return wall;
  const before = offsetAt(wall - 86_400_000, timeZone);
  const first = wall - before;
  if (offsetAt(first, timeZone) === before) return first;
  const second = wall - offsetAt(first, timeZone);
  return offsetAt(second, timeZone) === wall - second ? second : first;
}

/** How far the clocks of a zone are ahead of UTC at a point in time, in milliseconds. */
function offsetAt(time: number, timeZone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of clockOf(timeZone).formatToParts(time)) parts[type] = Number(value);
  const wall = Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
  return wall - Math.floor(time / 1000) * 1000;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs a thousand times as much as using it. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    clocks.set(timeZone, clock);
  }
  return clock;
}
