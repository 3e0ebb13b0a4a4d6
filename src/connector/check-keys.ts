/** Checks the keys of one part of a connector against the kinds of value they take. */
import type { ErrorCode, Fault } from '../errors.ts';
import { didYouMean } from '../notation/nearest.ts';

/** What a key takes; `!` at the end makes it required. */
type Kind =
  | 'string'
  | 'boolean'
  | 'number'
  | 'count'
  | 'function'
  | 'object'
  | 'array'
  | 'strings'
  | 'help'
  | 'notation'
  | 'matchers'
  | 'string or function'
  | 'secret'
  | 'boolean or string'
  | 'boolean or function'
  | 'object or function'
  | 'any';
export type KeyKinds = Readonly<Record<string, Kind | `${Kind}!`>>;
export type Report = (fault: Fault) => void;

/** Reports required keys that are absent and values of the wrong kind; warns of keys that nobody knows. */
export function checkKeys(
  part: Readonly<Record<string, unknown>>,
  kinds: KeyKinds,
  path: string,
  code: ErrorCode,
  report: Report,
  warn: Report,
): void {
  for (const [key, kindOrRequired] of Object.entries(kinds)) {
    const kind = kindOrRequired.replace('!', '') as Kind;
    const value = part[key];
    if (value === undefined) {
      if (kindOrRequired.endsWith('!')) {
        report({ code, path: `${path}.${key}`, message: `expected ${expected[kind]}; got nothing.` });
      }
    } else if (!accepts[kind](value)) {
      const got = kind === 'secret' ? describeKind(value) : describe(value);
      report({ code, path: `${path}.${key}`, message: `expected ${expected[kind]}; got ${got}.` });
    }
  }
  for (const key of Object.keys(part)) {
    if (Object.hasOwn(kinds, key)) continue;
    warn({
      code,
      path: `${path}.${key}`,
      message: `this key is not known and has no effect${didYouMean(key, Object.keys(kinds))}.`,
    });
  }
}

const expected: Record<Kind, string> = {
  string: 'a string',
  boolean: 'true or false',
  number: 'a number',
  count: 'a whole number above 0',
  function: 'a function',
  object: 'an object',
  array: 'a list',
  strings: 'a list of texts',
  help: 'a string or { body, learnMoreUrl, learnMoreText }',
  notation: 'a list of fields, an object of the connector, or a function that gives a list',
  matchers: 'a list of statuses, texts and patterns',
  'string or function': 'a string or a function',
  secret: 'a string or a function',
  'boolean or string': 'true, false or a reason',
  'boolean or function': 'true, false or a function',
  'object or function': 'an object or a function',
  any: 'anything',
};

const accepts: Record<Kind, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string' && value !== '',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  count: (value) => Number.isInteger(value) && (value as number) > 0,
  function: (value) => typeof value === 'function',
  object: isPlainObject,
  array: Array.isArray,
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== ''),
  help: (value) => typeof value === 'string' || (isPlainObject(value) && typeof value.body === 'string'),
  notation: (value) => Array.isArray(value) || isPlainObject(value) || typeof value === 'function',
  matchers: (value) =>
    Array.isArray(value) &&
    value.every((item) => Number.isInteger(item) || typeof item === 'string' || item instanceof RegExp),
  'string or function': isTextOrFunction,
  secret: isTextOrFunction,
  'boolean or string': (value) => typeof value === 'boolean' || typeof value === 'string',
  'boolean or function': (value) => typeof value === 'boolean' || typeof value === 'function',
  'object or function': (value) => isPlainObject(value) || typeof value === 'function',
  any: () => true,
};

function isTextOrFunction(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'function';
}

/** Whether a value is an object literal, and so a part of a definition. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RegExp);
}

/** A value in a message: short, and never the whole of something large. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) {
    return value.length <= 8 && value.every((item) => typeof item !== 'object')
      ? `[${value.map(describe).join(', ')}]`
      : `a list of ${value.length}`;
  }
  if (value === null || value === undefined) return value === null ? 'null' : 'nothing';
  return typeof value === 'object' ? 'an object' : `${value as number}`;
}

/** What came, without its value: what stands there may be a secret. */
export function describeKind(value: unknown): string {
  if (value === undefined || value === null) return describe(value);
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
