/** The subscriptions of one generation of the graph: who asks the same of one feed is in one group. */
import type { ExecutionResult } from 'graphql';
import { EventOperation, failed } from './event-operation.ts';
import type { EventStream, SourceEvent } from './event-stream.ts';
import type { Operation } from './operation-context.ts';
import { sharingKey, type SharedCaller } from './sharing-key.ts';
import { ResultMemory } from './event-results.ts';
import { createSubscriptionGroup, type SubscriptionGroup } from './subscription-group.ts';
import type { AcceptedSubscription, SubscriptionOptions } from './subscription.ts';

/** Executes a subscription for one event. */
export type ExecuteEvent = (operation: Operation, root: SourceEvent) => ExecutionResult | Promise<ExecutionResult>;

/** Takes a subscriber in, where its operation was subscribed to this stream. */
export type ShareSubscription = (
  operation: Operation,
  stream: EventStream,
  options: SubscriptionOptions,
) => AcceptedSubscription;

/**
 * Makes the groups of a generation.
 *
 * Resolvers of a shared event are given a caller that is made of the key alone (tenant, subject, scopes), so that they
 * cannot know anything by which its subscribers differ. Only the id under which a failure is logged is that of the
 * subscriber who came first.
 */
export function createSharedSubscriptions(executeEvent: ExecuteEvent): ShareSubscription {
  const groups = new Map<string, SubscriptionGroup>();
  const memory = new ResultMemory();
  return (operation, stream, options) => {
    const { tenant, subject, scopes } = operation.context.caller;
    const caller: SharedCaller = { tenant, subject, scopes };
    const { document, operationName, variables } = operation;
    const { feed, connection } = stream;
    const key = sharingKey({ document, operationName, variables, feed: feed.id, connection, caller });
    let group = groups.get(key);
    if (!group) {
      const made: SubscriptionGroup = createGroup(operation, stream, options, caller, () => {
        // Another group may have taken its place.
        if (groups.get(key) === made) groups.delete(key);
      });
      groups.set(key, (group = made));
    }
    return group.accept(feed, stream.after);
  };

  function createGroup(
    { document, operationName, variables, context: { requestId } }: Operation,
    { connection, cursorAt, isTold }: EventStream,
    { finish, eventTimeoutMs }: SubscriptionOptions,
    caller: SharedCaller,
    onClosed: () => void,
  ): SubscriptionGroup {
    const ending = new AbortController();
    const run = (root: SourceEvent): ExecutionResult | Promise<ExecutionResult> => {
      const context = new EventOperation(caller, requestId, ending.signal);
      const result = executeEvent({ document, operationName, variables, context }, root);
      return result instanceof Promise ? context.within(eventTimeoutMs, result) : result;
    };
    return createSubscriptionGroup({
      cursorAt,
      isTold,
      memory,
      finish,
      execute(event, cursor) {
        try {
          const result = run({ event, cursor, connection });
          return result instanceof Promise ? result.then(finish) : finish(result);
        } catch (error) {
          return finish(failed(error));
        }
      },
      onClosed,
      onEmpty: () => ending.abort(),
    });
  }
}
