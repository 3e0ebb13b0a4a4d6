/** What a connector says of a thing, filled in from a row of its provider. */
import { findByName } from '../connector/find-by-name.ts';
import { coerceOptions, notationOf } from '../connector/prepare-input.ts';
import type { Connector } from '../connector/definition.ts';
import { readTime } from '../connector/read-time.ts';
import { compileOutput } from '../notation/coerce.ts';
import {
  resolveProperties,
  type Field,
  type FieldType,
  type Notation,
  type ObjectDefinition,
} from '../notation/field.ts';
import { labelize } from '../notation/labelize.ts';
import type { ThingActionDefinition, ThingDefinition, ThingValueType } from '../notation/thing.ts';
import type { Thing, ThingAction, ThingComponent } from './thing.ts';

/** An object of a connector whose rows are things. */
export interface ThingKind {
  readonly connector: Connector;
  /** Name of the object. */
  readonly object: string;
  readonly definition: ObjectDefinition;
  readonly thing: ThingDefinition;
}

/** A row, its values coerced by the notation. */
export type ThingRow = Readonly<Record<string, unknown>>;

/** The objects of a connector whose rows are things. */
export function thingKindsOf(connector: Connector | undefined): readonly ThingKind[] {
  return Object.entries(connector?.objects ?? {}).flatMap(([object, definition]) =>
    connector && definition.thing ? [{ connector, object, definition, thing: definition.thing }] : [],
  );
}

/** Coerces rows of the provider; made once for many. @throws ProviderError for a value that is not of its type. */
export function rowReader({ connector, definition }: ThingKind): (row: unknown) => ThingRow {
  const read = compileOutput(definition.fields, coerceOptions(connector));
  return (row) => read(row) ?? {};
}

/** The key of a row; `undefined` where it has none. */
export function keyOf({ definition }: ThingKind, row: ThingRow): string | undefined {
  const key = row[definition.key ?? ''];
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
}

export function nameOf({ thing, object }: ThingKind, row: ThingRow): string {
  return textAt(row, thing.name ?? 'name') ?? labelize(object);
}

/**
 * A thing without values, for when its row cannot be had, or with those of its row.
 *
 * @param name - as it was when it was mapped.
 * @param now - milliseconds since 1970.
 */
export function describeThing(kind: ThingKind, name: string, row: ThingRow | undefined, now: number): Thing {
  const { thing } = kind;
  const isReached = row && (thing.available === undefined || valueAt(row, thing.available) !== false);
  return {
    name: row ? nameOf(kind, row) : name,
    manufacturer: thing.manufacturer,
    displayType: thing.displayType,
    status: row ? (isReached ? 'AVAILABLE' : 'UNAVAILABLE') : 'UNKNOWN',
    // A checked thing has one component at least.
    mainComponentId: thing.mainComponent ?? Object.keys(thing.components)[0]!,
    attributes: [],
    components: describeComponents(kind, row, now),
  };
}

function describeComponents(kind: ThingKind, row: ThingRow | undefined, now: number): readonly ThingComponent[] {
  const { thing, connector, definition } = kind;
  const measured = row && thing.measuredAt ? valueAt(row, thing.measuredAt) : undefined;
  const lastUpdate = readTime(measured, 'UTC', now + 86_400_000) ?? now;
  return Object.entries(thing.components).map(([id, component]) => ({
    id,
    name: component.name ?? labelize(id),
    componentType: component.componentType,
    capabilities: component.capabilities ?? [],
    properties: Object.entries(component.properties ?? {}).map(([property, { field, name, unit, propertyType }]) => {
      const value = row ? textAt(row, field) : undefined;
      return {
        id: property,
        name: name ?? labelize(property),
        value: value ?? null,
        unit: unit ?? '',
        type: valueType(fieldAt(connector, definition.fields, field)),
        propertyType: propertyType ?? '',
        lastUpdate: value === undefined ? null : lastUpdate,
      };
    }),
    actions: Object.entries(component.actions ?? {}).map(([action, asked]) => describeAction(connector, action, asked)),
  }));
}

function describeAction(connector: Connector, id: string, asked: ThingActionDefinition): ThingAction {
  const parameters = parametersOf(connector, asked).map((field) => ({
    name: field.name,
    type: valueType(field),
    isRequired: field.optional === false,
  }));
  return { id, name: asked.name ?? labelize(id), parameters };
}

/** The input fields of the action that the thing does not fill in itself. */
export function parametersOf(connector: Connector, asked: ThingActionDefinition): Notation {
  const input = findByName(connector.actions, asked.action)?.[1].input;
  return (typeof input === 'function' ? [] : notationOf(input)).filter(({ name }) => !Object.hasOwn(asked.input, name));
}

/** The value at a path of a row. */
export function valueAt(row: ThingRow, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as ThingRow | null | undefined)?.[name], row);
}

function textAt(row: ThingRow, path: string): string | undefined {
  const value = valueAt(row, path);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return value === '' ? undefined : value;
  const isScalar = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
  return isScalar ? String(value) : undefined;
}

function fieldAt(connector: Connector, fields: Notation, path: string): Field | undefined {
  const objects = new Map(Object.entries(connector.objects ?? {}));
  let notation: Notation | undefined = fields;
  let field: Field | undefined;
  for (const name of path.split('.')) {
    field = notation?.find((each) => each.name === name);
    notation = field && resolveProperties(field, objects);
  }
  return field;
}

const valueTypes: Partial<Record<FieldType, ThingValueType>> = {
  integer: 'NUMBER',
  number: 'NUMBER',
  boolean: 'BOOLEAN',
};

function valueType(field: Field | undefined): ThingValueType {
  return valueTypes[field?.type ?? 'string'] ?? 'STRING';
}
