/** A log of a tenant beside those of triggers: what happened in the gateway itself, for whoever listens, with cursors like any feed. */
import { createHash } from 'node:crypto';
import type { FeedLog, LoggedEvent, Retention } from '../storage/feed-log.ts';
import type { OpenFeed } from './feeds.ts';
import type { FeedTails } from './feed-tail.ts';

export interface TenantLogOptions {
  readonly log: Pick<FeedLog, 'append' | 'trim'>;
  readonly tails: Pick<FeedTails, 'open'>;
  /** So long an event can be read, in milliseconds. Default 7 days. */
  readonly keepMs?: number;
  /** So many events of a tenant can be read. Default 100 000. */
  readonly keepEvents?: number;
}

export interface TenantLog<Logged> {
  /**
   * Logs it, once for each id.
   *
   * @param at - when it happened, in milliseconds since 1970.
   * @throws GatewayError of the store
   */
  readonly append: (tenant: string, id: string, at: number, logged: Logged) => Promise<void>;
  /** What happened to all of a tenant, whoever's it is: whoever reads it shows each subject its own. @throws GatewayError of the store */
  readonly open: (tenant: string) => Promise<OpenFeed>;
}

const defaultKeepMs = 7 * 24 * 60 * 60_000;
const defaultKeepEvents = 100_000;
/** After so many events what is old is forgotten; the log may be longer by as many. */
const trimEvery = 64;

/** @param name - no feed of a trigger, and no other log of a tenant, has an id that begins so. */
export function createTenantLog<Logged>(name: string, { log, tails, ...options }: TenantLogOptions): TenantLog<Logged> {
  const { keepMs = defaultKeepMs, keepEvents = defaultKeepEvents } = options;
  const retention: Retention = { maxAgeMs: keepMs, maxCount: keepEvents, maxSeen: keepEvents };
  const feedOf = (tenant: string): string =>
    `${name}/${createHash('sha256').update(tenant).digest('base64url').slice(0, 32)}`;
  return {
    async append(tenant, id, at, logged) {
      const feed = feedOf(tenant);
      const event = { id, signature: id, occurredAt: at, payload: JSON.stringify(logged) };
      const result = await log.append(feed, { events: [event] });
      if (result.kind === 'appended' && result.state.lastPlace % trimEvery === 0) await log.trim(feed, retention);
    },
    async open(tenant) {
      const id = feedOf(tenant);
      return { id, ...(await tails.open(id)), release: () => {} };
    },
  };
}

/** What was logged. @param event - of a feed that `open` gave. */
export function loggedIn(event: LoggedEvent): unknown {
  let logged = parsed.get(event);
  if (!logged) parsed.set(event, (logged = JSON.parse(event.payload) as object));
  return logged;
}

/** The tail of a feed gives the same event to all who listen. */
const parsed = new WeakMap<LoggedEvent, object>();
