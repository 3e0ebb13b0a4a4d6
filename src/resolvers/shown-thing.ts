/** What the fields about things work with, and a thing as they show it. */
import type { StoredConnections } from '../connection/stored-connections.ts';
import type { Connector } from '../connector/definition.ts';
import type { Thing } from '../things/thing.ts';
import type { KeptThing, Things } from '../things/things.ts';
import type { FeedRooms } from './feed-rooms.ts';

export interface ThingRooms {
  readonly things: Things;
  readonly feeds: FeedRooms;
  readonly stored: Pick<StoredConnections, 'find'>;
  /** By name. */
  readonly served: ReadonlyMap<string, Connector>;
}

/** A thing within one operation: its values are read once, when one of them is asked for. */
export interface ShownThing {
  readonly kept: KeptThing;
  /** Without values. */
  readonly described: Thing;
  readonly current: () => Promise<Thing>;
}
