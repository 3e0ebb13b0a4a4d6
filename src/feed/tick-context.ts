/** What a tick is given, and what it tells. */
import type { ActionRun } from '../connector/run-action.ts';
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import type { GatewayError } from '../errors.ts';
import type { FeedLog } from '../storage/feed-log.ts';

export interface TickContext {
  /** Id of the feed. */
  readonly feed: string;
  readonly log: FeedLog;
  /** Of the lease under which this process polls. */
  readonly fence: number;
  readonly trigger: RunnableTrigger;
  readonly run: ActionRun;
  /** Coerced. */
  readonly input: Readonly<Record<string, unknown>>;
  /** When the feed was started, in milliseconds since 1970: what happened since then is delivered by the first poll too. */
  readonly startedAt?: number;
  /** What somebody wants to be asked again, once. */
  readonly replay?: ReplayRequest;
  /** Pages of one tick; what is left comes with the next, soon. Default 100. */
  readonly maxPages?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface ReplayRequest {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly from: number;
}

export interface TickResult {
  /** Events that the log has more. */
  readonly logged: number;
  readonly parked: number;
  readonly pages: number;
  /** The cap of pages was met: more can be had at once. */
  readonly isUnfinished: boolean;
  /** When the newest of the logged events happened, where that is known. */
  readonly newestOccurredAt?: number;
  /** POLL_STUCK: what could be logged was, and the provider would only repeat itself. */
  readonly stuck?: GatewayError;
  /** The feed goes on, but somebody has to know: its rows that show late are missed. */
  readonly warning?: GatewayError;
  /** So long the provider wants to be left alone. */
  readonly waitMs?: number;
  /** The replay that is complete. */
  readonly replayed?: string;
}

export const defaultMaxPages = 100;
