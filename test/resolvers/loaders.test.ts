import { describe, expect, it } from '@jest/globals';
import type { RunnableAction } from '../../src/connector/run-action.ts';
import { AuthorizationError, InputError, ProviderError } from '../../src/errors.ts';
import type { Entity } from '../../src/graph/binding.ts';
import { createLoaders } from '../../src/resolvers/loaders.ts';
import type { OpenedConnection } from '../../src/resolvers/opened-connection.ts';

type Row = Record<string, unknown>;
interface Script {
  /** Rows for one batch of keys. */
  readonly batch?: (keys: readonly unknown[]) => unknown;
  readonly lookup?: (key: unknown) => unknown;
  readonly maxBatchSize?: number;
  /** That no connection was granted. */
  readonly scopes?: readonly string[];
}

/** Loaders of one entity `shop.order` with key `id`, and what its actions were asked. */
function loadersOf({ batch, lookup, maxBatchSize, scopes }: Script) {
  const asked: unknown[] = [];
  const connector = { name: 'shop' };
  const entity = {
    id: 'shop.order',
    connector,
    key: { name: 'id', type: 'integer' },
    ...(batch && { batch: { name: 'get_orders', argument: { name: 'order_ids', type: 'array', of: 'integer' } } }),
    ...(lookup && { lookup: { name: 'get_order', argument: { name: 'order_id' } } }),
  } as unknown as Entity;
  const actionOf = (name: string, answer: (input: never) => unknown): RunnableAction =>
    ({
      name,
      connector,
      definition: { maxBatchSize, scopes },
      coerceInput: async (_run: unknown, args: Row) => args,
      run: async (_run: unknown, input: Row) => {
        asked.push(input);
        return answer(Object.values(input)[0] as never);
      },
    }) as unknown as RunnableAction;
  const { loadRow, loadRows } = createLoaders((_entity, kind) => {
    if (kind === 'batch') return batch && actionOf('get_orders', batch);
    return lookup && actionOf('get_order', lookup);
  });
  const requireGranted = (scopes: readonly string[] = []) => {
    if (scopes.length > 0) throw new AuthorizationError('SCOPE_MISSING', `It lacks ${scopes.join(', ')}.`);
  };
  const openedAs = (id: string | undefined) =>
    ({ connector, run: { id }, requireGranted }) as unknown as OpenedConnection;
  const opened = openedAs('shop.ada');
  return {
    asked,
    load: (key: unknown, as = opened) => loadRow(entity, key, as),
    loadAll: (keys: readonly unknown[]) => loadRows(entity, keys, opened),
    openedAs,
  };
}

const rowOf = (id: unknown): Row => ({ id, name: `order ${String(id)}` });

describe('a join', () => {
  it.each([
    ['batch', { batch: (keys: readonly unknown[]) => keys.map(rowOf) }],
    ['lookup', { lookup: rowOf }],
  ])('runs no %s whose scopes the connection was not granted', async (_kind, script) => {
    const { load, asked } = loadersOf({ ...script, scopes: ['orders:secret'] });
    await expect(load(1)).rejects.toMatchObject({ code: 'SCOPE_MISSING', message: 'It lacks orders:secret.' });
    expect(asked).toEqual([]);
  });
});

describe('a batch', () => {
  it('is asked once for the keys that are wanted together, each key once', async () => {
    const { load, asked } = loadersOf({ batch: (keys) => keys.map(rowOf) });
    const rows = await Promise.all([1, 2, 1, '2'].map((key) => load(key)));
    expect(rows).toEqual([rowOf(1), rowOf(2), rowOf(1), rowOf(2)]);
    expect(asked).toEqual([{ orderIds: [1, 2] }]);
  });

  it.each<[string, (keys: readonly unknown[]) => unknown]>([
    ['in another order', (keys) => keys.toReversed().map(rowOf)],
    ['with rows of other keys between', (keys) => [rowOf(99), ...keys.map(rowOf), rowOf(98)]],
    ['with rows twice', (keys) => [...keys, ...keys].map(rowOf)],
    ['with keys as text', (keys) => keys.map((key) => ({ ...rowOf(key), id: String(key) }))],
    ['with things that are no rows', (keys) => [null, 'x', 1, {}, ...keys.map(rowOf)]],
  ])('matches rows by key, never by place: %s', async (_how, batch) => {
    const { load } = loadersOf({ batch });
    const rows = await Promise.all([3, 1, 2].map((key) => load(key)));
    expect(rows.map((row) => (row as Row).name)).toEqual(['order 3', 'order 1', 'order 2']);
  });

  it('gives null for keys that the provider does not have', async () => {
    const { load } = loadersOf({ batch: () => [rowOf(2)] });
    expect(await Promise.all([1, 2, 3].map((key) => load(key)))).toEqual([null, rowOf(2), null]);
  });

  it('never takes a property of all objects for a row', async () => {
    const { load } = loadersOf({ batch: () => [Object.create({ id: 'constructor' })] });
    expect(await Promise.all(['constructor', '__proto__', 'toString'].map((key) => load(key)))).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('is asked once for lists of keys and for keys that are wanted together, and for none of them again', async () => {
    const { load, loadAll, asked } = loadersOf({ batch: (keys) => keys.map(rowOf) });
    const underWay = [loadAll([1, 2, 2]), loadAll(['2', 3]), load(3), load(4)];
    await Promise.all(underWay);
    expect(asked).toEqual([{ orderIds: [1, 2, 3, 4] }]);
    expect([1, 2, 3, 4].map((key) => load(key))).toEqual([1, 2, 3, 4].map(rowOf));
    expect(loadAll([1, 4])).toBeUndefined();
  });

  it('that fails for a list fails each of its keys, without being asked again', async () => {
    const refuse = () => {
      throw new ProviderError('PROVIDER_ERROR', 'It is away.');
    };
    const { load, loadAll, asked } = loadersOf({ batch: refuse });
    await loadAll([1, 2]);
    await expect(load(2)).rejects.toThrow('It is away.');
    expect(asked).toHaveLength(1);
  });

  it('is split by maxBatchSize, and by 100 without one', async () => {
    const keys = Array.from({ length: 250 }, (_, index) => index);
    const small = loadersOf({ batch: (ids) => ids.map(rowOf), maxBatchSize: 2 });
    await Promise.all([1, 2, 3, 4, 5].map((key) => small.load(key)));
    expect(small.asked).toEqual([{ orderIds: [1, 2] }, { orderIds: [3, 4] }, { orderIds: [5] }]);
    const usual = loadersOf({ batch: (ids) => ids.map(rowOf) });
    await Promise.all(keys.map((key) => usual.load(key)));
    expect(usual.asked.map((input) => (input as { orderIds: unknown[] }).orderIds.length)).toEqual([100, 100, 50]);
  });

  it('that fails fails its own keys, and no other batch', async () => {
    const { load } = loadersOf({
      maxBatchSize: 2,
      batch: (keys) => {
        if (keys.includes(1)) throw new ProviderError('PROVIDER_UNAVAILABLE', 'down');
        return keys.map(rowOf);
      },
    });
    const results = await Promise.allSettled([1, 2, 3, 4].map((key) => load(key)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('that gives no list says so', async () => {
    const { load } = loadersOf({ batch: () => ({ 1: rowOf(1) }) });
    await expect(load(1)).rejects.toThrow(
      'get_orders of shop answers batches, so it has to give a list of rows; it gave an object.',
    );
  });

  it('is one per connection, so that no row of one is shown through another', async () => {
    const { load, asked, openedAs } = loadersOf({ batch: (keys) => keys.map(rowOf) });
    await Promise.all([load(1, openedAs('shop.ada')), load(1, openedAs('shop.bob')), load(1, openedAs(undefined))]);
    expect(asked).toHaveLength(3);
  });
});

describe('a lookup', () => {
  it('is asked once for each key', async () => {
    const { load, asked } = loadersOf({ lookup: rowOf });
    expect(await Promise.all([1, 2, 1].map((key) => load(key)))).toEqual([rowOf(1), rowOf(2), rowOf(1)]);
    expect(asked).toEqual([{ orderId: 1 }, { orderId: 2 }]);
  });

  it('gives null for what is not found, and for nothing', async () => {
    const { load } = loadersOf({
      lookup: (key) => {
        if (key === 2) return undefined;
        throw new ProviderError('PROVIDER_NOT_FOUND', 'gone');
      },
    });
    expect(await Promise.all([load(1), load(2)])).toEqual([null, null]);
  });

  it('that fails fails alone', async () => {
    const { load } = loadersOf({
      lookup: (key) => {
        if (key === 2) throw new InputError('INPUT_INVALID', 'two');
        return rowOf(key);
      },
    });
    const results = await Promise.allSettled([1, 2, 3].map((key) => load(key)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it.each([
    [[rowOf(1)], 'a list'],
    ['<html>', 'a string'],
    [7, 'a number'],
  ])('that gives %j instead of a row says so', async (answer, got) => {
    const { load } = loadersOf({ lookup: () => answer });
    await expect(load(1)).rejects.toThrow(`shop.get_order: expected one row, an object; the provider gave ${got}.`);
  });

  it('serves where there is no batch; where there is neither, the row cannot be joined', async () => {
    const { load } = loadersOf({});
    await expect(async () => load(1)).rejects.toThrow(
      'shop.order cannot be joined: it has neither a lookup nor a batch action.',
    );
  });
});
