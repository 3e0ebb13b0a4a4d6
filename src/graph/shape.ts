/** What the type of a field or notation comes down to in the graph. */
import type { Connector, NotationSource } from '../connector/definition.ts';
import { findByName } from '../connector/find-by-name.ts';
import type { Field, FieldType, Notation, ObjectDefinition } from '../notation/field.ts';

/** A scalar, a named object of the connector, fields that stand in place, or any JSON. */
export type Shape =
  | { readonly kind: 'scalar'; readonly type: Exclude<FieldType, 'object' | 'array'> }
  | { readonly kind: 'object'; readonly name: string; readonly definition: ObjectDefinition }
  | { readonly kind: 'inline'; readonly fields: Notation }
  | { readonly kind: 'json' };

const json: Shape = { kind: 'json' };

/** Finds the shapes of one connector; an object is known by its name, by itself and by its list of fields. */
export class Shapes {
  readonly #objects: Readonly<Record<string, ObjectDefinition>>;
  readonly #names = new Map<unknown, string>();

  constructor(connector: Connector) {
    this.#objects = connector.objects ?? {};
    for (const [name, object] of Object.entries(this.#objects)) {
      this.#names.set(object, name);
      if (!this.#names.has(object.fields)) this.#names.set(object.fields, name);
    }
  }

  /** The shape of one value of a field, and whether the field holds a list of them. */
  ofField(field: Field): { readonly shape: Shape; readonly list: boolean } {
    const type = field.type ?? 'string';
    if (type !== 'array') return { shape: this.#ofType(type, field), list: false };
    const of = field.of ?? 'object';
    if (typeof of === 'object') return { shape: this.ofSource(of), list: true };
    return { shape: of === 'array' ? json : this.#ofType(of, field), list: true };
  }

  /** The shape of an input or output. */
  ofSource(source: NotationSource | string | undefined): Shape {
    if (source === undefined || typeof source === 'function') return json;
    if (typeof source === 'string') {
      const found = findByName(this.#objects, source);
      return found && found[1].fields.length > 0 ? { kind: 'object', name: found[0], definition: found[1] } : json;
    }
    const fields = isNotation(source) ? source : source.fields;
    if (fields.length === 0) return json;
    const name = this.#names.get(source);
    const definition = name === undefined ? undefined : this.#objects[name];
    return name !== undefined && definition ? { kind: 'object', name, definition } : { kind: 'inline', fields };
  }

  #ofType(type: Exclude<FieldType, 'array'>, field: Field): Shape {
    return type === 'object' ? this.ofSource(field.properties) : { kind: 'scalar', type };
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
