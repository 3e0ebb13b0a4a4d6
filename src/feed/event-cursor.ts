/** The cursor of an event: its place in the log of a feed as opaque text, signed, good for that feed alone. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DerivedSecret, KeyRing } from '../connection/seal.ts';
import { InputError } from '../errors.ts';
import type { OpenFeed } from './feeds.ts';

export interface EventCursors {
  /** Text for the place after an event: 32 characters, the same in every process that has the key. */
  readonly at: (feed: string, place: number) => string;
  /**
   * The place that a client wants to go on from: the next event is the one after it.
   *
   * @throws InputError CURSOR_INVALID when the cursor was edited, is of another feed, or is none of ours; CURSOR_EXPIRED
   *   when events after it are no longer kept: `details.cursor` is the place from which all that are kept follow.
   */
  readonly resume: (feed: Pick<OpenFeed, 'id' | 'read'>, cursor: string) => Promise<number>;
}

const placeBytes = 6;
/** More than half of SHA-256, as RFC 2104 §5 asks for; 24 bytes are 32 characters without padding. */
const signatureBytes = 18;
const cursorPattern = /^[\w-]{32}$/;

/**
 * Cursors under the current key of a ring; those under the others are read too, so that subscribers outlive its change. A
 * place in a log is no secret, so they are signed and not sealed.
 */
export function createEventCursors(keyRing: Pick<KeyRing, 'derive'>): EventCursors {
  const secrets = keyRing.derive('plugboard event cursor');
  const at = (feed: string, place: number): string => sign(secrets()[0], feed, place).toString('base64url');
  return {
    at,
    async resume(feed, cursor) {
      const place = placeOf(cursor, feed.id, secrets());
      if (place === undefined) throw invalid();
      const { oldestPlace, lastPlace } = await feed.read(place, { limit: 1 });
      // The log of that place is gone, and the feed was begun anew.
      if (place > lastPlace) throw invalid();
      if (place < oldestPlace - 1) throw expired(at(feed.id, oldestPlace - 1));
      return place;
    },
  };
}

/** What a subscriber is told whose next event is no longer kept. @param oldest - cursor that all kept events follow */
export function expired(oldest: string): InputError {
  const message =
    'Events after this cursor are no longer kept. Events are missing if you go on with the `cursor` of this error, which is the oldest place that there is.';
  return new InputError('CURSOR_EXPIRED', message, { cursor: oldest });
}

function invalid(): InputError {
  const message =
    '`after` is no cursor of this feed: it was edited, or belongs to another trigger, input or connection. Give a cursor as it came, or none to begin from now on.';
  return new InputError('CURSOR_INVALID', message);
}

function sign({ secret }: DerivedSecret, feed: string, place: number): Buffer {
  const cursor = Buffer.allocUnsafe(placeBytes + signatureBytes);
  cursor.writeUIntBE(place, 0, placeBytes);
  // A place is made of digits, so no two pairs of place and feed give the same text.
  const signature = createHmac('sha256', secret).update(`${place} ${feed}`).digest();
  signature.copy(cursor, placeBytes, 0, signatureBytes);
  return cursor;
}

function placeOf(cursor: string, feed: string, secrets: readonly DerivedSecret[]): number | undefined {
  // 24 bytes have exactly one spelling in base64url, so an edited cursor is never the same cursor.
  if (!cursorPattern.test(cursor)) return undefined;
  const given = Buffer.from(cursor, 'base64url');
  const place = given.readUIntBE(0, placeBytes);
  return secrets.some((secret) => timingSafeEqual(sign(secret, feed, place), given)) ? place : undefined;
}
