/** The requests that one operation may cause at providers, through a whole gateway. */
import { createClient } from 'graphql-sse';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConnector } from '../../src/connector/define.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

let provider: FakeProvider;
let gateway: RunningGateway;
let polls: number;

beforeEach(async () => {
  polls = 0;
  provider = await startFakeProvider(({ path }) => ({ json: { id: path.split('/').at(-1), name: `Item ${path}` } }));
  gateway = await startGateway({
    connectors: [shop()],
    origins: [provider.origin],
    configuration: { http: { maxRequestsPerOperation: 2 }, feeds: { minIntervalMs: 20 } },
  });
});
afterEach(async () => {
  await gateway.close();
  await provider.close();
});

/** Orders that each name an item; each item is one request. */
function shop() {
  const item = { key: 'id', lookup: 'get_item', fields: [{ name: 'id', optional: false }, { name: 'name' }] } as const;
  const order = { key: 'id', fields: [{ name: 'id' }, { name: 'item_id', references: 'item' }] } as const;
  const orders = ['a', 'b', 'c'].map((id) => ({ id, item_id: `of-${id}` }));
  return defineConnector({
    name: 'shop',
    title: 'Shop',
    objects: { item, order },
    actions: {
      orders: { readOnly: true, list: true, output: order, execute: () => orders },
      get_item: {
        readOnly: true,
        input: [{ name: 'id', optional: false }],
        output: item,
        execute: (open, { id }) => open.get(`${provider.origin}/items/${String(id)}`),
      },
    },
    triggers: {
      new_order: {
        title: 'New order',
        output: order,
        intervalMs: 20,
        // What the first poll meets was there before.
        poll: () => ({ events: polls++ === 0 ? [] : orders }),
        dedup: ({ id }: { id: string }) => id,
      },
    },
  });
}

describe('the budget of requests', () => {
  it('is one of all fields of an operation: who meets its end fails alone, the others keep their data', async () => {
    const query = '{ shopOrders { id item { name } } good: shopOrders { id } }';
    const { data, errors } = await gateway.ask(query);
    expect(data.shopOrders.map(({ item }: any) => item)).toEqual([
      { name: 'Item /items/of-a' },
      { name: 'Item /items/of-b' },
      null,
    ]);
    expect(data.good).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('One operation may send 2 requests to providers'),
        path: ['shopOrders', 2, 'item'],
        extensions: { code: 'REQUEST_LIMIT_EXCEEDED', connector: 'shop' },
      },
    ]);
    expect(provider.requests).toHaveLength(2);
  });

  it('begins anew with each operation', async () => {
    for (const id of ['a', 'b', 'c']) {
      const { data, errors } = await gateway.ask(`{ shopItem(id: "${id}") { name } }`);
      expect({ data, errors }).toEqual({ data: { shopItem: { name: `Item /items/${id}` } } });
    }
  });

  it('begins anew with each event of a subscription', async () => {
    const client = createClient({ url: `${gateway.url}/graphql/stream`, retryAttempts: 0 });
    const events = client.iterate<any>({ query: 'subscription { shopNewOrder { node { item { name } } } }' });
    const names: unknown[] = [];
    for (let count = 0; count < 3; count++) names.push((await events.next()).value);
    expect(names).toMatchObject(
      ['a', 'b', 'c'].map((id) => ({ data: { shopNewOrder: { node: { item: { name: `Item /items/of-${id}` } } } } })),
    );
    expect(provider.requests).toHaveLength(3);
    await events.return!();
    client.dispose();
  });
});

describe('what providers were asked', () => {
  const query =
    '{ one: shopItem(id: "a") { name } same: shopItem(id: "a") { name } other: shopItem(id: "b") { name } }';
  const post = async (body: object, path = '/graphql', headers: Record<string, string> = {}): Promise<string> => {
    const sent = { 'content-type': 'application/json', ...headers };
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: sent,
      body: JSON.stringify(body),
    });
    return response.text();
  };
  const upstream = () => ({ requests: 2, cached: 1, byHost: { [new URL(provider.origin).host]: 2 } });
  const data = {
    one: { name: 'Item /items/a' },
    same: { name: 'Item /items/a' },
    other: { name: 'Item /items/b' },
  };

  it('is told to who asks for it: reads that are alike were sent once', async () => {
    const answer = JSON.parse(await post({ query, extensions: { upstream: true } })) as unknown;
    expect(answer).toEqual({ data, extensions: { upstream: upstream() } });
    expect(provider.requests).toHaveLength(2);
    expect(JSON.parse(await post({ query }))).toEqual({ data });
    expect(JSON.parse(await post({ query, extensions: { upstream: 'yes' } }))).toEqual({ data });
  });

  it('is told by GET, as an event stream, and beside errors', async () => {
    const parameters = new URLSearchParams({ query, extensions: '{"upstream":true}' });
    const asked = { headers: { 'apollo-require-preflight': '1' } };
    const response = await fetch(`${gateway.url}/graphql?${String(parameters)}`, asked);
    expect(await response.json()).toEqual({ data, extensions: { upstream: upstream() } });
    const streamed = await post({ query, extensions: { upstream: true } }, '/graphql/stream');
    expect(streamed).toContain(JSON.stringify({ data, extensions: { upstream: upstream() } }));
    const failing = '{ shopOrders { item { name } } }';
    const failed = JSON.parse(await post({ query: failing, extensions: { upstream: true } }));
    expect(failed.errors[0].extensions.code).toBe('REQUEST_LIMIT_EXCEEDED');
    expect(failed.extensions).toEqual({ upstream: { ...upstream(), cached: 0 } });
  });

  it('is sent one by one where reads are not to be shared', async () => {
    await gateway.close();
    gateway = await startGateway({
      connectors: [shop()],
      origins: [provider.origin],
      configuration: { http: { shareReads: false } },
    });
    const answer = JSON.parse(await post({ query, extensions: { upstream: true } }));
    expect(answer.extensions.upstream).toMatchObject({ requests: 3, cached: 0 });
  });
});
