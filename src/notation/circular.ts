/** Finds objects that require each other so that no value can ever end. */
import { elementTypeOf, type Field, type Notation, type Objects, resolveObject, resolveProperties } from './field.ts';

/**
 * The objects that a field leads through, when each requires the next and the last one requires one that was there before:
 * `['issue', 'user', 'issue']`. `undefined` when a value can end: a list may be empty, an optional field absent.
 */
export function circleOf(field: Field, objects: Objects): readonly string[] | undefined {
  return walk(field, objects, [], [], new Set());
}

function walk(
  field: Field,
  objects: Objects,
  lists: readonly Notation[],
  names: readonly string[],
  ended: Set<Notation>,
): readonly string[] | undefined {
  if (!isRequiredObject(field)) return undefined;
  const properties = resolveProperties(field, objects);
  if (!Array.isArray(properties) || ended.has(properties)) return undefined;
  const path = [...names, nameOf(field, objects)];
  if (lists.includes(properties)) return path;
  for (const property of properties as readonly unknown[]) {
    if (typeof property !== 'object' || property === null) continue;
    const circle = walk(property as Field, objects, [...lists, properties], path, ended);
    if (circle) return circle;
  }
  ended.add(properties);
  return undefined;
}

/** A toggle or a default can stand for the value. */
function isRequiredObject(field: Field): boolean {
  return (
    field.optional === false &&
    field.type === 'object' &&
    field.toggleField === undefined &&
    field.default === undefined &&
    elementTypeOf(field) === 'object'
  );
}

function nameOf(field: Field, objects: Objects): string {
  const object = resolveObject(field, objects);
  for (const [name, candidate] of objects)
    if (candidate === object || candidate?.fields === field.properties) return name;
  return field.name;
}
