/** What the intake of webhooks works with, and what it tells; whoever puts the feeds together gives it. */
import type { ReceivedWebhook } from '../connector/run-trigger.ts';
import type { ErrorCode } from '../errors.ts';
import type { FeedLog } from '../storage/feed-log.ts';
import type { PollSignals } from './poll-signal.ts';
import type { WebhookDesk } from './webhook-desk.ts';

/** One request of a provider, as it came. */
export interface WebhookRequest extends ReceivedWebhook {
  readonly method: string;
}

export interface IntakeDesk extends WebhookDesk {
  readonly log: FeedLog;
  readonly signals: Pick<PollSignals, 'request'>;
  /** Hears of what was not accepted, without anything of its content. */
  readonly onFailure?: (failure: WebhookFailure) => void;
  /** Hears of what was accepted: how many events it brought, and whether it was known already. */
  readonly onAccepted?: (acceptance: Acceptance) => void;
  /** How long a delivery waits that comes before `subscribe` was answered. Default 5 000 ms. */
  readonly subscribingWaitMs?: number;
  /** The longest that one delivery may take; a provider that waits no longer sends again. Default 20 000 ms. */
  readonly timeoutMs?: number;
}

/** What became of a delivery that was answered 2xx. */
export interface Acceptance {
  readonly feed: string;
  /** It was accepted before: nothing was written. */
  readonly isKnown: boolean;
  /** Events that it brought and that the feed did not have. */
  readonly logged: number;
  readonly parked: number;
}

export interface WebhookFailure {
  /** Digest of the address it was sent to. */
  readonly address: string;
  readonly code: ErrorCode;
  readonly status: number;
  /** For the log: in words, without what was received. */
  readonly message: string;
}
