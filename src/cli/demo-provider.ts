/** The demo provider: the sample connector's API on this machine, so that `start --demo` needs no account. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  archivedCustomerId,
  createDemoCustomers,
  createDemoOrders,
  createDemoPerson,
  type DemoAddress,
  type DemoCustomer,
  type DemoOrder,
} from './demo-data.ts';
import { readJson, Refusal, startDemoServer } from './demo-server.ts';
import type { DemoAnswer, DemoRequest, DemoServer, DemoServerOptions } from './demo-server.ts';
import { createDemoWebhooks, type DemoWebhook, type DemoWebhooks } from './demo-webhooks.ts';

export interface DemoProviderOptions extends DemoServerOptions {
  /** A customer comes by itself so often. Absent: none does. */
  readonly newCustomerEveryMs?: number;
}

/** The API is below `/v1/` of its origin. */
export interface DemoProvider extends DemoServer {
  /** What `api_token` has to be; new at each start. */
  readonly apiToken: string;
  /** Lets a customer come by itself. */
  readonly addCustomer: () => DemoCustomer;
  /** Who is told of new customers at this moment. */
  readonly webhooks: () => readonly DemoWebhook[];
}

/**
 * Starts the shop of the sample connector (`connectors/my-app`) with 120 customers and 300 orders, the same at each start.
 * A customer that is created is kept until `close`, and told to every webhook.
 *
 * @throws DefinitionError ADDRESS_IN_USE when the address is taken, ADDRESS_NOT_ALLOWED when it would let other machines in.
 */
export async function startDemoProvider(options: DemoProviderOptions = {}): Promise<DemoProvider> {
  const shop: Shop = {
    apiToken: `demo-${randomBytes(18).toString('base64url')}`,
    customers: createDemoCustomers(),
    orders: createDemoOrders(),
    webhooks: createDemoWebhooks(),
  };
  const server = await startDemoServer('demo provider', options, (request) => answer(shop, request));
  const addCustomer = () => {
    const id = nextId(shop);
    return keepCustomer(shop, id, createDemoPerson(id));
  };
  const { newCustomerEveryMs } = options;
  const addAnother = () => void (shop.customers.length < mostCustomers && addCustomer());
  const timer = newCustomerEveryMs === undefined ? undefined : setInterval(addAnother, newCustomerEveryMs).unref();
  return {
    origin: server.origin,
    apiToken: shop.apiToken,
    addCustomer,
    webhooks: shop.webhooks.list,
    close: async () => {
      clearInterval(timer);
      shop.webhooks.close();
      await server.close();
    },
  };
}

const pageLimit = 100;
/** None comes by itself beyond it: a demonstration that is forgotten does not fill the memory. */
const mostCustomers = 10_000;

interface Shop {
  readonly apiToken: string;
  readonly customers: DemoCustomer[];
  readonly orders: readonly DemoOrder[];
  readonly webhooks: DemoWebhooks;
}

async function answer(shop: Shop, request: DemoRequest): Promise<DemoAnswer> {
  const { searchParams, pathname } = request.url;
  if (!isToken(searchParams.get('api_token'), shop.apiToken)) {
    throw refused(401, 'The parameter api_token is missing or wrong.');
  }
  // `/v1/webhooks/7.json` names a thing of `/v1/webhooks.json`.
  const [, path = '', id] = /^(\/v1\/[a-z]+)(?:\/(\d{1,15}))?\.json$/.exec(pathname) ?? [];
  const routes = id === undefined ? collections : things;
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) throw refused(404, 'There is no such path.');
  const handle = Object.hasOwn(route, request.method) ? route[request.method] : undefined;
  if (!handle) throw refused(405, `This path takes ${Object.keys(route).join(' and ')}.`);
  return handle(shop, request, Number(id));
}

function isToken(received: string | null, expected: string): boolean {
  const [left, right] = [Buffer.from(received ?? ''), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** What the client did wrong, as the answer that tells it. */
function refused(status: number, error: string): Refusal {
  return new Refusal({ status, json: { error } });
}

type Handle = (shop: Shop, request: DemoRequest, id: number) => DemoAnswer | Promise<DemoAnswer>;
type Routes = Readonly<Record<string, Readonly<Record<string, Handle>>>>;

const collections: Routes = {
  '/v1/customers': {
    GET: (shop, { url }) => ({ json: readCustomers(shop, url.searchParams) }),
    POST: async (shop, request) => ({ status: 201, json: { customer: createCustomer(shop, await readJson(request)) } }),
  },
  '/v1/orders': { GET: (shop, { url }) => ({ json: readOrders(shop, url.searchParams) }) },
  '/v1/webhooks': {
    GET: ({ webhooks }) => ({ json: { webhooks: webhooks.list() } }),
    POST: async ({ webhooks }, request) => ({
      status: 201,
      json: { webhook: webhooks.create(await readJson(request)) },
    }),
  },
};
const things: Routes = {
  '/v1/webhooks': {
    PUT: async ({ webhooks }, request, id) => ({ json: { webhook: webhooks.renew(id, await readJson(request)) } }),
    DELETE: ({ webhooks }, _request, id) => {
      webhooks.remove(id);
      return { status: 204 };
    },
  },
};

function readCustomers({ customers }: Shop, params: URLSearchParams): Record<string, unknown> {
  const readable = customers.filter(({ id }) => id !== archivedCustomerId);
  const ids = params.get('ids');
  if (ids !== null) {
    const wanted = new Set(ids.split(',').map((id) => wholeNumber('ids', id)));
    return { customers: readable.filter(({ id }) => wanted.has(id)) };
  }
  if (params.has('id')) {
    const id = wholeNumber('id', params.get('id'));
    if (id === archivedCustomerId) throw refused(410, `Customer ${id} is archived.`);
    const found = readable.find((customer) => customer.id === id);
    if (!found) throw refused(404, `There is no customer ${id}.`);
    return { customer: found };
  }
  const since = time('created_since', params);
  const before = time('created_before', params);
  // Both ends belong to it, so that no customer is left out who was created at the same time as the last of a page.
  const rows = readable.filter(({ created_at }) => {
    const createdAt = Date.parse(created_at);
    return (since === undefined || createdAt >= since) && (before === undefined || createdAt <= before);
  });
  return page('customers', rows, params);
}

function createCustomer(shop: Shop, body: Readonly<Record<string, unknown>>): DemoCustomer {
  const { name, email, address } = body;
  if (typeof name !== 'string' || name.trim() === '') throw refused(422, 'name has to be a text.');
  if (typeof email !== 'string' || !email.includes('@')) throw refused(422, 'email has to be an e-mail address.');
  if (shop.customers.some((customer) => customer.email === email)) {
    throw refused(409, 'There is a customer with this e-mail address.');
  }
  return keepCustomer(shop, nextId(shop), { name, email, address: readAddress(address) });
}

function keepCustomer(shop: Shop, id: number, person: Pick<DemoCustomer, 'name' | 'email' | 'address'>): DemoCustomer {
  const last = shop.customers.at(-1)?.created_at ?? '';
  // No two customers have the same time, so that a poll which continues after one misses none.
  const createdAt = Math.max(Date.now(), Date.parse(last) + 1 || 0);
  const customer = { id, ...person, created_at: new Date(createdAt).toISOString() };
  shop.customers.push(customer);
  shop.webhooks.tell(customer);
  return customer;
}

/** By the time, so that it is never the id of one that came before a restart, which whoever listens has seen. */
function nextId({ customers }: Shop): number {
  const tenthsOfSeconds = Math.floor((Date.now() - Date.UTC(2026, 0)) / 100);
  return Math.max((customers.at(-1)?.id ?? 0) + 1, tenthsOfSeconds);
}

function readAddress(value: unknown): DemoAddress | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw refused(422, 'address has to be an object.');
  const given = value as Record<string, unknown>;
  const text = (name: keyof DemoAddress): string => {
    const part = given[name] ?? '';
    if (typeof part !== 'string') throw refused(422, `address.${name} has to be a text.`);
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

function readOrders({ orders }: Shop, params: URLSearchParams): Record<string, unknown> {
  if (params.has('id')) {
    const id = wholeNumber('id', params.get('id'));
    const found = orders.find((order) => order.id === id);
    if (!found) throw refused(404, `There is no order ${id}.`);
    return { order: found };
  }
  const customerId = params.has('customer_id') ? wholeNumber('customer_id', params.get('customer_id')) : undefined;
  const rows = customerId === undefined ? orders : orders.filter((order) => order.customer_id === customerId);
  return page('orders', rows, params);
}

/** One page of rows that are sorted with the oldest first, and the number of all of them. */
function page(name: string, rows: readonly unknown[], params: URLSearchParams): Record<string, unknown> {
  const limit = params.has('limit') ? wholeNumber('limit', params.get('limit')) : pageLimit;
  const number = params.has('page') ? wholeNumber('page', params.get('page')) : 1;
  const order = params.get('order') ?? 'asc';
  if (limit < 1 || limit > pageLimit) throw refused(400, `limit has to be between 1 and ${pageLimit}.`);
  if (number < 1) throw refused(400, 'page has to be 1 or more.');
  if (order !== 'asc' && order !== 'desc') throw refused(400, 'order has to be asc or desc.');
  const sorted = order === 'asc' ? rows : rows.toReversed();
  return { [name]: sorted.slice((number - 1) * limit, number * limit), total: rows.length };
}

function wholeNumber(name: string, text: string | null): number {
  if (!/^\d{1,15}$/.test(text ?? '')) throw refused(400, `${name} has to be a whole number.`);
  return Number(text);
}

/** Milliseconds since 1970, or `undefined` when the parameter is absent. */
function time(name: string, params: URLSearchParams): number | undefined {
  const text = params.get(name);
  if (text === null) return undefined;
  const value = Date.parse(text);
  if (Number.isNaN(value)) throw refused(400, `${name} has to be a time as in RFC 3339.`);
  return value;
}
