/** The schema by which one subgraph is served alone: what its SDL says, with `_service` and `_entities`. */
import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  type GraphQLNamedType,
} from 'graphql';
import { converter, convertFields, convertType, type FieldConfig } from './convert-types.ts';
import type { Graph } from './graph.ts';
import { jsonScalar } from './scalars.ts';
import { isResolvable, type ReferenceType } from './references.ts';
import type { RootFields, RootType } from './root-fields.ts';
import type { Subgraph } from './subgraph.ts';

/** How the two fields that federation adds are answered. */
export interface SubgraphResolvers {
  /** Of `Query._entities`: what each representation names, in their order; a promise or an error fails its own place alone. */
  readonly entities: NonNullable<FieldConfig['resolve']>;
  /** Name of the type of what `entities` gave. */
  readonly typeOf: (row: unknown) => string | undefined;
}

/**
 * Makes the schema from the graph, whose resolvers are attached by then: fields are answered as they are there, and of
 * entities of other subgraphs only the key is known.
 *
 * @see https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec
 */
export function subgraphSchema(graph: Graph, subgraph: Subgraph, resolvers: SubgraphResolvers): GraphQLSchema {
  const content = subgraph.content();
  const copies = new Map<string, GraphQLNamedType>();
  const convert = converter((name) => copies.get(name));
  for (const { type, keyName } of content.stubs) {
    copies.set(
      type.name,
      convertType(type, convert, (config, _, name) => (name === keyName ? config : undefined)),
    );
  }
  for (const type of content.types) copies.set(type.name, convertType(type, convert));
  const roots: RootFields = { Query: {}, Mutation: {}, Subscription: {} };
  for (const { root, fields } of content.roots) {
    const configs = graph.whole.getType(root) as GraphQLObjectType;
    const all = configs.toConfig().fields;
    const own = Object.fromEntries(fields.map(({ name }) => [name, all[name]!]));
    Object.assign(roots[root], convertFields(root, own, convert));
  }
  Object.assign(roots.Query, serviceField(subgraph), entitiesField(graph, content.types, copies, resolvers));
  const rootType = (name: RootType) =>
    Object.keys(roots[name]).length === 0 ? undefined : new GraphQLObjectType({ name, fields: roots[name] });
  return new GraphQLSchema({
    query: rootType('Query'),
    mutation: rootType('Mutation'),
    subscription: rootType('Subscription'),
    types: [...copies.values(), ...content.shared],
    assumeValid: true,
  });
}

/** The types of a subgraph that others may ask for by a key. */
export function resolvableTypes(graph: Graph, types: readonly GraphQLNamedType[]): ReferenceType[] {
  return types.flatMap((type) => {
    const reference = graph.references.get(type);
    return reference?.keys.some(isResolvable) ? [reference] : [];
  });
}

function serviceField({ sdl }: Subgraph): Record<string, FieldConfig> {
  const type = new GraphQLObjectType({
    name: '_Service',
    fields: { sdl: { type: new GraphQLNonNull(GraphQLString), resolve: () => sdl() } },
  });
  return { _service: { type: new GraphQLNonNull(type), resolve: () => ({}) } };
}

/** Where there is nothing to ask for there is no such field. */
function entitiesField(
  graph: Graph,
  types: readonly GraphQLNamedType[],
  copies: ReadonlyMap<string, GraphQLNamedType>,
  { entities, typeOf }: SubgraphResolvers,
): Record<string, FieldConfig> {
  const members = resolvableTypes(graph, types).map(({ type }) => copies.get(type.name) as GraphQLObjectType);
  if (members.length === 0) return {};
  const any = new GraphQLScalarType({ ...jsonScalar.toConfig(), name: '_Any', specifiedByURL: undefined });
  const entity = new GraphQLUnionType({ name: '_Entity', types: members, resolveType: typeOf });
  return {
    _entities: {
      type: new GraphQLNonNull(new GraphQLList(entity)),
      args: { representations: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(any))) } },
      resolve: entities,
    },
  };
}
