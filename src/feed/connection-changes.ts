/** The changes of connections as events of a feed, so that whoever hears of them can go on where it stopped. */
import { randomUUID } from 'node:crypto';
import type { ConnectionChange } from '../connection/connection-change.ts';
import type { LoggedEvent } from '../storage/feed-log.ts';
import type { OpenFeed } from './feeds.ts';
import { createTenantLog, loggedIn, type TenantLogOptions } from './tenant-log.ts';

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

/**
 * One log for each tenant, not for each subject: a subscriber who sees its own connections and the tenant's then has one
 * place, and one cursor. Changes are rare, so that leaving out those of others costs nothing.
 */
export function createConnectionChanges(options: TenantLogOptions): ConnectionChanges {
  const log = createTenantLog<LoggedChange>('connections', options);
  return {
    record: ({ tenant, subject, connection, connector, from, to, at }) =>
      log.append(tenant, randomUUID(), at, { subject, connection, connector, from, to }),
    open: log.open,
  };
}

/** @param event - of a feed that `open` gave. */
export function changeOf(event: LoggedEvent): LoggedChange {
  return loggedIn(event) as LoggedChange;
}
