/** Counts what one tick does. */
import type { TriggerEvent } from '../connector/run-trigger.ts';
import type { GatewayError } from '../errors.ts';
import type { TickResult } from './tick-context.ts';

interface Delivered {
  readonly events: readonly TriggerEvent[];
  readonly parked: readonly unknown[];
}

/** What a page of ground delivers. */
export const nothing: { readonly events: readonly never[]; readonly parked: readonly never[] } = {
  events: [],
  parked: [],
};

export interface TickTally {
  /** A page was written; `news` is what of it is delivered or parked. */
  readonly page: (logged: number, news: Delivered) => void;
  /** No further page in this tick: the next one goes on. */
  readonly isFull: () => boolean;
  /** The provider wants to be left alone for so long. */
  readonly wait: (ms: number | undefined) => void;
  readonly stuck: (error: GatewayError) => void;
  readonly warn: (error: GatewayError) => void;
  readonly replayed: (id: string) => void;
  readonly result: () => TickResult;
}

export function createTickTally(maxPages: number): TickTally {
  let [logged, parked, pages, isFull] = [0, 0, 0, false];
  let newest: number | undefined;
  let waitMs = 0;
  let stuck: GatewayError | undefined;
  let warning: GatewayError | undefined;
  let replayed: string | undefined;
  return {
    page(count, news) {
      logged += count;
      parked += news.parked.length;
      pages += 1;
      for (const { occurredAt } of news.events) {
        if (occurredAt !== undefined && (newest === undefined || occurredAt > newest)) newest = occurredAt;
      }
    },
    isFull() {
      isFull = pages >= maxPages;
      return isFull;
    },
    wait: (ms = 0) => void (waitMs = Math.max(waitMs, ms)),
    stuck: (error) => void (stuck = error),
    warn: (error) => void (warning = error),
    replayed: (id) => void (replayed = id),
    result: () => ({
      logged,
      parked,
      pages,
      isUnfinished: isFull,
      ...(newest !== undefined && { newestOccurredAt: newest }),
      ...(waitMs > 0 && { waitMs }),
      ...(stuck && { stuck }),
      ...(warning && { warning }),
      ...(replayed !== undefined && { replayed }),
    }),
  };
}
