/** The stub upstream: a provider's API with answers that are made beforehand, and a count of what it was asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from './child.ts';
import { emit, type Emission } from './fan-out/emit.ts';
import { orderRow } from './order-row.ts';

const rows = 50;
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

/** Orders that were placed while the bench runs; a row's id is its place. */
const placed: ReturnType<typeof orderRow>[] = [];

function eventsAfter(url: string): Buffer {
  const after = Number(new URL(url, 'http://upstream').searchParams.get('after'));
  return Buffer.from(JSON.stringify(placed.slice(after, after + 100)));
}

function bodyOf(url: string): Buffer | undefined {
  if (url.startsWith('/events?')) return eventsAfter(url);
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
  answerParent(
    { origin: `http://127.0.0.1:${port}` },
    {
      asked: () => asked,
      emit: ({ noteLength, ...emission }: Emission) => {
        const large = noteLength === undefined ? {} : { note: 'x'.repeat(noteLength) };
        return emit(emission, () => placed.push({ ...orderRow(placed.length + 1), ...large }));
      },
      placed: () => placed.length,
    },
  );
});
