/** Turns what connector code gives into what JSON can say, so that reading it back gives the same. */
import { isObject } from '../notation/coerce-value.ts';
import { kindOf, Mismatch } from '../notation/mismatch.ts';
import { readInt64 } from '../notation/scalars.ts';
import type { JsonValue } from '../storage/records.ts';

/** UTF-8 cannot say half of a surrogate pair: two different texts would be one. */
const halfPair = /\p{Surrogate}/u;

/**
 * The value as JSON: a Date is its ISO text, an integer outside ±2⁵³ the string of its digits, an object with `toJSON` what
 * that gives; what is `undefined` in an object is left out, and so is a key `__proto__` (CWE-1321).
 *
 * @param maxDepth - objects and lists inside each other.
 * @throws Mismatch, with the place, for what JSON cannot say: functions, numbers that are not finite, halves of surrogate
 *   pairs, promises, bytes, circles.
 */
export function toJsonValue(value: unknown, maxDepth: number): JsonValue {
  return read(value, maxDepth) ?? null;
}

/** What the real runtime takes for none: 0 is something, `false` and a string of spaces are nothing. */
export function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object' || value instanceof Date) return false;
  return Object.keys(value).length === 0;
}

function read(value: unknown, levels: number): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
      if (!halfPair.test(value)) return value;
      throw new Mismatch('text', value, '', 'a string with half of a surrogate pair');
    case 'number':
      // JSON has no −0.
      if (Number.isFinite(value)) return value === 0 ? 0 : value;
      throw notJson(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return readInt64(value);
    case 'object':
      return value === null ? null : readObject(value, levels);
    case 'function':
    case 'symbol':
      throw notJson(value);
  }
}

function readObject(value: object, levels: number): JsonValue | undefined {
  if (levels === 0) throw new Mismatch('JSON', value, '', 'deeper or circular JSON');
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw notJson(value);
    return value.toISOString();
  }
  if (Array.isArray(value)) return readEach(value, levels - 1);
  const own = value as { readonly toJSON?: unknown; readonly then?: unknown };
  if (typeof own.then === 'function') throw notJson(value);
  if (ArrayBuffer.isView(value)) throw new Mismatch('JSON', value, '', 'bytes');
  if (value instanceof Map || value instanceof Set)
    throw new Mismatch('JSON', value, '', `a ${value.constructor.name}`);
  if (typeof own.toJSON === 'function') return read(own.toJSON(), levels - 1);
  if (!isObject(value)) throw notJson(value);
  return readKeys(value, levels - 1);
}

function readEach(list: readonly unknown[], levels: number): JsonValue[] {
  const result: JsonValue[] = [];
  for (let index = 0; index < list.length; index++) {
    try {
      result.push(read(list[index], levels) ?? null);
    } catch (error) {
      if (error instanceof Mismatch) error.place.unshift(index);
      throw error;
    }
  }
  return result;
}

function readKeys(object: Readonly<Record<string, unknown>>, levels: number): JsonValue {
  const result: Record<string, JsonValue> = {};
  for (const key of Object.keys(object)) {
    if (key === '__proto__') continue;
    if (halfPair.test(key)) throw new Mismatch('text', key, '', 'a key with half of a surrogate pair');
    try {
      const item = read(object[key], levels);
      if (item !== undefined) result[key] = item;
    } catch (error) {
      if (error instanceof Mismatch) error.place.unshift(key);
      throw error;
    }
  }
  return result;
}

function notJson(value: unknown): Mismatch {
  return new Mismatch('what JSON can say', value, '', kindOf(value));
}
