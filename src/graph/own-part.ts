/** The gateway's own schema, taken into the graph: its root fields, and its types with the shared ones put in place of its copies. */
import { isIntrospectionType, isSpecifiedScalarType, type GraphQLNamedType, type GraphQLSchema } from 'graphql';
import { bind, type Binding } from './binding.ts';
import { converter, convertFields, convertType, type ConvertField } from './convert-types.ts';
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
  const field: ConvertField = (config, type, name) => {
    const binding = bindings(type, name);
    return binding ? bind({ ...config }, binding) : config;
  };
  const convert = converter((name) => sharedTypes.get(name) ?? taken.get(name));
  for (const type of Object.values(own.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type) || roots.has(type) || sharedTypes.has(type.name))
      continue;
    const made = register.type(type.name, gatewayName, gatewayName, () => convertType(type, convert, field));
    if (made) taken.set(type.name, made);
  }
  const fields: RootFields = { Query: {}, Mutation: {}, Subscription: {} };
  const ownRoots = {
    Query: own.getQueryType(),
    Mutation: own.getMutationType(),
    Subscription: own.getSubscriptionType(),
  };
  for (const root of rootTypes) {
    const configs = convertFields(root, ownRoots[root]?.toConfig().fields ?? {}, convert, field);
    for (const [name, config] of Object.entries(configs)) {
      if (register.claim(origins[root], 'root field', name, gatewayName)) fields[root][name] = config;
    }
  }
  return fields;
}
