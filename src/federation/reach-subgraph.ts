/** How one subgraph is reached, whether it is in this process or somebody else's. */
import type { Operation } from '../resolvers/operation-context.ts';
import type { ServedGraph } from '../resolvers/served-graph.ts';
import type { SubscribeResult, SubscriptionOptions } from '../resolvers/subscription.ts';
import type { AskSubgraph } from './subgraph-answer.ts';

export interface ReachSubgraph {
  readonly ask: AskSubgraph;
  /** Subscribes to one of its own fields. */
  readonly subscribe: (operation: Operation, options: SubscriptionOptions) => Promise<SubscribeResult>;
}

export interface FederatedGraphOptions {
  readonly supergraphSdl: string;
  /** @returns `undefined` for a name that nobody knows, which is a fault. */
  readonly reach: (name: string) => ReachSubgraph;
  /** What each local subgraph serves alone. */
  readonly subgraph?: ServedGraph['subgraph'];
}
