/** The cursor of an event: its place in the log of a feed as opaque text, signed, good for that feed alone. */
import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';
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
 * Cursors under one key. A place in a log is no secret, so they are signed and not sealed.
 *
 * @param key - any secret; replicas that share it read each other's cursors.
 * @param olderKeys - read as well, so that subscribers outlive a change of the key.
 */
export function createEventCursors(
  key: string | Uint8Array,
  olderKeys: readonly (string | Uint8Array)[] = [],
): EventCursors {
  const secret = deriveSecret(key);
  const secrets = [secret, ...olderKeys.map(deriveSecret)];
  const at = (feed: string, place: number): string => sign(secret, feed, place).toString('base64url');
  return {
    at,
    async resume(feed, cursor) {
      const place = placeOf(cursor, feed.id, secrets);
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

function deriveSecret(key: string | Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', 'plugboard event cursor', 32)));
}

function sign(secret: KeyObject, feed: string, place: number): Buffer {
  const cursor = Buffer.allocUnsafe(placeBytes + signatureBytes);
  cursor.writeUIntBE(place, 0, placeBytes);
  // A place is made of digits, so no two pairs of place and feed give the same text.
  const signature = createHmac('sha256', secret).update(`${place} ${feed}`).digest();
  signature.copy(cursor, placeBytes, 0, signatureBytes);
  return cursor;
}

function placeOf(cursor: string, feed: string, secrets: readonly KeyObject[]): number | undefined {
  // 24 bytes have exactly one spelling in base64url, so an edited cursor is never the same cursor.
  if (!cursorPattern.test(cursor)) return undefined;
  const given = Buffer.from(cursor, 'base64url');
  const place = given.readUIntBE(0, placeBytes);
  return secrets.some((secret) => timingSafeEqual(sign(secret, feed, place), given)) ? place : undefined;
}
