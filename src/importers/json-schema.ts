/** JSON Schema read into notation: what another system says of its requests and answers. @see https://json-schema.org/draft/2020-12 */
import { isPlainObject } from '../connector/check-keys.ts';
import type { Field, FieldType, Notation } from '../notation/field.ts';

type Schema = Readonly<Record<string, unknown>>;

/** A schema with the definitions that its references name. */
export interface SchemaDocument {
  readonly schema: Schema;
  readonly root: Schema;
}

/** @returns `undefined` for what is no schema: neither an object nor the JSON text of one. */
export function readSchema(given: unknown): SchemaDocument | undefined {
  const schema = typeof given === 'string' ? parse(given) : given;
  return isPlainObject(schema) ? { schema, root: schema } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The schema of a property, whatever it refers to; `undefined` where there is none. */
export function propertyOf(document: SchemaDocument, name: string): SchemaDocument | undefined {
  const { schema, root } = plain(document);
  const properties = isPlainObject(schema.properties) ? schema.properties : {};
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isPlainObject(property) ? plain({ schema: property, root }) : undefined;
}

/** The schema of the elements of a list. */
export function elementOf(document: SchemaDocument): SchemaDocument | undefined {
  const { schema, root } = plain(document);
  return isPlainObject(schema.items) ? plain({ schema: schema.items, root }) : undefined;
}

/**
 * The fields of an object. What the notation cannot say is any JSON, as are objects that refer to themselves; a field that
 * may be null or absent is optional.
 */
export function fieldsOfSchema(document: SchemaDocument, within: readonly unknown[] = []): Notation {
  const { schema, root } = plain(document);
  const properties = isPlainObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? (schema.required as readonly unknown[]) : [];
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isPlainObject(property) || name === '__proto__') return [];
    const isNullable = isNull(property);
    const isOptional = !required.includes(name) || isNullable;
    return [fieldOf(name, { schema: property, root }, isOptional, [...within, schema])];
  });
}

function fieldOf(name: string, document: SchemaDocument, isOptional: boolean, within: readonly unknown[]): Field {
  const { schema } = plain(document);
  const { title, description } = document.schema;
  const isSecret = schema['x-field_type'] === 'SECRET' || document.schema['x-field_type'] === 'SECRET';
  return {
    name,
    ...(typeof title === 'string' && title !== '' && { label: title }),
    ...(typeof description === 'string' && description !== '' && { hint: description }),
    ...(!isOptional && { optional: false }),
    ...(isSecret && { controlType: 'password' }),
    ...typeOf(document, within),
  };
}

function typeOf(given: SchemaDocument, within: readonly unknown[]): Partial<Field> {
  const document = plain(given);
  const { schema } = document;
  if (within.includes(schema)) return { type: 'object' };
  const type = Array.isArray(schema.type)
    ? (schema.type as readonly unknown[]).find((each) => each !== 'null')
    : schema.type;
  if (type === 'array') {
    const items = elementOf(document);
    const { type: of = 'string', ...rest } = items ? typeOf(items, [...within, schema]) : { type: 'object' as const };
    // A list of lists is any JSON.
    return of === 'array'
      ? { type: 'object' }
      : { type: 'array', of, ...(rest.properties && { properties: rest.properties }) };
  }
  if (type === 'object' || isPlainObject(schema.properties)) {
    const properties = fieldsOfSchema(document, within);
    return properties.length > 0 ? { type: 'object', properties } : { type: 'object' };
  }
  if (type === 'string' || Array.isArray(schema.enum)) return textOf(schema);
  return { type: scalars[String(type)] ?? 'object' };
}

function textOf({ format, enum: values }: Schema): Partial<Field> {
  if (format === 'date-time') return { type: 'date_time' };
  if (format === 'date') return { type: 'date' };
  const choices = Array.isArray(values) ? values.filter((value): value is string => typeof value === 'string') : [];
  return choices.length > 0
    ? { type: 'string', pickList: choices.map((value) => [value, value] as const) }
    : { type: 'string' };
}

const scalars: Readonly<Record<string, FieldType>> = { integer: 'integer', number: 'number', boolean: 'boolean' };

/** Follows `$ref` within the document, and takes the one of several that is not null; where several are left, the first. */
function plain(document: SchemaDocument): SchemaDocument {
  let { schema } = document;
  // References that go round end somewhere.
  for (let step = 0; step < 20; step++) {
    const next = referred(schema, document.root) ?? oneOf(schema);
    if (!next) break;
    schema = next;
  }
  return { schema, root: document.root };
}

function referred({ $ref }: Schema, root: Schema): Schema | undefined {
  if (typeof $ref !== 'string' || !$ref.startsWith('#/')) return undefined;
  let found: unknown = root;
  for (const part of $ref.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    found = isPlainObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return isPlainObject(found) ? found : {};
}

function oneOf(schema: Schema): Schema | undefined {
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const options = schema[key];
    if (!Array.isArray(options)) continue;
    return (options as readonly unknown[]).filter(isPlainObject).find(({ type }) => type !== 'null');
  }
  return undefined;
}

function isNull(schema: Schema): boolean {
  if (Array.isArray(schema.type) && schema.type.includes('null')) return true;
  const options = schema.anyOf ?? schema.oneOf;
  return Array.isArray(options) && options.some((each) => isPlainObject(each) && each.type === 'null');
}
