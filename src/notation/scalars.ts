/** Reads one value of each scalar type, from whatever a client or a provider says it with. None of them takes null. */
import { Mismatch } from './mismatch.ts';

/**
 * Strings as they are; numbers, integers of any size and booleans in their shortest form; a Date in RFC 3339.
 *
 * @throws Mismatch for objects and lists: which of their texts would be meant?
 */
export function readString(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  throw new Mismatch('a string', value);
}

/** An integer that GraphQL's `Int` can say: 32 bits. Digits in a string are read. */
export function readInt32(value: unknown): number {
  const integer = readExactInteger(value, 'an integer of 32 bits');
  if (typeof integer === 'number' && integer === (integer | 0)) return integer;
  throw new Mismatch(
    'an integer of 32 bits',
    value,
    "Declare the field with format: 'int64'.",
    'an integer outside −2147483648 to 2147483647',
  );
}

/** An integer that JavaScript's `number` can say exactly: ±2⁵³. Digits in a string are read. */
export function readSafeInteger(value: unknown): number {
  const integer = readExactInteger(value, 'an integer');
  if (typeof integer === 'number') return integer;
  throw new Mismatch('an integer', value, "Declare the field with format: 'int64'.", 'one outside ±2⁵³');
}

/** An integer of any size: a number within ±2⁵³, else its digits in a string. */
export function readInt64(value: unknown): number | string {
  const integer = readExactInteger(value, 'an integer');
  return typeof integer === 'number' ? integer : String(integer);
}

/** What identifies a thing: a string as it is, an integer of any size in digits. */
export function readId(value: unknown): string {
  return typeof value === 'string' ? value : String(readExactInteger(value, 'an id (a string or an integer)'));
}

/** A finite number. Numbers in a string are read; integers outside ±2⁵³ are rounded, as every Float. */
export function readNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' && numberPattern.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
    throw new Mismatch('a number', value, '', 'one beyond ±1.8e308');
  }
  throw Mismatch.none('a number', value);
}

/** An exact number, as its digits stand in a string. Numbers are written in their shortest form. */
export function readDecimal(value: unknown): string {
  if (typeof value === 'string' && numberPattern.test(value)) return value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  throw Mismatch.none('a decimal number', value);
}

/** Booleans, their words (`true t yes y 1`, `false f no n 0`, in any case) and the numbers 1 and 0. */
export function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' || typeof value === 'number') {
    const word = booleanWords.get(String(value).toLowerCase());
    if (word !== undefined) return word;
  }
  throw Mismatch.none('a boolean (true t yes y 1, false f no n 0)', value, '', ['string', 'number']);
}

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', 'yes', 'y', '1'].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', '0'].map((word) => [word, false] as const),
]);

const integerPattern = /^[+-]?\d+$/;
/** As JSON says numbers, and with `+`, leading zeros, `.5` and `5.`. */
export const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** More digits than anybody's ids have; reading them takes quadratic time. */
const maxDigits = 1000;

function readExactInteger(value: unknown, expected: string): number | bigint {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value;
    if (!Number.isInteger(value)) {
      throw new Mismatch(expected, value, '', Number.isFinite(value) ? 'a number with a fraction' : undefined);
    }
    throw new Mismatch(
      expected,
      value,
      'Give it as a string or a bigint.',
      'a number outside ±2⁵³, which JavaScript has rounded already',
    );
  }
  if (typeof value === 'bigint') return narrow(value);
  if (typeof value === 'string' && integerPattern.test(value)) {
    if (value.length > maxDigits) throw new Mismatch(expected, value, '', `one of more than ${maxDigits} digits`);
    return value.length <= 15 ? Number(value) : narrow(BigInt(value.replace('+', '')));
  }
  throw Mismatch.none(expected, value);
}

function narrow(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
