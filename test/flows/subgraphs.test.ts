import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { library } from '../support/library.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';
import { crm } from '../support/graph-connectors.ts';
import type { Configuration } from '../../src/configuration.ts';

let provider: FakeProvider | undefined;
let gateway: RunningGateway | undefined;
afterEach(async () => {
  await gateway?.close();
  await provider?.close();
});

const books = [
  { isbn: '2', title: 'Two', place: 7, shelf: { room: 'B', floor: 1 }, purchase_price: 3.5 },
  { isbn: '1', title: 'One', place: 4, shelf: { room: 'A' } },
];

async function start(configuration: Configuration = {}, onlySubgraph?: string): Promise<void> {
  provider = await startFakeProvider({
    'GET /books': { json: books },
    'GET /places': ({ query }) => {
      const found = books.find(({ place, shelf }) => String(place) === query.place && shelf.room === query.room);
      return found ? { json: found } : { status: 404, json: {} };
    },
    'POST /postage': ({ body }) => ({
      json: JSON.parse(body)
        .products.map(({ upc, weight }: any) => ({ upc, is_lent: upc === 'p1', postage: weight / 100 }))
        .reverse(),
    }),
    'GET /media': { json: { id: 'm', loans: 12 } },
    'GET /recommendations': { json: [{ text: 'Read it', about: { upc: 'p1', weight: 250 } }] },
  });
  gateway = await startGateway({
    connectors: [library(`${provider.origin}/`), crm()],
    origins: [provider.origin],
    ...(onlySubgraph !== undefined && { onlySubgraph }),
    configuration: { http: { allowHttp: true, allowedPrivateOrigins: [provider.origin] }, ...configuration },
  });
}

async function ask(name: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${gateway!.url}/subgraphs/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: JSON.parse(await response.text()),
  };
}

const entities = (selection: string) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename ${selection} } }`;
const represented = (representations: readonly unknown[]) => ({ representations });

describe('a gateway that serves one subgraph', () => {
  it('answers as that subgraph alone, at /graphql too', async () => {
    await start({}, 'library');
    const query = entities('... on LibraryBook { title }');
    const variables = represented([{ __typename: 'LibraryBook', isbn: '1' }]);
    const expected = { data: { _entities: [{ __typename: 'LibraryBook', title: 'One' }] } };
    const { text, ...answer } = await gateway!.ask(query, variables);
    expect([answer, (await ask('library', { query, variables })).body]).toEqual([expected, expected]);
    expect((await ask('crm', { query })).status).toBe(404);
    expect((await gateway!.ask('{ connectors { name } }')).errors?.[0]?.extensions.code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    );
    const sdl = await (await fetch(`${gateway!.url}/supergraph.graphql`)).text();
    expect(sdl).toContain('type LibraryBook @key(fields: "isbn")');
    expect(text).not.toContain('errors');
  });

  it('is not started for a connector that there is not', async () => {
    await expect(start({}, 'libary')).rejects.toThrow(
      'CONNECTOR_UNKNOWN: libary: expected the name of a subgraph (did you mean "library"?); there is none of this name.',
    );
  });
});

describe('/subgraphs/<connector>', () => {
  it('resolves the entities that a router asks for by one call, in the order in which it names them', async () => {
    await start();
    const { status, body } = await ask('library', {
      query: entities('... on LibraryBook { isbn title purchasePrice shelf { room } }'),
      variables: represented(['1', '2', 'none', '1'].map((isbn) => ({ __typename: 'LibraryBook', isbn }))),
    });
    const one = { __typename: 'LibraryBook', isbn: '1', title: 'One', purchasePrice: null, shelf: { room: 'A' } };
    const two = { __typename: 'LibraryBook', isbn: '2', title: 'Two', purchasePrice: 3.5, shelf: { room: 'B' } };
    expect([status, body]).toEqual([200, { data: { _entities: [one, two, null, one] } }]);
    expect(provider!.requests.map(({ path, query }) => [path, query])).toEqual([['/books', { isbns: '1,2,none' }]]);
  });

  it('finds one by a composite key with a field in another, and gives null where the provider has none', async () => {
    await start();
    const place = (room: string, number: number) => ({ __typename: 'LibraryBook', shelf: { room }, place: number });
    const { body } = await ask('library', {
      query: entities('... on LibraryBook { isbn }'),
      variables: represented([place('B', 7), place('B', 8)]),
    });
    expect(body).toEqual({ data: { _entities: [{ __typename: 'LibraryBook', isbn: '2' }, null] } });
  });

  it('gives an action what a field requires of another subgraph, all by one call', async () => {
    await start();
    const { body } = await ask('library', {
      query: entities('... on Product { upc postage isLent }'),
      variables: represented([
        { __typename: 'Product', upc: 'p1', weight: 250 },
        { __typename: 'Product', upc: 'p2', weight: 1000 },
      ]),
    });
    expect(body.data._entities).toEqual([
      { __typename: 'Product', upc: 'p1', postage: 2.5, isLent: true },
      { __typename: 'Product', upc: 'p2', postage: 10, isLent: false },
    ]);
    expect(provider!.requests.map(({ body: sent }) => JSON.parse(sent))).toEqual([
      {
        products: [
          { upc: 'p1', weight: 250 },
          { upc: 'p2', weight: 1000 },
        ],
      },
    ]);
  });

  it('answers fields of its own, what it provides of others, and types that stand for interfaces', async () => {
    await start();
    const { body } = await ask('library', {
      query: `{ libraryListRecommendations: libraryRecommendations { text about { upc weight } } libraryCountBooks { count } }`,
    });
    expect(body.data).toEqual({
      libraryListRecommendations: [{ text: 'Read it', about: { upc: 'p1', weight: 250 } }],
      libraryCountBooks: { count: 3 },
    });
    const media = await ask('library', {
      query: entities('... on Media { loans }'),
      variables: represented([{ __typename: 'Media', id: 'm' }]),
    });
    expect(media.body.data._entities).toEqual([{ __typename: 'Media', loans: 12 }]);
  });

  it('shows its SDL, which is the one that is generated', async () => {
    await start();
    const { body } = await ask('crm', { query: '{ _service { sdl } }' });
    expect(body.data._service.sdl).toContain('type CrmCustomer @key(fields: "id") {');
    expect(body.data._service.sdl).not.toContain('Library');
  });

  it('says of each representation alone what is wrong with it', async () => {
    await start();
    const { status, body } = await ask('library', {
      query: entities('... on LibraryBook { title }'),
      variables: represented([
        { __typename: 'LibraryBook', isbn: '1' },
        { __typename: 'Nobody', id: 1 },
        { __typename: 'LibraryBook', shelf: { room: 'A' } },
        7,
      ]),
    });
    expect(status).toBe(200);
    expect(body.data._entities).toEqual([{ __typename: 'LibraryBook', title: 'One' }, null, null, null]);
    const types = 'LibraryBook, Media, Product';
    const byPlace = (a: any, b: any) => a.path[1] - b.path[1];
    expect(
      [...body.errors].sort(byPlace).map(({ message, path, extensions }: any) => [path, extensions.code, message]),
    ).toEqual([
      [
        ['_entities', 1],
        'REFERENCE_INVALID',
        `A representation must be an object whose __typename is one of ${types}; got "Nobody".`,
      ],
      [
        ['_entities', 2],
        'REFERENCE_INVALID',
        'A representation of LibraryBook must hold { isbn } or { shelf { room } place }, with a value in each field; it holds ["__typename", "shelf"].',
      ],
      [
        ['_entities', 3],
        'REFERENCE_INVALID',
        `A representation must be an object whose __typename is one of ${types}; got nothing.`,
      ],
    ]);
  });

  it('refuses what it is not asked for rightly, as /graphql does', async () => {
    await start({ limits: { rootFields: 1 } });
    const unknown = await ask('nobody', { query: '{ a }' });
    expect([unknown.status, unknown.body.errors[0].message]).toEqual([
      404,
      'There is no subgraph "nobody". Subgraphs have the names of connectors; the gateway\'s own is "gateway".',
    ]);
    const foreign = await ask('crm', { query: '{ libraryRecommendations { text } }' });
    expect([foreign.status, foreign.body.errors[0].extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    const wide = await ask('library', { query: '{ _service { sdl } __typename }' });
    expect([wide.status, wide.body.errors[0].extensions.code]).toEqual([400, 'OPERATION_TOO_LARGE']);
    const subscription = await ask('gateway', { query: 'subscription { connectionChanged { __typename } }' });
    expect([subscription.status, subscription.body.errors[0].extensions.code]).toEqual([406, 'TRANSPORT_UNSUPPORTED']);
    const get = await fetch(`${gateway!.url}/subgraphs/crm?query={__typename}`);
    expect(get.status).toBe(404);
  });

  it('asks callers for what the gateway asks them for', async () => {
    await start({ introspection: false });
    const hidden = await ask('crm', { query: '{ _service { sdl } }' });
    expect([hidden.status, hidden.body.errors]).toEqual([
      400,
      [
        expect.objectContaining({
          message: 'The SDL is not shown by this gateway. Set `introspection: true` to serve it.',
        }),
      ],
    ]);
    await gateway!.close();
    await provider!.close();
    await start({
      insecureDev: false,
      finishInBrowser: false,
      key: randomBytes(32).toString('base64'),
      store: ':memory:',
    });
    const { status, body } = await ask('crm', { query: '{ __typename }' });
    expect([status, body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('streams events to whoever takes nothing else', async () => {
    await start();
    const response = await fetch(`${gateway!.url}/subgraphs/crm`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    expect(await response.text()).toContain('event: next\ndata: {"data":{"__typename":"Query"}}');
  });

  it('is answered over WebSocket at the same path', async () => {
    await start();
    const url = `${gateway!.url.replace('http', 'ws')}/subgraphs/crm`;
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
    const answers = client.iterate({ query: '{ _service { sdl } }' });
    const { value } = await answers.next();
    expect(value.data._service.sdl).toContain('CrmCustomer');
    await client.dispose();
  });
});
