/** Values as Lumos writes them and as capabilities have them: other names, the same values. */
import { isPlainObject } from '../../connector/check-keys.ts';
import type { CapabilityField, CapabilityNotation } from '../../connector/capability.ts';
import { wireFields } from '../../importers/lumos/wire-names.ts';
import { camelCase } from '../../notation/field-name.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a request holds, by our names; what the capability does not know may be for the connector, and is kept. */
export function fromWire(owner: string, notation: CapabilityNotation, given: Values): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const fields = new Map(wireFields(owner, notation).map(({ field, wireName }) => [wireName, field]));
  for (const [key, value] of Object.entries(given)) {
    const field = fields.get(key);
    if (field) result[field.name] = readValue(field, value);
    else if (key !== '__proto__') result[camelCase(key)] = value;
  }
  return result;
}

function readValue(field: CapabilityField, value: unknown): unknown {
  const { properties, typeName } = field;
  if (!properties || !typeName) return value;
  const read = (item: unknown) => (isPlainObject(item) ? fromWire(typeName, properties, item) : item);
  return Array.isArray(value) ? value.map(read) : read(value);
}

/** A row as Lumos writes it: every key is there, with null where there is nothing. */
export function toWire(owner: string, notation: CapabilityNotation, row: unknown): Record<string, unknown> {
  const values = row as Values;
  return Object.fromEntries(
    wireFields(owner, notation).map(({ field, wireName }) => [wireName, writeValue(field, values[field.name])]),
  );
}

function writeValue(field: CapabilityField, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  const { properties, typeName } = field;
  if (!properties || !typeName) return value;
  return Array.isArray(value)
    ? value.map((item) => toWire(typeName, properties, item))
    : toWire(typeName, properties, value);
}
