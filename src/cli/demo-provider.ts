/** The demo provider: the sample connector's API on this machine, so that `start --demo` needs no account. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DefinitionError, type ErrorCode } from '../errors.ts';
import {
  archivedCustomerId,
  createDemoCustomers,
  createDemoOrders,
  type DemoAddress,
  type DemoCustomer,
  type DemoOrder,
} from './demo-data.ts';

export interface DemoProviderOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** A loopback address; default `127.0.0.1`. */
  readonly host?: string;
}

export interface DemoProvider {
  /** e.g. `http://127.0.0.1:40123`; the API is below `/v1/`. */
  readonly origin: string;
  /** What `api_token` has to be; new at each start. */
  readonly apiToken: string;
  /** Stops at once; open sockets are cut. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the shop of the sample connector (`connectors/my-app`) with 120 customers and 300 orders, the same at each start.
 * A customer that is created is kept until `close`.
 *
 * @throws DefinitionError ADDRESS_IN_USE when the address is taken, ADDRESS_NOT_ALLOWED when it would let other machines in.
 */
export async function startDemoProvider(options: DemoProviderOptions = {}): Promise<DemoProvider> {
  const { port = 0, host = '127.0.0.1' } = options;
  if (!loopback.has(host)) {
    throw addressFault(
      'ADDRESS_NOT_ALLOWED',
      `expected a loopback address (${[...loopback].join(', ')}), since it is for demonstration only; got "${host}".`,
    );
  }
  const shop: Shop = {
    apiToken: `demo-${randomBytes(18).toString('base64url')}`,
    customers: createDemoCustomers(),
    orders: createDemoOrders(),
  };
  const server = createServer((request, response) => {
    answer(shop, request).then(
      ([status, body]) => send(response, status, body),
      (cause: unknown) =>
        send(response, ...(cause instanceof Refusal ? cause.answer : ([500, { error: 'The shop failed.' }] as const))),
    );
  });
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    origin: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    apiToken: shop.apiToken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);
const bodyLimitBytes = 64 * 1024;
const pageLimit = 100;

interface Shop {
  readonly apiToken: string;
  readonly customers: DemoCustomer[];
  readonly orders: readonly DemoOrder[];
}

type Answer = readonly [status: number, body: unknown];

/** What the client did wrong, as the answer that tells it. */
class Refusal extends Error {
  readonly answer: Answer;

  constructor(status: number, message: string) {
    super(message);
    this.answer = [status, { error: message }];
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        addressFault('ADDRESS_IN_USE', `expected an address that is free; got ${host}:${port} (${cause.code}).`, cause),
      ),
    );
    server.listen(port, host, resolve);
  });
}

function addressFault(code: ErrorCode, message: string, cause?: unknown): DefinitionError {
  return new DefinitionError([{ code, path: 'demo provider', message }], { cause });
}

async function answer(shop: Shop, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://demo.invalid');
  if (!isToken(url.searchParams.get('api_token'), shop.apiToken)) {
    return [401, { error: 'The parameter api_token is missing or wrong.' }];
  }
  const route = routes[url.pathname];
  if (!route) return [404, { error: 'There is no such path.' }];
  const handle = route[request.method ?? ''];
  if (!handle) return [405, { error: `This path takes ${Object.keys(route).join(' and ')}.` }];
  return handle(shop, url.searchParams, request);
}

function isToken(received: string | null, expected: string): boolean {
  const [left, right] = [Buffer.from(received ?? ''), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

type Handle = (shop: Shop, params: URLSearchParams, request: IncomingMessage) => Answer | Promise<Answer>;
const routes: Readonly<Record<string, Readonly<Record<string, Handle>>>> = {
  '/v1/customers.json': { GET: readCustomers, POST: createCustomer },
  '/v1/orders.json': { GET: readOrders },
};

function readCustomers({ customers }: Shop, params: URLSearchParams): Answer {
  const readable = customers.filter(({ id }) => id !== archivedCustomerId);
  const ids = params.get('ids');
  if (ids !== null) {
    const wanted = new Set(ids.split(',').map((id) => wholeNumber('ids', id)));
    return [200, { customers: readable.filter(({ id }) => wanted.has(id)) }];
  }
  if (params.has('id')) {
    const id = wholeNumber('id', params.get('id'));
    if (id === archivedCustomerId) return [410, { error: `Customer ${id} is archived.` }];
    const found = readable.find((customer) => customer.id === id);
    return found ? [200, { customer: found }] : [404, { error: `There is no customer ${id}.` }];
  }
  const since = time('created_since', params);
  const before = time('created_before', params);
  const rows = readable.filter(({ created_at }) => {
    const createdAt = Date.parse(created_at);
    return (since === undefined || createdAt >= since) && (before === undefined || createdAt < before);
  });
  return [200, page('customers', rows, params)];
}

async function createCustomer(
  { customers }: Shop,
  _params: URLSearchParams,
  request: IncomingMessage,
): Promise<Answer> {
  const body = await readJson(request);
  const { name, email, address } = body;
  if (typeof name !== 'string' || name.trim() === '') throw new Refusal(422, 'name has to be a text.');
  if (typeof email !== 'string' || !email.includes('@')) throw new Refusal(422, 'email has to be an e-mail address.');
  if (customers.some((customer) => customer.email === email)) {
    throw new Refusal(409, 'There is a customer with this e-mail address.');
  }
  const last = customers.at(-1);
  const customer: DemoCustomer = {
    id: (last?.id ?? 0) + 1,
    name,
    email,
    address: readAddress(address),
    // No two customers have the same time, so that a poll which continues after one misses none.
    created_at: new Date(Math.max(Date.now(), Date.parse(last?.created_at ?? '') + 1 || 0)).toISOString(),
  };
  customers.push(customer);
  return [201, { customer }];
}

function readAddress(value: unknown): DemoAddress | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw new Refusal(422, 'address has to be an object.');
  const given = value as Record<string, unknown>;
  const text = (name: keyof DemoAddress): string => {
    const part = given[name] ?? '';
    if (typeof part !== 'string') throw new Refusal(422, `address.${name} has to be a text.`);
    return part;
  };
  return {
    street: text('street'),
    city: text('city'),
    state: text('state'),
    zip: text('zip'),
    country: text('country'),
  };
}

function readOrders({ orders }: Shop, params: URLSearchParams): Answer {
  if (params.has('id')) {
    const id = wholeNumber('id', params.get('id'));
    const found = orders.find((order) => order.id === id);
    return found ? [200, { order: found }] : [404, { error: `There is no order ${id}.` }];
  }
  const customerId = params.has('customer_id') ? wholeNumber('customer_id', params.get('customer_id')) : undefined;
  const rows = customerId === undefined ? orders : orders.filter((order) => order.customer_id === customerId);
  return [200, page('orders', rows, params)];
}

/** One page of rows that are sorted with the oldest first, and the number of all of them. */
function page(name: string, rows: readonly unknown[], params: URLSearchParams): Record<string, unknown> {
  const limit = params.has('limit') ? wholeNumber('limit', params.get('limit')) : pageLimit;
  const number = params.has('page') ? wholeNumber('page', params.get('page')) : 1;
  const order = params.get('order') ?? 'asc';
  if (limit < 1 || limit > pageLimit) throw new Refusal(400, `limit has to be between 1 and ${pageLimit}.`);
  if (number < 1) throw new Refusal(400, 'page has to be 1 or more.');
  if (order !== 'asc' && order !== 'desc') throw new Refusal(400, 'order has to be asc or desc.');
  const sorted = order === 'asc' ? rows : rows.toReversed();
  return { [name]: sorted.slice((number - 1) * limit, number * limit), total: rows.length };
}

function wholeNumber(name: string, text: string | null): number {
  if (!/^\d{1,15}$/.test(text ?? '')) throw new Refusal(400, `${name} has to be a whole number.`);
  return Number(text);
}

/** Milliseconds since 1970, or `undefined` when the parameter is absent. */
function time(name: string, params: URLSearchParams): number | undefined {
  const text = params.get(name);
  if (text === null) return undefined;
  const value = Date.parse(text);
  if (Number.isNaN(value)) throw new Refusal(400, `${name} has to be a time as in RFC 3339.`);
  return value;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) throw new Refusal(413, `A body has at most ${bodyLimitBytes} bytes.`);
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'The body has to be JSON.');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal(400, 'The body has to be an object.');
  return body as Record<string, unknown>;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
