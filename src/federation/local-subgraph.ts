/** The subgraphs that this process answers itself: asked by a call instead of a request. */
import { getOperationAST, GraphQLError, parse, type DocumentNode } from 'graphql';
import type { ServedGraph } from '../resolvers/served-graph.ts';
import type { AskSubgraph, SubgraphAnswer } from './subgraph-answer.ts';

/** Makes what asks it, with the caller and the limits of the operation. */
export function createLocalSubgraph(graph: Pick<ServedGraph, 'execute'>): AskSubgraph {
  const parseOnce = createParseOnce();
  return async ({ operation, variables, context }): Promise<SubgraphAnswer> => {
    const document = parseOnce(operation);
    const { data, errors } = await graph.execute({ document, variables, context });
    return {
      // Resolvers give objects without a prototype, and their own values: what is gathered is changed.
      data: data === undefined || data === null ? null : structuredClone(data),
      ...(errors && { errors: errors.map(toError) }),
    };
  };
}

/** The operations of plans are few, and asked again and again. */
export function createParseOnce(max = 1_000): (operation: string) => DocumentNode {
  const documents = new Map<string, DocumentNode>();
  return (operation) => {
    const known = documents.get(operation);
    if (known) return known;
    if (documents.size >= max) documents.clear();
    const document = parse(operation, { noLocation: true });
    if (!getOperationAST(document)) throw new GraphQLError('A plan holds a document without an operation.');
    documents.set(operation, document);
    return document;
  };
}

function toError({ message, path, extensions, originalError }: GraphQLError) {
  return { message, path, extensions, originalError: originalError ?? undefined };
}
