/** Tells a list of events from one of something else. */
import { isObject } from '../notation/coerce-value.ts';

/**
 * Where a list shows that it is none of events; −1: it is one. A row that is no object beside others that are is the
 * provider's, and parked as any event that cannot be read. Where there is no object at all the connector gave something
 * else: to park that would move on behind events that it never read. `null` alone says nothing of the kind.
 */
export function findOther(rows: readonly unknown[]): number {
  return rows.some(isObject) ? -1 : rows.findIndex((row) => row !== null && row !== undefined);
}
