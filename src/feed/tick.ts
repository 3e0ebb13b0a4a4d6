/** One tick: polls until the feed is up to date, and logs what is new. */
import { tickAscending } from './ascending-tick.ts';
import { tickDescending } from './descending-tick.ts';
import type { TickContext, TickResult } from './tick-context.ts';

/**
 * Polls page after page. Each page is one transaction with the progress that follows from it, so that a process that dies
 * at any moment has lost nothing and repeats nothing in the log.
 *
 * @throws GatewayError of the poll, of which the pages before are logged; LEASE_LOST when another process polls; of the store.
 */
export function tick(context: TickContext): Promise<TickResult> {
  const isDescending = context.trigger.definition.type === 'paging_desc';
  return isDescending ? tickDescending(context) : tickAscending(context);
}
