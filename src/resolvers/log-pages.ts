/** Reads the log of a feed for subscribers who have not seen all of it. */
import { GatewayError } from '../errors.ts';
import { expired } from '../feed/event-cursor.ts';
import type { OpenFeed } from '../feed/feeds.ts';
import type { LoggedEvent, LogSlice } from '../storage/feed-log.ts';

/**
 * The events after a place, one at least; `undefined` when nobody wants them any more. A store that fails is asked again
 * a few times.
 *
 * @throws GatewayError CURSOR_EXPIRED when the next event is no longer kept; FEED_ENDED when there is none, although it was
 *   known; what the store throws.
 */
export type ReadLogPage = (after: number, isUnwanted: () => boolean) => Promise<readonly LoggedEvent[] | undefined>;

/** Nothing of a page is kept while nobody takes it, so it may be small. */
const page = { limit: 100, maxBytes: 256 * 1024 };
/** Pauses between attempts. */
const retriesMs = [100, 300, 1_000, 3_000];

/** @param feed - the one to read from now; `undefined`: nobody is left. */
export function createReadLogPage(
  feed: () => Pick<OpenFeed, 'read'> | undefined,
  cursorAt: (place: number) => string,
): ReadLogPage {
  // Subscribers who come back together ask for the same page.
  const reading = new Map<number, Promise<LogSlice>>();
  const read = async (from: Pick<OpenFeed, 'read'>, after: number): Promise<LogSlice> => {
    const known = reading.get(after);
    if (known) return known;
    const slice = from.read(after, page);
    reading.set(after, slice);
    try {
      return await slice;
    } finally {
      reading.delete(after);
    }
  };
  return async (after, isUnwanted) => {
    for (let attempt = 0; ; attempt += 1) {
      const from = feed();
      if (!from || isUnwanted()) return undefined;
      try {
        return eventsAfter(after, await read(from, after), cursorAt);
      } catch (error) {
        const pauseMs = retriesMs[attempt];
        if (pauseMs === undefined || (error instanceof GatewayError && lasting.has(error.code))) throw toReason(error);
        await new Promise((resolve) => void setTimeout(resolve, pauseMs).unref());
      }
    }
  };
}

const lasting: ReadonlySet<string> = new Set(['CURSOR_EXPIRED', 'FEED_ENDED']);

function eventsAfter(
  after: number,
  { events, oldestPlace }: LogSlice,
  cursorAt: (place: number) => string,
): readonly LoggedEvent[] {
  if (oldestPlace > after + 1) throw expired(cursorAt(oldestPlace - 1));
  if (events.length === 0) throw new GatewayError('FEED_ENDED', 'The log of this feed was begun anew.');
  return events;
}

function toReason(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('INTERNAL_ERROR', 'The events could not be read.', { cause: error });
}
