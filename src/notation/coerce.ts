/** Coerces values both ways, client to connector and provider to graph, by closures that are compiled once from the notation. */
import { DefinitionError, InputError, ProviderError } from '../errors.ts';
import { compileInputObject } from './coerce-input.ts';
import { compileOutputRow, compileOutputValue } from './coerce-output.ts';
import type { CoerceContext, Read } from './coerce-value.ts';
import { convertors } from './convertors.ts';
import { formatPlace, Mismatch } from './mismatch.ts';
import type { Field, Notation, Objects } from './field.ts';
import { defaultTimeZone } from './times.ts';

export interface CoerceOptions {
  /** Finds a method of the connector, for convertors that are none of ours. It must answer at once, without a promise. */
  readonly methods?: (name: string) => ((value: any) => unknown) | undefined;
  /** IANA name; where strings without an offset are read. Default `America/Los_Angeles`, as Workato's runtime. */
  readonly timeZone?: string;
  /** The named objects that `properties` may refer to. */
  readonly objects?: Objects;
  /** Where the value stands, the start of every path in a message; `''` = nowhere. Default `input`, or the field's name. */
  readonly path?: string;
  /** Name of the field that is the object's key: the graph says ID. */
  readonly keyField?: string;
  /** Which names the keys of an input have: those of the graph (`fieldName`), or the provider's. Default `graph`. */
  readonly keys?: 'graph' | 'notation';
}

/**
 * Makes the function that turns arguments into what connector code receives, keyed by `field.name`: defaults are applied,
 * keys that are no field are dropped, absent stays absent and null stays null. Integers and ids come as numbers, `int64`
 * as a number or, outside ±2⁵³, a string; `decimal` as a string; times as `Date`, days as `YYYY-MM-DD`; then
 * `convertInput` is applied.
 *
 * @throws DefinitionError while compiling, when a default is no value of its field.
 * @throws InputError INPUT_REQUIRED when a required value is absent, null or an empty string.
 * @throws InputError INPUT_INVALID for a value of another type; both name the place (`input.labels[2].name`), never the value.
 */
export function compileInput(
  notation: Notation,
  options: CoerceOptions = {},
): (value: Readonly<Record<string, unknown>> | null | undefined) => Record<string, unknown> {
  const path = options.path ?? 'input';
  const read = compileDefaults(() => compileInputObject(notation, contextOf(options)), path || 'input');
  return (value) => {
    try {
      return read(value ?? {}) as Record<string, unknown>;
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      const code = error.isAbsence ? 'INPUT_REQUIRED' : 'INPUT_INVALID';
      // Of a field and its toggle, both are named in the message.
      const place = formatPlace(path, error.place) || (error.isAbsence ? '' : 'input');
      throw new InputError(code, place === '' ? error.message : `${place}: ${error.message}`);
    }
  };
}

/**
 * Makes the function that turns a provider's raw value into what the graph says: absent and null are null, `convertOutput`
 * is applied first, times are RFC 3339 in UTC, days `YYYY-MM-DD`, `int64` a number or, outside ±2⁵³, a string, keys and
 * references strings, `decimal` a string. An empty string is null for every type but `string`. An object with
 * `properties` is given back untouched, so that its fields are read when they are asked for (`compileFieldReader`).
 *
 * @throws ProviderError PROVIDER_VALUE_INVALID that names the field and, where there is one, the cure; never the value.
 */
export function compileOutputField(field: Field, options: CoerceOptions = {}): (raw: unknown) => unknown {
  const read = compileOutputValue(field, contextOf(options), false);
  const path = options.path === undefined ? field.name : `${options.path}.${field.name}`;
  return guardOutput(read, path);
}

/**
 * As `compileOutputField`, but takes the row: reads the field of its own properties only, so that a provider's `__proto__`
 * or a field named `constructor` never yields a prototype.
 */
export function compileFieldReader(field: Field, options: CoerceOptions = {}): (row: object) => unknown {
  const read = compileOutputField(field, options);
  const { name } = field;
  return (row) => read(Object.hasOwn(row, name) ? (row as Record<string, unknown>)[name] : undefined);
}

/**
 * Makes the function that turns a whole row into `{ name: coerced }`, nested objects and lists included. Fields that the row
 * does not have are left out; keys that are no field are dropped.
 *
 * @throws ProviderError PROVIDER_VALUE_INVALID as `compileOutputField`.
 */
export function compileOutput(
  notation: Notation,
  options: CoerceOptions = {},
): (row: unknown) => Record<string, unknown> | null {
  const read = compileOutputRow(notation, contextOf(options), options.keyField);
  return guardOutput(read, options.path ?? 'output') as (row: unknown) => Record<string, unknown> | null;
}

/** Defaults are read while the notation is compiled. */
function compileDefaults(compile: () => Read, path: string): Read {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    const place = `${formatPlace(path, error.place)}.default`;
    throw new DefinitionError([{ code: 'NOTATION_KEY_INVALID', path: place, message: error.message }], {
      cause: error,
    });
  }
}

function guardOutput(read: Read, path: string): Read {
  return (raw) => {
    if (raw === null || raw === undefined) return null;
    try {
      return read(raw);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      throw new ProviderError('PROVIDER_VALUE_INVALID', `${formatPlace(path, error.place)}: ${error.message}`);
    }
  };
}

function contextOf(options: CoerceOptions): CoerceContext {
  const timeZone = options.timeZone ?? defaultTimeZone;
  return {
    timeZone,
    objects: options.objects,
    keyField: options.keyField,
    keys: options.keys ?? 'graph',
    inputs: new Map(),
    rows: new Map(),
    convertor(name) {
      if (name === undefined) return undefined;
      const builtIn = convertors.get(name);
      if (builtIn) return (value) => builtIn(value, timeZone);
      const method = options.methods?.(name);
      if (!method) throw new TypeError(`No convertor or method "${name}": checkFields would have told.`);
      return method;
    },
  };
}
