/** What the type of a field or notation comes down to in the graph. */
import type { Connector, NotationSource } from '../connector/definition.ts';
import {
  elementTypeOf,
  type Field,
  type FieldType,
  type Notation,
  type ObjectDefinition,
  type Objects,
  resolveProperties,
} from '../notation/field.ts';

export type ScalarFieldType = Exclude<FieldType, 'object' | 'array'>;

/** A scalar, a named object of the connector, fields that stand in place, or any JSON. */
export type Shape =
  | { readonly kind: 'scalar'; readonly type: ScalarFieldType }
  | { readonly kind: 'object'; readonly name: string; readonly definition: ObjectDefinition }
  | { readonly kind: 'inline'; readonly fields: Notation }
  | { readonly kind: 'json' };

const json: Shape = { kind: 'json' };

/** Finds the shapes of one connector. An object is known by its name, by itself and by its list of fields. */
export class Shapes {
  readonly objects: Objects;
  readonly #named = new Map<Notation, Shape>();

  constructor(connector: Connector) {
    this.objects = new Map(Object.entries(connector.objects ?? {}));
    for (const [name, definition] of this.objects) {
      if (!this.#named.has(definition.fields)) this.#named.set(definition.fields, { kind: 'object', name, definition });
    }
  }

  /** The shape of one value of a field, and whether the field holds a list of them. */
  ofField(field: Field): { readonly shape: Shape; readonly list: boolean } {
    const list = field.type === 'array';
    const type = list ? elementTypeOf(field) : (field.type ?? 'string');
    if (type === 'array') return { shape: json, list };
    if (type !== 'object') return { shape: { kind: 'scalar', type }, list };
    return { shape: this.#ofFields(resolveProperties(field, this.objects)), list };
  }

  /** The shape of an input or output. */
  ofSource(source: NotationSource | undefined): Shape {
    if (source === undefined || typeof source === 'function') return json;
    return this.#ofFields(isNotation(source) ? source : source.fields);
  }

  #ofFields(fields: Notation | undefined): Shape {
    if (fields === undefined || fields.length === 0) return json;
    return this.#named.get(fields) ?? { kind: 'inline', fields };
  }
}

/** The fields of a shape; undefined for scalars and JSON. */
export function fieldsOf(shape: Shape): Notation | undefined {
  if (shape.kind === 'object') return shape.definition.fields;
  return shape.kind === 'inline' ? shape.fields : undefined;
}

function isNotation(source: Notation | ObjectDefinition): source is Notation {
  return Array.isArray(source);
}
