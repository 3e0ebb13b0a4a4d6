/** (c) What graphql-ws does by itself: graphql-js subscribes and executes for every subscriber. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLDate, GraphQLDateTime } from 'graphql-scalars';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { answerParent } from '../child.ts';
import { orderRow } from '../order-row.ts';
import { emit, type Emission } from './emit.ts';

const typeDefs = `
  scalar Date
  scalar DateTime
  enum OrderStatus { OPEN PAID SHIPPED }
  type Order {
    id: ID! number: String status: OrderStatus quantity: Int total: Float currency: String isGift: Boolean note: String
    dueOn: Date placedAt: DateTime updatedAt: DateTime
  }
  type OrderEvent { id: ID! cursor: String! node: Order }
  type Query { ok: Boolean }
  type Subscription { shopOrderPlaced: OrderEvent! }
`;

type Row = ReturnType<typeof orderRow>;
interface Event {
  readonly shopOrderPlaced: { readonly id: string; readonly cursor: string; readonly node: Row };
}
const listeners = new Set<(event: Event) => void>();

/** The events from now on, for one subscriber. */
function events(): AsyncIterableIterator<Event> {
  const waiting: Event[] = [];
  let wake: (() => void) | undefined;
  const listener = (event: Event) => {
    waiting.push(event);
    wake?.();
  };
  listeners.add(listener);
  return {
    async next() {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return { value: waiting.shift()!, done: false };
    },
    async return() {
      listeners.delete(listener);
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const schema = makeExecutableSchema({
  typeDefs,
  resolvers: {
    Date: GraphQLDate,
    DateTime: GraphQLDateTime,
    OrderStatus: { OPEN: 'open', PAID: 'paid', SHIPPED: 'shipped' },
    Subscription: { shopOrderPlaced: { subscribe: events } },
    Order: {
      isGift: (order: Row) => order.is_gift,
      dueOn: (order: Row) => order.due_on,
      placedAt: (order: Row) => order.placed_at,
      updatedAt: (order: Row) => order.updated_at,
    },
  },
});

const http = createServer();
const server = new WebSocketServer({ server: http, path: '/graphql', perMessageDeflate: false });
useServer({ schema }, server);
let count = 0;

http.listen(0, '127.0.0.1', () => {
  answerParent(
    { port: (http.address() as AddressInfo).port },
    {
      emit: ({ cursor, ...emission }: Emission & { cursor: string }) =>
        emit(emission, () => {
          const node = orderRow(++count);
          for (const listener of listeners) listener({ shopOrderPlaced: { id: String(node.id), cursor, node } });
        }),
      subscribers: () => listeners.size,
    },
  );
});
