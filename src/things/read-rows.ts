/** The rows of things that one request reads: each once, and those of one connection together where they were listed. */
import { keyOf, type ThingRow } from './described-thing.ts';
import type { ThingRows } from './thing-rows.ts';
import type { KeptThing, OpenRun } from './things.ts';

export interface ReadRows {
  /** The row of a thing of a connector; `undefined`: the provider no longer has it. */
  readonly of: (thing: KeptThing) => Promise<ThingRow | undefined>;
  /** From now on one request reads all things of a connection. */
  readonly expectAll: () => void;
  /** Something was changed at the provider. */
  readonly forget: () => void;
}

export function createReadRows(rows: ThingRows, open: OpenRun): ReadRows {
  const single = new Map<string, Promise<ThingRow | undefined>>();
  const listed = new Map<string, Promise<ReadonlyMap<string, ThingRow>>>();
  let areAllExpected = false;

  const openFor = ({ record, kind }: KeptThing) =>
    open(kind!.connector, record.value.connection!, rows.listing(kind!).definition.scopes);

  const listOf = (thing: KeptThing): Promise<ReadonlyMap<string, ThingRow>> => {
    const { record, kind } = thing;
    const id = JSON.stringify([record.value.connection, record.value.object]);
    const known = listed.get(id);
    if (known) return known;
    const found = openFor(thing).then(async (run) => {
      const all = await rows.list(kind!, run);
      return new Map(all.map((row) => [keyOf(kind!, row) ?? '', row]));
    });
    listed.set(id, found);
    return found;
  };

  return {
    async of(thing) {
      const { id, value } = thing.record;
      if (areAllExpected) return (await listOf(thing)).get(value.key!);
      const found = single.get(id) ?? openFor(thing).then((run) => rows.find(thing.kind!, value.key!, run));
      single.set(id, found);
      return found;
    },
    expectAll: () => void (areAllExpected = true),
    forget() {
      single.clear();
      listed.clear();
    },
  };
}
