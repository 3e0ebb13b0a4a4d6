/** What the gateway's own fields about feeds work with. */
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import type { ConnectionChanges } from '../feed/connection-changes.ts';
import type { EventCursors } from '../feed/event-cursor.ts';
import type { Feeds } from '../feed/feeds.ts';
import type { TenantLog } from '../feed/tenant-log.ts';
import type { StaticAddresses } from '../feed/webhook-address.ts';
import type { ThingChange } from '../things/things.ts';

export interface FeedRooms {
  readonly feeds: Feeds;
  readonly cursors: EventCursors;
  readonly changes: ConnectionChanges;
  /** What happens to things that applications made. */
  readonly thingChanges: TenantLog<ThingChange>;
  /** Where providers send the webhooks of all users of a tenant. */
  readonly addresses: StaticAddresses;
  /** By the names of a connector and of its trigger; `undefined` when it is not served. */
  readonly triggers: (connector: string, trigger: string) => RunnableTrigger | undefined;
}
