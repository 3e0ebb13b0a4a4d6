/** Compiles the coercion of input: what a client gives becomes what connector code receives. */
import { Content } from '../content.ts';
import { compileChoice, compileOnce, type CoerceContext, isObject, type Read } from './coerce-value.ts';
import { elementTypeOf, type Field, type FieldType, type Notation, resolveProperties } from './field.ts';
import { fieldName } from './field-name.ts';
import { labelize } from './labelize.ts';
import { at, Mismatch } from './mismatch.ts';
import { readBoolean, readDecimal, readInt64, readNumber, readSafeInteger, readString } from './scalars.ts';
import { dayText, instant } from './times.ts';

/** Reads an object of the notation; the result is keyed by `field.name` and holds no key that was not given or defaulted. */
export function compileInputObject(notation: Notation, context: CoerceContext): Read {
  return compileOnce(context.inputs, notation, () => {
    const steps = notation.flatMap((field) => stepsOf(field, context));
    return (value) => {
      if (!isObject(value)) throw new Mismatch('an object', value);
      const result: Record<string, unknown> = {};
      for (const step of steps) step(value, result);
      return result;
    };
  });
}

type Step = (source: Record<string, unknown>, result: Record<string, unknown>) => void;

function stepsOf(field: Field, context: CoerceContext): Step[] {
  const toggle = field.toggleField;
  if (!toggle) return [takeStep(field, compileValue(field, context), context), ...requireStep([field], context)];
  if (toggle.name === field.name) {
    const read = eitherOf(compileValue(field, context), compileValue(toggle, context));
    return [takeStep(field, read, context), ...requireStep([field], context)];
  }
  return [
    takeStep(field, compileValue(field, context), context),
    takeStep(toggle, compileValue(toggle, context), context),
    ...requireStep([field, toggle], context),
  ];
}

/** Moves one value, coerced; absent and null stay what they are. */
function takeStep(field: Field, read: Read, context: CoerceContext): Step {
  const { name } = field;
  const key = keyOf(field, context);
  const defaultOf = compileDefault(field, read);
  return (source, result) => {
    const value = Object.hasOwn(source, key) ? source[key] : undefined;
    if (value === undefined) {
      if (defaultOf) result[name] = defaultOf();
    } else if (value === null) {
      result[name] = null;
    } else {
      try {
        result[name] = read(value);
      } catch (error) {
        if (error instanceof Mismatch) error.place.unshift(key);
        throw error;
      }
    }
  };
}

/** `'Title' must be present`, or for a field and its toggle `Either 'A' or 'B' must be present`. Empty strings do not count. */
function requireStep(fields: readonly [Field, Field?], context: CoerceContext): Step[] {
  const [field, toggle] = fields;
  // A content comes by itself, after the rest of the input; the graph says that it is required.
  if (field.optional !== false || field.type === 'stream') return [];
  const key = keyOf(field, context);
  const isGiven = (result: Record<string, unknown>, name: string) =>
    Object.hasOwn(result, name) && result[name] !== null && result[name] !== '';
  return [
    (_source, result) => {
      if (isGiven(result, field.name) || (toggle && isGiven(result, toggle.name))) return;
      if (toggle) throw Mismatch.absent(`Either '${labelOf(field)}' or '${labelOf(toggle)}' must be present.`);
      const missing = Mismatch.absent(`'${labelOf(field)}' must be present.`);
      missing.place.push(key);
      throw missing;
    },
  ];
}

/** A default is written as loosely as an input. Simple values are read once, others anew for each input. */
function compileDefault(field: Field, read: Read): (() => unknown) | undefined {
  const value = field.default;
  if (value === undefined || value === null) return undefined;
  const first = at(field.name, () => read(value));
  return typeof first === 'object' ? () => read(value) : () => first;
}

/** The field's own way to read it; what is wrong for that may be right for its toggle of the same name. */
function eitherOf(read: Read, readToggle: Read): Read {
  return (value) => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      return readToggle(value);
    }
  };
}

function compileValue(field: Field, context: CoerceContext): Read {
  const type = field.type ?? 'string';
  const read = type === 'array' ? compileList(field, context) : compileTyped(field, type, context);
  const convert = context.convertor(field.convertInput ?? field.renderInput);
  return convert ? (value) => convert(read(value)) : read;
}

/** A single value stands for a list of one, as everywhere in GraphQL. */
function compileList(field: Field, context: CoerceContext): Read {
  const read = compileTyped(field, elementTypeOf(field), context);
  return (value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.map((item, index) => {
      if (item === null || item === undefined) return null;
      try {
        return read(item);
      } catch (error) {
        if (error instanceof Mismatch) error.place.unshift(index);
        throw error;
      }
    });
  };
}

function compileTyped(field: Field, type: FieldType, context: CoerceContext): Read {
  const choice = compileChoice(field, type);
  if (choice) return choice;
  const { timeZone } = context;
  switch (type) {
    case 'integer':
      return field.format === 'int64' ? readInt64 : readSafeInteger;
    case 'number':
      return field.format === 'decimal' ? readDecimal : readNumber;
    case 'boolean':
      return readBoolean;
    case 'date_time':
    case 'timestamp':
      return (value) => instant(value, timeZone);
    case 'date':
      return dayText;
    case 'object': {
      const properties = resolveProperties(field, context.objects);
      return properties ? compileInputObject(properties, context) : (value) => value;
    }
    case 'array':
      return (value) => value;
    case 'stream':
      return readContent;
    case 'string':
    default:
      return readString;
  }
}

function readContent(value: unknown): unknown {
  if (value instanceof Content) return value;
  throw new Mismatch('the content of a file, sent as the GraphQL multipart request specification has it', value);
}

function keyOf(field: Field, context: CoerceContext): string {
  return context.keys === 'graph' ? fieldName(field) : field.name;
}

function labelOf(field: Field): string {
  return field.label ?? labelize(field.name);
}
