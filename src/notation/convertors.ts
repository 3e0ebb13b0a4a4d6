/**
 * The convertors that a field may name in `convertInput` and `convertOutput`.
 *
 * A time is a `Date`, a day is `YYYY-MM-DD`. Where Workato's runtime raises, a Mismatch is thrown.
 *
 * @see https://github.com/workato/workato-connector-sdk lib/workato/connector/sdk/schema/field/convertors.rb
 */
import { Mismatch } from './mismatch.ts';
import { numberPattern, readBoolean, readNumber } from './scalars.ts';
import { dayIn, dayText, instant } from './times.ts';

/** @param value - never null or undefined: nothing is converted to nothing. */
export type Convertor = (value: unknown, timeZone: string) => unknown;

/** Every convertor by its name; each reads strings without an offset in the given time zone, unless its name says otherwise. */
export const convertors: ReadonlyMap<string, Convertor> = new Map(
  Object.entries({
    /** `"12"` → 12, `"12.7"` → 12; what is no number stays as it is. */
    integer_conversion: eachOf((value) => (isNumeric(value) ? toInteger(value) : value)),
    /** `"1.5"` → 1.5; what is no number stays as it is. */
    float_conversion: eachOf((value) => (isNumeric(value) ? readNumber(trimmed(value)) : value)),
    /** `true t yes y 1` and `false f no n 0` → boolean. */
    boolean_conversion: eachOf((value) => readBoolean(trimmed(value))),
    /** One thing → a list of it; lists in the list are opened once; an empty list stays empty. */
    item_array_wrap: (value) => (Array.isArray(value) ? value.flat(1) : [value]),

    date_conversion: unlessBlank(dayText),
    date_iso8601_conversion: unlessBlank(dayText),
    parse_iso8601_date: unlessBlank(dayText),
    render_iso8601_date: unlessBlank(dayText),
    /** What is no text and no time stays as it is. */
    parse_date_output: unlessBlank((value) => (isTimely(value) ? dayText(value) : value)),
    /** The day that it is in the time zone. */
    render_date_input: unlessBlank((value, timeZone) =>
      isTimely(value) ? dayIn(instant(value, timeZone), timeZone) : value,
    ),

    date_time_conversion: unlessBlank(instant),
    date_time_iso8601_conversion: unlessBlank((value, timeZone) => iso8601(instant(value, timeZone))),
    parse_iso8601_timestamp: unlessBlank(instant),
    render_iso8601_timestamp: unlessBlank((value, timeZone) => iso8601(instant(value, timeZone))),
    /** What is no text and no time stays as it is. */
    convert_date_time: unlessBlank((value, timeZone) => (isTimely(value) ? instant(value, timeZone) : value)),
    /** Strings without an offset are read as UTC; what is no text and no time stays as it is. */
    convert_to_datetime: unlessBlank((value) => (isTimely(value) ? instant(value, 'UTC') : value)),
    /** `YYYY-MM-DD HH:MM:SS`, the clock as it is written; of a Date the clock in UTC. */
    convert_to_datetime_wo_tz: unlessBlank(clockText),
    implicit_utc_time: unlessBlank((value) => instant(value, 'UTC')),
    implicit_utc_iso8601_time: unlessBlank((value) => iso8601(instant(value, 'UTC'))),

    /** Milliseconds since 1970 → time; a time stays. */
    parse_date_time_epoch_millis: unlessBlank((value) => sinceEpoch(value, 1, 'milliseconds since 1970')),
    /** Time → milliseconds since 1970; a number of seconds → milliseconds. */
    render_date_time_epoch_millis: unlessBlank((value, timeZone) =>
      isNumeric(value) ? Math.trunc(readNumber(trimmed(value)) * 1000) : instant(value, timeZone).getTime(),
    ),
    /** Whole seconds since 1970 → time; a time stays. */
    parse_epoch_time: unlessBlank((value) =>
      sinceEpoch(isNumeric(value) ? Math.trunc(readNumber(trimmed(value))) : value, 1000, 'seconds since 1970'),
    ),
    /** Time → whole seconds since 1970; a number stays. */
    render_epoch_time: unlessBlank((value, timeZone) =>
      typeof value === 'number' ? value : Math.floor(instant(value, timeZone).getTime() / 1000),
    ),
    /** Seconds since 1970, with a fraction → time; a time stays. */
    parse_float_epoch_time: unlessBlank((value) => sinceEpoch(value, 1000, 'seconds since 1970')),
    /** Time → seconds since 1970, with a fraction; a number stays. */
    render_float_epoch_time: unlessBlank((value, timeZone) =>
      typeof value === 'number' ? value : instant(value, timeZone).getTime() / 1000,
    ),
  } satisfies Record<string, Convertor>),
);

/** A field that is a list has each of its elements converted. */
function eachOf(convert: Convertor): Convertor {
  return (value, timeZone) =>
    Array.isArray(value)
      ? value.map((item) => (item === null || item === undefined ? item : convert(item, timeZone)))
      : convert(value, timeZone);
}

/** An empty string is no time. */
function unlessBlank(convert: Convertor): Convertor {
  return eachOf((value, timeZone) =>
    typeof value === 'string' && value.trim() === '' ? null : convert(trimmed(value), timeZone),
  );
}

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}

function isNumeric(value: unknown): boolean {
  if (typeof value === 'string') return numberPattern.test(value.trim()) && Number.isFinite(Number(value));
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
}

/** Cuts a fraction off; digits outside ±2⁵³ become a bigint, so that none is lost. */
function toInteger(value: unknown): number | bigint {
  if (typeof value === 'bigint') return value;
  const number = Math.trunc(Number(value));
  if (typeof value === 'string' && !Number.isSafeInteger(number) && /^[+-]?\d+$/.test(value.trim())) {
    return BigInt(value.trim().replace('+', ''));
  }
  return number;
}

function isTimely(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Date;
}

/** ISO 8601 in UTC; thousandths of a second only where there are any. */
function iso8601(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z');
}

function clockText(value: unknown): string {
  if (value instanceof Date) return instant(value, 'UTC').toISOString().slice(0, 19).replace('T', ' ');
  if (typeof value !== 'string') throw new Mismatch('a date and time', value);
  const withoutOffset = value.replace(/ ?(?:[Zz]|UTC|GMT|[+-]\d\d:?\d\d)$/, '');
  const clock = /^\w{3}, |^\d{1,2} /.test(value) ? `${withoutOffset} GMT` : withoutOffset;
  return instant(clock, 'UTC').toISOString().slice(0, 19).replace('T', ' ');
}

function sinceEpoch(value: unknown, unitMs: number, expected: string): Date {
  if (value instanceof Date) return value;
  const time = isNumeric(value) ? new Date(Math.round(readNumber(value) * unitMs)) : undefined;
  if (time === undefined || Number.isNaN(time.getTime()))
    throw Mismatch.none(expected, value, '', ['string', 'number']);
  return time;
}
