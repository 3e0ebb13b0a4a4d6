/** Puts `Things` together: what is mapped and kept, what is read, what is asked for. */
import { randomUUID } from 'node:crypto';
import type { Caller } from '../connection/caller.ts';
import type { ConnectionRecord } from '../connection/connection-record.ts';
import type { Owner } from '../connection/owner.ts';
import type { StoredConnections } from '../connection/stored-connections.ts';
import type { Connector } from '../connector/definition.ts';
import type { RunOptions } from '../connector/run-action.ts';
import { AuthorizationError, InputError, ProviderError } from '../errors.ts';
import type { JsonValue, Records } from '../storage/records.ts';
import { actOn, componentOf, partNotFound } from './act.ts';
import { describeThing, thingKindsOf } from './described-thing.ts';
import { createMapThings } from './map-things.ts';
import { createReadRows } from './read-rows.ts';
import { checkStatus, checkValue, readThing, type Thing } from './thing.ts';
import { createThingRecords, keepThing, removalOfThing, thingKind, type ThingRecord } from './thing-record.ts';
import { createThingRows } from './thing-rows.ts';
import type { CallersThings, KeptThing, OpenRun, ThingChange, Things } from './things.ts';

export interface ThingsOptions {
  readonly connectors: readonly Connector[];
  readonly records: Records;
  readonly stored: Pick<StoredConnections, 'list' | 'read' | 'wasChanged'>;
  readonly runOptions: RunOptions;
  /** Keeps what happened for those who listen; it is waited for. */
  readonly tell: (change: ThingChange) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export function createThings(options: ThingsOptions): Things {
  const { records, stored, tell, now = Date.now } = options;
  const byName = new Map(options.connectors.map((connector) => [connector.name, connector]));
  const kept = createThingRecords(records);
  const rows = createThingRows(options.runOptions);
  const { map, withKind, current } = createMapThings({
    records,
    stored,
    kept,
    rows,
    connectorOf: (name) => byName.get(name),
  });

  return {
    map,
    removalOf: async (connection) => (await kept.ofConnection(connection)).map(removalOfThing),
    of: callersThings,
  };

  function callersThings(caller: Caller, open: OpenRun): CallersThings {
    const owners = ownersFor(caller);
    const read = createReadRows(rows, open);
    const find = async (id: string): Promise<KeptThing> => {
      const record = await kept.find(owners, id);
      const thing = record && withKind(record);
      if (!thing) throw partNotFound('thing', id);
      return thing;
    };
    const describe = ({ record, kind }: KeptThing): Thing =>
      kind ? describeThing(kind, record.value.name, undefined, now()) : madeThing(record);
    /** Changes one that an application made, as often as somebody else was first. */
    const change = async (id: string, make: (thing: Thing) => Thing): Promise<KeptThing> => {
      for (;;) {
        const record = refuseDescribed(await find(id));
        const value = { ...record.value, made: make(madeThing(record)) as unknown as JsonValue };
        const changed = await records.compareAndSet(thingKind, id, record.version, value);
        if (changed) return { record: changed as ThingRecord, kind: undefined };
      }
    };

    return {
      find,
      describe,
      async list({ connection, connector } = {}) {
        read.expectAll();
        const all = (await stored.list(caller, connector)).filter(
          ({ id }) => connection === undefined || id === connection,
        );
        const mapped = await Promise.all(all.filter(hasThings).map((record) => mapOrShow(record, open)));
        const isNarrow = connection !== undefined || connector !== undefined;
        const made = isNarrow ? [] : (await Promise.all(owners.map(kept.madeFor))).flat();
        return [...mapped.flat(), ...made.map((record): KeptThing => ({ record, kind: undefined }))];
      },
      async read(thing) {
        if (!thing.kind) return madeThing(thing.record);
        return describeThing(thing.kind, thing.record.value.name, await read.of(thing), now());
      },
      async create(given) {
        const thing = readThing(given, now());
        // Its subject's, else its tenant's.
        const result = await records.commit([keepThing(randomUUID(), owners[0]!, thing.name, thing)]);
        if (!result.committed) throw new TypeError('Two things were given the same id.');
        return { record: result.records[0] as ThingRecord, kind: undefined };
      },
      async setProperty(id, component, property, given) {
        const at = now();
        let value = '';
        const changed = await change(id, (thing) => {
          const found = componentOf(thing, component).properties.find((each) => each.id === property);
          if (!found) throw partNotFound('property', property);
          value = checkValue(given, found.type, 'value');
          return withValue(thing, component, property, value, at);
        });
        const { tenant, subject } = changed.record.value;
        await tell({ tenant, subject, thing: id, component, property, value, at });
        return changed;
      },
      setStatus: (id, status) => change(id, (thing) => ({ ...thing, status: checkStatus(status) })),
      async remove(id) {
        for (;;) {
          const { version } = refuseDescribed(await find(id));
          if (await records.remove(thingKind, id, version)) return;
        }
      },
      async act(id, component, action, parameters) {
        const thing = await find(id);
        return actOn(thing, describe(thing), { component, action, parameters }, { rows, read, open, tell, now });
      },
    };
  }

  function hasThings({ value }: ConnectionRecord): boolean {
    const connector = byName.get(value.connector);
    return connector !== undefined && thingKindsOf(connector).length > 0;
  }

  /** A connection whose provider does not answer shows what was mapped before. */
  async function mapOrShow(record: ConnectionRecord, open: OpenRun): Promise<readonly KeptThing[]> {
    try {
      return await map(record, open);
    } catch (error) {
      if (!(error instanceof ProviderError) && !(error instanceof AuthorizationError)) throw error;
      return current(record.id);
    }
  }
}

/** Whose things a caller sees: the subject's first, then the tenant's. */
function ownersFor({ tenant, subject }: Caller): readonly Owner[] {
  return [...(subject === undefined ? [] : [{ tenant, subject }]), { tenant, subject: null }];
}

function madeThing({ value }: ThingRecord): Thing {
  return value.made as unknown as Thing;
}

function withValue(thing: Thing, component: string, property: string, value: string, at: number): Thing {
  const components = thing.components.map((each) => {
    if (each.id !== component) return each;
    const properties = each.properties.map((one) => (one.id === property ? { ...one, value, lastUpdate: at } : one));
    return { ...each, properties };
  });
  return { ...thing, components };
}

/** @throws InputError THING_DESCRIBED */
function refuseDescribed({ record, kind }: KeptThing): ThingRecord {
  if (!kind) return record;
  const message = `This thing comes from ${kind.connector.title ?? kind.connector.name}, which says what it is: ask it by its actions, or remove its connection.`;
  throw new InputError('THING_DESCRIBED', message, { connector: kind.connector.name });
}
