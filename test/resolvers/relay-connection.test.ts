import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Paginate } from '../../src/connector/definition.ts';
import type { ReadPage } from '../../src/connector/read-page.ts';
import { GatewayError, InputError, ProviderError } from '../../src/errors.ts';
import { createListCursors } from '../../src/resolvers/list-cursor.ts';
import {
  readRelayConnection,
  type ListArguments,
  type ListReader,
  type RelayConnection,
} from '../../src/resolvers/relay-connection.ts';
import { listProvider, type ListProvider, type ListProviderOptions } from '../support/list-provider.ts';
import { ringOf } from '../support/key-ring.ts';

const cursors = createListCursors(ringOf(1));
const scope = cursors.scope('shop.orders', {}, 'shop.ada');

function readerOf({ paginate, readPage }: Pick<ListProvider, 'paginate' | 'readPage'>): ListReader {
  return { paginate, readPage, cursors, scope, maxFirst: 100 };
}

const nodes = (connection: RelayConnection) => connection.edges.map(({ node }) => node);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A list of `count` numbers, and the function that asks for a part of it. */
function list(count: number, more: Partial<ListProviderOptions> = {}) {
  const provider = listProvider({ strategy: 'page', rows: numbers(count), pageSize: 10, takesSize: true, ...more });
  return { provider, ask: (args: ListArguments) => readRelayConnection(args, readerOf(provider)) };
}

/** A provider whose pages are scripted, one function call each. */
function scripted(paginate: Paginate, answer: (count: number) => ReadPage) {
  const tokens: unknown[] = [];
  const readPage: ListReader['readPage'] = async (token) => answer(tokens.push(token));
  return { tokens, ask: (args: ListArguments) => readRelayConnection(args, readerOf({ paginate, readPage })) };
}

async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: unknown) => (error instanceof GatewayError ? error : Promise.reject(error as Error)),
  );
}

describe('a list', () => {
  const strategies: Paginate['strategy'][] = ['page', 'offset', 'cursor', 'link', 'next_url'];

  it.each(strategies)('of strategy %s is walked to its end in order', async (strategy) => {
    const { ask, provider } = list(25, { strategy });
    const first = await ask({ first: 10 });
    expect(nodes(first)).toEqual(numbers(10));
    expect(first.hasPreviousPage).toBe(false);
    const second = await ask({ first: 10, after: first.cursorOf(first.edges.at(-1)!) });
    expect(nodes(second)).toEqual(numbers(20).slice(10));
    expect(second.hasPreviousPage).toBe(true);
    const third = await ask({ first: 10, after: second.cursorOf(second.edges.at(-1)!) });
    expect(nodes(third)).toEqual([20, 21, 22, 23, 24]);
    expect(await third.hasNextPage()).toBe(false);
    expect(provider.asked).toHaveLength(3);
  });

  it('reads only as many pages as `first` needs', async () => {
    const { ask, provider } = list(100, { pageSize: 10 });
    expect(nodes(await ask({ first: 25 }))).toEqual(numbers(25));
    expect(provider.asked).toEqual(['?size=10&page=1', '?size=10&page=2', '?size=10&page=3']);
  });

  it('asks the provider for no more rows than `first`', async () => {
    const { ask, provider } = list(100);
    expect(nodes(await ask({ first: 3 }))).toEqual([0, 1, 2]);
    expect(provider.asked).toEqual(['?size=3&page=1']);
  });

  it('cuts a page of the provider’s own size, and goes on within it', async () => {
    const { ask, provider } = list(7, { takesSize: false, pageSize: 5 });
    const first = await ask({ first: 3 });
    expect(nodes(first)).toEqual([0, 1, 2]);
    expect(first.hasNextPage()).toBe(true);
    expect(nodes(await ask({ first: 3, after: first.cursorOf(first.edges[2]!) }))).toEqual([3, 4, 5]);
    expect(provider.asked).toEqual(['?page=1', '?page=1', '?page=2']);
  });

  it('goes on after any row, not only the last', async () => {
    const { ask } = list(30);
    const first = await ask({ first: 10 });
    expect(nodes(await ask({ first: 4, after: first.cursorOf(first.edges[3]!) }))).toEqual([4, 5, 6, 7]);
  });

  it('takes the page size of the connector when `first` is absent', async () => {
    const { ask, provider } = list(100);
    expect(nodes(await ask({}))).toHaveLength(10);
    expect(nodes(await ask({ first: null, after: null }))).toHaveLength(10);
    expect(provider.asked).toHaveLength(2);
  });

  it('that is empty has no rows and no next page', async () => {
    const { ask, provider } = list(0);
    const empty = await ask({ first: 5 });
    expect([empty.edges, await empty.hasNextPage()]).toEqual([[], false]);
    expect(provider.asked).toHaveLength(1);
  });

  it('gives the count where the provider tells it', async () => {
    expect((await list(12, { tells: 'count' }).ask({ first: 5 })).totalCount).toBe(12);
    expect((await list(12).ask({ first: 5 })).totalCount).toBeUndefined();
  });
});

describe('hasNextPage', () => {
  it.each([
    ['link', 'nothing'],
    ['cursor', 'nothing'],
    ['next_url', 'nothing'],
    ['page', 'more'],
    ['offset', 'count'],
  ] as const)('of strategy %s, telling %s, needs no call', async (strategy, tells) => {
    for (const [count, expected] of [
      [10, false],
      [11, true],
    ] as const) {
      const { ask, provider } = list(count, { strategy, tells });
      const connection = await ask({ first: 10 });
      expect(await connection.hasNextPage()).toBe(expected);
      expect(provider.asked).toHaveLength(1);
    }
  });

  it.each(['page', 'offset'] as const)(
    'of strategy %s, telling nothing, makes one call, and only when asked',
    async (strategy) => {
      for (const [count, expected] of [
        [10, false],
        [11, true],
      ] as const) {
        const { ask, provider } = list(count, { strategy });
        const connection = await ask({ first: 10 });
        expect(provider.asked).toHaveLength(1);
        expect(await connection.hasNextPage()).toBe(expected);
        expect(provider.asked).toHaveLength(2);
      }
    },
  );

  it('needs no call after a short page', async () => {
    const { ask, provider } = list(9);
    expect(await (await ask({ first: 10 })).hasNextPage()).toBe(false);
    expect(provider.asked).toHaveLength(1);
  });
});

describe('walking with `after`', () => {
  it('yields every row once and in order, whatever the sizes', async () => {
    const world = fc.record({
      strategy: fc.constantFrom<Paginate['strategy']>('page', 'offset', 'cursor', 'link', 'next_url'),
      count: fc.nat(40),
      pageSize: fc.integer({ min: 1, max: 12 }),
      takesSize: fc.boolean(),
      tells: fc.constantFrom('nothing' as const, 'more' as const, 'count' as const),
      firsts: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 6 }),
      // How far into each part the next one starts: its last row, or any other.
      cuts: fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(world, async ({ count, firsts, cuts, ...options }) => {
        const { ask } = list(count, options);
        const seen: unknown[] = [];
        let after: string | undefined;
        for (let step = 0; step < 200; step++) {
          const connection = await ask({ first: firsts[step % firsts.length]!, after });
          const taken = Math.min(connection.edges.length, 1 + (cuts[step % cuts.length]! % 15));
          seen.push(...nodes(connection).slice(0, taken));
          expect(nodes(connection)).toEqual(
            numbers(count)
              .slice(seen.length - taken)
              .slice(0, firsts[step % firsts.length]),
          );
          const hasMore = taken < connection.edges.length || (await connection.hasNextPage());
          if (!hasMore) break;
          after = connection.cursorOf(connection.edges[taken - 1]!);
        }
        expect(seen).toEqual(numbers(count));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a list that never ends', () => {
  it('is refused when a page names itself as the next one', async () => {
    const { ask, tokens } = scripted({ strategy: 'cursor' }, () => ({
      rows: [1],
      next: 'same',
      totalCount: undefined,
    }));
    const error = await failureOf(ask({ first: 5 }));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error.message).toBe('The provider names a page as its own next one, so the list would never end.');
    expect(tokens).toEqual([null, 'same']);
  });

  it('stops after 100 pages that are empty', async () => {
    const { ask, tokens } = scripted({ strategy: 'cursor' }, (count) => ({
      rows: [],
      next: `t${count}`,
      totalCount: undefined,
    }));
    const error = await failureOf(ask({ first: 5 }));
    expect(error.code).toBe('REQUEST_LIMIT_EXCEEDED');
    expect(error.message).toBe('The list did not give 5 rows within 100 pages. Ask for fewer, or narrow the list.');
    expect(tokens).toHaveLength(100);
  });

  it('goes over empty pages in its midst', async () => {
    const pages: ReadPage[] = [
      { rows: [1], next: 'b', totalCount: undefined },
      { rows: [], next: 'c', totalCount: undefined },
      { rows: [2], next: null, totalCount: undefined },
    ];
    const { ask } = scripted({ strategy: 'cursor' }, (count) => pages[count - 1]!);
    const connection = await ask({ first: 5 });
    expect(nodes(connection)).toEqual([1, 2]);
    expect(connection.hasNextPage()).toBe(false);
  });
});

describe('arguments of a list', () => {
  it.each([0, -1, 101, 10_000])('refuse first: %i', async (first) => {
    const { ask, provider } = list(3);
    const error = await failureOf(ask({ first }));
    expect(error).toBeInstanceOf(InputError);
    expect(error.code).toBe('PAGE_SIZE_INVALID');
    expect(error.message).toBe(`first: expected a whole number from 1 to 100; got ${first}. Page on with \`after\`.`);
    expect(provider.asked).toEqual([]);
  });

  it.each([{ last: 1 }, { last: 0 }, { before: '' }, { before: 'x', first: 1 }])('refuse %j', async (args) => {
    const { ask, provider } = list(3);
    const error = await failureOf(ask(args));
    expect(error.code).toBe('PAGING_BACKWARD');
    expect(error.message).toBe(
      'This list pages forward only: the provider cannot page backward. Use `first` and `after`.',
    );
    expect(provider.asked).toEqual([]);
  });

  it('take `last` and `before` of null as absent', async () => {
    expect(nodes(await list(3).ask({ first: 5, last: null, before: null }))).toEqual([0, 1, 2]);
  });

  it('refuse a cursor that is none', async () => {
    expect((await failureOf(list(3).ask({ first: 1, after: 'x' }))).code).toBe('CURSOR_INVALID');
    expect((await failureOf(list(3).ask({ first: 1, after: '' }))).code).toBe('CURSOR_INVALID');
  });

  it.each([
    ['cursor', 404, 'CURSOR_EXPIRED'],
    ['link', 410, 'CURSOR_EXPIRED'],
    ['next_url', 400, 'CURSOR_EXPIRED'],
    ['cursor', 403, 'PROVIDER_ERROR'],
    ['page', 404, 'PROVIDER_ERROR'],
    ['offset', 404, 'PROVIDER_ERROR'],
  ] as const)('name a page of strategy %s that is answered %i: %s', async (strategy, status, code) => {
    const failing: ListReader = {
      ...readerOf(list(3, { strategy }).provider),
      readPage: () => Promise.reject(new ProviderError('PROVIDER_ERROR', 'gone', { http: { status } })),
    };
    const after = cursors.seal(
      { token: strategy === 'page' || strategy === 'offset' ? 3 : 'x', size: 10, index: 0 },
      scope,
    );
    const error = await failureOf(readRelayConnection({ first: 1, after }, failing));
    expect(error.code).toBe(code);
    if (code === 'CURSOR_EXPIRED') {
      expect(error.message).toBe(
        'The provider no longer knows the page that `after` names. Start the list from its first page.',
      );
    }
  });
});
