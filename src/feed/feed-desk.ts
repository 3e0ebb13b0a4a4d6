/** What the feeds of a gateway work with; whoever puts the rooms together gives it. */
import { everyScope } from '../connection/scopes.ts';
import type { Connections } from '../connection/connections.ts';
import type { ActionRun } from '../connector/run-action.ts';
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import { GatewayError } from '../errors.ts';
import type { FeedLog, Retention } from '../storage/feed-log.ts';
import type { Leases } from '../storage/lease.ts';
import type { FeedKey } from './feed.ts';
import type { FeedRecords } from './feed-records.ts';
import type { WebhookStatus } from './webhook-status.ts';

/** What an operator bounds. Times in milliseconds. */
export interface FeedLimits {
  /** The least time between two polls of a feed, whatever its trigger says. Default 1 000. */
  readonly minIntervalMs?: number;
  /** So long a feed is polled after its last subscriber has left. Default 30 000. */
  readonly graceMs?: number;
  /** So long an event can be read, and a parked one be replayed. Default 7 days. */
  readonly keepMs?: number;
  /** So many events of a feed can be read. Default 100 000. */
  readonly keepEvents?: number;
  /** So many signatures are known again. Default 100 000. */
  readonly keepSeen?: number;
  /** So long a feed waits when the process that polled it has died. Default 10 000. */
  readonly takeoverMs?: number;
  /** Polls at a time in one process. Default 64. */
  readonly concurrentPolls?: number;
  /** Polls of one connection at a time in one process. Default 8. */
  readonly concurrentPollsPerConnection?: number;
  /** The longest that the poll of a feed may take, all its pages. Default 5 minutes. */
  readonly pollTimeoutMs?: number;
  /** Pages of one poll; what is left follows at once. Default 100. */
  readonly maxPages?: number;
}

export interface FeedLogger {
  readonly warn: (details: Readonly<Record<string, unknown>>, message: string) => void;
  readonly error: (details: Readonly<Record<string, unknown>>, message: string) => void;
}

/** The webhooks of feeds, for triggers that have one. */
export interface FeedWebhooks {
  /**
   * Sees to it that the provider sends; asked again and again, right before each poll, and does nothing while all is well.
   *
   * @throws GatewayError
   */
  readonly ensure: (key: FeedKey, signal: AbortSignal) => Promise<WebhookStatus>;
  /** The feed does not run any more: the provider is told. */
  readonly end: (key: FeedKey) => Promise<unknown>;
}

export interface FeedDesk {
  readonly records: FeedRecords;
  readonly leases: Leases;
  readonly log: FeedLog;
  /** `undefined` when it is not served; another one after a reload. */
  readonly triggers: (connector: string, trigger: string) => RunnableTrigger | undefined;
  readonly connections: Pick<Connections, 'open'>;
  /** When the rate limits of a provider allow a poll of this feed, in milliseconds since 1970. Absent: always. */
  readonly readyAt?: (key: FeedKey) => number;
  readonly webhooks?: FeedWebhooks;
  /** Other processes, perhaps with other connectors, poll the same feeds. Default `false`. */
  readonly isShared?: boolean;
  readonly limits: FeedLimits;
  readonly logger: FeedLogger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: () => number;
}

/** A trigger with its connection open and its input coerced. */
export interface OpenedFeed {
  readonly trigger: RunnableTrigger;
  readonly run: ActionRun;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * Opens what a feed polls with.
 *
 * @throws GatewayError FEED_ENDED when the connector or the trigger is not served any more; AuthorizationError
 *   CONNECTION_NOT_FOUND when the connection was removed, REAUTH_REQUIRED and others while it cannot be used.
 */
export async function openFeed(
  desk: Pick<FeedDesk, 'triggers' | 'connections'>,
  key: FeedKey,
  signal: AbortSignal,
): Promise<OpenedFeed> {
  const { tenant, subject, connector, connection } = key;
  const trigger = desk.triggers(connector, key.trigger);
  if (!trigger) {
    const message = `The trigger ${key.trigger} of the connector ${connector} is not served any more.`;
    throw new GatewayError('FEED_ENDED', message, { connector });
  }
  const caller = { tenant, subject, scopes: everyScope };
  const { id, credentials, baseUri } = await desk.connections.open(caller, trigger.connector, connection);
  const run: ActionRun = { id, tenant, credentials, signal, ...(baseUri !== undefined && { baseUri }) };
  return { trigger, run, input: await trigger.coerceInput(run, key.input) };
}

const dayMs = 24 * 60 * 60_000;
/** Each may hold 1 MiB. */
const keepParked = 1_000;

export function retentionOf({ keepMs = 7 * dayMs, keepEvents, keepSeen }: FeedLimits): Required<Retention> {
  const events = { maxAgeMs: keepMs, maxCount: keepEvents ?? 100_000, maxSeen: keepSeen ?? 100_000 };
  return { ...events, maxParked: keepParked, maxParkedAgeMs: keepMs };
}
