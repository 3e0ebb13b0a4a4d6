/** What asking one subgraph gives, whoever it is. */
import type { OperationContext } from '../resolvers/operation-context.ts';

export interface SubgraphRequest {
  readonly operation: string;
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: OperationContext;
}

/** Never both absent. */
export interface SubgraphAnswer {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly SubgraphError[] | undefined;
}

/** An error with its place in the subgraph's own answer. */
export interface SubgraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly originalError?: Error | undefined;
}

/** Asks once. @throws GatewayError where there is no answer at all */
export type AskSubgraph = (request: SubgraphRequest) => Promise<SubgraphAnswer>;
