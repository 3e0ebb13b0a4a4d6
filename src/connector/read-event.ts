/** Makes a row of a provider an event of its feed, or says why it cannot be one. */
import { GatewayError } from '../errors.ts';
import { compileOutput } from '../notation/coerce.ts';
import { isObject } from '../notation/coerce-value.ts';
import { formatPlace, kindOf, Mismatch } from '../notation/mismatch.ts';
import { defaultTimeZone } from '../notation/times.ts';
import type { JsonValue } from '../storage/records.ts';
import type { Connector, NotationSource, Trigger } from './definition.ts';
import { toJsonValue } from './json-value.ts';
import { coerceOptions, notationOf } from './prepare-input.ts';
import { errorKind, readSignature, refusedEvent, type Identified } from './read-signature.ts';
import { readTime } from './read-time.ts';

/** A row as an event of its feed. */
export interface TriggerEvent extends Identified {
  /** What clients see: the signature. */
  readonly id: string;
  /** Milliseconds since 1970, where `sortBy` is a time. */
  readonly occurredAt?: number;
  /**
   * The row as JSON text, not coerced. Dates are ISO texts and integers outside ±2⁵³ strings of their digits, so that
   * `JSON.parse` gives a row of which the graph says the same as of the provider's own.
   */
  readonly payload: string;
}

export interface EventReader {
  /**
   * A row as an event. Every value is coerced once against the notation, so that what is logged can be delivered.
   *
   * @throws GatewayError EVENT_INVALID, EVENT_ID_MISSING or EVENT_TOO_LARGE: the event is parked.
   */
  readonly readEvent: (row: unknown) => TriggerEvent;
}

/** Deeper than answers of providers are read (safety X5). */
const maxDepth = 200;
const maxPayloadBytes = 256 * 1024;
const dayMs = 86_400_000;

/** @param at - how the trigger is called in errors, e.g. `shop.triggers.new_customer`. */
export function createEventReader(
  connector: Connector,
  definition: Trigger,
  at: string,
  timeZone: string | undefined,
): EventReader {
  let check: Check | undefined;
  return {
    readEvent(row) {
      const { value, payload } = readPayload(row, at);
      check ??= compileCheck(connector, definition.output, at, timeZone);
      check(value);
      const identified = readSignature(row as Row, definition, at);
      // A provider's clock may be ahead, but not by a day; later numbers are ids.
      const occurredAt = readTime(identified.sortBy, timeZone ?? defaultTimeZone, Date.now() + dayMs);
      return {
        ...identified,
        id: identified.signature,
        ...(occurredAt !== undefined && { occurredAt }),
        payload,
      };
    },
  };
}

type Row = Readonly<Record<string, unknown>>;
type Check = (row: JsonValue) => void;

/** What is not known at start is any JSON. */
function compileCheck(
  connector: Connector,
  output: NotationSource | undefined,
  at: string,
  timeZone: string | undefined,
): Check {
  if (output === undefined || typeof output === 'function') return () => {};
  const key = 'fields' in output ? output.key : undefined;
  const options = { ...coerceOptions(connector, timeZone), path: '', ...(key !== undefined && { keyField: key }) };
  const coerce = compileOutput(notationOf(output), options);
  return (row) => {
    let coerced: Record<string, unknown> | null;
    try {
      coerced = coerce(row);
    } catch (error) {
      const reason =
        error instanceof GatewayError
          ? error.message
          : `a convertor of its output failed with ${errorKind(error)}. The log has the cause.`;
      throw refusedEvent('EVENT_INVALID', `${at}: ${reason}`, error);
    }
    if (key === undefined || (coerced?.[key] ?? '') !== '') return;
    throw refusedEvent('EVENT_INVALID', `${at}: ${key}: expected the key of the object; got nothing.`);
  };
}

function readPayload(row: unknown, at: string): { readonly value: JsonValue; readonly payload: string } {
  if (!isObject(row))
    throw refusedEvent('EVENT_INVALID', `${at}: expected an event to be an object; got ${kindOf(row)}.`);
  const value = asJson(row, at);
  const payload = JSON.stringify(value);
  const bytes = Buffer.byteLength(payload);
  if (bytes <= maxPayloadBytes) return { value, payload };
  const message = `${at}: expected an event of at most ${maxPayloadBytes} bytes of JSON; got ${bytes}.`;
  throw refusedEvent('EVENT_TOO_LARGE', message);
}

function asJson(row: unknown, at: string): JsonValue {
  try {
    return toJsonValue(row, maxDepth);
  } catch (error) {
    if (error instanceof Mismatch)
      throw refusedEvent('EVENT_INVALID', `${formatPlace(`${at}: event`, error.place)}: ${error.message}`);
    throw refusedEvent('EVENT_INVALID', `${at}: its toJSON failed with ${errorKind(error)}.`, error);
  }
}
