/** Reads the JSON of a provider: no rounded integers, no `__proto__`, no depth that could break the reader. */
import { ProviderError } from '../errors.ts';

/** Objects and arrays inside each other. Real APIs stay below 20. */
const maxDepth = 200;

/**
 * Parses JSON like `JSON.parse` (of duplicate keys the last one wins), with three differences: an integer beyond ±(2⁵³ − 1)
 * becomes a `bigint` with all its digits, a key `__proto__` is dropped (CWE-1321), and more than 200 levels are refused.
 * Other keys are own properties and data, `constructor` and `prototype` too.
 *
 * @throws ProviderError PROVIDER_ANSWER_INVALID; it says where, and never shows the text.
 */
export function parseJson(text: string): unknown {
  // RFC 8259 §8.1: a byte order mark may be ignored.
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const value = parseText(json);
  // Looking at the parsed value costs a tenth of parsing it, looking at the text beforehand a third.
  return isPlain(value, 1) ? value : parseWithCare(json);
}

function parseText(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The cause is dropped on purpose: its message quotes the text.
    throw new ProviderError('PROVIDER_ANSWER_INVALID', `The answer is no valid JSON: ${describeFault(json)}.`);
  }
}

/** `false` when something in the value needs care. @throws ProviderError when it is too deep. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > maxDepth) throw tooDeep();
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isPlain(value[index], depth + 1)) return false;
    }
    return true;
  }
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'string') {
      if (key === '__proto__') return false;
    } else if (key === '__proto__' || !isPlain(item, depth + 1)) {
      return false;
    }
  }
  return true;
}

function tooDeep(): ProviderError {
  return new ProviderError('PROVIDER_ANSWER_INVALID', `The answer is JSON of more than ${maxDepth} levels.`);
}

/** Marks the large integers as strings, parses again, and turns the marked ones into bigints. */
function parseWithCare(json: string): unknown {
  // Random, so that no string of the provider can pass for a number.
  const mark = `${crypto.randomUUID()}:`;
  return mend(JSON.parse(markLargeIntegers(json, mark)), mark, 1);
}

/** Rewrites what is outside the strings. The text is known to be valid JSON. */
function markLargeIntegers(json: string, mark: string): string {
  const parts: string[] = [];
  let position = 0;
  while (position < json.length) {
    const quote = json.indexOf('"', position);
    const end = quote < 0 ? json.length : quote;
    parts.push(json.slice(position, end).replace(largeInteger, `"${mark}$&"`));
    position = quote < 0 ? json.length : endOfString(json, quote);
    parts.push(json.slice(end, position));
  }
  return parts.join('');
}

/**
 * No fraction or exponent before or after. Beyond 1 000 digits it stays with `JSON.parse`, which says Infinity: making a bigint
 * of a megabyte of digits would cost seconds.
 */
const largeInteger = /(?<![\d.eE+-])-?\d{16,1000}(?![\d.eE])/g;

/** Position after the closing quote of the string that opens at `quote`. */
function endOfString(json: string, quote: number): number {
  for (let position = quote + 1; ; position++) {
    position = json.indexOf('"', position);
    let slashes = 0;
    while (json.charCodeAt(position - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return position + 1;
  }
}

function mend(value: unknown, mark: string, depth: number): unknown {
  if (typeof value === 'string' && value.startsWith(mark)) {
    const number = BigInt(value.slice(mark.length));
    const isSafe = number <= Number.MAX_SAFE_INTEGER && number >= Number.MIN_SAFE_INTEGER;
    return isSafe ? Number(number) : number;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) throw tooDeep();
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = mend(value[index], mark, depth + 1);
    return value;
  }
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    if (key === '__proto__') delete object[key];
    else object[key] = mend(object[key], mark, depth + 1);
  }
  return object;
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
