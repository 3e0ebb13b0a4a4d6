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
import { fieldName, pascalCase } from '../notation/field-name.ts';
import type { ArgumentBinding } from './binding.ts';
import { describeChoices } from './descriptions.ts';
import type { EnumTypes } from './enum-types.ts';
import type { NameOrigins, NameRegister } from './name-register.ts';
import { typePrefix } from './names.ts';
import { presentation, scalarOf } from './output-types.ts';
import { jsonScalar } from './scalars.ts';
import type { Shape, Shapes } from './shape.ts';

/** Fields of an input type, or arguments: both have the same form. */
export interface Inputs {
  readonly configs: Readonly<Record<string, GraphQLInputFieldConfig>>;
  readonly bindings: readonly ArgumentBinding[];
}

/** Where a list of fields stands. */
export interface InputPlace {
  /** First part of the names of types made here. */
  readonly base: string;
  readonly path: string;
  /** How a message calls one of them, e.g. `the argument "x"`. */
  readonly what: (name: string) => string;
  /** Whether the field holds the key of the object at hand, and so is an ID. */
  readonly isKey: (field: Field) => boolean;
  /** Names that are taken already. */
  readonly origins: NameOrigins;
}

interface InputTwin {
  readonly type: GraphQLInputObjectType;
  readonly bindings: readonly ArgumentBinding[];
}

/** Makes input types; an object's twin is made once, however many actions take it. */
export class InputTypes {
  readonly #connector: Connector;
  readonly #register: NameRegister;
  readonly #shapes: Shapes;
  readonly #enums: EnumTypes;
  readonly #twins = new Map<string, InputTwin | undefined>();

  constructor(connector: Connector, register: NameRegister, shapes: Shapes, enums: EnumTypes) {
    this.#connector = connector;
    this.#register = register;
    this.#shapes = shapes;
    this.#enums = enums;
  }

  /** The arguments of a field, or the fields of a type. */
  fields(notation: Notation, place: InputPlace): Inputs {
    const configs: Record<string, GraphQLInputFieldConfig> = {};
    const bindings: ArgumentBinding[] = [];
    const add = (field: Field, origin: string, required: boolean): void => {
      const name = fieldName(field);
      if (!this.#register.claim(place.origins, name, place.what(name), origin)) return;
      const { config, properties } = this.#field(field, place, origin, required);
      configs[name] = config;
      bindings.push(properties ? { name, field, properties } : { name, field });
    };
    notation.forEach((field, index) => {
      const origin = `${place.path}[${index}]`;
      const toggle = field.toggleField;
      // A toggle of another name is another way to say the same, so neither can be required by itself.
      const hasAlternative = toggle !== undefined && toggle.name !== field.name;
      const depends = hasAlternative || field.ngIf !== undefined;
      add(field, origin, field.optional === false && field.default === undefined && !depends);
      if (hasAlternative) add(toggle, `${origin}.toggleField`, false);
    });
    return { configs, bindings };
  }

  /** The input type of a named object: `<Prefix><Object>Input`. */
  object(name: string, definition: ObjectDefinition): InputTwin | undefined {
    if (!this.#twins.has(name)) {
      const base = definition.graphqlName ?? typePrefix(this.#connector) + pascalCase(name);
      const path = `${this.#connector.name}.objects.${name}`;
      const isKey = (field: Field): boolean => field.name === definition.key;
      const make = (): InputTwin | undefined =>
        this.type(definition.fields, { base, path: `${path}.fields`, isKey }, path, (twin) =>
          this.#twins.set(name, twin),
        );
      this.#twins.set(name, make());
    }
    return this.#twins.get(name);
  }

  /**
   * The input type `<base>Input` of fields.
   *
   * @param made - hears of the type before its fields are made, so that they can refer to it.
   */
  type(
    notation: Notation,
    { base, path, isKey }: Pick<InputPlace, 'base' | 'path' | 'isKey'>,
    origin: string,
    made: (twin: InputTwin) => void = () => undefined,
  ): InputTwin | undefined {
    const name = `${base}Input`;
    const bindings: ArgumentBinding[] = [];
    let configs: Inputs['configs'] = {};
    const type = this.#register.type(
      name,
      origin,
      this.#connector.name,
      () => new GraphQLInputObjectType({ name, fields: () => ({ ...configs }) }),
    );
    if (!type) return undefined;
    const twin = { type, bindings };
    made(twin);
    const inputs = this.fields(notation, {
      base,
      path,
      isKey,
      what: (field) => `the field "${field}" of ${name}`,
      origins: new Map(),
    });
    configs = inputs.configs;
    bindings.push(...inputs.bindings);
    return twin;
  }

  #field(
    field: Field,
    place: InputPlace,
    origin: string,
    required: boolean,
  ): { config: GraphQLInputFieldConfig; properties: readonly ArgumentBinding[] | undefined } {
    const { shape, list } = this.#shapes.ofField(field);
    const identifier = shape.kind === 'scalar' && (field.references !== undefined || place.isKey(field));
    const enumType =
      shape.kind === 'scalar' && !identifier ? this.#enums.ofField(field, place.base, origin) : undefined;
    const twin = this.#twinOf(shape, place, field, origin);
    const single: GraphQLInputType = identifier
      ? GraphQLID
      : (enumType ?? twin?.type ?? (shape.kind === 'scalar' ? scalarOf(shape.type, field.format) : jsonScalar));
    const type = list ? new GraphQLList(new GraphQLNonNull(single)) : single;
    const choices = enumType ? undefined : this.#enums.choices(field);
    const { deprecationReason, ...described } = presentation(field, choices && describeChoices(choices));
    const defaultValue = list ? undefined : defaultOf(field.default, single);
    return {
      config: {
        type: required ? new GraphQLNonNull(type) : type,
        ...described,
        ...(defaultValue === undefined ? {} : { defaultValue }),
        // GraphQL has no way to deprecate what one has to give.
        ...(deprecationReason === undefined || required ? {} : { deprecationReason }),
      },
      properties: twin?.bindings,
    };
  }

  #twinOf(shape: Shape, place: InputPlace, field: Field, origin: string): InputTwin | undefined {
    if (shape.kind === 'object') return this.object(shape.name, shape.definition);
    if (shape.kind !== 'inline' || this.#register.isEndless(origin)) return undefined;
    const base = place.base + pascalCase(field.graphqlName ?? field.name);
    return this.type(shape.fields, { base, path: `${origin}.properties`, isKey: () => false }, origin);
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
