/** What changes of the things of a connection, as a trigger of its own: its feed is polled and logged as any other. */
import { prepareTrigger, type RunnableTrigger } from '../connector/run-trigger.ts';
import type { RunOptions } from '../connector/run-action.ts';
import type { Connector, Trigger } from '../connector/definition.ts';
import type { JsonValue } from '../storage/records.ts';
import { describeThing, keyOf, thingKindsOf, type ThingKind, type ThingRow } from './described-thing.ts';
import { createThingRows } from './thing-rows.ts';

/** Name of the trigger; no connector's own has it. */
export const thingsTrigger = '$things';

/** One property of a thing has another value. */
export interface PropertyChange {
  readonly object: string;
  /** Key of the row. */
  readonly key: string;
  readonly component: string;
  readonly property: string;
  readonly value: string | null;
  /** How often it changed since the feed began. */
  readonly count: number;
  /** RFC 3339. */
  readonly changed_at: string;
}

/** Values change no faster at the providers of most things. */
const defaultIntervalMs = 60_000;

/** The latest value of each property, and how often it changed; by `object/key/component/property`. */
type Known = Readonly<Record<string, readonly [value: string | null, count: number]>>;

const definition: Trigger = {
  title: 'Thing changed',
  output: [
    { name: 'object' },
    { name: 'key' },
    { name: 'component' },
    { name: 'property' },
    { name: 'value' },
    { name: 'count', type: 'integer' },
    { name: 'changed_at', type: 'date_time' },
  ],
  sortBy: (change: PropertyChange) => change.changed_at,
  // Which change of which property it is: a poll that is repeated finds the same one.
  dedup: ({ object, key, component, property, count, value }: PropertyChange) =>
    JSON.stringify([object, key, component, property, count, value]),
};

/**
 * Prepares it for a connector that has things. A poll lists them and compares with what the poll before saw, which is its
 * cursor; the first one learns what there is.
 */
export function prepareThingsTrigger(connector: Connector, options: RunOptions): RunnableTrigger {
  const rows = createThingRows(options);
  const kinds = thingKindsOf(connector);
  const withTrigger: Connector = { ...connector, triggers: { [thingsTrigger]: { ...definition, poll: () => null } } };
  return {
    ...prepareTrigger(withTrigger, thingsTrigger, options),
    connector,
    intervalMs: Math.min(...kinds.map(({ thing }) => thing.intervalMs ?? defaultIntervalMs)),
    async poll(run, _input, cursor) {
      const seen = await Promise.all(
        kinds.map(async (kind) => (await rows.list(kind, run)).flatMap((row) => valuesOf(kind, row))),
      );
      const before = cursor as Known | undefined;
      const { changes, known } = compare(before, seen.flat());
      return { rows: before ? changes : [], cursor: known as JsonValue, canPollMore: false };
    },
  };
}

type Seen = Omit<PropertyChange, 'count'>;

function valuesOf(kind: ThingKind, row: ThingRow): readonly Seen[] {
  const key = keyOf(kind, row);
  if (key === undefined) return [];
  const now = Date.now();
  return describeThing(kind, '', row, now).components.flatMap(({ id: component, properties }) =>
    properties.map(({ id: property, value, lastUpdate }) => {
      const changed_at = new Date(lastUpdate ?? now).toISOString();
      return { object: kind.object, key, component, property, value, changed_at };
    }),
  );
}

/** A thing that is not listed any more keeps what was known of it: when it comes back, only what differs is told. */
function compare(before: Known = {}, seen: readonly Seen[]): { changes: readonly PropertyChange[]; known: Known } {
  const changes: PropertyChange[] = [];
  const known: Record<string, readonly [string | null, number]> = { ...before };
  for (const one of seen) {
    const id = [one.object, one.key, one.component, one.property].map(encodeURIComponent).join('/');
    const [value, count] = before[id] ?? [null, 0];
    if (one.value === value && Object.hasOwn(before, id)) continue;
    known[id] = [one.value, count + 1];
    // A thing that is new has no values that changed.
    if (Object.hasOwn(before, id)) changes.push({ ...one, count: count + 1 });
  }
  return { changes, known };
}
