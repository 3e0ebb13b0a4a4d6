/** The arguments and input types of one connector, from its notations (design §3). */
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLString,
  type GraphQLInputFieldConfig,
  type GraphQLInputType,
} from 'graphql';
import type { Connector } from '../connector/definition.ts';
import type { Field, Notation, ObjectDefinition } from '../notation/field.ts';
import { argumentFields } from '../notation/toggle.ts';
import { fieldName, pascalCase } from '../notation/field-name.ts';
import type { EnumTypes } from './enum-types.ts';
import type { NameOrigins, NameRegister } from './name-register.ts';
import { typePrefix } from './names.ts';
import { fieldConfig, scalarOf } from './output-types.ts';
import { jsonScalar } from './scalars.ts';
import type { Shape, Shapes } from './shape.ts';

/** Where a list of fields stands. */
export interface InputPlace {
  /** First part of the names of types made here. */
  readonly base: string;
  readonly path: string;
  /** How a message calls one of them, and what they are a part of. */
  readonly word: 'argument' | 'field';
  readonly of: string;
  /** Whether the field holds the key of the object at hand, and so is an ID. */
  readonly isKey: (field: Field) => boolean;
  /** Names that are taken already. */
  readonly origins: NameOrigins;
}

/** Makes input types; an object's twin is made once, however many actions take it. */
export class InputTypes {
  readonly #connector: Connector;
  readonly #register: NameRegister;
  readonly #shapes: Shapes;
  readonly #enums: EnumTypes;
  readonly #twins = new Map<string, GraphQLInputObjectType | undefined>();

  constructor(connector: Connector, register: NameRegister, shapes: Shapes, enums: EnumTypes) {
    this.#connector = connector;
    this.#register = register;
    this.#shapes = shapes;
    this.#enums = enums;
  }

  /** The arguments of a root field, or the fields of an input type: both have the same form. */
  fields(notation: Notation, place: InputPlace): Record<string, GraphQLInputFieldConfig> {
    const configs: Record<string, GraphQLInputFieldConfig> = {};
    notation.forEach((declared, index) => {
      const origin = `${place.path}[${index}]`;
      for (const { field, isRequired } of argumentFields([declared])) {
        const name = fieldName(field);
        if (!this.#register.claim(place.origins, place.word, name, origin, place.of)) continue;
        configs[name] = this.#field(field, place, origin, isRequired);
      }
    });
    return configs;
  }

  /** The input type of a named object: `<Prefix><Object>Input`. */
  object(name: string, definition: ObjectDefinition): GraphQLInputObjectType | undefined {
    if (!this.#twins.has(name)) {
      const base = definition.graphqlName ?? typePrefix(this.#connector) + pascalCase(name);
      const path = `${this.#connector.name}.objects.${name}`;
      const isKey = (field: Field): boolean => field.name === definition.key;
      this.#twins.set(name, this.type(definition.fields, { base, path: `${path}.fields`, isKey }, path));
    }
    return this.#twins.get(name);
  }

  /** The input type `<base>Input` of fields; they are made later, so they may refer to it. */
  type(
    notation: Notation,
    place: Pick<InputPlace, 'base' | 'path' | 'isKey'>,
    origin: string,
  ): GraphQLInputObjectType | undefined {
    const name = `${place.base}Input`;
    return this.#register.type(name, origin, this.#connector.name, () => {
      return new GraphQLInputObjectType({
        name,
        fields: () => this.fields(notation, { ...place, word: 'field', of: name, origins: new Map() }),
      });
    });
  }

  #field(field: Field, place: InputPlace, origin: string, required: boolean): GraphQLInputFieldConfig {
    const { shape, list } = this.#shapes.ofField(field);
    const isId = shape.kind === 'scalar' && (field.references !== undefined || place.isKey(field));
    const enumType = shape.kind === 'scalar' && !isId ? this.#enums.ofField(field, place.base, origin) : undefined;
    const single = isId ? GraphQLID : (enumType ?? this.#ofShape(shape, place, field, origin));
    const type = list ? new GraphQLList(new GraphQLNonNull(single)) : single;
    const defaultValue = list ? undefined : defaultOf(field.default, single);
    const config: GraphQLInputFieldConfig = fieldConfig(
      required ? new GraphQLNonNull(type) : type,
      field,
      enumType ? undefined : this.#enums.describe(field),
    );
    if (defaultValue !== undefined) config.defaultValue = defaultValue;
    // GraphQL has no way to deprecate what one has to give.
    if (required) delete config.deprecationReason;
    return config;
  }

  #ofShape(shape: Shape, place: InputPlace, field: Field, origin: string): GraphQLInputType {
    if (shape.kind === 'scalar') return scalarOf(shape.type, field.format);
    if (shape.kind === 'json') return jsonScalar;
    if (shape.kind === 'object') return this.object(shape.name, shape.definition) ?? jsonScalar;
    const base = place.base + pascalCase(field.graphqlName ?? field.name);
    return this.type(shape.fields, { base, path: `${origin}.properties`, isKey: () => false }, origin) ?? jsonScalar;
  }
}

/** A default that is no value of the type in the graph is left to the coercion of the notation, which takes more forms. */
function defaultOf(value: unknown, type: GraphQLInputType): unknown {
  if (type === GraphQLString || type === GraphQLID) return typeof value === 'string' ? value : undefined;
  if (type === GraphQLBoolean) return typeof value === 'boolean' ? value : undefined;
  if (type instanceof GraphQLEnumType) return type.getValues().some((each) => each.value === value) ? value : undefined;
  if (type !== GraphQLInt && type !== GraphQLFloat) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  return type === GraphQLFloat || (Number.isInteger(number) && Math.abs(number) < 2 ** 31) ? number : undefined;
}
