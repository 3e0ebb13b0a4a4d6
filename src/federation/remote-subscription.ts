/** Subscriptions to fields of a remote subgraph, by server-sent events or by graphql-ws. */
import { print } from 'graphql';
import { GatewayError, ProviderError } from '../errors.ts';
import { failed } from '../resolvers/event-operation.ts';
import type { Operation } from '../resolvers/operation-context.ts';
import type {
  AcceptedSubscription,
  EventSink,
  SubscribeResult,
  SubscriptionOptions,
} from '../resolvers/subscription.ts';
import { isData } from './entity-places.ts';
import { toAnswer } from './remote-subgraph.ts';

/** What a transport is asked to subscribe to. */
export interface RemoteRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Opens one subscription; each value is one answer of GraphQL, parsed. @throws GatewayError where it is refused or cut */
export type OpenTransport = (request: RemoteRequest) => AsyncIterable<unknown>;

export interface RemoteSubscribeOptions {
  readonly name: string;
  readonly headersOf: (operation: Operation) => Readonly<Record<string, string>>;
  readonly open: OpenTransport;
}

/** Makes what subscribes. A remote subgraph has no places in a log: who comes again begins anew. */
export function createRemoteSubscribe({ name, headersOf, open }: RemoteSubscribeOptions) {
  return async (operation: Operation, { finish }: SubscriptionOptions): Promise<SubscribeResult> => {
    if (operation.after !== undefined) {
      const message = `Subgraph "${name}" keeps no events: a subscription to it cannot go on after a cursor.`;
      return {
        kind: 'refused',
        result: finish({ errors: failed(new GatewayError('CURSOR_INVALID', message)).errors }),
      };
    }
    const ending = new AbortController();
    const events = open({
      query: print(operation.document),
      variables: operation.variables ?? {},
      headers: headersOf(operation),
      signal: ending.signal,
    })[Symbol.asyncIterator]();
    const subscription: AcceptedSubscription = {
      discard: () => ending.abort(),
      start: (sink) => carry(name, events, sink, ending, finish),
    };
    return { kind: 'accepted', subscription };
  };
}

function carry(
  name: string,
  events: AsyncIterator<unknown>,
  sink: EventSink,
  ending: AbortController,
  finish: SubscriptionOptions['finish'],
) {
  let resume: () => void = () => {};
  const run = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await events.next();
      if (ending.signal.aborted) return;
      if (done) return sink.end();
      const answer = isData(value) ? toAnswer(name, value) : { data: null };
      if (sink.send(JSON.stringify(answer), undefined)) continue;
      await new Promise<void>((resolve) => (resume = resolve));
      if (ending.signal.aborted) return;
    }
  };
  run().catch((error: unknown) => {
    if (!ending.signal.aborted) sink.end(finish(failed(asProviderError(name, error))));
  });
  return {
    resume: () => resume(),
    stop() {
      ending.abort();
      resume();
      void events.return?.();
    },
  };
}

function asProviderError(name: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const message = `Subgraph "${name}": its events ended before it said that they were complete.`;
  return new ProviderError('PROVIDER_UNREACHABLE', message, { cause });
}
