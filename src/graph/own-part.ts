/** The gateway's own schema, taken into the graph: its root fields, and its types with the shared ones put in place of its copies. */
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
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
  type GraphQLFieldConfig,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
} from 'graphql';
import { bind, type Binding } from './binding.ts';
import { gatewayName, type NameRegister } from './name-register.ts';
import { rootTypes, type RootFields, type RootOrigins } from './root-fields.ts';
import { sharedTypes } from './shared-types.ts';

/** What a field of the gateway's own schema means, where the graph gives it its resolver. */
export type OwnBindings = (type: string, field: string) => Binding | undefined;

/**
 * Registers the types of the gateway's own schema and gives its root fields; resolvers and descriptions stay as they are.
 *
 * @param bindings - of the fields that bring no resolver of their own.
 */
export function ownPart(
  own: GraphQLSchema,
  register: NameRegister,
  origins: RootOrigins,
  bindings: OwnBindings = () => undefined,
): RootFields {
  const taken = new Map<string, GraphQLNamedType>();
  const roots = new Set<GraphQLNamedType | null | undefined>([
    own.getQueryType(),
    own.getMutationType(),
    own.getSubscriptionType(),
  ]);
  const convert = converter((name) => sharedTypes.get(name) ?? taken.get(name));
  for (const type of Object.values(own.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type) || roots.has(type) || sharedTypes.has(type.name))
      continue;
    const made = register.type(type.name, gatewayName, gatewayName, () => withTypes(type, convert, bindings));
    if (made) taken.set(type.name, made);
  }
  const fields: RootFields = { Query: {}, Mutation: {}, Subscription: {} };
  const ownRoots = {
    Query: own.getQueryType(),
    Mutation: own.getMutationType(),
    Subscription: own.getSubscriptionType(),
  };
  for (const root of rootTypes) {
    for (const [name, config] of Object.entries(ownRoots[root]?.toConfig().fields ?? {})) {
      if (!register.claim(origins[root], 'root field', name, gatewayName)) continue;
      fields[root][name] = convertField(config, convert, bindings(root, name));
    }
  }
  return fields;
}

type Convert = <Type extends GraphQLType>(type: Type) => Type;
type Config = GraphQLFieldConfig<any, any>;

function converter(replacement: (name: string) => GraphQLNamedType | undefined): Convert {
  const convert = (type: GraphQLType): GraphQLType => {
    if (isNonNullType(type)) return new GraphQLNonNull(convert(type.ofType) as never);
    if (isListType(type)) return new GraphQLList(convert(type.ofType));
    return replacement(getNamedType(type).name) ?? type;
  };
  return convert as Convert;
}

/** A copy of a type that refers to the copies of others; enums and scalars refer to nothing and stay themselves. */
function withTypes(type: GraphQLNamedType, convert: Convert, bindings: OwnBindings): GraphQLNamedType {
  if (isObjectType(type)) {
    const config = type.toConfig();
    return new GraphQLObjectType({
      ...config,
      interfaces: () => config.interfaces.map(convert),
      fields: () => mapValues(config.fields, (field, name) => convertField(field, convert, bindings(type.name, name))),
    });
  }
  if (isInterfaceType(type)) {
    const config = type.toConfig();
    return new GraphQLInterfaceType({
      ...config,
      interfaces: () => config.interfaces.map(convert),
      fields: () => mapValues(config.fields, (field) => convertField(field, convert)),
    });
  }
  if (isUnionType(type)) {
    const config = type.toConfig();
    return new GraphQLUnionType({ ...config, types: () => config.types.map(convert) });
  }
  if (isInputObjectType(type)) {
    const config = type.toConfig();
    return new GraphQLInputObjectType({
      ...config,
      fields: () => mapValues(config.fields, (field) => ({ ...field, type: convert(field.type) })),
    });
  }
  return type;
}

function convertField(field: Config, convert: Convert, binding?: Binding): Config {
  const converted = {
    ...field,
    type: convert(field.type),
    args: mapValues(field.args ?? {}, (argument) => ({ ...argument, type: convert(argument.type) })),
  };
  return binding ? bind(converted, binding) : converted;
}

function mapValues<Value>(
  values: Record<string, Value>,
  map: (value: Value, name: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
