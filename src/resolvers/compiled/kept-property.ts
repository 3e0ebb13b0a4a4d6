/** Properties of rows that stand in the answer as they stand in the row, which are most of all values. */
import { getNullableType, isEnumType, isNonNullType, isScalarType, type GraphQLOutputType } from 'graphql';
import { keepValue, type Kept } from '../../notation/kept-values.ts';
import type { DirectRead } from '../direct-read.ts';

/** What is taken of a row. */
export interface KeptProperty {
  readonly name: string;
  readonly kept: Kept;
  /** What a text becomes, where the type is an enum. */
  readonly names: ReadonlyMap<unknown, string> | undefined;
  readonly isRequired: boolean;
}

/** `undefined` where each value has to be read. */
export function compileKept({ property, read }: DirectRead, type: GraphQLOutputType): KeptProperty | undefined {
  // What every object has may not be its own.
  if (!property || property.name in {}) return undefined;
  const { name, kept } = property;
  const isRequired = isNonNullType(type);
  const leaf = getNullableType(type);
  if (isScalarType(leaf)) return { name, kept, names: undefined, isRequired };
  if (!isEnumType(leaf) || (kept !== 'choice' && kept !== 'text')) return undefined;
  const names = new Map<unknown, string>();
  for (const { value, name: shown } of leaf.getValues()) {
    if (typeof value === 'string' && read({ [name]: value }) === value) names.set(value, shown);
  }
  return { name, kept, names, isRequired };
}

/** Whether what it does not have itself is nothing that a property could be: a prototype of its own may have anything. */
export function isRow(source: unknown): source is Readonly<Record<string, unknown>> {
  if (typeof source !== 'object' || source === null) return false;
  const prototype: unknown = Object.getPrototypeOf(source);
  return prototype === Object.prototype || prototype === null;
}

/** The value as it stands in the answer; `undefined` where the field has to be executed. */
export function keepProperty(
  { name, kept, names, isRequired }: KeptProperty,
  row: Readonly<Record<string, unknown>>,
): string | number | boolean | null | undefined {
  const value = row[name];
  if (value === null) return isRequired ? undefined : null;
  return names === undefined ? keepValue(kept, value) : names.get(value);
}
