/** (a) The least that does the work: bare node:http, one undici call, the answer put together by hand. No GraphQL. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { answerParent } from './child.ts';

const origin = process.argv[2]!;
const pool = new Pool(origin, { connections: 128, pipelining: 1 });

async function get(path: string): Promise<any> {
  const { body } = await pool.request({ path, method: 'GET', headers: { 'x-api-token': 'bench' } });
  return body.json();
}

function orderOf(row: any) {
  return {
    id: String(row.id),
    number: row.number,
    status: row.status.toUpperCase(),
    quantity: row.quantity,
    total: row.total,
    currency: row.currency,
    isGift: row.is_gift,
    note: row.note,
    dueOn: row.due_on,
    placedAt: row.placed_at,
    updatedAt: row.updated_at,
  };
}

async function joined(limit: number) {
  const orders: any[] = await get(`/orders?limit=${limit}`);
  const customers: any[] = await get(`/customers?ids=${orders.map((order) => order.customer_id).join('%2C')}`);
  const byId = new Map(customers.map((customer) => [customer.id, customer]));
  return orders.map((order) => {
    const customer = byId.get(order.customer_id);
    const { name, email, created_at: createdAt } = customer;
    return {
      id: String(order.id),
      number: order.number,
      customer: { id: String(customer.id), name, email, createdAt },
    };
  });
}

async function answer({ query, variables }: { query: string; variables: any }): Promise<unknown> {
  if (query.startsWith('query One')) return { shopOrder: orderOf(await get(`/orders/${variables.id}`)) };
  if (query.startsWith('query Join')) return { shopOrders: await joined(variables.limit) };
  return { shopOrders: (await get(`/orders?limit=${variables.limit}`)).map(orderOf) };
}

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => resolve(text));
  });
}

const server = createServer((request, response) => void respond(request, response));

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const data = await answer(JSON.parse(await read(request)));
  const body = JSON.stringify({ data });
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  answerParent({ port: (server.address() as AddressInfo).port });
});
