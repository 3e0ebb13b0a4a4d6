/** Makes events of the rows of a page; a row that cannot be one is parked and stops nobody. */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import type { RunnableTrigger, TriggerEvent } from '../connector/run-trigger.ts';
import { GatewayError } from '../errors.ts';
import type { NewParked } from '../storage/feed-log.ts';

export interface PreparedEvents {
  /** In the order of the rows. */
  readonly events: readonly TriggerEvent[];
  readonly parked: readonly NewParked[];
}

/** What is kept of a parked row; a larger one is parked without it. */
const maxParkedBytes = 1024 * 1024;

/**
 * Every row as an event, or as a parked one with code, reason and, where it can be written as JSON of at most 1 MiB, the
 * row itself. It never throws. A row that is parked has a signature of its own content, so that the same row of the next
 * poll is not parked again.
 */
export function prepareEvents(trigger: Pick<RunnableTrigger, 'readEvent'>, rows: readonly unknown[]): PreparedEvents {
  const events: TriggerEvent[] = [];
  const parked: NewParked[] = [];
  for (const row of rows) {
    try {
      events.push(trigger.readEvent(row));
    } catch (error) {
      parked.push(park(row, error));
    }
  }
  return { events, parked };
}

function park(row: unknown, error: unknown): NewParked {
  const text = jsonOf(row);
  const isKept = text !== undefined && Buffer.byteLength(text) <= maxParkedBytes;
  return {
    ...reasonOf(error),
    signature: `parked ${digest(text ?? inspect(row, { depth: 4, maxArrayLength: 100, maxStringLength: 1_000 }))}`,
    ...(isKept ? { payload: text } : {}),
  };
}

/** What is not ours may quote the row, so it is not shown. */
function reasonOf(error: unknown): { readonly code: string; readonly reason: string } {
  if (error instanceof GatewayError) return { code: error.code, reason: error.message };
  return { code: 'EVENT_INVALID', reason: 'The row could not be read as an event.' };
}

function jsonOf(row: unknown): string | undefined {
  try {
    // An integer beyond 2⁵³ is kept with all its digits; coercion reads them from a string too.
    return JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
