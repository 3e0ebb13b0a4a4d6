/** Where in a feed a subscriber begins. */
import type { EventCursors } from '../feed/event-cursor.ts';
import type { OpenFeed } from '../feed/feeds.ts';
import { EventStream, type EventStreamOptions } from './event-stream.ts';

/**
 * The stream of a feed after a cursor, or from now on; a feed whose cursor is refused is given back.
 *
 * @throws InputError CURSOR_INVALID, CURSOR_EXPIRED
 */
export async function openStream(
  feed: OpenFeed,
  cursors: EventCursors,
  after: string | null | undefined,
  options: Pick<EventStreamOptions, 'connection' | 'isTold'>,
): Promise<EventStream> {
  const cursorAt = (place: number): string => cursors.at(feed.id, place);
  if (typeof after !== 'string') return new EventStream({ ...options, feed, cursorAt, after: feed.lastPlace });
  try {
    return new EventStream({ ...options, feed, cursorAt, after: await cursors.resume(feed, after) });
  } catch (error) {
    feed.release();
    throw error;
  }
}
