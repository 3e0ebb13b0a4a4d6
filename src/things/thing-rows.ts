/** Reads the rows of things from their provider. */
import { findByName } from '../connector/find-by-name.ts';
import { coerceOptions, notationOf } from '../connector/prepare-input.ts';
import { pageSize, type PageToken } from '../connector/read-page.ts';
import { prepareAction, type ActionRun, type RunnableAction, type RunOptions } from '../connector/run-action.ts';
import type { Connector } from '../connector/definition.ts';
import { compileInput } from '../notation/coerce.ts';
import { keyOf, rowReader, type ThingKind, type ThingRow } from './described-thing.ts';

/** So many things of one kind are read of a connection. */
const maxThings = 1_000;

export interface ThingRows {
  /** Prepares an action once. */
  readonly action: (connector: Connector, name: string) => RunnableAction;
  /** Input of an action by the names of its notation. @throws InputError */
  readonly inputOf: (
    action: RunnableAction,
    given: Readonly<Record<string, unknown>>,
    path: string,
  ) => Readonly<Record<string, unknown>>;
  /** All of a connection. */
  readonly list: (kind: ThingKind, run: ActionRun) => Promise<readonly ThingRow[]>;
  /** One by its key; `undefined`: the provider has none. */
  readonly find: (kind: ThingKind, key: string, run: ActionRun) => Promise<ThingRow | undefined>;
  /** The action that `list` runs, for its scopes. */
  readonly listing: (kind: ThingKind) => RunnableAction;
}

export function createThingRows(options: RunOptions): ThingRows {
  const prepared = new Map<string, RunnableAction>();
  const readers = new Map<ThingKind['definition'], ReturnType<typeof rowReader>>();
  const action = (connector: Connector, name: string): RunnableAction => {
    // That it is there was checked at start.
    const [found] = findByName(connector.actions, name)!;
    const id = `${connector.name}.${found}`;
    const known = prepared.get(id) ?? prepareAction(connector, found, options);
    prepared.set(id, known);
    return known;
  };
  const reader = (kind: ThingKind) => {
    const known = readers.get(kind.definition) ?? rowReader(kind);
    readers.set(kind.definition, known);
    return known;
  };
  const inputOf: ThingRows['inputOf'] = ({ connector, definition }, given, path) => {
    if (typeof definition.input === 'function') return given;
    const read = compileInput(notationOf(definition.input), {
      ...coerceOptions(connector, options.timeZone),
      keys: 'notation',
      path,
    });
    return read(given);
  };
  const list: ThingRows['list'] = async (kind, run) => {
    const rows = await readRows(action(kind.connector, kind.thing.list), run, inputOf);
    return rows.map(reader(kind));
  };
  return {
    action,
    inputOf,
    list,
    listing: ({ connector, thing }) => action(connector, thing.list),
    async find(kind, key, run) {
      const { lookup, key: keyField } = kind.definition;
      if (lookup === undefined) return (await list(kind, run)).find((row) => keyOf(kind, row) === key);
      const found = action(kind.connector, lookup);
      const row = await found.run(run, inputOf(found, { [keyField!]: key }, ''));
      return row === null || row === undefined ? undefined : reader(kind)(row);
    },
  };
}

async function readRows(
  listing: RunnableAction,
  run: ActionRun,
  inputOf: ThingRows['inputOf'],
): Promise<readonly unknown[]> {
  const input = inputOf(listing, {}, '');
  const { paginate } = listing.definition;
  if (!paginate) {
    const answer = await listing.run(run, input);
    return Array.isArray(answer) ? (answer as unknown[]) : [];
  }
  const rows: unknown[] = [];
  for (let token: PageToken | undefined = null; token !== undefined;) {
    const page = await listing.readPage(run, input, token, pageSize(paginate, undefined));
    rows.push(...page.rows);
    token = page.rows.length === 0 || rows.length >= maxThings ? undefined : (page.next ?? undefined);
  }
  return rows.slice(0, maxThings);
}
