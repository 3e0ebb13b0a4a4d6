/** Refuses what a store could not give back exactly as it came, before any store is asked. */
import { GatewayError } from '../errors.ts';
import type { JsonValue, RecordValue } from './records.ts';

const maxNameLength = 512;
/** PostgreSQL keeps at most 1 GB and SQLite 1 GB in one value; what is larger than this is no record but a file. */
const maxValueLength = 4 * 1024 * 1024;

/**
 * Whether a name (kind, id, index value, unique key, lease) can be stored: 1–512 characters, no NUL, which PostgreSQL
 * refuses, and no half of a surrogate pair, which UTF-8 cannot say and which would make two names one.
 */
export function isStorableName(name: string): boolean {
  return name.length > 0 && name.length <= maxNameLength && !name.includes('\0') && !/\p{Surrogate}/u.test(name);
}

/** @throws GatewayError STORE_RECORD_INVALID when one of the names cannot be stored. */
export function checkNames(names: Readonly<Record<string, string | undefined>>): void {
  for (const [what, name] of Object.entries(names)) {
    if (name === undefined || (typeof name === 'string' && isStorableName(name))) continue;
    throw new GatewayError(
      'STORE_RECORD_INVALID',
      `The ${what} of a record is 1–${maxNameLength} characters without NUL or half a surrogate pair; got ${inWords(name)}.`,
    );
  }
}

/** @throws GatewayError STORE_RECORD_INVALID when a name or a value of the indexes cannot be stored. */
export function checkIndexes(indexes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(indexes)) checkNames({ 'index name': name, [`index ${name}`]: value });
}

/** @throws GatewayError STORE_RECORD_INVALID unless it is a whole number of milliseconds. */
export function checkTime(what: string, timeMs: number | null | undefined): void {
  if (timeMs === null || timeMs === undefined || Number.isSafeInteger(timeMs)) return;
  throw new GatewayError('STORE_RECORD_INVALID', `The ${what} of a record is in whole milliseconds; got ${timeMs}.`);
}

/**
 * The value as JSON text.
 *
 * @throws GatewayError STORE_RECORD_INVALID, with the path, where reading the text back would give something else:
 * a class (a Date, a Secret, a Buffer), a number that is not finite, a function.
 */
export function writeJson(value: RecordValue): string {
  if (!isPlainObject(value)) {
    const got = Array.isArray(value) ? 'a list' : inWords(value);
    throw new GatewayError('STORE_RECORD_INVALID', `value: expected an object; got ${got}.`);
  }
  return writeJsonText(value, 'value');
}

/**
 * Any JSON value as text; `what` names it, e.g. `progress`.
 *
 * @throws GatewayError STORE_RECORD_INVALID as `writeJson`
 */
export function writeJsonText(value: JsonValue, what: string): string {
  checkJson(value, what, 0);
  const text = JSON.stringify(value);
  if (text.length <= maxValueLength) return text;
  throw new GatewayError(
    'STORE_RECORD_INVALID',
    `The ${what} of a record is at most ${maxValueLength} characters of JSON; got ${text.length}.`,
  );
}

function checkJson(value: unknown, path: string, depth: number): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (depth > 100) throw notJson(path, 'a nesting deeper than 100');
  if (Array.isArray(value)) {
    value.forEach((item, index) => checkJson(item, `${path}[${index}]`, depth + 1));
  } else if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) checkJson(item, `${path}.${key}`, depth + 1);
    }
  } else {
    throw notJson(path, inWords(value));
  }
}

function notJson(path: string, got: string): GatewayError {
  return new GatewayError('STORE_RECORD_INVALID', `${path}: expected what JSON can say; got ${got}.`);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (a worker's, Jest's) have another Object.prototype, which has no prototype either.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Never the thing itself: it may be a secret. */
function inWords(thing: unknown): string {
  if (typeof thing === 'string') return thing === '' ? 'an empty text' : `a text of ${thing.length} characters`;
  if (typeof thing === 'number') return String(thing);
  if (typeof thing === 'object' && thing !== null) return `an object of class ${thing.constructor?.name ?? 'unknown'}`;
  return `a value of type ${typeof thing}`;
}
