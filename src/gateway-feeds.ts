/** The feeds of a gateway with all that belongs to them; they outlive every set of connectors that is served. */
import type { Configuration } from './configuration.ts';
import { createCredentials } from './connection/configured-connections.ts';
import type { ConnectionChange } from './connection/connection-change.ts';
import type { Connections } from './connection/connections.ts';
import { declaredFields } from './connection/registration.ts';
import type { Registrations } from './connection/registrations.ts';
import type { Connector } from './connector/definition.ts';
import type { RunnableTrigger } from './connector/run-trigger.ts';
import { createConnectionChanges, type ConnectionChanges } from './feed/connection-changes.ts';
import { createFeeds, type FeedsOptions } from './feed/create-feeds.ts';
import { createEventCursors, type EventCursors } from './feed/event-cursor.ts';
import type { FeedKey } from './feed/feed.ts';
import { openFeed, type FeedLogger } from './feed/feed-desk.ts';
import { createFeedTails } from './feed/feed-tail.ts';
import type { Feeds } from './feed/feeds.ts';
import type { CreatePollClock } from './feed/poll-clock.ts';
import { createTenantLog, type TenantLog } from './feed/tenant-log.ts';
import type { StaticTrigger } from './feed/webhook-desk.ts';
import { createStaticAddresses, type StaticAddresses } from './feed/webhook-address.ts';
import { createWebhookIntake, type WebhookIntake } from './feed/webhook-intake.ts';
import { createWebhooks } from './feed/webhooks.ts';
import type { RateBudgets } from './http/rate-budget.ts';
import type { Vault } from './open-vault.ts';
import type { ThingChange } from './things/things.ts';

/** What feeds ask the connectors for that are served at the time. */
export interface ServedTriggers {
  readonly connectors: ReadonlyMap<string, Connector>;
  /** `undefined` when there is no such trigger. */
  readonly trigger: (connector: string, trigger: string) => RunnableTrigger | undefined;
  readonly connections: Connections;
  readonly registrations: Pick<Registrations, 'find'>;
}

export interface GatewayFeedsOptions {
  readonly configuration: Configuration;
  readonly vault: Vault;
  readonly rateBudgets: RateBudgets;
  /** Hands out the polls of feeds. Default: the timers of this process. */
  readonly feedClock?: FeedsOptions['clock'];
  readonly logger: FeedLogger;
  readonly served: () => ServedTriggers;
  /** Where providers reach the gateway. */
  readonly baseUrl: () => string;
  /** Hands out polls among replicas. Absent: by timers of this process. */
  readonly clock?: CreatePollClock;
}

export interface GatewayFeeds {
  readonly feeds: Feeds;
  readonly cursors: EventCursors;
  readonly changes: ConnectionChanges;
  /** What happens to things that applications made. */
  readonly thingChanges: TenantLog<ThingChange>;
  readonly intake: WebhookIntake;
  readonly addresses: StaticAddresses;
  /** Ends the webhooks of a connection that is about to be removed: within 5 s, and without ever failing. */
  readonly endWebhooksOf: (tenant: string, connection: string) => Promise<void>;
  /** Keeps a change of a connection for those who listen, and lets its feeds go on or end. It never fails. */
  readonly follow: (change: ConnectionChange) => void;
  /** Resumes what ran, once connectors are served. */
  readonly resume: () => Promise<void>;
  /** Other connectors are served now: intervals that are shorter hold at once. */
  readonly reloaded: () => Promise<void>;
  /** Renews and ends webhooks that are due. @throws GatewayError of the store */
  readonly sweep: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export function createGatewayFeeds(options: GatewayFeedsOptions): GatewayFeeds {
  const { configuration, vault, rateBudgets, logger, served } = options;
  const { records, leases, feedLog, keyRing } = vault;
  const limits = configuration.feeds ?? {};
  const tails = createFeedTails(feedLog);
  const changes = createConnectionChanges({ log: feedLog, tails, ...limits });
  const desk = {
    records,
    leases,
    log: feedLog,
    logger,
    triggers: (connector: string, trigger: string) => served().trigger(connector, trigger),
    connections: {
      open: (...given: Parameters<Connections['open']>) => served().connections.open(...given),
    },
    readyAt: ({ connection, connector, tenant }: FeedKey) =>
      rateBudgets.readyAt({ connection, connector, tenant, isPoll: true }),
  };
  const webhookDesk = {
    records,
    leases,
    keyRing,
    get baseUrl() {
      return options.baseUrl();
    },
    open: async (key: FeedKey, signal: AbortSignal) =>
      desk.triggers(key.connector, key.trigger) && openFeed(desk, key, signal),
    openStatic: ({ tenant, connector }: { readonly tenant: string; readonly connector: string }, signal: AbortSignal) =>
      openStatic(served(), tenant, connector, signal),
    triggerOf: desk.triggers,
  };
  const webhooks = createWebhooks(webhookDesk);
  const feeds = createFeeds({
    ...desk,
    ...(options.feedClock && { clock: options.feedClock }),
    tails,
    limits,
    webhooks,
    ...(options.clock && { clock: options.clock, isShared: true }),
  });
  const intake = createWebhookIntake({
    ...webhookDesk,
    log: feedLog,
    signals: feeds.signals,
    onFailure: (failure) => logger.warn({ ...failure }, 'A webhook was not accepted'),
  });
  const inBackground = (work: Promise<unknown>, message: string): void => {
    work.catch((error: unknown) => logger.warn({ err: error }, message));
  };
  return {
    feeds,
    cursors: createEventCursors(keyRing),
    changes,
    thingChanges: createTenantLog<ThingChange>('things', { log: feedLog, tails, ...limits }),
    intake,
    addresses: createStaticAddresses(records, options.baseUrl),
    endWebhooksOf: webhooks.endWebhooksOf,
    follow(change) {
      inBackground(changes.record(change), 'A change of a connection could not be kept for those who listen.');
      inBackground(followChange(feeds, change), 'The feeds of a connection could not follow its change.');
    },
    resume: feeds.resume,
    reloaded: feeds.reloaded,
    sweep: webhooks.sweep,
    close: feeds.close,
  };
}

/** A connector's static webhooks are judged with what the tenant registered, and nobody's connection. */
async function openStatic(
  { connectors, trigger, registrations }: ServedTriggers,
  tenant: string,
  name: string,
  signal: AbortSignal,
): Promise<{ connector: Connector; triggers: readonly StaticTrigger[] } | undefined> {
  const connector = connectors.get(name);
  if (!connector) return undefined;
  const registration = await registrations.find(tenant, connector);
  const { baseUri } = registration?.endpoints ?? {};
  const run = {
    id: undefined,
    tenant,
    credentials: createCredentials(declaredFields(connector, registration)),
    signal,
    ...(baseUri !== undefined && { baseUri }),
  };
  const withWebhook = Object.entries(connector.triggers ?? {}).filter(([, { webhook }]) => webhook !== undefined);
  return { connector, triggers: withWebhook.map(([key]) => ({ trigger: trigger(name, key)!, run })) };
}

async function followChange(feeds: Feeds, { tenant, connection, to }: ConnectionChange): Promise<void> {
  if (to === 'DELETED') await feeds.connectionChanged(tenant, connection, 'removed');
  else if (to === 'STARTED') await feeds.connectionChanged(tenant, connection, 'usable');
}
