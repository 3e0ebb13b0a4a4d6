/** Rows that other subgraphs name by a key of theirs, or with what a field requires: batched per operation, connection and action. */
import { describeKind } from '../connector/check-keys.ts';
import { addPlace } from '../connector/name-error.ts';
import type { RunnableAction } from '../connector/run-action.ts';
import { ProviderError } from '../errors.ts';
import type { KeyLeaf, ReferenceAction, ReferenceKey, ReferenceType } from '../graph/references.ts';
import { createBatcher } from './loaders.ts';
import type { OpenedConnection } from './opened-connection.ts';
import { rememberLacks, type PartialRows } from './partial-rows.ts';

/** What another subgraph knows of an entity, by names in the graph. */
export type Representation = Readonly<Record<string, unknown>>;

export interface ReferenceLoading {
  readonly type: ReferenceType;
  readonly key: ReferenceKey;
  readonly opened: OpenedConnection;
  readonly partialRows: PartialRows;
  readonly prepare: (action: ReferenceAction) => RunnableAction;
}

/** The row that a representation names, or `null` when the provider has none. */
export type LoadReference = (representation: Representation) => Promise<unknown>;

/** How many representations one call of a batch action takes when it does not say. */
const defaultMaxBatchSize = 100;

/** Loads by the batch action of a key where there is one; rows are matched by the key, in whatever order they come. */
export function createReferenceLoader(loading: ReferenceLoading): LoadReference {
  const { key, opened } = loading;
  const action = key.batch ?? key.lookup;
  if (!action) throw new TypeError(`${loading.type.type.name} cannot be asked for by ${key.fields}.`);
  const runnable = loading.prepare(action);
  opened.requireGranted(action.definition.scopes);
  const place = { connector: loading.type.connector, connection: opened.run.id, raisedIn: `actions.${action.name}` };
  const load = key.batch ? loadTogether : loadEach;
  const loadAll = async (all: readonly Representation[]): Promise<readonly unknown[]> => {
    try {
      const rows = await load(all, action, runnable, loading);
      rememberLacks(rows, action.definition, loading.type.entity, loading.partialRows);
      return rows.map((row) => (row instanceof Error ? addPlace(row, place) : row));
    } catch (error) {
      throw addPlace(error, place);
    }
  };
  // Two that differ in what a field requires are two rows.
  const identity = (representation: Representation) => JSON.stringify(inputOf(action, representation));
  return createBatcher(
    loadAll,
    identity,
    key.batch ? (action.definition.maxBatchSize ?? defaultMaxBatchSize) : undefined,
  );
}

type Load = (
  all: readonly Representation[],
  action: ReferenceAction,
  runnable: RunnableAction,
  loading: ReferenceLoading,
) => Promise<readonly unknown[]>;

const loadTogether: Load = async (all, action, runnable, { key, opened }) => {
  const { name = '', isPlain = true } = action.list ?? {};
  const inputs = all.map((each) => inputOf(action, each));
  const list = isPlain ? inputs.map((each) => each[name]) : inputs;
  const rows = await runnable.run(opened.run, await runnable.coerceInput(opened.run, { [name]: list }));
  if (!Array.isArray(rows)) {
    const message = `${action.name} answers batches, so it has to give a list of rows; it gave ${describeKind(rows)}.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message);
  }
  const byKey = new Map(rows.map((row: unknown) => [keyText(key.leaves, row, 'rowPath'), row]));
  return all.map((each) => byKey.get(keyText(key.leaves, each, 'path')) ?? null);
};

const loadEach: Load = (all, action, runnable, { opened }) =>
  Promise.all(
    all.map(async (each): Promise<unknown> => {
      try {
        const input = await runnable.coerceInput(opened.run, inputOf(action, each));
        const row = (await runnable.run(opened.run, input)) ?? null;
        if (typeof row === 'object' && !Array.isArray(row)) return row;
        const message = `${action.name}: expected one row, an object; the provider gave ${describeKind(row)}.`;
        return new ProviderError('PROVIDER_ANSWER_INVALID', message);
      } catch (error) {
        if (error instanceof ProviderError && error.code === 'PROVIDER_NOT_FOUND') return null;
        return error instanceof Error ? error : new Error('A lookup failed.', { cause: error });
      }
    }),
  );

function inputOf({ inputs }: ReferenceAction, representation: Representation): Readonly<Record<string, unknown>> {
  const given = [...inputs].map(([name, path]) => [name, valueAt(representation, path)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function keyText(leaves: readonly KeyLeaf[], holder: unknown, kind: 'path' | 'rowPath'): string {
  return JSON.stringify(leaves.map((leaf) => String(valueAt(holder, leaf[kind]))));
}

/** What stands in an object below others; `undefined` where there is nothing. */
export function valueAt(holder: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Readonly<Record<string, unknown>>)[name]
        : undefined,
    holder,
  );
}
