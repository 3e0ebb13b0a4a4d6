/** The schema that clients see, where subgraphs have more: without what is `@inaccessible`, and what only others can complete. */
import { GraphQLSchema, isInterfaceType, isObjectType, type GraphQLNamedType, type GraphQLObjectType } from 'graphql';
import { converter, convertType, type ConvertField } from './convert-types.ts';
import { isShown } from './federation-directives.ts';

/** The schema itself where nothing is hidden, which is nearly always. */
export function shownSchema(whole: GraphQLSchema): GraphQLSchema {
  if (!hidesAnything(whole)) return whole;
  const config = whole.toConfig();
  const hidden = new Set(config.types.filter((type) => !isShown(type)).map(({ name }) => name));
  const copies = new Map<string, GraphQLNamedType>();
  const convert = converter((name) => copies.get(name));
  const field: ConvertField = (each) => {
    const isOfHidden = hidden.has(String(each.type).replace(/[[\]!]/g, ''));
    return isOfHidden || !isShown({ extensions: each.extensions ?? {}, astNode: each.astNode }) ? undefined : each;
  };
  for (const type of config.types) {
    if (!type.name.startsWith('__') && !hidden.has(type.name)) copies.set(type.name, convertType(type, convert, field));
  }
  const rootOf = (type: GraphQLObjectType | null | undefined) =>
    type && (copies.get(type.name) as GraphQLObjectType | undefined);
  return new GraphQLSchema({
    ...config,
    query: rootOf(config.query),
    mutation: rootOf(config.mutation),
    subscription: rootOf(config.subscription),
    types: [...copies.values()],
    assumeValid: true,
  });
}

function hidesAnything(schema: GraphQLSchema): boolean {
  return Object.values(schema.getTypeMap()).some((type) => {
    if (type.name.startsWith('__')) return false;
    if (!isShown(type)) return true;
    return (
      (isObjectType(type) || isInterfaceType(type)) && Object.values(type.getFields()).some((each) => !isShown(each))
    );
  });
}
