/** Follows the logs of feeds: each is read once for all who listen to it in this process. */
import { GatewayError } from '../errors.ts';
import type { FeedLog, LoggedEvent, LogSlice } from '../storage/feed-log.ts';
import type { FeedListener, OpenFeed } from './feeds.ts';

/** What there is to read of one feed, now and from now on. */
export type FeedTail = Pick<OpenFeed, 'lastPlace' | 'read' | 'listen'>;

export interface FeedTails {
  /** Looks up where a log stands. Nothing is held until somebody listens. @throws GatewayError as the store */
  readonly open: (feed: string) => Promise<FeedTail>;
  /** The feed is over: all who listen to it are told, and nothing afterwards. */
  readonly end: (feed: string, reason: GatewayError) => void;
  /** Nothing is read any more; nobody is told. */
  readonly close: () => void;
}

const firstRetryMs = 100;
const lastRetryMs = 5_000;

/**
 * Tails of all feeds of a store. A tail begins with its first listener and ends with its last.
 *
 * A store that fails is asked again, with growing pauses and at the next sign of a new event; listeners notice nothing.
 * Should events be trimmed before they were read, as after a long failure of the store, the places that listeners are
 * given jump, and nothing else tells them: whoever must not miss an event compares.
 */
export function createFeedTails(feedLog: Pick<FeedLog, 'state' | 'read' | 'watch'>): FeedTails {
  const tails = new Map<string, Tail>();
  let stopWatching: (() => void) | undefined;
  const tailOf = (feed: string, place: number): Tail => {
    const known = tails.get(feed);
    if (known) return known;
    const tail = createTail(feedLog, feed, place, () => forget(feed));
    tails.set(feed, tail);
    stopWatching ??= feedLog.watch((changed) => tails.get(changed)?.wake());
    return tail;
  };
  const forget = (feed: string): void => {
    tails.delete(feed);
    if (tails.size > 0) return;
    stopWatching?.();
    stopWatching = undefined;
  };
  return {
    async open(feed) {
      const { lastPlace } = await feedLog.state(feed);
      return {
        lastPlace,
        read: (after, options) => feedLog.read(feed, after, options),
        listen: (listener) => tailOf(feed, lastPlace).add(listener),
      };
    },
    end: (feed, reason) => tails.get(feed)?.end(reason),
    close() {
      for (const tail of tails.values()) tail.stop();
    },
  };
}

interface Tail {
  readonly add: FeedTail['listen'];
  readonly wake: () => void;
  readonly end: (reason: GatewayError) => void;
  readonly stop: () => void;
}

/** @param onIdle - called once, when the last listener has gone. */
function createTail(feedLog: Pick<FeedLog, 'read'>, feed: string, place: number, onIdle: () => void): Tail {
  const listeners = new Set<FeedListener>();
  let isOver = false;
  let isReading = false;
  let isWoken = false;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;

  /** Reads until it has seen all that there was when it was last woken. */
  async function follow(): Promise<void> {
    if (isReading) return;
    isReading = true;
    clearTimeout(retry);
    try {
      while (hasToRead()) {
        isWoken = false;
        take(await feedLog.read(feed, place));
        failures = 0;
      }
    } catch {
      const pauseMs = Math.min(lastRetryMs, firstRetryMs * 2 ** failures);
      failures += 1;
      if (!isOver) retry = setTimeout(wake, pauseMs).unref();
    } finally {
      isReading = false;
    }
  }

  function hasToRead(): boolean {
    return isWoken && !isOver;
  }

  function take({ events, lastPlace }: LogSlice): void {
    if (isOver) return;
    if (lastPlace < place) return end(new GatewayError('FEED_ENDED', 'The log of this feed was begun anew.'));
    const newest = events.at(-1)?.place;
    if (newest === undefined) return;
    place = newest;
    if (newest < lastPlace) isWoken = true;
    // Those who come to listen meanwhile begin after these events.
    for (const listener of Array.from(listeners)) tell(listener, events);
  }

  /** A listener that fails is told that it is over, and the others go on. */
  function tell(listener: FeedListener, events: readonly LoggedEvent[]): void {
    if (!listeners.has(listener)) return;
    try {
      listener.onEvents(events);
    } catch (cause) {
      remove(listener);
      listener.onEnd(new GatewayError('INTERNAL_ERROR', 'An event could not be handed on.', { cause }));
    }
  }

  function remove(listener: FeedListener): void {
    if (listeners.delete(listener) && listeners.size === 0) stop();
  }

  function stop(): void {
    if (isOver) return;
    isOver = true;
    listeners.clear();
    clearTimeout(retry);
    onIdle();
  }

  function end(reason: GatewayError): void {
    const told = [...listeners];
    stop();
    for (const listener of told) listener.onEnd(reason);
  }

  function wake(): void {
    isWoken = true;
    void follow();
  }

  return {
    add(given) {
      // The same function may listen twice; each time is a listener of its own.
      const listener: FeedListener = { ...given };
      listeners.add(listener);
      // Events may have come since the log was looked at; for a second listener the tail has been awake all the while.
      if (listeners.size === 1) wake();
      return { from: place, stop: () => remove(listener) };
    },
    wake,
    end,
    stop,
  };
}
