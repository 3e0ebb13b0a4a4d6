/** Reads what a poll gave: the page of events, and where the next poll goes on. */
import { GatewayError, type ErrorCode } from '../errors.ts';
import { isObject } from '../notation/coerce-value.ts';
import { formatPlace, kindOf, Mismatch } from '../notation/mismatch.ts';
import type { JsonValue } from '../storage/records.ts';
import { findOther } from './event-rows.ts';
import { isBlank, toJsonValue } from './json-value.ts';
import type { PollHints } from './watch-poll.ts';

/** What one poll gave, in the provider's order. */
export interface PollPage extends PollHints {
  readonly rows: readonly unknown[];
  /** `nextPoll` or `nextPage`, as JSON; `undefined` when it is blank. */
  readonly cursor: JsonValue | undefined;
  /** Of an ascending poll: ask again at once. */
  readonly canPollMore: boolean;
  /** The provider says that the answer is the one that was given before. */
  readonly isUnchanged?: true;
}

export const emptyPage: PollPage = { rows: [], cursor: undefined, canPollMore: false };

/** As the real runtime (contracts §2.1). */
const maxEventsPerPoll = 1_000;
const maxCursorBytes = 64 * 1024;
/** Stores keep 100 levels, and the feed puts some around it. */
const maxCursorDepth = 64;

/**
 * Nothing at all is an empty page; one thing in place of `events` is a list of it.
 *
 * @param name - how the trigger is called in errors, e.g. `shop.triggers.new_customer`.
 * @throws GatewayError POLL_ANSWER_INVALID when it is no page; POLL_CURSOR_INVALID when its cursor cannot be stored.
 */
export function readPoll(answer: unknown, isDescending: boolean, name: string): PollPage {
  if (answer === undefined || answer === null) return emptyPage;
  const cursorKey = isDescending ? 'nextPage' : 'nextPoll';
  const expected = `{ events, ${cursorKey}${isDescending ? '' : ', canPollMore'} }`;
  if (!isObject(answer)) throw invalid(`${name}: poll: expected ${expected}; got ${kindOf(answer)}.`);
  const { events, canPollMore, [cursorKey]: next } = answer;
  const keys = Object.keys(answer);
  // The whole answer of a provider is an object too; taken for a page it would be an empty one, for ever.
  if (keys.length > 0 && !['events', 'canPollMore', cursorKey].some((key) => Object.hasOwn(answer, key))) {
    throw invalid(`${name}: poll: expected ${expected}; got an object with none of these keys.`);
  }
  return {
    rows: readRows(events, name),
    cursor: readCursor(next, `${name}: ${cursorKey}`),
    canPollMore: !isDescending && Boolean(canPollMore),
  };
}

function readRows(events: unknown, name: string): readonly unknown[] {
  if (events === undefined || events === null) return [];
  const rows: readonly unknown[] = Array.isArray(events) ? events : [events];
  if (rows.length > maxEventsPerPoll) {
    const cure = 'Ask the provider for smaller pages and answer canPollMore or nextPage.';
    throw invalid(`${name}: events: expected at most ${maxEventsPerPoll} events; got ${rows.length}. ${cure}`);
  }
  const other = findOther(rows);
  if (other < 0) return rows;
  const place = Array.isArray(events) ? `events[${other}]: expected an object` : 'events: expected a list of objects';
  throw invalid(`${name}: ${place}; got ${kindOf(rows[other])}.`);
}

function readCursor(next: unknown, name: string): JsonValue | undefined {
  const cursor = toStorable(next, name);
  return isBlank(cursor) ? undefined : cursor;
}

function toStorable(next: unknown, name: string): JsonValue {
  let cursor: JsonValue;
  try {
    cursor = toJsonValue(next, maxCursorDepth);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw invalid(`${formatPlace(name, error.place)}: ${error.message}`, 'POLL_CURSOR_INVALID');
  }
  const bytes = typeof cursor === 'object' || typeof cursor === 'string' ? sizeOf(cursor) : 0;
  if (bytes <= maxCursorBytes) return cursor;
  const message = `${name}: expected at most ${maxCursorBytes} bytes of JSON, since it is stored with every page; got ${bytes}.`;
  throw invalid(message, 'POLL_CURSOR_INVALID');
}

function sizeOf(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function invalid(message: string, code: ErrorCode = 'POLL_ANSWER_INVALID'): GatewayError {
  return new GatewayError(code, message);
}
