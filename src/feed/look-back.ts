/** Sets a cursor back in time, so that a provider is asked again for rows that it showed late. */
import type { JsonValue } from '../storage/records.ts';
import { isoTime, timeLike, timeOf } from './sort-order.ts';

/**
 * A cursor with its times set back, in the form that they have: a time of ISO 8601; seconds or milliseconds since 1970, as a
 * number or its digits; of a list or an object all texts that are times of ISO 8601. Numbers within an object are left: they
 * may be a page, or a time that must not move. `undefined`: there is nothing to set back.
 */
export function setBack(cursor: JsonValue, byMs: number): JsonValue | undefined {
  const time = placeInTime(cursor);
  if (time === undefined) return setPartsBack(cursor, byMs);
  if (typeof cursor === 'string' && isoTime(cursor) === undefined) return digitsLike(time - byMs, cursor);
  return timeLike(time - byMs, cursor);
}

/** Whether some time of a cursor is earlier than the same one of another, and none is later. */
export function isEarlier(cursor: JsonValue | undefined, other: JsonValue | undefined): boolean {
  const others = timesOf(other);
  const orders = [...timesOf(cursor)].map(([place, time]) => Math.sign(time - (others.get(place) ?? time)));
  return orders.includes(-1) && !orders.includes(1);
}

function placeInTime(cursor: JsonValue | undefined): number | undefined {
  if (typeof cursor === 'string' && /^(?:\d{10}(?:\.\d{1,9})?|\d{13})$/.test(cursor)) return timeOf(Number(cursor));
  return timeOf(cursor);
}

/** With as many decimals; those of the new time are none. */
function digitsLike(time: number, like: string): string {
  const decimals = like.split('.')[1]?.length ?? 0;
  return like.length === 13 && decimals === 0 ? String(time) : Math.floor(time / 1_000).toFixed(decimals);
}

function setPartsBack(part: JsonValue, byMs: number): JsonValue | undefined {
  if (typeof part === 'string') {
    const time = isoTime(part);
    return time === undefined ? undefined : timeLike(time - byMs, part);
  }
  if (typeof part !== 'object' || part === null) return undefined;
  const changed = Object.entries(part).map(([key, each]) => {
    const moved = each === undefined ? undefined : setPartsBack(each, byMs);
    return { key, value: moved ?? each, isMoved: moved !== undefined };
  });
  if (!changed.some(({ isMoved }) => isMoved)) return undefined;
  if (Array.isArray(part)) return changed.map(({ value }) => value ?? null);
  return Object.fromEntries(changed.map(({ key, value }) => [key, value]));
}

/** The times that `setBack` moves, by their places. */
function timesOf(cursor: JsonValue | undefined, place = ''): Map<string, number> {
  const time = place === '' ? placeInTime(cursor) : typeof cursor === 'string' ? isoTime(cursor) : undefined;
  if (time !== undefined) return new Map([[place, time]]);
  if (typeof cursor !== 'object' || cursor === null) return new Map();
  return new Map(Object.entries(cursor).flatMap(([key, each]) => [...timesOf(each, `${place}/${key}`)]));
}
