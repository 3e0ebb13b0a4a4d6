/** Joins: rows of entities by their key, batched per operation, connection and action. */
import DataLoader from 'dataloader';
import { describeKind } from '../connector/check-keys.ts';
import { addPlace, type Place } from '../connector/name-error.ts';
import type { RunnableAction } from '../connector/run-action.ts';
import { ProviderError } from '../errors.ts';
import type { Entity } from '../graph/binding.ts';
import { elementTypeOf } from '../notation/field.ts';
import { fieldName } from '../notation/field-name.ts';
import type { OpenedConnection } from './opened-connection.ts';

/** The row of an entity, or `null` when the provider has none of that key; at once when it was loaded before. */
export type LoadRow = (
  entity: Entity,
  key: unknown,
  opened: OpenedConnection,
  /** Only the whole row will do: the batch action is passed over when its rows lack fields. */
  isWhole?: boolean,
) => unknown;

/** Loads rows that are asked for one by one later; resolves when they are there, or cannot be. `undefined`: they are. */
export type LoadRows = (
  entity: Entity,
  keys: readonly unknown[],
  opened: OpenedConnection,
) => Promise<unknown> | undefined;

export interface Loaders {
  readonly loadRow: LoadRow;
  readonly loadRows: LoadRows;
}

/** The action that loads an entity, prepared at start. */
export type EntityActions = (entity: Entity, kind: 'lookup' | 'batch') => RunnableAction | undefined;

/** How many keys one call of a batch action takes when it does not say. */
const defaultMaxBatchSize = 100;

/**
 * Loads rows for one operation. Each key is asked for once; keys that are asked for together go to the batch action
 * together, split by its `maxBatchSize`. Rows are matched by their key, in whatever order and number they come.
 */
export function createLoaders(entityActions: EntityActions): Loaders {
  const loaders = new Map<Entity, Map<string | undefined, Loader>>();
  const wholeLoaders: typeof loaders = new Map();
  const loaderOf = (entity: Entity, opened: OpenedConnection, byLookup: boolean): Loader => {
    const kind = byLookup ? wholeLoaders : loaders;
    let byConnection = kind.get(entity);
    if (!byConnection) kind.set(entity, (byConnection = new Map()));
    let loader = byConnection.get(opened.run.id);
    if (!loader) byConnection.set(opened.run.id, (loader = createLoader(entity, opened, entityActions, byLookup)));
    return loader;
  };
  return {
    loadRow(entity, key, opened, isWhole = false) {
      const loader = loaderOf(entity, opened, isWhole && entity.batch?.definition.lacks !== undefined);
      const name = String(key);
      return loader.rows.get(name) ?? loadOneOf(loader, key, name);
    },
    loadRows: (entity, keys, opened) => loaderOf(entity, opened, false).loadAll(keys),
  };
}

/** `null` for what the provider does not have. */
function loadOneOf(loader: Loader, key: unknown, name: string): unknown {
  const result = (): unknown => {
    const failure = loader.failures.get(name);
    if (failure) throw failure;
    return loader.rows.get(name);
  };
  if (loader.rows.has(name)) return loader.rows.get(name);
  return (loader.loadAll([key]) ?? Promise.resolve()).then(result);
}

/** Collects what is asked for together, each once. @param loadAll - gives what belongs to each, in their order; errors fail their own. */
export function createBatcher<Key>(
  loadAll: (keys: readonly Key[]) => Promise<readonly unknown[]>,
  identity: (key: Key) => string,
  maxBatchSize: number | undefined,
): (key: Key) => Promise<unknown> {
  const loader = new DataLoader<Key, unknown, string>(loadAll, { cacheKeyFn: identity, maxBatchSize });
  return (key) => loader.load(key);
}

interface Loader {
  /** Asks for the keys that nobody has asked for; resolves when all of them are known. `undefined`: they are already. */
  readonly loadAll: (keys: readonly unknown[]) => Promise<unknown> | undefined;
  /** What was loaded so far, by key; `null` for rows that the provider does not have. */
  readonly rows: ReadonlyMap<string, unknown>;
  /** Why a key could not be loaded. It is not asked for again. */
  readonly failures: ReadonlyMap<string, unknown>;
}

function createLoader(
  entity: Entity,
  opened: OpenedConnection,
  entityActions: EntityActions,
  byLookup: boolean,
): Loader {
  const rows = new Map<string, unknown>();
  const batch = byLookup ? undefined : entityActions(entity, 'batch');
  const lookup = entityActions(entity, 'lookup');
  if (!batch && !lookup) {
    const message = `${entity.id} cannot be joined: it has neither a lookup nor a batch action.`;
    const raisedIn = `objects.${entity.object}`;
    throw addPlace(new ProviderError('CONNECTOR_ERROR', message), placeOf(entity, raisedIn, opened));
  }
  const failures = new Map<string, unknown>();
  const load = async (keys: readonly unknown[]): Promise<void> => {
    const found = batch
      ? await loadTogether(entity, batch, opened, keys).catch((error: unknown) => {
          return keys.map(() => new Failure(addPlace(error, placeOf(entity, `actions.${batch.name}`, opened))));
        })
      : await Promise.all(keys.map((key) => loadOne(entity, lookup!, opened, key)));
    for (const [index, key] of keys.entries()) {
      const row = found[index];
      if (row instanceof Failure) failures.set(String(key), row.cause);
      else rows.set(String(key), row);
    }
  };
  const maxBatchSize = batch ? (batch.definition.maxBatchSize ?? defaultMaxBatchSize) : Number.POSITIVE_INFINITY;
  return { rows, failures, loadAll: askingOnce(load, maxBatchSize) };
}

/** That a key could not be loaded; errors are values that a provider's row could be. */
class Failure {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Collects lists of keys that are asked for together, with one promise for each list rather than for each key. */
function askingOnce(load: (keys: readonly unknown[]) => Promise<void>, maxBatchSize: number): Loader['loadAll'] {
  /** What each key waits for; `null` once it is known. */
  const asked = new Map<string, Promise<unknown> | null>();
  const lists = new DataLoader<readonly unknown[], void>(
    async (together) => {
      const keys = together.flat();
      const batches: Promise<void>[] = [];
      for (let start = 0; start < keys.length; start += maxBatchSize) {
        batches.push(load(keys.slice(start, start + maxBatchSize)));
      }
      await Promise.all(batches);
      for (const key of keys) asked.set(String(key), null);
      return together.map(() => undefined);
    },
    { cache: false },
  );
  return (keys) => {
    const waits = new Set<Promise<unknown>>();
    const fresh = new Map<string, unknown>();
    for (const key of keys) {
      const name = String(key);
      const underWay = asked.get(name);
      if (underWay) waits.add(underWay);
      else if (underWay === undefined) fresh.set(name, key);
    }
    if (fresh.size > 0) {
      const loading = lists.load([...fresh.values()]);
      for (const name of fresh.keys()) asked.set(name, loading);
      waits.add(loading);
    }
    return waits.size === 0 ? undefined : Promise.all(waits);
  };
}

async function loadTogether(
  entity: Entity,
  action: RunnableAction,
  opened: OpenedConnection,
  keys: readonly unknown[],
): Promise<readonly unknown[]> {
  const argument = entity.batch?.argument;
  if (!argument) throw new TypeError(`${entity.id} has no batch argument.`);
  opened.requireGranted(action.definition.scopes);
  // A list of objects takes beside the key what other subgraphs give; here there is only the key.
  const list = elementTypeOf(argument) === 'object' ? keys.map((key) => ({ [entity.keyName]: key })) : keys;
  const input = await action.coerceInput(opened.run, { [fieldName(argument)]: list });
  const rows = await action.run(opened.run, input);
  if (!Array.isArray(rows)) {
    const message = `${action.name} of ${entity.connector.name} answers batches, so it has to give a list of rows; it gave ${describeKind(rows)}.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message);
  }
  const byKey = new Map<string, unknown>();
  for (const row of rows as readonly unknown[]) {
    if (typeof row !== 'object' || row === null || !Object.hasOwn(row, entity.key.name)) continue;
    byKey.set(String((row as Readonly<Record<string, unknown>>)[entity.key.name]), row);
  }
  return keys.map((key) => byKey.get(String(key)) ?? null);
}

/** One row; a failure is given back rather than thrown, so that it fails its own key alone. */
async function loadOne(
  entity: Entity,
  action: RunnableAction,
  opened: OpenedConnection,
  key: unknown,
): Promise<unknown> {
  const argument = entity.lookup?.argument;
  if (!argument) throw new TypeError(`${entity.id} has no lookup argument.`);
  try {
    opened.requireGranted(action.definition.scopes);
    const input = await action.coerceInput(opened.run, { [fieldName(argument)]: key });
    const row = (await action.run(opened.run, input)) ?? null;
    if (typeof row === 'object' && !Array.isArray(row)) return row;
    const message = `${entity.connector.name}.${action.name}: expected one row, an object; the provider gave ${describeKind(row)}.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message);
  } catch (error) {
    if (error instanceof ProviderError && error.code === 'PROVIDER_NOT_FOUND') return null;
    return new Failure(addPlace(error, placeOf(entity, `actions.${action.name}`, opened)));
  }
}

function placeOf({ connector }: Entity, raisedIn: string, opened: OpenedConnection): Place {
  return { connector, connection: opened.run.id, raisedIn };
}
