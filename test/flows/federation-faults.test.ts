import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from '../../src/configuration.ts';
import { formatFault, type DefinitionError } from '../../src/errors.ts';
import { composeSupergraph } from '../../src/graph/compose.ts';
import { startFakeProvider, type FakeProvider, type Handler, type Reply } from '../support/fake-provider.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';
import { until } from '../support/until.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])\n';
const shopSdl = `${link}type Query { items: [Item] } type Mutation { sell: Item } type Item @key(fields: "id") { id: ID! name: String! }`;
const stockSdl = `${link}type Query { stock: [Item] } type Item @key(fields: "id") { id: ID! count: Int }`;

const opened: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** A subgraph that answers its SDL, and for the rest as it is told. */
async function subgraph(sdl: string, answer: Reply | Handler): Promise<FakeProvider> {
  const provider = await startFakeProvider((request, response) => {
    if (request.body.includes('_service')) return { json: { data: { _service: { sdl } } } };
    return typeof answer === 'function' ? answer(request, response) : answer;
  });
  opened.push(provider);
  return provider;
}

async function start(configuration: Configuration, maxTries = 1): Promise<RunningGateway> {
  const gateway = await startGateway({ connectors: [], configuration, maxTries });
  opened.push(gateway);
  return gateway;
}

const remote = (name: string, { origin }: FakeProvider, rest: object = {}) => ({
  name,
  url: `${origin}/graphql`,
  allowPrivateAddress: true,
  ...rest,
});
const items = {
  json: {
    data: {
      items: [
        { __typename: 'Item', id: '1', name: 'Cup' },
        { __typename: 'Item', id: '2', name: 'Jug' },
      ],
    },
  },
};

/** What is answered where the shop is well and the stock is not. */
async function askedWith(stock: Reply | Handler, rest: object = {}) {
  const shop = await subgraph(shopSdl, items);
  const broken = await subgraph(stockSdl, stock);
  const gateway = await start({ subgraphs: [remote('shop', shop), remote('stock', broken, rest)] });
  const { data, errors } = await gateway.ask('{ items { name count } }');
  return { data, errors, broken, gateway };
}

const partial = {
  items: [
    { name: 'Cup', count: null },
    { name: 'Jug', count: null },
  ],
};

describe('a remote subgraph that fails while it is asked', () => {
  it.each<[string, Reply | Handler, string, string]>([
    [
      'answers HTML',
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad</h1>' },
      'PROVIDER_UNAVAILABLE',
      'Subgraph "stock": expected an answer of GraphQL, JSON with data or errors; got text/html with status 502.',
    ],
    [
      'answers JSON that is none of GraphQL',
      { json: { hello: 1 } },
      'PROVIDER_ANSWER_INVALID',
      'Subgraph "stock": expected an answer of GraphQL, JSON with data or errors; got application/json with status 200.',
    ],
    [
      'gives another number of entities',
      { json: { data: { _entities: [{ count: 3 }] } } },
      'PROVIDER_ANSWER_INVALID',
      'Subgraph "stock": expected 2 entities for as many representations; got 1.',
    ],
  ])('and %s fails its own fields, told once', async (_what, stock, code, message) => {
    const { data, errors } = await askedWith(stock);
    expect(data).toEqual(partial);
    expect(errors).toEqual([
      {
        message,
        path: ['items', 0, 'count'],
        locations: expect.anything(),
        extensions: expect.objectContaining({ code }),
      },
    ]);
  });

  it('with errors and no data fails its own fields, in its words', async () => {
    const { data, errors } = await askedWith({
      json: { errors: [{ message: 'Closed.', extensions: { code: 'CLOSED' } }] },
    });
    expect(data).toEqual(partial);
    expect(errors!.map(({ message, extensions }) => [message, extensions.errorCode])).toEqual([['Closed.', 'CLOSED']]);
  });

  it('with errors beside data keeps the data', async () => {
    const { data, errors } = await askedWith({
      json: {
        data: { _entities: [{ count: 3 }, { count: null }] },
        errors: [{ message: 'Lost.', path: ['_entities', 1, 'count'] }],
      },
    });
    expect(data).toEqual({
      items: [
        { name: 'Cup', count: 3 },
        { name: 'Jug', count: null },
      ],
    });
    expect(errors!.map(({ message, path }) => [message, path])).toEqual([['Lost.', ['items', 1, 'count']]]);
  });

  it('that is down, or slow, fails its own fields', async () => {
    const { gateway, broken, errors } = await askedWith(() => new Promise(() => {}), { timeoutMs: 200 });
    expect(errors!.map(({ message, extensions }) => [extensions.code, message])).toEqual([
      ['PROVIDER_TIMEOUT', 'Subgraph "stock": expected an answer within 200 ms; it gave none.'],
    ]);
    await broken.close();
    const { data, errors: down } = await gateway.ask('{ items { name count } }');
    expect([data, down!.map(({ extensions }) => extensions.code)]).toEqual([partial, ['PROVIDER_UNREACHABLE']]);
  });

  it('has queries sent again, and mutations never', async () => {
    let failures = 0;
    const shop = await subgraph(shopSdl, ({ body }) => {
      failures += 1;
      return failures === 1 || body.includes('mutation') ? { status: 503, json: {} } : items;
    });
    const gateway = await start({ subgraphs: [remote('shop', shop)] }, 3);
    expect((await gateway.ask('{ items { name } }')).data.items).toHaveLength(2);
    const before = shop.requests.length;
    const { errors } = await gateway.ask('mutation { sell { id } }');
    expect([errors![0]!.extensions.code, shop.requests.length - before]).toEqual(['PROVIDER_UNAVAILABLE', 1]);
  });

  it('gives null where a value must be, and the object around it is null', async () => {
    const shop = await subgraph(shopSdl, { json: { data: { items: [{ id: '1', name: null }] } } });
    const gateway = await start({ subgraphs: [remote('shop', shop)] });
    const { data, errors } = await gateway.ask('{ items { id name } }');
    expect([data, errors!.map(({ path, extensions }) => [path, extensions.code])]).toEqual([
      { items: [null] },
      [[['items', 0, 'name'], 'PROVIDER_ANSWER_INVALID']],
    ]);
  });
});

describe('remote subgraphs at start', () => {
  it('are left out while they are away, and joined when they answer', async () => {
    let isAway = true;
    const shop = await subgraph(shopSdl, items);
    const late = await startFakeProvider(({ body }) => {
      if (isAway) return { status: 503, json: {} };
      return body.includes('_service')
        ? { json: { data: { _service: { sdl: stockSdl } } } }
        : { json: { data: { stock: [] } } };
    });
    opened.push(late);
    const gateway = await start({ subgraphs: [remote('shop', shop), remote('stock', late)] });
    expect((await gateway.ask('{ items { name } }')).data.items).toHaveLength(2);
    const health = async () => (await (await fetch(`${gateway.url}/healthz`)).json()) as any;
    expect((await health()).faults).toEqual([
      expect.objectContaining({ code: 'SUBGRAPH_UNAVAILABLE', path: 'subgraphs.stock' }),
    ]);
    isAway = false;
    await until(async () => (await gateway.ask('{ stock { count } }')).data !== undefined);
    expect((await health()).faults).toEqual([]);
  });

  it('stop it where they refuse to show their SDL, with what to do', async () => {
    const shy = await startFakeProvider(() => ({ json: { errors: [{ message: 'Introspection is off.' }] } }));
    opened.push(shy);
    await expect(start({ subgraphs: [remote('shy', shy)] })).rejects.toThrow(
      'SUBGRAPH_INVALID: subgraphs.shy: expected its SDL in _service { sdl }; it said "Introspection is off.". Give it as a file instead: `sdl`.',
    );
  });

  it('stop it where they do not compose, by subgraph, type and field', () => {
    const services = [
      { name: 'one', sdl: () => `${link}type Query { a: Item } type Item { id: ID! }` },
      { name: 'two', sdl: () => `${link}type Query { b: Item } type Item { id: ID! }` },
    ];
    let faults: string[] = [];
    try {
      composeSupergraph(services);
    } catch (error) {
      faults = (error as DefinitionError).faults.map(formatFault);
    }
    expect(faults).toEqual([
      'COMPOSITION_FAILED: one, two: Non-shareable field "Item.id" is resolved from multiple subgraphs: it is resolved from subgraphs "one" and "two" and defined as non-shareable in all of them.',
    ]);
  });
});

describe('a supergraph that is composed elsewhere', () => {
  const composed = (shop: FakeProvider) =>
    composeSupergraph([{ name: 'shop', sdl: () => shopSdl }]).replace('url: ""', `url: "${shop.origin}/graphql"`);

  it('is served from a file, without any connector', async () => {
    const shop = await subgraph(shopSdl, items);
    const folder = await mkdtemp(join(tmpdir(), 'plugboard-supergraph-'));
    opened.push({ close: () => rm(folder, { recursive: true }) });
    await writeFile(join(folder, 'super.graphql'), composed(shop));
    const http = { allowedPrivateOrigins: [shop.origin] };
    const gateway = await start({ supergraph: join(folder, 'super.graphql'), http });
    expect(await gateway.ask('{ items { name } }')).toMatchObject({
      data: { items: [{ name: 'Cup' }, { name: 'Jug' }] },
    });
    await writeFile(join(folder, 'none.graphql'), 'type Query { a: Int }');
    await expect(start({ supergraph: join(folder, 'none.graphql'), http })).rejects.toThrow(
      'SUPERGRAPH_INVALID: supergraph: expected the SDL of a supergraph, with an enum join__Graph of its subgraphs; got another document.',
    );
  });

  it('is looked at by its ETag; garbage keeps what is served and says so, until it recovers', async () => {
    const shop = await subgraph(shopSdl, items);
    const first = composed(shop);
    let reply: Reply = { headers: { etag: '"1"' }, body: first };
    const tags: (string | undefined)[] = [];
    const place = await startFakeProvider(({ headers }) => {
      tags.push(headers['if-none-match']);
      return headers['if-none-match'] === (reply.headers?.etag as string) ? { status: 304 } : reply;
    });
    opened.push(place);
    const http = { allowedPrivateOrigins: [shop.origin, place.origin] };
    const gateway = await start({ supergraph: { source: `${place.origin}/super`, pollMs: 20 }, http });
    const ask = async () => (await gateway.ask('{ items { name } }')).data;
    const health = async () => ((await (await fetch(`${gateway.url}/healthz`)).json()) as any).faults;
    expect(await ask()).toEqual({ items: [{ name: 'Cup' }, { name: 'Jug' }] });
    await until(() => tags.includes('"1"'));
    reply = { headers: { etag: '"2"' }, body: '<html>' };
    await until(async () => (await health()).length > 0);
    expect(await health()).toEqual([
      {
        code: 'SUPERGRAPH_INVALID',
        path: 'supergraph',
        message: 'expected the SDL of a supergraph; line 1, column 1 is none: Syntax Error: Unexpected character: "<".',
      },
    ]);
    expect(await ask()).toEqual({ items: [{ name: 'Cup' }, { name: 'Jug' }] });
    reply = { headers: { etag: '"3"' }, body: first.replace('items: [Item]', 'items: [Item] more: Int') };
    await until(async () => (await health()).length === 0);
    expect((await gateway.ask('{ __type(name: "Query") { fields { name } } }')).data.__type.fields).toContainEqual({
      name: 'more',
    });
  });
});
