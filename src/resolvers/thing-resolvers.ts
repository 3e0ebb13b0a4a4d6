/** The gateway's own fields about things (`schema/gateway.graphql`). */
import type { ConnectionRecord } from '../connection/connection-record.ts';
import { allows, type OperationKind } from '../connection/scopes.ts';
import { InputError } from '../errors.ts';
import type { Thing, ThingComponent, ThingParameter, ThingProperty, ThingStatus } from '../things/thing.ts';
import type { ActionRequest, CallersThings, KeptThing, OpenRun } from '../things/things.ts';
import { requireScope } from './check-scopes.ts';
import type { OperationState } from './operation-state.ts';
import type { ShownThing, ThingRooms } from './shown-thing.ts';
import { createThingChanged } from './thing-changed.ts';

/** Arguments of `things`; each that is given narrows. */
export interface ThingFilter {
  readonly connector?: string | null;
  readonly connection?: string | null;
  readonly displayType?: string | null;
  readonly manufacturer?: string | null;
  readonly status?: ThingStatus | null;
  readonly componentType?: string | null;
  readonly propertyType?: string | null;
}

/** A component of a shown thing. */
export interface ShownComponent {
  readonly shown: ShownThing;
  readonly component: ThingComponent;
}
/** A property of a shown thing. */
export interface ShownProperty extends ShownComponent {
  readonly property: ThingProperty;
}
/** Arguments of what concerns one part of a thing. */
export interface PartArguments {
  readonly thing: string;
  readonly component: string;
}

export function createThingResolvers(rooms: ThingRooms) {
  const { stored, served } = rooms;
  /** The things of an operation: what its fields read of a provider they share. */
  const byOperation = new WeakMap<OperationState, CallersThings>();
  const thingsOf = (state: OperationState): CallersThings => {
    let things = byOperation.get(state);
    if (!things) byOperation.set(state, (things = rooms.things.of(state.caller, openFor(state))));
    return things;
  };
  const find = async (state: OperationState, id: string, kind: OperationKind): Promise<KeptThing> => {
    const kept = await thingsOf(state).find(id);
    requireScope(state.caller, kind, kept.kind?.connector.name);
    return kept;
  };
  const show = (state: OperationState) => showIn(thingsOf(state));

  return {
    Query: {
      things: async (_root: unknown, filter: ThingFilter, state: OperationState) => {
        const { connector, connection } = filter;
        const all = await thingsOf(state).list({
          ...(connector && { connector }),
          ...(connection && { connection }),
        });
        const allowed = all.filter(({ kind }) => allows(state.caller.scopes, 'read', kind?.connector.name));
        const shown = allowed.map(show(state)).filter(({ described }) => isLike(described, filter));
        if (!filter.status) return shown;
        const statuses = await Promise.all(shown.map(statusOf));
        return shown.filter((_each, index) => statuses[index] === filter.status);
      },
      thing: async (_root: unknown, { id }: { readonly id: string }, state: OperationState) => {
        try {
          return show(state)(await find(state, id, 'read'));
        } catch (error) {
          if (error instanceof InputError && error.code === 'THING_NOT_FOUND') return null;
          throw error;
        }
      },
    },
    Mutation: {
      createThing: async (_root: unknown, { thing }: { readonly thing: unknown }, state: OperationState) => {
        requireScope(state.caller, 'write');
        return show(state)(await thingsOf(state).create(thing));
      },
      setThingProperty: async (
        _root: unknown,
        { thing, component, property, value }: PartArguments & { readonly property: string; readonly value: string },
        state: OperationState,
      ) => {
        await find(state, thing, 'write');
        return show(state)(await thingsOf(state).setProperty(thing, component, property, value));
      },
      setThingStatus: async (
        _root: unknown,
        { thing, status }: { readonly thing: string; readonly status: ThingStatus },
        state: OperationState,
      ) => {
        await find(state, thing, 'write');
        return show(state)(await thingsOf(state).setStatus(thing, status));
      },
      removeThing: async (_root: unknown, { thing }: { readonly thing: string }, state: OperationState) => {
        await find(state, thing, 'write');
        await thingsOf(state).remove(thing);
        return true;
      },
      requestThingAction: async (
        _root: unknown,
        {
          thing,
          component,
          action,
          parameters,
        }: PartArguments & { readonly action: string; readonly parameters?: unknown },
        state: OperationState,
      ) => {
        await find(state, thing, 'write');
        return thingsOf(state).act(thing, component, action, readParameters(parameters ?? {}));
      },
    },
    Thing: {
      id: ({ kept }: ShownThing) => kept.record.id,
      name: ({ kept }: ShownThing) => kept.record.value.name,
      manufacturer: ({ described }: ShownThing) => described.manufacturer,
      displayType: ({ described }: ShownThing) => described.displayType,
      status: statusOf,
      mainComponentId: ({ described }: ShownThing) => described.mainComponentId,
      attributes: ({ described }: ShownThing) => described.attributes,
      components: (shown: ShownThing, { id }: { readonly id?: string | null }): readonly ShownComponent[] =>
        shown.described.components
          .filter((component) => !id || component.id === id)
          .map((component) => ({ shown, component })),
      connection: ({ kept }: ShownThing, _args: unknown, { caller }: OperationState) =>
        kept.record.value.connection === null ? null : findConnection(kept, caller),
      connector: ({ kept }: ShownThing) => served.get(kept.record.value.connector ?? '') ?? null,
      connectorThingId: ({ kept }: ShownThing) => kept.record.value.key,
      owner: ({ kept }: ShownThing) => (kept.record.value.subject === null ? 'TENANT' : 'SUBJECT'),
    },
    ThingComponent: {
      id: ({ component }: ShownComponent) => component.id,
      name: ({ component }: ShownComponent) => component.name,
      componentType: ({ component }: ShownComponent) => component.componentType,
      capabilities: ({ component }: ShownComponent) => component.capabilities,
      properties: (
        { shown, component }: ShownComponent,
        { id }: { readonly id?: string | null },
      ): readonly ShownProperty[] =>
        component.properties
          .filter((property) => !id || property.id === id)
          .map((property) => ({ shown, component, property })),
      actions: ({ component }: ShownComponent) => component.actions,
    },
    ThingProperty: {
      id: ({ property }: ShownProperty) => property.id,
      name: ({ property }: ShownProperty) => property.name,
      unit: ({ property }: ShownProperty) => property.unit,
      type: ({ property }: ShownProperty) => property.type,
      propertyType: ({ property }: ShownProperty) => property.propertyType,
      value: async (shown: ShownProperty) => (await currentOf(shown))?.value ?? null,
      lastUpdate: async (shown: ShownProperty) => toTime((await currentOf(shown))?.lastUpdate ?? null),
    },
    ThingParameter: { required: ({ isRequired }: ThingParameter) => isRequired },
    ThingActionRequest: { deadline: ({ deadline }: ActionRequest) => toTime(deadline) },
    ...createThingChanged(rooms, { find, show, thingsOf }),
  };

  function findConnection(kept: KeptThing, caller: OperationState['caller']): Promise<ConnectionRecord | undefined> {
    return stored.find(caller, kept.record.value.connection!);
  }
}

/** Opens a connection as the operation does, with its budget. */
export function openFor(state: OperationState): OpenRun {
  return async (connector, connection, scopes) => {
    const opened = await state.open(connector, connection, scopes);
    opened.requireGranted(scopes);
    return opened.run;
  };
}

function showIn(things: CallersThings) {
  return (kept: KeptThing): ShownThing => {
    let current: Promise<Thing> | undefined;
    return { kept, described: things.describe(kept), current: () => (current ??= things.read(kept)) };
  };
}

/** A provider that does not answer says nothing of its things. */
async function statusOf({ current }: ShownThing): Promise<ThingStatus> {
  try {
    return (await current()).status;
  } catch {
    return 'UNKNOWN';
  }
}

async function currentOf({ shown, component, property }: ShownProperty): Promise<ThingProperty | undefined> {
  const { components } = await shown.current();
  return components.find(({ id }) => id === component.id)?.properties.find(({ id }) => id === property.id);
}

function isLike(thing: Thing, { displayType, manufacturer, componentType, propertyType }: ThingFilter): boolean {
  return (
    (!displayType || thing.displayType === displayType) &&
    (!manufacturer || thing.manufacturer === manufacturer) &&
    (!componentType || thing.components.some((component) => component.componentType === componentType)) &&
    (!propertyType ||
      thing.components.some(({ properties }) => properties.some((each) => each.propertyType === propertyType)))
  );
}

/** @throws InputError */
function readParameters(parameters: unknown): Readonly<Record<string, unknown>> {
  if (typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters)) {
    return parameters as Record<string, unknown>;
  }
  throw new InputError('INPUT_INVALID', 'parameters: expected an object with a value for each parameter; got another.');
}

export function toTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
