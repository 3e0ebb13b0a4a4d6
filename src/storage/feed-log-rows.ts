/** What the rows of a feed's log say, whichever SQL store gave them. */
import { readText } from './exact-text.ts';
import type { LoggedEvent, LogSlice, ParkedEvent } from './feed-log.ts';
import type { Row } from './row.ts';

/** @param rows - each with `last_place` and `oldest_place` of the feed beside an event; one without event when there is none. */
export function toSlice(rows: readonly Row[]): LogSlice {
  const [first] = rows;
  if (!first) return { events: [], lastPlace: 0, oldestPlace: 1 };
  return {
    events: first.place === null ? [] : rows.map(toEvent),
    lastPlace: Number(first.last_place),
    oldestPlace: Number(first.oldest_place),
  };
}

function toEvent(row: Row): LoggedEvent {
  return {
    place: Number(row.place),
    id: readText(String(row.id)),
    ...(row.occurred_at === null ? {} : { occurredAt: Number(row.occurred_at) }),
    receivedAt: Number(row.received_at),
    payload: readText(String(row.payload)),
  };
}

export function toParked(row: Row): ParkedEvent {
  return {
    id: String(row.number),
    reason: readText(String(row.reason)),
    code: readText(String(row.code)),
    ...(row.signature === null ? {} : { signature: readText(String(row.signature)) }),
    ...(row.payload === null ? {} : { payload: readText(String(row.payload)) }),
    parkedAt: Number(row.parked_at),
  };
}

/** Rows of one page: what was asked for, within 1 and 10 000. */
export function sizeOf(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit) || 1, 1), 10_000);
}
