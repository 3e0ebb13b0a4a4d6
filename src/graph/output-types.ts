/** The object types of one connector, from its notations (design §3). */
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
  type GraphQLFieldConfig,
  type GraphQLOutputType,
  type GraphQLScalarType,
} from 'graphql';
import type { Connector } from '../connector/definition.ts';
import type { Field, Notation, ObjectDefinition } from '../notation/field.ts';
import { fieldName, pascalCase } from '../notation/field-name.ts';
import { bind, type Entity } from './binding.ts';
import { deprecationReason, describeField, paragraphs } from './descriptions.ts';
import { type Entities, isLoadable } from './entities.ts';
import type { EnumTypes } from './enum-types.ts';
import { readDirectives, withDirectives } from './federation-directives.ts';
import type { NameRegister } from './name-register.ts';
import { joinName, typePrefix } from './names.ts';
import { bigIntScalar, dateScalar, dateTimeScalar, decimalScalar, jsonScalar, uploadScalar } from './scalars.ts';
import { transferType } from './shared-types.ts';
import type { ScalarFieldType, Shape, Shapes } from './shape.ts';

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>;
type AddField = (name: string, config: GraphQLFieldConfig<unknown, unknown>) => void;

/** What a type says of itself. */
interface TypeWords {
  readonly description?: string | undefined;
  readonly directives?: readonly string[] | undefined;
}

/** Makes output types; an object's type is made once, however many actions answer it. */
export class OutputTypes {
  readonly #connector: Connector;
  readonly #register: NameRegister;
  readonly #shapes: Shapes;
  readonly #enums: EnumTypes;
  readonly #entities: () => Entities;
  readonly #objects = new Map<string, GraphQLObjectType | undefined>();

  /** @param entities - of all connectors; asked for only once all of them are known. */
  constructor(
    connector: Connector,
    register: NameRegister,
    shapes: Shapes,
    enums: EnumTypes,
    entities: () => Entities,
  ) {
    this.#connector = connector;
    this.#register = register;
    this.#shapes = shapes;
    this.#enums = enums;
    this.#entities = entities;
  }

  /** The type of a named object. */
  object(name: string, definition: ObjectDefinition): GraphQLObjectType | undefined {
    if (!this.#objects.has(name)) {
      const typeName = definition.graphqlName ?? typePrefix(this.#connector) + pascalCase(name);
      const path = `${this.#connector.name}.objects.${name}`;
      const about = {
        description: paragraphs(definition.title, definition.description),
        directives: definition.directives,
      };
      const type = this.#type(typeName, path, definition.fields, `${path}.fields`, about, definition.key);
      this.#objects.set(name, type);
    }
    return this.#objects.get(name);
  }

  /** The type of a whole output; `name` is taken where its fields stand in place. */
  ofShape(shape: Shape, name: string, path: string): GraphQLOutputType {
    if (shape.kind === 'scalar') return scalarOf(shape.type, undefined);
    if (shape.kind === 'json') return jsonScalar;
    const type =
      shape.kind === 'object' ? this.object(shape.name, shape.definition) : this.#type(name, path, shape.fields, path);
    return type ?? jsonScalar;
  }

  #type(
    name: string,
    origin: string,
    fields: Notation,
    path: string,
    { description, directives }: TypeWords = {},
    key?: string,
  ): GraphQLObjectType | undefined {
    const place = { connector: this.#connector, origin };
    return this.#register.type(name, origin, this.#connector.name, () => {
      return new GraphQLObjectType({
        name,
        ...(description ? { description } : {}),
        extensions: readDirectives(directives, 'object', place, this.#register),
        fields: () => this.#fields(name, fields, path, key),
      });
    });
  }

  #fields(typeName: string, notation: Notation, path: string, key: string | undefined): Fields {
    const made: Fields = {};
    const origins = new Map<string, string>();
    notation.forEach((field, index) => {
      const origin = `${path}[${index}]`;
      const place = { connector: this.#connector, origin };
      const directives = readDirectives(field.directives, 'field', place, this.#register);
      const add: AddField = (name, config) => {
        if (!this.#register.claim(origins, 'field', name, origin, typeName)) return;
        made[name] = withDirectives(config, directives);
      };
      if (field.references !== undefined) this.#referenceFields(field, origin, field.name === key, add);
      else add(fieldName(field), this.#field(typeName, field, origin, field.name === key));
    });
    return made;
  }

  /** A reference is the key as it stands, and beside it the row that it names; without an ending such as `_id` only the row. */
  #referenceFields(field: Field, origin: string, isKey: boolean, add: AddField): void {
    const list = field.type === 'array';
    const join = joinName(field);
    if (join.beside || isKey) add(fieldName(field), this.#identifier(field, list, isKey));
    if (this.#shapes.ofField(field).shape.kind !== 'scalar') {
      this.#register.fault(
        'NOTATION_KEY_INVALID',
        `${origin}.references`,
        'expected on a field that holds a key; an object in place is joined by `properties` alone.',
      );
      return;
    }
    const entity = this.#entities().referenced(this.#connector, field, origin);
    if (!entity || (isKey && !join.beside)) return;
    if (!join.beside) return add(field.graphqlName ?? join.name, this.#join(field, entity, false, list));
    // The field's own words are about the key.
    const description = `What \`${fieldName(field)}\` names.`;
    add(join.name, { ...this.#join(field, entity, false, list), description });
  }

  #field(parent: string, field: Field, origin: string, isKey: boolean): GraphQLFieldConfig<unknown, unknown> {
    const { shape, list } = this.#shapes.ofField(field);
    if (isKey) return this.#identifier(field, list, true);
    if (shape.kind === 'object') {
      const entity = this.#entities().of(this.#connector, shape.name);
      if (entity && isLoadable(entity)) return this.#join(field, entity, true, list);
    }
    const enumType = shape.kind === 'scalar' ? this.#enums.ofField(field, parent, origin) : undefined;
    const type =
      enumType ??
      (shape.kind === 'scalar'
        ? shape.type === 'stream'
          ? transferType
          : scalarOf(shape.type, field.format)
        : this.ofShape(shape, parent + pascalCase(field.graphqlName ?? field.name), `${origin}.properties`));
    return this.#property(
      field,
      list ? new GraphQLList(type) : type,
      false,
      enumType ? undefined : this.#enums.describe(field),
    );
  }

  #identifier(field: Field, list: boolean, isKey: boolean): GraphQLFieldConfig<unknown, unknown> {
    const type = list ? new GraphQLList(GraphQLID) : isKey ? new GraphQLNonNull(GraphQLID) : GraphQLID;
    return this.#property(field, type, true);
  }

  #property(
    field: Field,
    type: GraphQLOutputType,
    identifier: boolean,
    more?: string,
  ): GraphQLFieldConfig<unknown, unknown> {
    const { objects } = this.#shapes;
    return bind(fieldConfig(type, field, more), {
      kind: 'property',
      connector: this.#connector,
      field,
      objects,
      identifier,
    });
  }

  #join(field: Field, entity: Entity, embedded: boolean, list: boolean): GraphQLFieldConfig<unknown, unknown> {
    const { objects } = this.#shapes;
    return bind(fieldConfig(list ? new GraphQLList(entity.type) : entity.type, field), {
      kind: 'join',
      connector: this.#connector,
      field,
      objects,
      entity,
      embedded,
      list,
    });
  }
}

/** The scalar of a notation type. */
export function scalarOf(type: ScalarFieldType, format: Field['format']): GraphQLScalarType {
  if (type === 'integer' && format === 'int64') return bigIntScalar;
  return type === 'number' && format === 'decimal' ? decimalScalar : scalars[type];
}

const scalars: Readonly<Record<ScalarFieldType, GraphQLScalarType>> = {
  string: GraphQLString,
  integer: GraphQLInt,
  number: GraphQLFloat,
  boolean: GraphQLBoolean,
  date_time: dateTimeScalar,
  timestamp: dateTimeScalar,
  date: dateScalar,
  stream: uploadScalar,
};

/** The config of a field or argument, with its description and deprecation. */
export function fieldConfig<Type>(type: Type, field: Field, more?: string): FieldConfig<Type> {
  const config: FieldConfig<Type> = { type };
  const description = describeField(field, more);
  if (description !== undefined) config.description = description;
  const reason = deprecationReason(field.deprecated);
  if (reason !== undefined) config.deprecationReason = reason;
  return config;
}

interface FieldConfig<Type> {
  type: Type;
  description?: string;
  deprecationReason?: string;
}
