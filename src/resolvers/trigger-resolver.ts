/** What happens when somebody subscribes to a trigger. */
import type { GraphQLFieldResolver } from 'graphql';
import { addPlace } from '../connector/name-error.ts';
import type { PrepareTrigger, RunnableTrigger } from '../connector/run-trigger.ts';
import type { EventCursors } from '../feed/event-cursor.ts';
import type { Feeds } from '../feed/feeds.ts';
import type { TriggerBinding } from '../graph/binding.ts';
import { EventStream, type SourceEvent } from './event-stream.ts';
import { feedKeyOf } from './feed-input.ts';
import type { OperationState } from './operation-state.ts';

/** What triggers are served with. */
export interface TriggerRooms {
  readonly feeds: Feeds;
  readonly cursors: EventCursors;
  readonly prepareTrigger: PrepareTrigger;
}

type Arguments = Readonly<Record<string, unknown>>;

/** A resolver that opens the feed of the caller's connection, and gives the place in it at which the subscriber begins. */
export function createTriggerSubscriber(
  binding: TriggerBinding,
  runnable: RunnableTrigger,
  { feeds, cursors }: Pick<TriggerRooms, 'feeds' | 'cursors'>,
): GraphQLFieldResolver<unknown, OperationState> {
  const { connector, trigger } = binding;
  return async (_root, args: Arguments, state) => {
    const opened = await state.open(connector, args.connection as string | null | undefined);
    const key = await feedKeyOf(binding, runnable, opened, args, state.caller.tenant);
    const { id: connection, signal } = opened.run;
    try {
      const feed = await feeds.open(key, signal);
      const from = state.resumeAfter ?? (args.after as string | null | undefined);
      const stream = { feed, connection, cursorAt: (place: number) => cursors.at(feed.id, place) };
      if (typeof from !== 'string') return new EventStream({ ...stream, after: feed.lastPlace });
      const after = await cursors.resume(feed, from).catch((error: unknown) => {
        feed.release();
        throw error;
      });
      return new EventStream({ ...stream, after });
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
