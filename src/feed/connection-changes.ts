/** The changes of connections as events of a feed, so that whoever hears of them can go on where it stopped. */
import { createHash, randomUUID } from 'node:crypto';
import type { ConnectionChange } from '../connection/connection-change.ts';
import type { FeedLog, LoggedEvent, Retention } from '../storage/feed-log.ts';
import type { OpenFeed } from './feeds.ts';
import type { FeedTails } from './feed-tail.ts';

export interface ConnectionChanges {
  /** Logs a change. @throws GatewayError of the store */
  readonly record: (change: ConnectionChange) => Promise<void>;
  /**
   * The changes of all connections of a tenant, whoever's they are: whoever reads it shows each subject its own.
   *
   * @throws GatewayError of the store
   */
  readonly open: (tenant: string) => Promise<OpenFeed>;
}

/** What is told of a change. */
export type LoggedChange = Pick<ConnectionChange, 'subject' | 'connection' | 'connector' | 'from' | 'to'>;

export interface ConnectionChangesOptions {
  readonly log: Pick<FeedLog, 'append' | 'trim'>;
  readonly tails: Pick<FeedTails, 'open'>;
  /** So long a change can be read, in milliseconds. Default 7 days. */
  readonly keepMs?: number;
  /** So many changes of a tenant can be read. Default 100 000. */
  readonly keepEvents?: number;
}

const defaultKeepMs = 7 * 24 * 60 * 60_000;
const defaultKeepEvents = 100_000;
/** After so many changes what is old is forgotten; the log may be longer by as many. */
const trimEvery = 64;

/**
 * One log for each tenant, not for each subject: a subscriber who sees its own connections and the tenant's then has one
 * place, and one cursor. Changes are rare, so that leaving out those of others costs nothing.
 */
export function createConnectionChanges({ log, tails, ...options }: ConnectionChangesOptions): ConnectionChanges {
  const { keepMs = defaultKeepMs, keepEvents = defaultKeepEvents } = options;
  const retention: Retention = { maxAgeMs: keepMs, maxCount: keepEvents, maxSeen: keepEvents };
  return {
    async record({ tenant, subject, connection, connector, from, to, at }) {
      const feed = changesFeedId(tenant);
      const id = randomUUID();
      const change: LoggedChange = { subject, connection, connector, from, to };
      const event = { id, signature: id, occurredAt: at, payload: JSON.stringify(change) };
      const result = await log.append(feed, { events: [event] });
      if (result.kind === 'appended' && result.state.lastPlace % trimEvery === 0) await log.trim(feed, retention);
    },
    async open(tenant) {
      const id = changesFeedId(tenant);
      return { id, ...(await tails.open(id)), release: () => {} };
    },
  };
}

/** @param event - of a feed that `open` gave. */
export function changeOf(event: LoggedEvent): LoggedChange {
  let change = changes.get(event);
  if (!change) changes.set(event, (change = JSON.parse(event.payload) as LoggedChange));
  return change;
}

/** The tail of a feed gives the same event to all who listen. */
const changes = new WeakMap<LoggedEvent, LoggedChange>();

/** No feed of a trigger has such an id. */
function changesFeedId(tenant: string): string {
  return `connections/${createHash('sha256').update(tenant).digest('base64url').slice(0, 32)}`;
}
