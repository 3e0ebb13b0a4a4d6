/** All connectors and the gateway's own part as one subgraph, for composition with the subgraphs of others. */
import { isIntrospectionType, isSpecifiedScalarType, type GraphQLNamedType, type GraphQLObjectType } from 'graphql';
import type { Graph } from './graph.ts';
import { rootTypes } from './root-fields.ts';
import { sharedTypes } from './shared-types.ts';
import { printSubgraph, type Subgraph, type SubgraphContent } from './subgraph.ts';

/** Name of the one subgraph that stands for everything in this process. */
export const wholeName = 'plugboard';

/** The whole graph as a subgraph: nothing in it is a stub. */
export function wholeSubgraph(graph: Graph): Subgraph {
  const content = contentOf(graph);
  let sdl: string | undefined;
  return { name: wholeName, content: () => content, sdl: () => (sdl ??= printSubgraph(content, graph.references)) };
}

function contentOf({ whole, subgraphs }: Graph): SubgraphContent {
  const roots = rootTypes.flatMap((root) => {
    const type = whole.getType(root) as GraphQLObjectType | undefined;
    return type ? [{ root, fields: Object.values(type.getFields()) }] : [];
  });
  const isOwn = (type: GraphQLNamedType) =>
    !isIntrospectionType(type) && !isSpecifiedScalarType(type) && !rootTypes.includes(type.name as never);
  const types = Object.values(whole.getTypeMap()).filter(isOwn);
  return {
    roots,
    types: types.filter(({ name }) => !sharedTypes.has(name)),
    shared: types.filter(({ name }) => sharedTypes.has(name)),
    stubs: [],
    directives: subgraphs.flatMap((subgraph) => subgraph.content().directives),
  };
}
