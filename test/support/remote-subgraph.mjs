/** A subgraph of somebody else: a process of its own, by @apollo/subgraph, over HTTP, server-sent events and graphql-ws. */
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, parse, subscribe, validate } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/http';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external", "@requires", "@provides"])';

const products = [
  { __typename: 'Product', upc: 'p1', name: 'Lamp', weight: 250 },
  { __typename: 'Product', upc: 'p2', name: 'Desk', weight: 9000 },
];
const reviews = [
  { id: 'r1', text: 'Bright', product: { upc: 'p1' }, book: { isbn: '1' } },
  { id: 'r2', text: 'Heavy', product: { upc: 'p2' } },
];
const listeners = new Set();

const subgraphs = {
  products: {
    sdl: `${link}
      type Query { products: [Product] found: [Found] named: [Named] sent: [String] }
      type Mutation { rename(upc: ID!, name: String!): Product }
      interface Named { name: String }
      union Found = Product | Shop
      type Shop implements Named @key(fields: "id") { id: ID! name: String }
      type Product implements Named @key(fields: "upc") { upc: ID! name: String weight: Int @shareable }
      interface Media @key(fields: "id") { id: ID! }
      type Film implements Media @key(fields: "id") { id: ID! }`,
    resolvers: {
      Query: {
        products: () => products,
        found: () => [products[0], { __typename: 'Shop', id: 's', name: 'Corner' }],
        named: () => [{ __typename: 'Shop', id: 's', name: 'Corner' }, products[1]],
        sent: (_root, _args, { headers }) =>
          ['authorization', 'x-key', 'x-locale'].map((name) => `${name}=${headers[name]}`),
      },
      Mutation: {
        rename: (_root, { upc, name }) =>
          Object.assign(
            products.find((each) => each.upc === upc),
            { name },
          ),
      },
      Product: { __resolveReference: ({ upc }) => products.find((each) => each.upc === upc) },
    },
  },
  reviews: {
    sdl: `${link}
      type Query { reviews: [Review] }
      type Mutation { review(upc: ID!, text: String!): Review }
      type Subscription { reviewed: Review }
      type Review @key(fields: "id") { id: ID! text: String product: Product book: LibraryBook failing: String }
      type Product @key(fields: "upc") { upc: ID! reviews: [Review] }
      type LibraryBook @key(fields: "isbn") { isbn: ID! reviews: [Review] }`,
    resolvers: {
      Query: { reviews: () => reviews },
      Mutation: {
        review: (_root, { upc, text }) => {
          const made = { id: `r${reviews.length + 1}`, text, product: { upc } };
          reviews.push(made);
          for (const tell of listeners) tell({ reviewed: made });
          return made;
        },
      },
      Subscription: { reviewed: { subscribe: () => told() } },
      Review: {
        failing: () => {
          throw Object.assign(new Error('It is out of ink.'), { extensions: { code: 'NO_INK', secret: 'hunter2' } });
        },
      },
      Product: { reviews: ({ upc }) => reviews.filter(({ product }) => product.upc === upc) },
      LibraryBook: { reviews: ({ isbn }) => reviews.filter(({ book }) => book?.isbn === isbn) },
    },
  },
};

/** An iterator that ends at once when nobody listens any more, also while it waits. */
function told() {
  const waiting = [];
  let answer;
  const tell = (value) => {
    if (!answer) return void waiting.push(value);
    answer({ value, done: false });
    answer = undefined;
  };
  listeners.add(tell);
  process.send?.({ listening: listeners.size });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      waiting.length > 0
        ? Promise.resolve({ value: waiting.shift(), done: false })
        : new Promise((resolve) => (answer = resolve)),
    return() {
      listeners.delete(tell);
      process.send?.({ listening: listeners.size });
      answer?.({ value: undefined, done: true });
      return Promise.resolve({ value: undefined, done: true });
    },
  };
}

const { sdl, resolvers } = subgraphs[process.argv[2]];
const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers });
const events = createHandler({ schema });
let requests = 0;

const server = createServer((request, response) => {
  void (request.headers.accept === 'text/event-stream' ? events(request, response) : answer(request, response));
});

async function answer(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { query, variables } = JSON.parse(body);
  requests += 1;
  const document = parse(query);
  const errors = validate(schema, document);
  const contextValue = { headers: request.headers };
  const result =
    errors.length > 0 ? { errors } : await execute({ schema, document, variableValues: variables, contextValue });
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(result));
  process.send?.({ requests });
}
const sockets = new WebSocketServer({ server, path: '/' });
useServer({ schema, execute, subscribe }, sockets);
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}/` }));
process.on('disconnect', () => process.exit(0));
