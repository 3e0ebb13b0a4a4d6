/** A graph as the server gets it: a schema that validates, and functions that execute and subscribe. */
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import type { Operation } from './operation-context.ts';
import type { SubscribeResult, SubscriptionOptions } from './subscription.ts';

/** One generation of the graph; an operation is executed by the generation that validated it. */
export interface ServedGraph {
  readonly schema: GraphQLSchema;
  /** Join-spec SDL, for `/supergraph.graphql`. */
  readonly supergraphSdl: () => string;
  readonly execute: (operation: Operation) => Promise<ExecutionResult>;
  /** Accepts or refuses a subscription; never rejects. The context's signal aborts when its subscriber has gone. */
  readonly subscribe: (operation: Operation, options: SubscriptionOptions) => Promise<SubscribeResult>;
  /** What one subgraph serves alone, with `_service` and `_entities`; `undefined` where there is none of that name. */
  readonly subgraph?: (name: string) => ServedGraph | undefined;
  /** Everything as one subgraph, with `_service` and `_entities`; its own SDL stands in place of a supergraph's. */
  readonly whole?: () => ServedGraph;
}
