/** A thing as it is kept: whose it is, where it comes from, and for one that an application made all that it is. */
import { ownerName, type Owner } from '../connection/owner.ts';
import type { Change, JsonValue, RecordValue, Records, StoredRecord } from '../storage/records.ts';
import type { Thing } from './thing.ts';

export interface ThingValue extends RecordValue, Owner {
  readonly name: string;
  /** Name of the connector; `null`: an application made it. */
  readonly connector: string | null;
  /** Id of the connection that it was mapped for. */
  readonly connection: string | null;
  /** Name of the object, and key of its row. */
  readonly object: string | null;
  readonly key: string | null;
  /** `Thing` of an application. */
  readonly made: JsonValue;
}
export type ThingRecord = StoredRecord<ThingValue>;

export const thingKind = 'thing';

/** Where a mapped thing comes from. */
export interface ThingOrigin {
  readonly connector: string;
  readonly connection: string;
  readonly object: string;
  readonly key: string;
}

/** The change that keeps a new one. Of one connection no two have the same object and key. */
export function keepThing(id: string, owner: Owner, name: string, from: ThingOrigin | Thing): Change {
  const origin = 'connection' in from ? from : undefined;
  const value: ThingValue = {
    tenant: owner.tenant,
    subject: owner.subject,
    name,
    connector: origin?.connector ?? null,
    connection: origin?.connection ?? null,
    object: origin?.object ?? null,
    key: origin?.key ?? null,
    made: origin ? null : (from as unknown as JsonValue),
  };
  return {
    change: 'create',
    kind: thingKind,
    id,
    value,
    indexes: {
      tenant: owner.tenant,
      subject: ownerName(owner.subject),
      connection: origin?.connection ?? noConnection,
    },
    ...(origin && { uniqueKey: JSON.stringify([origin.connection, origin.object, origin.key]) }),
  };
}

/** What stands in the index of things that applications made. */
const noConnection = '-';

export function removalOfThing({ id, version }: ThingRecord): Change {
  return { change: 'remove', kind: thingKind, id, version };
}

export interface ThingRecords {
  /** By id; `undefined` for what is not there and for what is another owner's. */
  readonly find: (owners: readonly Owner[], id: string) => Promise<ThingRecord | undefined>;
  /** Mapped for a connection. */
  readonly ofConnection: (connection: string) => Promise<readonly ThingRecord[]>;
  /** Made by applications, of one owner. */
  readonly madeFor: (owner: Owner) => Promise<readonly ThingRecord[]>;
}

export function createThingRecords(records: Records): ThingRecords {
  const listAll = async (where: Readonly<Record<string, string>>) => {
    const all: ThingRecord[] = [];
    for (;;) {
      const page = (await records.list(thingKind, where, { limit: 1_000, after: all.at(-1)?.id })) as ThingRecord[];
      all.push(...page);
      if (page.length < 1_000) return all;
    }
  };
  const isOf = ({ value }: ThingRecord, { tenant, subject }: Owner) =>
    value.tenant === tenant && value.subject === subject;
  return {
    async find(owners, id) {
      const record = (await records.get(thingKind, id)) as ThingRecord | undefined;
      return record && owners.some((owner) => isOf(record, owner)) ? record : undefined;
    },
    ofConnection: (connection) => listAll({ connection }),
    madeFor: async (owner) => {
      const found = await listAll({
        tenant: owner.tenant,
        subject: ownerName(owner.subject),
        connection: noConnection,
      });
      // The index only finds; whose it is the value says.
      return found.filter((record) => isOf(record, owner));
    },
  };
}
