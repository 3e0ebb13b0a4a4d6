/** Copies of types that refer to other types in place of those that they were made with. */
import {
  getNamedType,
  GraphQLInputObjectType,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLUnionType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLFieldConfig,
  type GraphQLNamedType,
  type GraphQLType,
} from 'graphql';

/** A type with the named type in it replaced. */
export type Convert = <Type extends GraphQLType>(type: Type) => Type;
export type FieldConfig = GraphQLFieldConfig<any, any>;

/** What becomes of a field of an object or interface type; `undefined` leaves it out. */
export type ConvertField = (config: FieldConfig, type: string, name: string) => FieldConfig | undefined;

/** Replaces named types wherever they are wrapped. @param replacement - `undefined` keeps the type. */
export function converter(replacement: (name: string) => GraphQLNamedType | undefined): Convert {
  const convert = (type: GraphQLType): GraphQLType => {
    if (isNonNullType(type)) return new GraphQLNonNull(convert(type.ofType) as never);
    if (isListType(type)) return new GraphQLList(convert(type.ofType));
    return replacement(getNamedType(type).name) ?? type;
  };
  return convert as Convert;
}

/**
 * A copy of a type that refers to the copies of others; enums and scalars refer to nothing and stay themselves. Resolvers,
 * descriptions and extensions stay as they are when the copy's fields are first asked for.
 */
export function convertType(
  type: GraphQLNamedType,
  convert: Convert,
  field: ConvertField = (config) => config,
): GraphQLNamedType {
  const fieldsOf = (fields: Record<string, FieldConfig>) => () => convertFields(type.name, fields, convert, field);
  if (isObjectType(type)) {
    const config = type.toConfig();
    const interfaces = () => config.interfaces.map(convert);
    return new GraphQLObjectType({ ...config, interfaces, fields: fieldsOf(config.fields) });
  }
  if (isInterfaceType(type)) {
    const config = type.toConfig();
    const interfaces = () => config.interfaces.map(convert);
    return new GraphQLInterfaceType({ ...config, interfaces, fields: fieldsOf(config.fields) });
  }
  if (isUnionType(type)) {
    const config = type.toConfig();
    return new GraphQLUnionType({ ...config, types: () => config.types.map(convert) });
  }
  if (isInputObjectType(type)) {
    const config = type.toConfig();
    const fields = () => mapValues(config.fields, (each) => ({ ...each, type: convert(each.type) }));
    return new GraphQLInputObjectType({ ...config, fields });
  }
  return type;
}

/** Fields whose types and arguments refer to the copies. */
export function convertFields(
  type: string,
  fields: Readonly<Record<string, FieldConfig>>,
  convert: Convert,
  field: ConvertField = (config) => config,
): Record<string, FieldConfig> {
  const converted: Record<string, FieldConfig> = {};
  for (const [name, config] of Object.entries(fields)) {
    const kept = field(config, type, name);
    if (!kept) continue;
    const args = mapValues(kept.args ?? {}, (argument) => ({ ...argument, type: convert(argument.type) }));
    converted[name] = { ...kept, type: convert(kept.type), args };
  }
  return converted;
}

function mapValues<Value>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
