/** Reads what tells an event from all others of its feed. */
import { createHash } from 'node:crypto';
import { GatewayError, type ErrorCode } from '../errors.ts';
import { kindOf, Mismatch } from '../notation/mismatch.ts';
import type { JsonValue } from '../storage/records.ts';
import type { Trigger } from './definition.ts';
import { isBlank, toJsonValue } from './json-value.ts';

/** What an event is told by. */
export interface Identified {
  /** Value of `dedup`, else id, and `@` with `sortBy` where that is given. Longer ones are digested to fit 512 characters. */
  readonly signature: string;
  /** Value of `sortBy`, where it is given and not null. */
  readonly sortBy?: JsonValue;
}

/** What stores keep as a name (`storage/check-record`). */
const maxLength = 512;
const maxValueDepth = 8;

/**
 * The signature and the sort value of a row, as the connector's functions give them (contracts §2.4).
 *
 * @throws GatewayError EVENT_ID_MISSING when there is nothing to tell it by; EVENT_INVALID when a function fails.
 */
export function readSignature(
  row: Readonly<Record<string, unknown>>,
  { dedup, documentId, sortBy }: Trigger,
  at: string,
): Identified {
  const sort = sortBy && readValue('sortBy', sortBy, row, at);
  const given = sort === undefined || sort === null ? {} : { sortBy: sort };
  if (dedup) return { signature: storable(identity('dedup', dedup, row, at)), ...given };
  const id = identity('documentId', documentId ?? idOf, row, at);
  return { signature: storable(sortBy ? `${id}@${textOf(sort ?? '')}` : id), ...given };
}

/** An event that is parked, with the reason and none of its content. */
export function refusedEvent(code: ErrorCode, message: string, cause?: unknown): GatewayError {
  return new GatewayError(code, message, cause === undefined ? {} : { cause });
}

/** What kind of error it was: its message may hold content of the event. */
export function errorKind(thrown: unknown): string {
  return thrown instanceof Error ? `a ${thrown.constructor.name}` : kindOf(thrown);
}

type Give = (row: any) => unknown;

/** What JavaScript makes of ids that are not there: of all such events all but one would be lost as repetitions. */
const idsOfNothing = /^(?:undefined|\[object Object\])?(?:@(?:undefined|\[object Object\])?)*$/;

function identity(
  name: 'dedup' | 'documentId',
  give: Give,
  row: Readonly<Record<string, unknown>>,
  at: string,
): string {
  const value = readValue(name, give, row, at);
  const text = isBlank(value) ? '' : textOf(value);
  if (!idsOfNothing.test(text)) return text;
  const expected =
    give === idOf
      ? 'expected a field `id`, or `documentId` or `dedup` that says what tells events apart'
      : `${name}: expected what tells the event from all others`;
  const got = value === null ? 'nothing' : text === '' ? kindOf(value) : JSON.stringify(text);
  throw refusedEvent('EVENT_ID_MISSING', `${at}: ${expected}; got ${got}.`);
}

/** As the real runtime: the field called `id`, in any letter case. */
function idOf(row: Readonly<Record<string, unknown>>): unknown {
  const name = ['id', 'ID', 'Id', 'iD'].find((each) => Object.hasOwn(row, each));
  return name === undefined ? undefined : row[name];
}

function readValue(name: string, give: Give, row: Readonly<Record<string, unknown>>, at: string): JsonValue {
  try {
    return toJsonValue(give(row), maxValueDepth);
  } catch (error) {
    if (error instanceof Mismatch) throw refusedEvent('EVENT_INVALID', `${at}: ${name}: ${error.message}`);
    const message = `${at}: ${name} failed with ${errorKind(error)}. The log has the cause.`;
    throw refusedEvent('EVENT_INVALID', message, error);
  }
}

function textOf(value: JsonValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function storable(text: string): string {
  if (text.length <= maxLength && !text.includes('\0')) return text;
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
