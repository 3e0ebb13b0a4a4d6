import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Configuration } from '../../src/configuration.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { library } from '../support/library.ts';
import { startRemoteSubgraph, type StartedSubgraph } from '../support/remote-subgraphs.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

let products: StartedSubgraph;
let reviews: StartedSubgraph;
let provider: FakeProvider;
let gateway: RunningGateway | undefined;
beforeAll(async () => {
  [products, reviews] = await Promise.all([startRemoteSubgraph('products'), startRemoteSubgraph('reviews')]);
  provider = await startFakeProvider({
    'GET /books': { json: [{ isbn: '1', title: 'One' }] },
    'POST /postage': ({ body }) => ({
      json: JSON.parse(body).products.map(({ upc, weight }: any) => ({
        upc,
        is_lent: upc === 'p1',
        postage: weight / 100,
      })),
    }),
  });
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});
afterAll(async () => {
  await Promise.all([products.stop(), reviews.stop(), provider.close()]);
});

async function start(configuration: Configuration = {}, origins: readonly string[] = []): Promise<void> {
  gateway = await startGateway({
    connectors: [library(`${provider.origin}/`)],
    origins: [provider.origin, ...origins],
    configuration: {
      subgraphs: [
        { name: 'products', url: products.url, allowPrivateAddress: true },
        { name: 'reviews', url: reviews.url, allowPrivateAddress: true },
      ],
      ...configuration,
    },
  });
}

describe('a gateway over two remote subgraphs and a connector', () => {
  it('joins across the border both ways, with what fields require', async () => {
    await start();
    const { data, errors } = await gateway!.ask(
      `{ products { upc name postage isLent reviews { text product { name } } } libraryBooks(isbns: ["1"]) { title reviews { text book { title } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      products: [
        {
          upc: 'p1',
          name: 'Lamp',
          postage: 2.5,
          isLent: true,
          reviews: [{ text: 'Bright', product: { name: 'Lamp' } }],
        },
        {
          upc: 'p2',
          name: 'Desk',
          postage: 90,
          isLent: false,
          reviews: [{ text: 'Heavy', product: { name: 'Desk' } }],
        },
      ],
      libraryBooks: [{ title: 'One', reviews: [{ text: 'Bright', book: { title: 'One' } }] }],
    });
  });

  it('answers unions, interfaces, aliases, variables, directives and introspection', async () => {
    await start();
    const { data, errors } = await gateway!.ask(
      `query ($no: Boolean!, $yes: Boolean!) {
        __typename
        hits: found { __typename ... on Product { label: name postage @skip(if: $no) reviews @include(if: $yes) { id } } ... on Shop { id } }
        named { name ... on Product { postage @include(if: $no) isLent } }
        __type(name: "Product") { fields { name } }
      }`,
      { no: false, yes: true },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      __typename: 'Query',
      hits: [
        { __typename: 'Product', label: 'Lamp', postage: 2.5, reviews: [{ id: 'r1' }] },
        { __typename: 'Shop', id: 's' },
      ],
      named: [{ name: 'Corner' }, { name: 'Desk', isLent: false }],
      __type: { fields: expect.arrayContaining([{ name: 'postage' }, { name: 'reviews' }, { name: 'name' }]) },
    });
  });

  it('carries out mutations one after the other, and completes what they give', async () => {
    await start();
    const { data, errors } = await gateway!.ask(
      `mutation { rename(upc: "p2", name: "Table") { name isLent } review(upc: "p2", text: "Better") { product { name reviews { text } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      rename: { name: 'Table', isLent: false },
      review: { product: { name: 'Table', reviews: [{ text: 'Heavy' }, { text: 'Better' }] } },
    });
    await gateway!.ask(`mutation { rename(upc: "p2", name: "Desk") { name } }`);
  });

  it('sends the headers that the operator says, and of the client only those that are named', async () => {
    await start({
      subgraphs: [
        {
          name: 'products',
          url: products.url,
          allowPrivateAddress: true,
          headers: { 'X-Key': 'for {subject}' },
          propagate: ['X-Locale'],
        },
      ],
    });
    const headers = {
      authorization: 'Bearer secret',
      'x-locale': 'de',
      'x-key': 'mine',
      'x-external-subject-id': 'anna',
    };
    const { data } = await gateway!.ask('{ sent }', {}, headers);
    expect(data).toEqual({ sent: ['authorization=undefined', 'x-key=for anna', 'x-locale=de'] });
  });

  it('gives what one subgraph says is wrong its place, its code and nothing else', async () => {
    await start();
    const { data, errors, text } = await gateway!.ask('{ reviews { id failing } }');
    expect(data.reviews[0]).toEqual({ id: 'r1', failing: null });
    expect(errors![0]).toEqual({
      message: 'It is out of ink.',
      path: ['reviews', 0, 'failing'],
      extensions: { code: 'SUBGRAPH_ERROR', subgraph: 'reviews', errorCode: 'NO_INK' },
    });
    expect(text).not.toContain('hunter2');
  });

  it.each(['sse', 'graphql-ws'] as const)(
    'passes a subscription on by %s, and adds what others know',
    async (transport) => {
      await start({
        subgraphs: [
          { name: 'products', url: products.url, allowPrivateAddress: true },
          { name: 'reviews', url: reviews.url, allowPrivateAddress: true, subscriptions: { transport } },
        ],
      });
      const url = `${gateway!.url.replace('http', 'ws')}/graphql`;
      const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
      const events = client.iterate({ query: 'subscription { reviewed { text product { name postage } } }' });
      const first = events.next();
      await reviews.listening(1);
      await gateway!.ask('mutation { review(upc: "p1", text: "Told") { id } }');
      expect((await first).value).toEqual({
        data: { reviewed: { text: 'Told', product: { name: 'Lamp', postage: 2.5 } } },
      });
      await client.dispose();
      await reviews.listening(0);
    },
  );
});
