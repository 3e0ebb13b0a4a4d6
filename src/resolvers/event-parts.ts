/** Fields that every event has, of whatever feed. */
import type { GraphQLFieldResolver } from 'graphql';
import type { EventPart } from '../graph/binding.ts';
import { parseJson } from '../http/parse-json.ts';
import type { LoggedEvent } from '../storage/feed-log.ts';
import { readingSource } from './direct-read.ts';
import type { SourceEvent } from './event-stream.ts';

/** Resolvers of `…Event` types; times as RFC 3339 in UTC. */
export const eventParts = readingSource({
  id: ({ event }: SourceEvent) => event.id,
  cursor: ({ cursor }: SourceEvent) => cursor,
  occurredAt: ({ event }: SourceEvent) =>
    event.occurredAt === undefined ? null : new Date(event.occurredAt).toISOString(),
  receivedAt: ({ event }: SourceEvent) => new Date(event.receivedAt).toISOString(),
  node: ({ event }: SourceEvent) => payloadOf(event),
} satisfies Record<EventPart, GraphQLFieldResolver<SourceEvent, any>>);

/** What happened: parsed once, however many operations are told of it. It is read only. */
export function payloadOf(event: LoggedEvent): unknown {
  let payload = payloads.get(event);
  if (payload === undefined) payloads.set(event, (payload = parseJson(event.payload)));
  return payload;
}

/** The tail of a feed gives the same event to all who listen. */
const payloads = new WeakMap<LoggedEvent, unknown>();
