/** The small graph with subscriptions whose events the test sends itself. */
import type { ExecutionResult } from 'graphql';
import { GraphQLError } from 'graphql';
import type { Operation } from '../../src/resolvers/executor.ts';
import type { EventSink, SubscribeResult, SubscriptionOptions } from '../../src/resolvers/subscription.ts';
import { smallGraph, type SmallGraph } from './small-graph.ts';

/** One accepted subscription. */
export interface Fed {
  readonly operation: Operation;
  readonly options: SubscriptionOptions;
  readonly sink: EventSink;
  /** How often its subscriber said that it can take more. */
  resumed: number;
  /** Called with each of these. */
  onResume?: () => void;
  isStopped: boolean;
  /** Sends `{ data: { renamed: text } }` with the cursor; gives what the sink said. */
  readonly send: (text: string, cursor?: string) => boolean;
}

export interface FeedingGraph extends SmallGraph {
  readonly subscribe: (operation: Operation, options: SubscriptionOptions) => Promise<SubscribeResult>;
  /** All that were started, the latest last. */
  readonly fed: Fed[];
  /** Accepted and given up before they started. */
  discarded: number;
  /** Waits until so many were started. */
  readonly started: (count: number) => Promise<Fed>;
  /** What the next subscriptions get instead; `undefined`: they are accepted. */
  refusal: ExecutionResult | undefined;
  /** Awaited before a subscription is accepted. */
  gate: Promise<void> | undefined;
}

type Resolvers = Parameters<typeof smallGraph>[1];

export function feedingGraph(resolvers: Resolvers = {}): FeedingGraph {
  const waiting = new Set<() => void>();
  const graph: FeedingGraph = {
    ...smallGraph('first', resolvers),
    fed: [],
    discarded: 0,
    refusal: undefined,
    gate: undefined,
    async started(count) {
      while (graph.fed.length < count) await new Promise<void>((resolve) => waiting.add(resolve));
      return graph.fed[count - 1]!;
    },
    async subscribe(operation, options) {
      await graph.gate;
      if (graph.refusal) return { kind: 'refused', result: graph.refusal };
      const start = (sink: EventSink) => {
        const fed: Fed = {
          operation,
          options,
          sink,
          resumed: 0,
          isStopped: false,
          send: (text, cursor) => sink.send(eventOf(text, cursor), cursor),
        };
        graph.fed.push(fed);
        for (const go of waiting) go();
        waiting.clear();
        const resume = () => {
          fed.resumed += 1;
          fed.onResume?.();
        };
        return { resume, stop: () => void (fed.isStopped = true) };
      };
      return { kind: 'accepted', subscription: { start, discard: () => void (graph.discarded += 1) } };
    },
  };
  return graph;
}

/** An event as the resolvers serialize it. */
export function eventOf(text: string, cursor?: string): string {
  return JSON.stringify({ data: { renamed: text }, ...(cursor !== undefined && { extensions: { cursor } }) });
}

/** An error with a code, as resolvers raise it. */
export function codedError(code: string, message: string, more: object = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...more } });
}
