/** What a field of Subscription is subscribed to: a place in the log of a feed, and what each event after it becomes. */
import type { OpenFeed } from '../feed/feeds.ts';
import type { LoggedEvent } from '../storage/feed-log.ts';

/** The source of an event's fields. */
export interface SourceEvent {
  readonly event: LoggedEvent;
  readonly cursor: string;
  /** Id of the connection that the feed uses. */
  readonly connection: string | undefined;
}

export interface EventStreamOptions {
  readonly feed: OpenFeed;
  /** The first event is the one after this place. */
  readonly after: number;
  readonly connection?: string | undefined;
  readonly cursorAt: (place: number) => string;
  /** Whether the subscriber is told of an event; absent: of every one. It depends on the caller and the arguments alone. */
  readonly isTold?: (event: LoggedEvent) => boolean;
}

/** What graphql-js takes for a stream of events. It is never iterated: many subscribers share what comes of one. */
export class EventStream implements AsyncIterable<never> {
  readonly feed: OpenFeed;
  readonly after: number;
  readonly connection: string | undefined;
  readonly cursorAt: (place: number) => string;
  readonly isTold: (event: LoggedEvent) => boolean;

  constructor({ feed, after, connection, cursorAt, isTold = () => true }: EventStreamOptions) {
    this.feed = feed;
    this.after = after;
    this.connection = connection;
    this.cursorAt = cursorAt;
    this.isTold = isTold;
  }

  [Symbol.asyncIterator](): never {
    throw new TypeError('Events are taken from the feed.');
  }
}
