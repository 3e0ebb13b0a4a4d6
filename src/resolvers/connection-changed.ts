/** The gateway's own subscription: what happens to the connections of the caller. */
import type { Caller } from '../connection/caller.ts';
import { allows } from '../connection/scopes.ts';
import type { StoredConnections } from '../connection/stored-connections.ts';
import type { Connector } from '../connector/definition.ts';
import { changeOf, type ConnectionChanges, type LoggedChange } from '../feed/connection-changes.ts';
import type { EventCursors } from '../feed/event-cursor.ts';
import { requireScope } from './check-scopes.ts';
import { eventParts } from './event-parts.ts';
import type { EventStream, SourceEvent } from './event-stream.ts';
import { openStream } from './open-stream.ts';
import type { OperationState } from './operation-state.ts';

export interface ConnectionChangedRooms {
  readonly changes: ConnectionChanges;
  readonly cursors: EventCursors;
  readonly stored: Pick<StoredConnections, 'find'>;
  /** @throws InputError CONNECTOR_UNKNOWN */
  readonly findConnector: (name: string) => Connector;
}

/** Arguments of `connectionChanged`. */
export interface ConnectionChangedArguments {
  readonly after?: string | null;
  readonly connector?: string | null;
}

/** Resolvers of `connectionChanged` and its event. */
export function createConnectionChanged({ changes, cursors, stored, findConnector }: ConnectionChangedRooms) {
  const subscribe = async (
    _root: unknown,
    { after, connector }: ConnectionChangedArguments,
    { caller, resumeAfter }: OperationState,
  ): Promise<EventStream> => {
    const only = connector ? findConnector(connector).name : undefined;
    if (only !== undefined && !allows(caller.scopes, 'admin', only)) requireScope(caller, 'connect', only);
    const feed = await changes.open(caller.tenant);
    return openStream(feed, cursors, resumeAfter ?? after, {
      isTold: (event) => isTold(changeOf(event), caller, only),
    });
  };
  return {
    Subscription: { connectionChanged: { subscribe, resolve: (source: SourceEvent) => source } },
    ConnectionChangedEvent: {
      id: eventParts.id,
      cursor: eventParts.cursor,
      occurredAt: eventParts.occurredAt,
      receivedAt: eventParts.receivedAt,
      // As it is now, which may be later than the change; for its owner only, as ever.
      connection: async ({ event }: SourceEvent, _args: unknown, { caller }: OperationState) =>
        (await stored.find(caller, changeOf(event).connection)) ?? null,
      change: ({ event }: SourceEvent) => changeOf(event),
    },
    ConnectionChange: {
      connectionId: ({ connection }: LoggedChange) => connection,
      to: ({ to }: LoggedChange) => (to === 'DELETED' ? null : to),
    },
  };
}

/** The subject's own, where it may manage them; the tenant's, where the caller may manage those. */
function isTold({ subject, connector }: LoggedChange, caller: Caller, only: string | undefined): boolean {
  if (only !== undefined && connector !== only) return false;
  if (subject === null) return allows(caller.scopes, 'admin', connector);
  return subject === caller.subject && allows(caller.scopes, 'connect', connector);
}
