/** Where a feed's poll stands: what is kept as `progress` beside its events, and read back with suspicion. */
import { GatewayError } from '../errors.ts';
import type { JsonValue } from '../storage/records.ts';

export interface FeedProgress {
  /** What the last ascending page gave as `nextPoll`. */
  readonly cursor: JsonValue | undefined;
  /** Whether the ground is established: from then on, what is new is delivered. */
  readonly isGrounded: boolean;
  /** What is asked next, where the cap of pages ended a tick that had looked back. */
  readonly goesOnAt?: JsonValue;
  /** The largest `sortBy` that was published or is ground; never in the future. */
  readonly highest?: JsonValue;
  /** The smallest `sortBy` of the ground, where older rows exist: what lies below was there before the feed. */
  readonly floor?: JsonValue;
  /** What the provider called its answer to the last tick, if that was one page; `asked` = the cursor that it was asked with, as JSON. */
  readonly answer?: { readonly asked: string; readonly etag: string };
  /** A descending cycle whose pages are staged. */
  readonly cycle?: DescendingCycle;
  /** A replay under way, by an ascending trigger. */
  readonly replay?: { readonly id: string; readonly cursor: JsonValue | undefined };
  /** Id of the last replay that was completed. */
  readonly replayed?: string;
}

/** Page after page is staged until known ground is met. */
export interface DescendingCycle {
  /** Under which lease it runs; under another one it begins anew. */
  readonly fence: number;
  readonly nextPage: JsonValue | undefined;
  readonly pages: number;
  /** So many of the last pages in a row held nothing new. */
  readonly knownPages?: number;
  /** The largest `sortBy` so far. */
  readonly highest?: JsonValue;
  /** It goes on below known ground, down to this time: a replay. */
  readonly replay?: { readonly id: string; readonly from: number };
}

/** A feed that was never polled. */
export const noProgress: FeedProgress = { cursor: undefined, isGrounded: false };

/** Grows when a process of before could not go on with what is written. */
const format = 1;

/** As JSON whose keys stand in one order, so that it can be compared as text. */
export function writeProgress({
  cursor,
  isGrounded,
  goesOnAt,
  highest,
  floor,
  answer,
  cycle,
  replay,
  replayed,
}: FeedProgress): JsonValue {
  const copy = cycle && { ...cycle };
  return { format, cursor, isGrounded, goesOnAt, highest, floor, answer, cycle: copy, replay, replayed };
}

/**
 * What `writeProgress` wrote. A part of another shape counts as absent.
 *
 * @throws GatewayError STORE_TOO_NEW when a newer version wrote it, STORE_RECORD_INVALID when it is no progress at all:
 *   beginning anew would pass over events in silence.
 */
export function readProgress(feed: string, value: JsonValue | undefined): FeedProgress {
  if (value === undefined) return noProgress;
  const found = objectOf(value);
  if (typeof found?.format !== 'number') {
    throw new GatewayError('STORE_RECORD_INVALID', `Feed ${feed}: what is stored as its progress is none.`);
  }
  if (found.format > format) {
    const message = `Feed ${feed}: its progress was written by a newer version of Plugboard. Start that one.`;
    throw new GatewayError('STORE_TOO_NEW', message);
  }
  const cycle = readCycle(objectOf(found.cycle));
  const replay = objectOf(found.replay);
  const { asked, etag } = objectOf(found.answer) ?? {};
  return {
    cursor: found.cursor,
    isGrounded: found.isGrounded === true,
    ...given('goesOnAt', found.goesOnAt),
    ...given('highest', found.highest),
    ...given('floor', found.floor),
    ...given('answer', typeof asked === 'string' && typeof etag === 'string' ? { asked, etag } : undefined),
    ...given('cycle', cycle),
    ...given('replay', typeof replay?.id === 'string' ? { id: replay.id, cursor: replay.cursor } : undefined),
    ...given('replayed', typeof found.replayed === 'string' ? found.replayed : undefined),
  };
}

function readCycle(found: JsonObject | undefined): DescendingCycle | undefined {
  if (typeof found?.fence !== 'number' || typeof found.pages !== 'number') return undefined;
  const replay = objectOf(found.replay);
  return {
    fence: found.fence,
    nextPage: found.nextPage,
    pages: found.pages,
    ...given('knownPages', typeof found.knownPages === 'number' ? found.knownPages : undefined),
    ...given('highest', found.highest),
    ...(typeof replay?.id === 'string' &&
      typeof replay.from === 'number' && { replay: { id: replay.id, from: replay.from } }),
  };
}

type JsonObject = { readonly [key: string]: JsonValue | undefined };

function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** A part that is left out where there is none. */
export function given<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: Value });
}
