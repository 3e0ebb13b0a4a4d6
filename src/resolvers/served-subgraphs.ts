/** The subgraphs of a graph, each served alone to the routers of others, by the resolvers of the whole graph. */
import type { GraphQLSchema } from 'graphql';
import type { RunOptions } from '../connector/run-action.ts';
import type { Graph } from '../graph/graph.ts';
import type { Subgraph } from '../graph/subgraph.ts';
import { resolvableTypes, subgraphSchema } from '../graph/subgraph-schema.ts';
import type { ServedGraph } from './served-graph.ts';
import { wholeSubgraph } from '../graph/whole-subgraph.ts';
import type { OperationState } from './operation-state.ts';
import { createReferenceResolver, typeOfRepresentation, typesByName } from './reference-resolver.ts';

/** What runs operations on a schema whose resolvers are attached. */
export type Serve = (schema: GraphQLSchema) => Omit<ServedGraph, 'supergraphSdl'>;

/** Makes each when it is first asked for by its name; to be called when the graph's resolvers are attached. */
export function createServedSubgraphs(
  graph: Graph,
  options: RunOptions,
  serve: Serve,
): NonNullable<ServedGraph['subgraph']> {
  const subgraphs = new Map(graph.subgraphs.map((subgraph) => [subgraph.name, subgraph]));
  const made = new Map<string, ServedGraph>();
  return (name) => {
    const subgraph = subgraphs.get(name);
    if (!subgraph || made.has(name)) return made.get(name);
    const served: ServedGraph = {
      ...serve(executableSchema(graph, subgraph, options)),
      // Alone it has no supergraph: what others load is its own SDL.
      supergraphSdl: () => subgraph.sdl(),
      subgraph: (other) => (other === name ? served : undefined),
    };
    made.set(name, served);
    return served;
  };
}

/** Everything as one subgraph, made when it is first asked for. */
export function createServedWhole(graph: Graph, options: RunOptions, serve: Serve): NonNullable<ServedGraph['whole']> {
  let served: ServedGraph | undefined;
  return () => {
    if (served) return served;
    const subgraph = wholeSubgraph(graph);
    served = { ...serve(executableSchema(graph, subgraph, options)), supergraphSdl: subgraph.sdl };
    return served;
  };
}

function executableSchema(graph: Graph, subgraph: Subgraph, options: RunOptions): GraphQLSchema {
  const types = typesByName(resolvableTypes(graph, subgraph.content().types));
  const resolve = createReferenceResolver(options);
  // Rows do not say what they are; which of them came of which representation is known when they are loaded.
  const typeNames = new WeakMap<object, string>();
  return subgraphSchema(graph, subgraph, {
    typeOf: (row) => (typeof row === 'object' && row !== null ? typeNames.get(row) : undefined),
    entities: (_root, { representations }: { representations: readonly unknown[] }, state: OperationState, info) =>
      representations.map(async (representation) => {
        const type = typeOfRepresentation(representation, types);
        if (type instanceof Error) throw type;
        const row = await resolve(representation, type, state, info);
        if (typeof row === 'object' && row !== null) typeNames.set(row, type.type.name);
        return row;
      }),
  });
}
