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

/** The action that loads an entity, prepared at start. */
export type EntityActions = (entity: Entity, kind: 'lookup' | 'batch') => RunnableAction | undefined;

/** How many keys one call of a batch action takes when it does not say. */
const defaultMaxBatchSize = 100;

/**
 * Loads rows for one operation. Each key is asked for once; keys that are asked for together go to the batch action
 * together, split by its `maxBatchSize`. Rows are matched by their key, in whatever order and number they come.
 */
export function createLoaders(entityActions: EntityActions): LoadRow {
  const loaders = new Map<Entity, Map<string | undefined, Loader>>();
  const wholeLoaders: typeof loaders = new Map();
  return (entity, key, opened, isWhole = false) => {
    const byLookup = isWhole && entity.batch?.definition.lacks !== undefined;
    const kind = byLookup ? wholeLoaders : loaders;
    let byConnection = kind.get(entity);
    if (!byConnection) kind.set(entity, (byConnection = new Map()));
    let loader = byConnection.get(opened.run.id);
    if (!loader) byConnection.set(opened.run.id, (loader = createLoader(entity, opened, entityActions, byLookup)));
    const row = loader.rows.get(String(key));
    return row === undefined ? loader.load(key) : row;
  };
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
  readonly load: (key: unknown) => Promise<unknown>;
  /** What was loaded so far, by key; `null` for rows that the provider does not have. */
  readonly rows: ReadonlyMap<string, unknown>;
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
  const loadAll = async (keys: readonly unknown[]): Promise<readonly unknown[]> => {
    const found = batch
      ? await loadTogether(entity, batch, opened, keys).catch((error: unknown) => {
          throw addPlace(error, placeOf(entity, `actions.${batch.name}`, opened));
        })
      : await Promise.all(keys.map((key) => loadOne(entity, lookup!, opened, key)));
    for (const [index, key] of keys.entries()) {
      const row = found[index];
      if (!(row instanceof Error)) rows.set(String(key), row);
    }
    return found;
  };
  const maxBatchSize = batch ? (batch.definition.maxBatchSize ?? defaultMaxBatchSize) : undefined;
  const loader = new DataLoader<unknown, unknown, string>(loadAll, { cacheKeyFn: String, maxBatchSize });
  return { rows, load: (key) => loader.load(key) };
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

/** One row; an error is given back rather than thrown, so that it fails its own key alone. */
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
    addPlace(error, placeOf(entity, `actions.${action.name}`, opened));
    return error instanceof Error ? error : new Error('A lookup failed.', { cause: error });
  }
}

function placeOf({ connector }: Entity, raisedIn: string, opened: OpenedConnection): Place {
  return { connector, connection: opened.run.id, raisedIn };
}
