/** Compiles the coercion of output: what a provider gave becomes what the graph says. */
import { compileChoice, compileOnce, type CoerceContext, isObject, type Read } from './coerce-value.ts';
import { enumChoices } from './enum-choices.ts';
import { elementTypeOf, type Field, type FieldType, type Notation, resolveObject, resolveProperties } from './field.ts';
import { Mismatch } from './mismatch.ts';
import { readBoolean, readDecimal, readId, readInt32, readInt64, readNumber, readString } from './scalars.ts';
import { dayText, utcText } from './times.ts';

/** Reads a whole row, nested objects included, into `{ name: coerced }`. */
export function compileOutputRow(notation: Notation, context: CoerceContext, keyField?: string): Read {
  return compileOnce(context.rows, notation, () => {
    const columns = notation.map((field) => ({
      name: field.name,
      read: compileOutputValue(field, { ...context, keyField }, true),
    }));
    return (row) => {
      if (!isObject(row)) throw new Mismatch('an object', row);
      const result: Record<string, unknown> = {};
      for (const { name, read } of columns) {
        if (!Object.hasOwn(row, name)) continue;
        const value = row[name];
        try {
          if (value !== undefined) result[name] = value === null ? null : read(value);
        } catch (error) {
          if (error instanceof Mismatch) error.place.unshift(name);
          throw error;
        }
      }
      return result;
    };
  });
}

/**
 * Reads the value of one field, which is not null.
 *
 * @param isDeep - whether objects are read to their ground, or given back as they came.
 */
export function compileOutputValue(field: Field, context: CoerceContext, isDeep: boolean): Read {
  const type = field.type ?? 'string';
  const read = type === 'array' ? compileList(field, context, isDeep) : compileTyped(field, type, context, isDeep);
  const convert = context.convertor(field.convertOutput ?? field.parseOutput);
  if (!convert) return read;
  return (value) => {
    const converted = convert(value);
    return converted === null || converted === undefined ? null : read(converted);
  };
}

function compileList(field: Field, context: CoerceContext, isDeep: boolean): Read {
  const read = compileTyped(field, elementTypeOf(field), context, isDeep);
  return (value) => {
    if (!Array.isArray(value)) {
      throw new Mismatch(
        'a list',
        value,
        "Where one thing may stand for a list, name the convertor 'item_array_wrap'.",
      );
    }
    const list: unknown[] = [];
    let index = 0;
    try {
      for (; index < value.length; index++) {
        const item: unknown = value[index];
        list.push(item === null || item === undefined ? null : read(item));
      }
    } catch (error) {
      if (error instanceof Mismatch) error.place.unshift(index);
      throw error;
    }
    return list;
  };
}

function compileTyped(field: Field, type: FieldType, context: CoerceContext, isDeep: boolean): Read {
  if (field.references !== undefined || (context.keyField === field.name && type !== 'object'))
    return unlessEmpty(readId);
  if (enumChoices(field)) return compileChoice(field, type)!;
  const { timeZone } = context;
  switch (type) {
    case 'integer':
      return unlessEmpty(field.format === 'int64' ? readInt64 : readInt32);
    case 'number':
      return unlessEmpty(field.format === 'decimal' ? readDecimal : readNumber);
    case 'boolean':
      return unlessEmpty(readBoolean);
    case 'date_time':
    case 'timestamp':
      return unlessEmpty((value) => utcText(value, timeZone));
    case 'date':
      return unlessEmpty(dayText);
    case 'object': {
      const properties = resolveProperties(field, context.objects);
      if (!properties) return readJson;
      return isDeep ? compileOutputRow(properties, context, resolveObject(field, context.objects)?.key) : readObject;
    }
    case 'stream':
      return (value) => value;
    case 'array':
      return readJson;
    case 'string':
    default:
      return readString;
  }
}

/** Forms, XML and CSV say nothing with an empty string. */
function unlessEmpty(read: Read): Read {
  return (value) => (value === '' ? null : read(value));
}

function readObject(value: unknown): unknown {
  if (isObject(value)) return value;
  throw new Mismatch('an object', value);
}

/** Deeper than any provider's answer; JSON.stringify would overflow the stack a little later. */
const maxDepth = 500;

/**
 * JSON as it is, but for integers outside ±2⁵³: JSON text has no bigint, so they become strings of their digits. Fractions
 * with too many digits are strings already (`parseJson`).
 */
function readJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return readInt64(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth === maxDepth)
    throw new Mismatch(`JSON of at most ${maxDepth} levels`, value, '', 'deeper or circular JSON');
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    const read = readJson(item, depth + 1);
    if (read === item) continue;
    copy ??= (Array.isArray(value) ? value.slice() : { __proto__: null, ...value }) as Record<string, unknown>;
    copy[key] = read;
  }
  return copy ?? value;
}
