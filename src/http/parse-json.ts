/** Reads the JSON of a provider: no rounded numbers, no `__proto__`, no depth that could break the reader. */
import { ProviderError } from '../errors.ts';

/** Objects and arrays inside each other. Real APIs stay below 20. */
const usualDepth = 200;

/**
 * Parses JSON like `JSON.parse` (of duplicate keys the last one wins), with four differences: an integer beyond ±(2⁵³ − 1)
 * becomes a `bigint` with all its digits, another number whose digits a `number` cannot hold becomes a string of exactly
 * those digits (`100000000000000.01`), a key `__proto__` is dropped (CWE-1321), and more than `maxDepth` levels are refused.
 * Numbers of up to 15 digits, and all that were written from a `number`, stay numbers. Other keys are own properties and
 * data, `constructor` and `prototype` too.
 *
 * @param maxDepth - default 200.
 * @throws ProviderError PROVIDER_ANSWER_INVALID; it says where, and never shows the text.
 */
export function parseJson(text: string, maxDepth: number = usualDepth): unknown {
  // RFC 8259 §8.1: a byte order mark may be ignored.
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const value = parseText(json);
  // Looking at the parsed value costs a tenth of parsing it, looking at every number of the text a third.
  const doubt = doubtAbout(value, 1, maxDepth);
  if (doubt === certain || ((doubt === possible || roundedToInteger.test(json)) && mayHoldRounded(json, value))) {
    return parseWithCare(json, maxDepth);
  }
  return value;
}

function parseText(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The cause is dropped on purpose: its message quotes the text.
    throw new ProviderError('PROVIDER_ANSWER_INVALID', `The answer is no valid JSON: ${describeFault(json)}.`);
  }
}

type Doubt = typeof none | typeof possible | typeof certain;

const none = 0;
/** A number of it may have lost digits: only the text can tell. */
const possible = 1;
/** It holds an integer that was rounded, or a key that is dropped. */
const certain = 2;

/** An integer from here on may have lost a fraction that `roundedToInteger` does not see: `8796093022208.0005`. */
const plainIntegers = 2 ** 40;

/** @throws ProviderError when the value has more levels. */
function doubtAbout(value: unknown, depth: number, maxDepth: number): Doubt {
  if (typeof value === 'number') return doubtAboutNumber(value);
  if (typeof value !== 'object' || value === null) return none;
  if (depth > maxDepth) throw tooDeep(maxDepth);
  let doubt: Doubt = none;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = doubtAbout(value[index], depth + 1, maxDepth);
      if (found === certain) return certain;
      if (found === possible) doubt = possible;
    }
    return doubt;
  }
  for (const key in value) {
    if (key === '__proto__') return certain;
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'string') continue;
    const found = doubtAbout(item, depth + 1, maxDepth);
    if (found === certain) return certain;
    if (found === possible) doubt = possible;
  }
  return doubt;
}

function doubtAboutNumber(value: number): Doubt {
  if (!(value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER)) return certain;
  const isPlain = Number.isInteger(value) && value < plainIntegers && value > -plainIntegers;
  return isPlain ? none : possible;
}

/** The fraction of a number that became an integer below 2⁴⁰ lies less than 2⁻¹³ beside it: `1.0000000000000000001`. */
const roundedToInteger = /\.(?:0000|9999)/;

/** Whether a number of the text has more digits than its value tells. What stands in strings may be taken for one. */
function mayHoldRounded(json: string, value: unknown): boolean {
  if (typeof value === 'number') return true;
  for (const [match] of json.matchAll(longNumbers)) {
    if (!isExact(match.slice(1))) return true;
  }
  return false;
}

/** Fewer digits than 16 are always kept. */
const longNumbers = /[:,[\s]-?\d[\d.]{15,999}(?:[eE][+-]?\d{1,6})?/g;

/** Whether a `number` says the same as the text of a number, in decimal digits. */
function isExact(number: string): boolean {
  const shortest = String(Number(number));
  return shortest === number || decimalForm(shortest) === decimalForm(number);
}

/** Digits without zeros around them, and the power of ten of the last one; `-12.50` → `-125e-1`. */
function decimalForm(number: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = numberParts.exec(number) ?? [];
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === '0') start++;
  let end = digits.length;
  while (end > start && digits[end - 1] === '0') end--;
  if (start === end) return '0';
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

const numberParts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

function tooDeep(maxDepth: number): ProviderError {
  return new ProviderError('PROVIDER_ANSWER_INVALID', `The answer is JSON of more than ${maxDepth} levels.`);
}

/** Marks the long numbers as strings, parses again, and turns the marked ones into what holds all their digits. */
function parseWithCare(json: string, maxDepth: number): unknown {
  // Random, so that no string of the provider can pass for a number.
  const mark = `${crypto.randomUUID()}:`;
  return mend(JSON.parse(markLongNumbers(json, mark)), mark, 1, maxDepth);
}

/** Rewrites what is outside the strings. The text is known to be valid JSON. */
function markLongNumbers(json: string, mark: string): string {
  const parts: string[] = [];
  let position = 0;
  while (position < json.length) {
    const quote = json.indexOf('"', position);
    const end = quote < 0 ? json.length : quote;
    parts.push(json.slice(position, end).replace(longNumber, `"${mark}$&"`));
    position = quote < 0 ? json.length : endOfString(json, quote);
    parts.push(json.slice(end, position));
  }
  return parts.join('');
}

/**
 * Beyond 1 000 characters a number stays with `JSON.parse`, which says Infinity of such integers: making a bigint of a
 * megabyte of digits would cost seconds.
 */
const longNumber = /(?<![\d.eE+-])-?\d[\d.]{15,999}(?:[eE][+-]?\d{1,6})?(?![\d.eE+-])/g;

/** Position after the closing quote of the string that opens at `quote`. */
function endOfString(json: string, quote: number): number {
  for (let position = quote + 1; ; position++) {
    position = json.indexOf('"', position);
    let slashes = 0;
    while (json.charCodeAt(position - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return position + 1;
  }
}

function mend(value: unknown, mark: string, depth: number, maxDepth: number): unknown {
  if (typeof value === 'string' && value.startsWith(mark)) return readLongNumber(value.slice(mark.length));
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) throw tooDeep(maxDepth);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = mend(value[index], mark, depth + 1, maxDepth);
    return value;
  }
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    if (key === '__proto__') delete object[key];
    else object[key] = mend(object[key], mark, depth + 1, maxDepth);
  }
  return object;
}

function readLongNumber(text: string): number | bigint | string {
  if (/[.eE]/.test(text)) return isExact(text) ? Number(text) : text;
  const number = BigInt(text);
  const isSafe = number <= Number.MAX_SAFE_INTEGER && number >= Number.MIN_SAFE_INTEGER;
  return isSafe ? Number(number) : number;
}

/** Where it stops being JSON, and what it rather looks like; both are safe to show. */
function describeFault(json: string): string {
  const place = `of ${json.length} characters`;
  if (/^\s*<(?:!doctype\s+html|html)/i.test(json)) return `it is an HTML page ${place}`;
  if (/^\s*</.test(json)) return `it looks like XML ${place}`;
  const position = faultPosition(json);
  if (position === undefined) return `it has a fault in its text ${place}`;
  return position >= json.length
    ? `it ends too early, after ${json.length} characters`
    : `character ${position + 1} ${place} is unexpected`;
}

/** Beyond it the fault is not searched for: a search parses some 16 times. */
const maxSearchedLength = 64 * 1024;

/**
 * The engine does not tell where it stopped, but a beginning of a text is "cut too early" exactly up to the fault: so the place
 * can be found by halving.
 */
function faultPosition(json: string): number | undefined {
  if (json.length > maxSearchedLength) return undefined;
  let good = 0;
  let bad = json.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBeginning(json.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isBeginning(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch (error) {
    const { message } = error as Error;
    if (/end of JSON input|Unterminated string/.test(message)) return true;
    return Number(/at position (\d+)/.exec(message)?.[1]) >= json.length;
  }
}
