/** What happens when somebody subscribes to a trigger. */
import type { GraphQLFieldResolver } from 'graphql';
import { addPlace } from '../connector/name-error.ts';
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import type { TriggerBinding } from '../graph/binding.ts';
import type { SourceEvent } from './event-stream.ts';
import { feedKeyOf } from './feed-input.ts';
import type { FeedRooms } from './feed-rooms.ts';
import { openStream } from './open-stream.ts';
import type { OperationState } from './operation-state.ts';

/** What triggers are served with. */
export type TriggerRooms = Pick<FeedRooms, 'feeds' | 'cursors'>;

type Arguments = Readonly<Record<string, unknown>>;

/**
 * A resolver that opens the feed of the caller's connection, and gives the place in it at which the subscriber begins.
 *
 * @param runnable - gives the trigger, prepared when it is first asked for.
 */
export function createTriggerSubscriber(
  binding: TriggerBinding,
  runnable: () => RunnableTrigger,
  { feeds, cursors }: TriggerRooms,
): GraphQLFieldResolver<unknown, OperationState> {
  const { connector, trigger } = binding;
  return async (_root, args: Arguments, state) => {
    const opened = await state.open(connector, args.connection as string | null | undefined, trigger.definition.scopes);
    const { id: connection, signal } = opened.run;
    try {
      const key = await feedKeyOf(binding, runnable(), opened, args, state.caller.tenant);
      const feed = await feeds.open(key, signal);
      const after = state.resumeAfter ?? (args.after as string | null | undefined);
      return await openStream(feed, cursors, after, { connection });
    } catch (error) {
      throw addPlace(error, { connector, connection, raisedIn: `triggers.${trigger.name}` });
    }
  };
}

/** A resolver that gives an event; joins below it use the connection of its feed. */
export function createEventResolver({ connector }: TriggerBinding): GraphQLFieldResolver<SourceEvent, OperationState> {
  return (source, _args, state, info) => {
    state.nameConnection(info, connector, source.connection);
    return source;
  };
}
