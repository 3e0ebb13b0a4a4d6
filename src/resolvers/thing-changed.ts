/** What changes of things, as a subscription: over the feed of a connection, or over the log of what applications made. */
import { allows, type OperationKind } from '../connection/scopes.ts';
import { InputError } from '../errors.ts';
import { loggedIn } from '../feed/tenant-log.ts';
import type { LoggedEvent } from '../storage/feed-log.ts';
import { thingsTrigger, type PropertyChange } from '../things/things-trigger.ts';
import type { CallersThings, KeptThing, ThingChange } from '../things/things.ts';
import { requireScope } from './check-scopes.ts';
import { eventParts } from './event-parts.ts';
import type { EventStream, SourceEvent } from './event-stream.ts';
import { openStream } from './open-stream.ts';
import type { OperationState } from './operation-state.ts';
import type { ShownThing, ThingRooms } from './shown-thing.ts';

/** Arguments of `thingChanged`. */
export interface ThingChangedArguments {
  readonly after?: string | null;
  readonly connection?: string | null;
  readonly thing?: string | null;
}

interface ThingLookup {
  /** @throws InputError THING_NOT_FOUND; CallerError FORBIDDEN */
  readonly find: (state: OperationState, id: string, kind: OperationKind) => Promise<KeptThing>;
  readonly show: (state: OperationState) => (kept: KeptThing) => ShownThing;
  readonly thingsOf: (state: OperationState) => CallersThings;
}

/** Resolvers of `thingChanged` and its event. */
export function createThingChanged(rooms: ThingRooms, { find, show, thingsOf }: ThingLookup) {
  const subscribe = async (
    _root: unknown,
    { after, connection, thing }: ThingChangedArguments,
    state: OperationState,
  ): Promise<EventStream> => {
    const kept = thing ? await find(state, thing, 'subscribe') : undefined;
    const id = kept ? kept.record.value.connection : connection;
    if (!id) return subscribeToMade(thing ?? undefined, after, state);
    return subscribeToConnection(id, kept, after, state);
  };
  return {
    Subscription: { thingChanged: { subscribe, resolve: (source: SourceEvent) => source } },
    ThingChangedEvent: {
      id: eventParts.id,
      cursor: eventParts.cursor,
      occurredAt: eventParts.occurredAt,
      receivedAt: eventParts.receivedAt,
      thing: async ({ event, connection }: SourceEvent, _args: unknown, state: OperationState) => {
        const kept = await thingOf(event, connection, state);
        return kept ? show(state)(kept) : null;
      },
      componentId: ({ event }: SourceEvent) => changeOf(event).component,
      propertyId: ({ event }: SourceEvent) => changeOf(event).property ?? null,
      value: ({ event }: SourceEvent) => changeOf(event).value ?? null,
      action: ({ event }: SourceEvent) => actionOf(event) ?? null,
    },
    ThingActionAsked: { deadline: ({ deadline }: { readonly deadline: number }) => new Date(deadline).toISOString() },
  };

  /** The feed of a connection: it is polled while somebody listens. */
  async function subscribeToConnection(
    id: string,
    kept: KeptThing | undefined,
    after: string | null | undefined,
    state: OperationState,
  ): Promise<EventStream> {
    const { caller } = state;
    const record = await rooms.stored.find(caller, id);
    const connector = record && rooms.served.get(record.value.connector);
    const { feeds, cursors: eventCursors, triggers } = rooms.feeds;
    const trigger = connector && triggers(connector.name, thingsTrigger);
    if (!record || !connector || !trigger) {
      throw new InputError(
        'THING_NOT_FOUND',
        `There is no connection ${JSON.stringify(id)} of yours that shows things.`,
      );
    }
    requireScope(caller, 'subscribe', connector.name);
    const opened = await state.open(connector, id);
    const { tenant, subject } = record.value;
    const feed = await feeds.open(
      {
        tenant,
        connection: id,
        subject: subject ?? undefined,
        connector: connector.name,
        trigger: thingsTrigger,
        input: {},
      },
      opened.run.signal,
    );
    return openStream(feed, eventCursors, state.resumeAfter ?? after, {
      connection: id,
      ...(kept && { isTold: (event) => isOf(changeOf(event), kept) }),
    });
  }

  async function subscribeToMade(
    thing: string | undefined,
    after: string | null | undefined,
    state: OperationState,
  ): Promise<EventStream> {
    const { caller } = state;
    requireScope(caller, 'subscribe');
    const { thingChanges, cursors } = rooms.feeds;
    return openStream(await thingChanges.open(caller.tenant), cursors, state.resumeAfter ?? after, {
      isTold(event) {
        const { subject, thing: changed } = loggedIn(event) as ThingChange;
        const isOwn = subject === null || subject === caller.subject;
        return isOwn && allows(caller.scopes, 'subscribe') && (thing === undefined || changed === thing);
      },
    });
  }

  async function thingOf(
    event: LoggedEvent,
    connection: string | undefined,
    state: OperationState,
  ): Promise<KeptThing | undefined> {
    try {
      if (connection === undefined) return await find(state, (loggedIn(event) as ThingChange).thing, 'subscribe');
      const change = loggedIn(event) as PropertyChange;
      return (await thingsOf(state).list({ connection })).find((kept) => isOf(change, kept));
    } catch (error) {
      if (error instanceof InputError && error.code === 'THING_NOT_FOUND') return undefined;
      throw error;
    }
  }
}

/** What both logs say of a change. */
function changeOf(event: LoggedEvent): Partial<PropertyChange> & Pick<ThingChange, 'component' | 'property' | 'value'> {
  return loggedIn(event) as ReturnType<typeof changeOf>;
}

function actionOf(event: LoggedEvent): ThingChange['action'] {
  return (loggedIn(event) as Partial<ThingChange>).action;
}

function isOf({ object, key }: Partial<PropertyChange>, { record }: KeptThing): boolean {
  return record.value.object === object && record.value.key === key;
}
