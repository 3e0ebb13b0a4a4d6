/** (c) What a good engineer writes by hand: Apollo Server on Fastify, resolvers per field, a DataLoader for the join. */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import DataLoader from 'dataloader';
import Fastify from 'fastify';
import { GraphQLDate, GraphQLDateTime } from 'graphql-scalars';
import { Pool } from 'undici';
import { answerParent } from './child.ts';

const origin = process.argv[2]!;
const pool = new Pool(origin, { connections: 128, pipelining: 1 });

async function get(path: string): Promise<any> {
  const { statusCode, body } = await pool.request({ path, method: 'GET', headers: { 'x-api-token': 'bench' } });
  if (statusCode !== 200) throw new Error(`The shop answered ${statusCode}.`);
  return body.json();
}

const typeDefs = `#graphql
  scalar Date
  scalar DateTime
  enum OrderStatus { OPEN PAID SHIPPED }
  type Customer { id: ID! name: String email: String createdAt: DateTime }
  type Order {
    id: ID! number: String status: OrderStatus quantity: Int total: Float currency: String isGift: Boolean note: String
    dueOn: Date placedAt: DateTime updatedAt: DateTime customerId: ID customer: Customer
  }
  type Query { shopOrder(id: ID!): Order shopOrders(limit: Int!): [Order] }
`;

interface Context {
  readonly customers: DataLoader<number, unknown>;
}

const resolvers = {
  Date: GraphQLDate,
  DateTime: GraphQLDateTime,
  OrderStatus: { OPEN: 'open', PAID: 'paid', SHIPPED: 'shipped' },
  Query: {
    shopOrder: (_root: unknown, { id }: { id: string }) => get(`/orders/${id}`),
    shopOrders: (_root: unknown, { limit }: { limit: number }) => get(`/orders?limit=${limit}`),
  },
  Order: {
    isGift: (order: any) => order.is_gift,
    dueOn: (order: any) => order.due_on,
    placedAt: (order: any) => order.placed_at,
    updatedAt: (order: any) => order.updated_at,
    customerId: (order: any) => order.customer_id,
    customer: (order: any, _args: unknown, { customers }: Context) => customers.load(order.customer_id),
  },
  Customer: {
    createdAt: (customer: any) => customer.created_at,
  },
};

function createContext(): Context {
  return {
    customers: new DataLoader(async (ids) => {
      const rows: any[] = await get(`/customers?ids=${ids.join('%2C')}`);
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id) ?? null);
    }),
  };
}

const app = Fastify();
const apollo = new ApolloServer<Context>({
  typeDefs,
  resolvers,
  stopOnTerminationSignals: false,
  plugins: [
    fastifyApolloDrainPlugin(app),
    ApolloServerPluginCacheControlDisabled(),
    ApolloServerPluginLandingPageDisabled(),
  ],
});
await apollo.start();
app.route({
  method: ['GET', 'POST'],
  url: '/graphql',
  handler: fastifyApolloHandler(apollo, { context: async () => createContext() }),
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
answerParent({ port: Number(new URL(url).port) });
