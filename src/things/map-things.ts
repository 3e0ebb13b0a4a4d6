/** Maps what a connection shows: each thing gets an id that stays, all of them in one transaction with their connection. */
import { randomUUID } from 'node:crypto';
import { connectionKind, type ConnectionRecord } from '../connection/connection-record.ts';
import type { StoredConnections } from '../connection/stored-connections.ts';
import type { Connector } from '../connector/definition.ts';
import type { Change, Records } from '../storage/records.ts';
import { keyOf, nameOf, thingKindsOf, type ThingKind } from './described-thing.ts';
import { keepThing, type ThingOrigin, type ThingRecord, type ThingRecords } from './thing-record.ts';
import type { ThingRows } from './thing-rows.ts';
import type { KeptThing, OpenRun } from './things.ts';

export interface MapThingsOptions {
  readonly records: Records;
  readonly stored: Pick<StoredConnections, 'read' | 'wasChanged'>;
  readonly kept: ThingRecords;
  readonly rows: ThingRows;
  readonly connectorOf: (name: string) => Connector | undefined;
}

/** What the provider shows, before it is kept. */
interface Shown {
  readonly origin: ThingOrigin;
  readonly name: string;
}

export function createMapThings({ records, stored, kept, rows, connectorOf }: MapThingsOptions) {
  /** `undefined` where its connector is not served, or says nothing of things any more. */
  const withKind = (record: ThingRecord): KeptThing | undefined => {
    if (record.value.connector === null) return { record, kind: undefined };
    const connector = connectorOf(record.value.connector);
    const kind = connector && thingKindsOf(connector).find(({ object }) => object === record.value.object);
    return kind && { record, kind };
  };
  const current = async (connection: string): Promise<readonly KeptThing[]> =>
    (await kept.ofConnection(connection)).flatMap((record) => withKind(record) ?? []);

  return {
    withKind,
    current,
    map: async (connection: ConnectionRecord, open: OpenRun): Promise<readonly KeptThing[]> => {
      const connector = connectorOf(connection.value.connector);
      const kinds = connector ? thingKindsOf(connector) : [];
      if (kinds.length === 0 || connection.value.state !== 'STARTED' || isMapped(connection)) {
        return current(connection.id);
      }
      const shown = (await Promise.all(kinds.map((kind) => showKind(kind, connection, open)))).flat();
      for (let record: ConnectionRecord | undefined = connection; record && !isMapped(record);) {
        const known = await kept.ofConnection(record.id);
        const isNew = ({ origin }: Shown) =>
          !known.some(({ value }) => value.object === origin.object && value.key === origin.key);
        const { id, version, value } = record;
        const next = { ...value, mappedAt: value.connectedAt ?? record.updatedAt };
        const creations = shown
          .filter(isNew)
          .map(({ origin, name }): Change => keepThing(randomUUID(), value, name, origin));
        const result = await records.commit([
          { change: 'compareAndSet', kind: connectionKind, id, version, value: next },
          ...creations,
        ]);
        if (result.committed) {
          stored.wasChanged(record, result.records[0] as ConnectionRecord);
          break;
        }
        // Its tokens were renewed, another replica mapped it, or it is gone.
        record = await stored.read(id);
      }
      return current(connection.id);
    },
  };

  async function showKind(kind: ThingKind, connection: ConnectionRecord, open: OpenRun): Promise<readonly Shown[]> {
    const run = await open(kind.connector, connection.id, rows.listing(kind).definition.scopes);
    const found = await rows.list(kind, run);
    const shown = found.flatMap((row): Shown[] => {
      const key = keyOf(kind, row);
      if (key === undefined) return [];
      const origin = { connector: kind.connector.name, connection: connection.id, object: kind.object, key };
      return [{ origin, name: nameOf(kind, row) }];
    });
    // A provider that names one twice shows one.
    return [...new Map(shown.map((each) => [each.origin.key, each])).values()];
  }
}

/** Once for each time it was connected: another account shows other things. */
function isMapped({ value }: ConnectionRecord): boolean {
  return value.mappedAt !== undefined && value.mappedAt >= (value.connectedAt ?? 0);
}
