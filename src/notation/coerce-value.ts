/** What coercion of input and of output share: the context of one compilation, and the static choices. */
import { Mismatch } from './mismatch.ts';
import { choicesOf, type Field, type FieldType, type Notation, type Objects } from './field.ts';
import { takesSeveral } from './enum-choices.ts';
import { readString } from './scalars.ts';

/** Takes a value that is neither null nor absent; throws a Mismatch. */
export type Read = (value: unknown) => unknown;

/** One compilation; named objects that are met again, also within themselves, are compiled once. */
export interface CoerceContext {
  readonly timeZone: string;
  readonly objects: Objects | undefined;
  readonly keyField: string | undefined;
  readonly keys: 'graph' | 'notation';
  readonly inputs: Map<Notation, Read>;
  readonly rows: Map<Notation, Read>;
  /** @throws TypeError for a name that is neither a convertor nor a method. */
  readonly convertor: (name: string | undefined) => Read | undefined;
}

/** Compiles a notation once, also when it contains itself. */
export function compileOnce(compiled: Map<Notation, Read>, notation: Notation, compile: () => Read): Read {
  const existing = compiled.get(notation);
  if (existing) return existing;
  // Setting such a key would change the result's prototype.
  if (notation.some(({ name }) => name === '__proto__')) throw new TypeError('A field cannot be named __proto__.');
  let read: Read | undefined;
  compiled.set(notation, (value) => read!(value));
  read = compile();
  compiled.set(notation, read);
  return read;
}

/** An object literal or anything like it; a list or a Date is none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * Finds the choice that a value means, by its text, so that the original value is kept (`1` for `"1"`). `undefined` when
 * the field has no choices that a value must be one of.
 */
export function compileChoice(field: Field, type: FieldType): Read | undefined {
  const choices = choicesOf(field);
  if (!choices?.length || takesSeveral(field) || !choosable.has(type)) return undefined;
  const values = new Map<unknown, unknown>(choices.map(([, value]) => [String(value), value]));
  const names = choices.slice(0, 10).map(([, value]) => JSON.stringify(value));
  const expected = `one of ${names.join(', ')}${choices.length > 10 ? ', …' : ''}`;
  return (value) => {
    const choice = values.get(typeof value === 'string' ? value : choiceText(value, expected));
    if (choice === undefined) throw new Mismatch(expected, value, '', 'another value');
    return choice;
  };
}

const choosable: ReadonlySet<FieldType> = new Set(['string', 'integer', 'number']);

function choiceText(value: unknown, expected: string): string {
  if (isObject(value) || Array.isArray(value)) throw new Mismatch(expected, value);
  return readString(value);
}
