/** What the server needs to answer an operation: a schema that validates and a function that executes. */
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Caller } from '../connection/caller.ts';

/** What one operation carries from the door to the resolvers. */
export interface OperationContext {
  readonly caller: Caller;
  /** Aborts when the client has gone or the operation's time is up. */
  readonly signal: AbortSignal;
  readonly requestId: string;
}

export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly context: OperationContext;
}

/** One generation of the graph; an operation is executed by the generation that validated it. */
export interface ServedGraph {
  readonly schema: GraphQLSchema;
  /** Join-spec SDL, for `/supergraph.graphql`. */
  readonly supergraphSdl: () => string;
  readonly execute: (operation: Operation) => Promise<ExecutionResult>;
}
