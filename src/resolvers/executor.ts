/** What the server needs to answer an operation: a schema that validates and a function that executes. */
import { execute, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { Connections } from '../connection/connections.ts';
import type { Graph } from '../graph/graph.ts';
import { supergraphSdl } from '../graph/supergraph.ts';
import { attachResolvers, type AttachOptions } from './attach-resolvers.ts';
import type { OperationContext } from './operation-context.ts';
import { createOperationState } from './operation-state.ts';
import type { SubscribeResult, SubscriptionOptions } from './subscription.ts';

export type { OperationContext } from './operation-context.ts';

export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly context: OperationContext;
  /** Where a subscription goes on; beats the `after` argument of its root field. SSE has it from `Last-Event-ID`. */
  readonly after?: string;
}

/** One generation of the graph; an operation is executed by the generation that validated it. */
export interface ServedGraph {
  readonly schema: GraphQLSchema;
  /** Join-spec SDL, for `/supergraph.graphql`. */
  readonly supergraphSdl: () => string;
  readonly execute: (operation: Operation) => Promise<ExecutionResult>;
  /** Accepts or refuses a subscription; never rejects. The context's signal aborts when its subscriber has gone. */
  readonly subscribe?: (operation: Operation, options: SubscriptionOptions) => Promise<SubscribeResult>;
}

/** Makes a graph executable: attaches the resolvers once, then executes each operation with a state of its own. */
export function createExecutor(graph: Graph, connections: Connections, options: AttachOptions): ServedGraph {
  const entityActions = attachResolvers(graph, options);
  let sdl: string | undefined;
  return {
    schema: graph.schema,
    supergraphSdl: () => (sdl ??= supergraphSdl(graph)),
    execute: async ({ document, operationName, variables, context }) =>
      execute({
        schema: graph.schema,
        document,
        operationName,
        variableValues: variables,
        contextValue: createOperationState(context, connections, entityActions),
      }),
  };
}
