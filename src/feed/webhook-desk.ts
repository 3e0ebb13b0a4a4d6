/** What the webhooks of feeds work with; whoever puts the feeds together gives it. */
import type { Caller } from '../connection/caller.ts';
import { backoffMs } from '../connection/refresh-backoff.ts';
import type { KeyRing } from '../connection/seal.ts';
import type { Connector } from '../connector/definition.ts';
import type { ActionRun } from '../connector/run-action.ts';
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import { GatewayError } from '../errors.ts';
import type { Leases } from '../storage/lease.ts';
import type { Records } from '../storage/records.ts';
import type { FeedKey } from './feed.ts';
import type { WebhookError } from './webhook-record.ts';

/** A feed whose trigger can be called: its connection is open. */
export interface OpenedTrigger {
  readonly trigger: RunnableTrigger;
  readonly run: ActionRun;
  /** Coerced. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A trigger with what the tenant's registration of its connector gives, and no connection. */
export interface StaticTrigger {
  readonly trigger: RunnableTrigger;
  readonly run: ActionRun;
}

export interface WebhookDesk {
  readonly records: Records;
  readonly leases: Leases;
  readonly keyRing: KeyRing;
  /** Where providers reach the gateway, from its configuration alone. Read when it is needed, so it may be a getter. */
  readonly baseUrl: string;
  /**
   * Opens the connection of a feed.
   *
   * @returns `undefined` while its connector or trigger is not loaded.
   * @throws AuthorizationError CONNECTION_NOT_FOUND when it was removed, REAUTH_REQUIRED; GatewayError of the store.
   */
  readonly open: (key: FeedKey, signal: AbortSignal) => Promise<OpenedTrigger | undefined>;
  /** The connector and those of its triggers that have a webhook; `undefined` while it is not loaded. */
  readonly openStatic: (
    owner: Pick<Caller, 'tenant'> & { readonly connector: string },
    signal: AbortSignal,
  ) => Promise<{ readonly connector: Connector; readonly triggers: readonly StaticTrigger[] } | undefined>;
  /** The trigger alone, to be called with other credentials than its connection's, which may be gone. */
  readonly triggerOf: (connector: string, trigger: string) => RunnableTrigger | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** The longest that code of a connector may take for one step: subscribing, renewing, ending. */
export const stepTimeoutMs = 30_000;

/** What is kept, and shown, of a failure. What is not ours is not shown: it may hold what it was given. */
export function webhookError(error: unknown, at: number): WebhookError {
  if (error instanceof GatewayError) return { code: error.code, message: error.message, at };
  return { code: 'INTERNAL_ERROR', message: 'Plugboard failed while it worked on a webhook.', at };
}

/** When a provider that failed is asked again: between seconds and five minutes, as long as it asked for up to an hour. */
export function nextTry(failures: number, error: unknown, now: number, random: () => number): number {
  const retryAfterMs = error instanceof GatewayError ? error.details.retryAfterMs : undefined;
  return (
    now +
    5_000 +
    backoffMs(failures, retryAfterMs, random, { baseMs: 5_000, maxMs: 300_000, maxRetryAfterMs: 3_600_000 })
  );
}
