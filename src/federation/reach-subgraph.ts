/** How one subgraph is reached, whether it is in this process or somebody else's. */
import type { Operation } from '../resolvers/operation-context.ts';
import type { SubscribeResult, SubscriptionOptions } from '../resolvers/subscription.ts';
import type { AskSubgraph } from './subgraph-answer.ts';

export interface ReachSubgraph {
  readonly ask: AskSubgraph;
  /** Subscribes to one of its own fields. */
  readonly subscribe: (operation: Operation, options: SubscriptionOptions) => Promise<SubscribeResult>;
}
