/** The stub upstream: a provider's API with answers that are made beforehand, and a count of what it was asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from './child.ts';

const rows = 50;
const statuses = ['open', 'paid', 'shipped'];

function orderRow(id: number) {
  const day = String((id % 28) + 1).padStart(2, '0');
  return {
    id,
    number: `A-${1000 + id}`,
    status: statuses[id % statuses.length],
    quantity: id % 7,
    total: Math.round(id * 1999) / 100,
    currency: 'EUR',
    is_gift: id % 5 === 0,
    note: id % 4 === 0 ? null : `Leave it at door ${id}, please.`,
    due_on: `2026-03-${day}`,
    placed_at: `2026-01-${day}T09:30:00.000Z`,
    updated_at: `2026-02-${day}T17:45:12.500Z`,
    customer_id: 7000 + id,
    // A provider sends more than anybody asks for.
    links: {
      self: `https://shop.example.com/orders/${id}`,
      customer: `https://shop.example.com/customers/${7000 + id}`,
    },
    tags: ['web', 'retail'],
  };
}

function customerRow(id: number) {
  return {
    id,
    name: `Customer ${id}`,
    email: `customer-${id}@example.com`,
    created_at: '2024-05-17T08:00:00.000Z',
    address: { street: `${id} High Street`, city: 'Springfield', country: 'US' },
  };
}

const orders = Array.from({ length: rows }, (_, index) => orderRow(index + 1));
const orderBodies = new Map(orders.map((order) => [`/orders/${order.id}`, Buffer.from(JSON.stringify(order))]));
const listBody = Buffer.from(JSON.stringify(orders));
const customerTexts = new Map(orders.map(({ customer_id: id }) => [String(id), JSON.stringify(customerRow(id))]));
const customerBodies = new Map<string, Buffer>();

function bodyOf(url: string): Buffer | undefined {
  if (url.startsWith('/orders?')) return listBody;
  if (url.startsWith('/customers?')) return customersOf(url);
  return orderBodies.get(url);
}

/** In the opposite order, so that an answer matched by place is a wrong one. */
function customersOf(url: string): Buffer {
  let body = customerBodies.get(url);
  if (!body) {
    const ids = (new URL(url, 'http://upstream').searchParams.get('ids') ?? '').split(',');
    const texts = ids.flatMap((id) => customerTexts.get(id) ?? []);
    body = Buffer.from(`[${texts.reverse().join(',')}]`);
    customerBodies.set(url, body);
  }
  return body;
}

let asked = 0;
const server = createServer((request, response) => {
  asked++;
  const body = request.headers['x-api-token'] === 'bench' ? bodyOf(request.url ?? '') : undefined;
  response.writeHead(body ? 200 : 404, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body?.length ?? 0,
  });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  answerParent({ origin: `http://127.0.0.1:${port}` }, { asked: () => asked });
});
