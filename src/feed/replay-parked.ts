/** Tries parked events again, as after a connector was mended. */
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import { parseJson } from '../http/parse-json.ts';
import type { FeedLog, NewEvent, ParkedEvent } from '../storage/feed-log.ts';

export interface ReplayedParked {
  readonly delivered: number;
  /** Of those that were tried, how many stay parked. */
  readonly left: number;
}

/**
 * Logs those that are events now, and takes them out of the parked ones in the same transaction: each is delivered once,
 * whoever tries at the same time.
 *
 * @param ids - absent: all.
 * @throws GatewayError of the store
 */
export async function replayParkedEvents(
  log: FeedLog,
  feed: string,
  trigger: Pick<RunnableTrigger, 'readEvent'>,
  ids?: readonly string[],
): Promise<ReplayedParked> {
  let delivered = 0;
  let left = 0;
  for (let after: string | undefined; ;) {
    const page = await log.parked(feed, { ...(after !== undefined && { after }), ...(ids && { ids }) });
    if (page.length === 0) return { delivered, left };
    const ready = page.flatMap((parked) => readParked(trigger, parked) ?? []);
    const count = await deliver(log, feed, ready);
    delivered += count;
    left += page.length - ready.length;
    after = page.at(-1)!.id;
  }
}

interface Ready {
  readonly id: string;
  readonly event: NewEvent;
}

function readParked(trigger: Pick<RunnableTrigger, 'readEvent'>, { id, payload }: ParkedEvent): Ready | undefined {
  if (payload === undefined) return undefined;
  try {
    const { signature, id: eventId, occurredAt, payload: text } = trigger.readEvent(parseJson(payload));
    const event = { signature, id: eventId, payload: text, ...(occurredAt !== undefined && { occurredAt }) };
    return { id, event };
  } catch {
    // It stays as it is, with the reason that it was parked for.
    return undefined;
  }
}

/** All at once; where somebody else was first with one of them, one by one. */
async function deliver(log: FeedLog, feed: string, ready: readonly Ready[]): Promise<number> {
  if (ready.length === 0) return 0;
  const page = { events: ready.map(({ event }) => event), unpark: ready.map(({ id }) => id) };
  const result = await log.append(feed, page);
  if (result.kind === 'appended') return result.logged;
  if (ready.length === 1) return 0;
  let delivered = 0;
  for (const one of ready) delivered += await deliver(log, feed, [one]);
  return delivered;
}
