import { afterEach, describe, expect, it } from '@jest/globals';
import type { Action, Connector } from '../../src/connector/definition.ts';
import type { Configuration } from '../../src/configuration.ts';
import { defineConnector } from '../../src/connector/define.ts';
import { path } from '../../src/http/path.ts';
import {
  startFakeProvider,
  type FakeProvider,
  type Handler,
  type Reply,
  type Routes,
} from '../support/fake-provider.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

const canary = 'canary-5c1e0d77';

let provider: FakeProvider;
let running: RunningGateway;
afterEach(async () => {
  await running.close();
  await provider.close();
  // L1: no credential in any line of the log, whatever the test did.
  expect(running.log.filter((line) => line.includes('canary'))).toEqual([]);
});

type Script = Handler | Routes;

/** Starts provider and gateway; the connectors are told where the provider is. */
async function start(
  script: Script,
  connectorsFor: (origin: string) => readonly Connector[],
  more: { readonly configuration?: Configuration; readonly maxTries?: number } = {},
): Promise<RunningGateway> {
  provider = await startFakeProvider(script);
  const connectors = connectorsFor(provider.origin);
  const connections = connectors.map(({ name, connection }) => ({
    connector: name,
    fields: connection?.fields ? { token: canary } : {},
  }));
  running = await startGateway({
    connectors,
    origins: [provider.origin],
    ...more,
    configuration: { connections, ...more.configuration },
  });
  return running;
}

const connection = (origin: string): Connector['connection'] => ({
  fields: [{ name: 'token', optional: false, controlType: 'password' }],
  baseUri: `${origin}/`,
  authorization: {
    type: 'api_key',
    apply: (request, { fields }) => request.headers({ 'x-token': fields.token }).params({ api_key: fields.token }),
  },
});

const customer = {
  key: 'id',
  lookup: 'get_customer',
  batch: 'get_customers',
  fields: [{ name: 'id', type: 'integer' as const }, { name: 'name' }, { name: 'email' }],
};
const order = {
  key: 'id',
  fields: [
    { name: 'id', type: 'integer' as const },
    { name: 'total', type: 'number' as const },
    { name: 'customer_id', type: 'integer' as const, references: 'customer' },
    { name: 'buyer', type: 'object' as const, properties: customer },
  ],
};

/** A connector of orders and customers. */
function shop(origin: string, actions: Readonly<Record<string, Partial<Action>>> = {}): Connector {
  return defineConnector({
    name: 'shop',
    title: 'Shop',
    connection: connection(origin),
    objects: { customer, order },
    actions: {
      orders: {
        readOnly: true,
        list: true,
        output: order,
        execute: (open) => open.get('orders'),
        ...actions.orders,
      },
      get_customer: {
        readOnly: true,
        input: [{ name: 'id', type: 'integer', optional: false }],
        output: customer,
        execute: (open, { id }) => open.get(path`customers/${id}`),
        ...actions.get_customer,
      },
      get_customers: {
        readOnly: true,
        batch: true,
        list: true,
        input: [{ name: 'ids', type: 'array', of: 'integer', optional: false }],
        output: customer,
        execute: (open, { ids }) => open.get('customers').params({ ids: ids.join() }),
      },
      place_order: {
        input: [{ name: 'total', type: 'number' }],
        output: order,
        execute: (open, input) => open.post('orders', input),
      },
    },
  });
}

const customers = [1, 2, 3].map((id) => ({ id, name: `Customer ${id}`, email: `c${id}@example.com` }));
const orders = [
  { id: 10, total: 9.5, customer_id: 1 },
  { id: 11, total: 20, customer_id: 2 },
  { id: 12, total: 1, customer_id: 1 },
];
/** Answers the batch in reverse, so that nothing rests on its order. */
const customersBatch: Handler = ({ query }) => ({
  json: customers.filter(({ id }) => query['ids']?.split(',').includes(String(id))).reverse(),
});
const shopRoutes: Routes = {
  'GET /orders': { json: orders },
  'GET /customers': customersBatch,
  'GET /customers/1': { json: customers[0] },
};
const namesQuery = '{ shopOrders { id total customer { name } } }';

describe('joins', () => {
  it('ask once for a list and once for all that it joins', async () => {
    const { ask } = await start(shopRoutes, (origin) => [shop(origin)]);
    const { data, errors } = await ask(namesQuery);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      shopOrders: [
        { id: '10', total: 9.5, customer: { name: 'Customer 1' } },
        { id: '11', total: 20, customer: { name: 'Customer 2' } },
        { id: '12', total: 1, customer: { name: 'Customer 1' } },
      ],
    });
    expect(provider.requests.map(({ path: asked, query }) => [asked, query['ids']])).toEqual([
      ['/orders', undefined],
      ['/customers', '1,2'],
    ]);
    expect(provider.requests.every(({ headers }) => headers['x-token'] === canary)).toBe(true);
  });

  it('ask nothing where only the key is wanted', async () => {
    const { ask } = await start(shopRoutes, (origin) => [shop(origin)]);
    const { data } = await ask(
      '{ shopOrders { customer { id __typename ...k } } } fragment k on ShopCustomer { key: id }',
    );
    expect(data.shopOrders[1]).toEqual({ customer: { id: '2', __typename: 'ShopCustomer', key: '2' } });
    expect(provider.requests).toHaveLength(1);
  });

  it('load of embedded rows only what they lack', async () => {
    const embedding = [
      { id: 10, buyer: { id: 1, name: 'Embedded' } },
      { id: 11, buyer: { id: 2, name: 'Whole', email: 'w@example.com' } },
      { id: 12, buyer: null },
    ];
    const { ask } = await start({ ...shopRoutes, 'GET /orders': { json: embedding } }, (origin) => [shop(origin)]);
    expect((await ask('{ shopOrders { buyer { name } } }')).data.shopOrders).toEqual([
      { buyer: { name: 'Embedded' } },
      { buyer: { name: 'Whole' } },
      { buyer: null },
    ]);
    expect(provider.requests).toHaveLength(1);
    expect((await ask('{ shopOrders { buyer { name email } } }')).data.shopOrders).toEqual([
      { buyer: { name: 'Embedded', email: 'c1@example.com' } },
      { buyer: { name: 'Whole', email: 'w@example.com' } },
      { buyer: null },
    ]);
    expect(provider.requests.slice(1).map(({ path: asked, query }) => [asked, query['ids']])).toEqual([
      ['/orders', undefined],
      ['/customers', '1'],
    ]);
  });

  it('reach across connectors', async () => {
    const crm = (origin: string) =>
      defineConnector({
        name: 'crm',
        connection: connection(origin),
        actions: {
          leads: {
            readOnly: true,
            list: true,
            output: [
              { name: 'title' },
              { name: 'customer', type: 'integer', references: 'shop.customer', referenceName: 'account' },
            ],
            execute: (open) => open.get('leads'),
          },
        },
      });
    const leads = [
      { title: 'a', customer: 2 },
      { title: 'b', customer: 7 },
      { title: 'c', customer: null },
    ];
    const { ask } = await start({ ...shopRoutes, 'GET /leads': { json: leads } }, (origin) => [
      shop(origin),
      crm(origin),
    ]);
    const { data, errors } = await ask('{ crmLeads { title account { name } } }');
    expect(errors).toBeUndefined();
    expect(data.crmLeads).toEqual([
      { title: 'a', account: { name: 'Customer 2' } },
      { title: 'b', account: null },
      { title: 'c', account: null },
    ]);
    expect(provider.requests).toHaveLength(2);
  });
});

describe('errors', () => {
  it('fail one field and leave its neighbours alone', async () => {
    const { ask } = await start(
      { ...shopRoutes, 'GET /orders': { status: 403, json: { secret: canary } } },
      (origin) => [shop(origin)],
    );
    const answer = await ask('{ shopOrders { id } good: shopCustomer(id: 1) { name } }');
    expect(answer.data).toEqual({ shopOrders: null, good: { name: 'Customer 1' } });
    expect(answer.errors).toEqual([
      {
        message: `Shop answered 403 Forbidden to GET ${provider.origin}/orders?….`,
        path: ['shopOrders'],
        locations: expect.anything(),
        extensions: {
          code: 'PROVIDER_FORBIDDEN',
          connector: 'shop',
          connection: 'shop.tenant',
          errorCode: 'shop.permission_denied',
          http: { status: 403 },
          raisedIn: 'actions.orders',
        },
      },
    ]);
    expect(answer.text).not.toContain('canary');
  });

  it.each<[string, Reply, string, string, string]>([
    ['400', { status: 400 }, 'PROVIDER_BAD_REQUEST', 'bad_request', 'answered 400 Bad Request to GET …/orders?….'],
    ['401', { status: 401 }, 'PROVIDER_UNAUTHORIZED', 'unauthorized', 'answered 401 Unauthorized to GET …/orders?….'],
    ['403', { status: 403 }, 'PROVIDER_FORBIDDEN', 'permission_denied', 'answered 403 Forbidden to GET …/orders?….'],
    ['404', { status: 404 }, 'PROVIDER_NOT_FOUND', 'not_found', 'answered 404 Not Found to GET …/orders?….'],
    ['409', { status: 409 }, 'PROVIDER_CONFLICT', 'conflict', 'answered 409 Conflict to GET …/orders?….'],
    ['422', { status: 422 }, 'PROVIDER_INVALID', 'bad_request', 'answered 422 Unprocessable Entity to GET …/orders?….'],
    [
      '500',
      { status: 500 },
      'PROVIDER_UNAVAILABLE',
      'service_error',
      'answered 500 Internal Server Error to GET …/orders?….',
    ],
    [
      '503',
      { status: 503 },
      'PROVIDER_UNAVAILABLE',
      'service_error',
      'answered 503 Service Unavailable to GET …/orders?….',
    ],
  ])('of a provider that answers %s say so', async (_status, reply, code, errorCode, message) => {
    const body = `{"detail":"${canary}"}`;
    const { ask } = await start({ 'GET /orders': { ...reply, body } }, (origin) => [shop(origin)]);
    const answer = await ask('{ shopOrders { id } }');
    expect(answer.errors?.[0]?.message).toBe(`Shop ${message}`.replace('…/', `${provider.origin}/`));
    expect(answer.errors?.[0]?.extensions).toEqual({
      code,
      connector: 'shop',
      connection: 'shop.tenant',
      errorCode: `shop.${errorCode}`,
      http: { status: reply.status },
      raisedIn: 'actions.orders',
    });
    expect(answer.text).not.toContain('canary');
  });

  it('of a provider that is asked too often say when to come back', async () => {
    const { ask } = await start({ 'GET /orders': { status: 429, headers: { 'retry-after': '17' } } }, (origin) => [
      shop(origin),
    ]);
    const { errors } = await ask('{ shopOrders { id } }');
    expect(errors?.[0]?.message).toBe(`Shop answered 429 Too Many Requests to GET ${provider.origin}/orders?….`);
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'PROVIDER_RATE_LIMITED',
      errorCode: 'shop.rate_limit',
      retryAfter: 17,
    });
  });

  it.each<[string, Reply, RegExp]>([
    [
      'HTML',
      { headers: { 'content-type': 'text/html' }, body: `<html>${canary}</html>` },
      /^Shop answered GET \S+\/orders\?… with text\/html where JSON was expected\.$/,
    ],
    ['truncated JSON', { headers: { 'content-type': 'application/json' }, body: `[{"id":1,"x":"${canary}` }, /JSON/],
    [
      'an object',
      { json: { rows: [], [canary]: 1 } },
      /^shop\.orders: expected a list of rows; the provider gave an object\.$/,
    ],
    ['an empty body', { body: '' }, /^shop\.orders: expected a list of rows; the provider gave an object\.$/],
  ])('of a provider that answers %s instead of a list say so', async (_what, reply, message) => {
    const { ask } = await start({ 'GET /orders': reply }, (origin) => [shop(origin)]);
    const answer = await ask('{ shopOrders { id } }');
    expect(answer.errors?.[0]?.message).toMatch(message);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'PROVIDER_ANSWER_INVALID', connector: 'shop' });
    expect(answer.text).not.toContain('canary');
  });

  it.each<[string, Reply]>([
    ['204', { status: 204 }],
    ['an empty body', { body: '' }],
  ])('do not come of %s where one row is expected: it has no values', async (_what, reply) => {
    const { ask } = await start({ 'GET /customers/5': reply }, (origin) => [shop(origin)]);
    const { data, errors } = await ask('{ shopCustomer(id: 5) { name } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ shopCustomer: { name: null } });
  });

  it('name the field whose value is not of its type', async () => {
    const wrong = [
      { id: 10, total: 'much' },
      { id: 11, total: 2 },
    ];
    const { ask } = await start({ 'GET /orders': { json: wrong } }, (origin) => [shop(origin)]);
    const { data, errors } = await ask('{ shopOrders { id total } }');
    expect(data.shopOrders).toEqual([
      { id: '10', total: null },
      { id: '11', total: 2 },
    ]);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toMatch(/^total: expected a number/);
    expect(errors?.[0]?.path).toEqual(['shopOrders', 0, 'total']);
    expect(errors?.[0]?.extensions.code).toBe('PROVIDER_VALUE_INVALID');
  });

  it('of connector code stand in the log with their cause, and not in the answer', async () => {
    const execute = (): never => {
      throw new TypeError(`no such thing as ${canary}`);
    };
    const { ask, log } = await start({}, (origin) => [shop(origin, { orders: { execute } })]);
    const answer = await ask('{ shopOrders { id } }');
    expect(answer.errors?.[0]?.message).toBe(
      "Shop: actions.orders failed in the connector's own code. The log has the cause.",
    );
    expect(answer.text).not.toMatch(/canary|gateway\.test|no such thing/);
    const logged = log.filter((line) => line.includes('no such thing as'));
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0]!)).toMatchObject({ connector: 'shop', raisedIn: 'actions.orders' });
    expect(logged[0]).toContain('no such thing as [redacted]');
  });
});

describe('values', () => {
  const things: Connector = {
    name: 'lab',
    actions: {
      things: {
        readOnly: true,
        list: true,
        output: [
          { name: 'small', type: 'integer' },
          { name: 'big', type: 'integer', format: 'int64' },
          { name: 'constructor' },
          { name: 'data', type: 'object' },
        ],
        execute: () => null,
      },
    },
  };
  const lab = (origin: string): Connector => ({
    ...things,
    connection: { baseUri: `${origin}/` },
    actions: { things: { ...things.actions!['things']!, execute: (open) => open.get('things') } },
  });
  const body = (text: string): Routes => ({
    'GET /things': { headers: { 'content-type': 'application/json' }, body: text },
  });

  it('outside 32 bits are an error that names the cure, or a BigInt', async () => {
    const { ask } = await start(
      body('[{"small":2147483648,"big":9223372036854775807},{"small":-2147483648,"big":12}]'),
      (origin) => [lab(origin)],
    );
    const { data, errors } = await ask('{ labThings { small big } }');
    expect(data.labThings).toEqual([
      { small: null, big: '9223372036854775807' },
      { small: -2147483648, big: 12 },
    ]);
    expect(errors?.map(({ message }) => message)).toEqual([expect.stringMatching(/^small: .*32.*int64/)]);
  });

  it('named like properties of all objects are only what the provider gave', async () => {
    const { ask } = await start(
      body('[{"__proto__":{"small":7},"data":{"__proto__":{"polluted":1},"a":1}},{"constructor":"mine"}]'),
      (origin) => [lab(origin)],
    );
    const { data, errors } = await ask('{ labThings { small constructor data } }');
    expect(errors).toBeUndefined();
    expect(data.labThings[0].small).toBeNull();
    expect(data.labThings[0].constructor).toBeNull();
    expect(data.labThings[0].data.a).toBe(1);
    expect(data.labThings[1].constructor).toBe('mine');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a writing action', () => {
  it('sends its input once and gives what came back', async () => {
    const { ask } = await start(
      { 'POST /orders': { status: 201, json: { id: 13, total: 4 } } },
      (origin) => [shop(origin)],
      { maxTries: 4 },
    );
    const { data, errors } = await ask('mutation ($t: Float) { shopPlaceOrder(input: { total: $t }) { id total } }', {
      t: 4,
    });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ shopPlaceOrder: { id: '13', total: 4 } });
    expect(provider.requests.map(({ body }) => body)).toEqual(['{"total":4}']);
  });

  it.each([502, 503, 504])('is never sent twice, whatever the answer: %i', async (status) => {
    const { ask } = await start({ 'POST /orders': { status } }, (origin) => [shop(origin)], { maxTries: 4 });
    const { errors } = await ask('mutation { shopPlaceOrder(input: { total: 4 }) { id } }');
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', http: { status } });
    expect(provider.requests).toHaveLength(1);
  });

  it('whose answer is lost says that nobody knows', async () => {
    const { ask } = await start(
      (_request, response) => void response.destroy(),
      (origin) => [shop(origin)],
      { maxTries: 4 },
    );
    const { errors } = await ask('mutation { shopPlaceOrder(input: { total: 4 }) { id } }');
    expect(errors?.[0]?.extensions.code).toBe('OUTCOME_UNKNOWN');
    expect(provider.requests).toHaveLength(1);
  });

  it('beside a reading one: the reading one is tried again', async () => {
    const { ask } = await start({ 'GET /orders': [{ status: 502 }, { json: orders }] }, (origin) => [shop(origin)], {
      maxTries: 4,
    });
    expect((await ask('{ shopOrders { id } }')).errors).toBeUndefined();
    expect(provider.requests).toHaveLength(2);
  });
});

describe('connections', () => {
  const configuration: Configuration = {
    connections: [
      { connector: 'shop', subject: 'ada', label: 'work', fields: { token: `${canary}-work` } },
      { connector: 'shop', subject: 'ada', label: 'home', fields: { token: `${canary}-home` } },
      { connector: 'shop', subject: 'bob', fields: { token: `${canary}-bob` } },
    ],
  };
  const query = 'query ($c: ID) { shopOrders(connection: $c) { id customer { name } } }';
  const asSubject = (subject: string) => ({ 'x-external-subject-id': subject });
  const open = () => start(shopRoutes, (origin) => [shop(origin)], { configuration });

  it('are those of the subject, and joins use the one that was named', async () => {
    const { ask } = await open();
    expect((await ask(query, {}, asSubject('bob'))).errors).toBeUndefined();
    expect((await ask(query, { c: 'shop.ada.home' }, asSubject('ada'))).errors).toBeUndefined();
    expect(provider.requests.map(({ headers }) => headers['x-token'])).toEqual([
      `${canary}-bob`,
      `${canary}-bob`,
      `${canary}-home`,
      `${canary}-home`,
    ]);
  });

  it('of two fields of one operation are kept apart, in their joins too', async () => {
    const { ask } = await open();
    const twice = `{
      work: shopOrders(connection: "shop.ada.work") { customer { name } }
      home: shopOrders(connection: "shop.ada.home") { customer { name } }
    }`;
    expect((await ask(twice, {}, asSubject('ada'))).errors).toBeUndefined();
    const used = provider.requests.map(({ path: asked, headers }) => `${asked} ${String(headers['x-token'])}`);
    expect(used.toSorted()).toEqual([
      `/customers ${canary}-home`,
      `/customers ${canary}-work`,
      `/orders ${canary}-home`,
      `/orders ${canary}-work`,
    ]);
  });

  it('are refused when the subject is no name', async () => {
    const { ask } = await open();
    const { errors } = await ask(query, {}, asSubject('x'.repeat(201)));
    expect(errors?.[0]?.extensions.code).toBe('INPUT_INVALID');
    expect(errors?.[0]?.message).toContain('X-External-Subject-Id must be 1 to 200 printable ASCII characters');
  });

  it('have to be named where there are several, and are found only by their owner', async () => {
    const { ask } = await open();
    const codes = async (subject: string | undefined, c?: string) => {
      const { errors, text } = await ask(query, { c }, subject === undefined ? {} : asSubject(subject));
      expect(text).not.toContain('canary');
      return errors?.map(({ message, extensions }) => [extensions.code, message]);
    };
    expect(await codes('ada')).toEqual([
      [
        'CONNECTION_AMBIGUOUS',
        'You have several connections for Shop: pass one of "shop.ada.work", "shop.ada.home" as `connection`.',
      ],
    ]);
    expect(await codes('bob', 'shop.ada.home')).toEqual([
      ['CONNECTION_NOT_FOUND', 'There is no connection "shop.ada.home" of yours for Shop.'],
    ]);
    expect(await codes('bob', 'shop.nobody')).toEqual([
      ['CONNECTION_NOT_FOUND', 'There is no connection "shop.nobody" of yours for Shop.'],
    ]);
    expect(await codes(undefined)).toEqual([
      ['CONNECTION_REQUIRED', 'Shop is not connected for this subject. Connect it, then ask again.'],
    ]);
    expect(provider.requests).toEqual([]);
  });
});

describe('lists with pages', () => {
  const paged = (origin: string) =>
    shop(origin, {
      orders: {
        list: false,
        paginate: { strategy: 'page', sizeParam: 'size', pageSize: 2, maxPageSize: 2 },
      },
    });
  const pages: Handler = ({ query }) => {
    const start = (Number(query['page']) - 1) * Number(query['size']);
    return { json: orders.slice(start, start + Number(query['size'])) };
  };
  const query =
    'query ($first: Int, $after: String, $last: Int) { shopOrders(first: $first, after: $after, last: $last) { nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } }';

  it('are walked with `after`', async () => {
    const { ask } = await start({ 'GET /orders': pages }, (origin) => [paged(origin)]);
    const first = await ask(query, { first: 2 });
    expect(first.data.shopOrders.nodes).toEqual([{ id: '10' }, { id: '11' }]);
    expect(first.data.shopOrders.pageInfo.hasNextPage).toBe(true);
    const second = await ask(query, { first: 2, after: first.data.shopOrders.pageInfo.endCursor });
    expect(second.data.shopOrders.nodes).toEqual([{ id: '12' }]);
    expect(second.data.shopOrders.pageInfo.hasNextPage).toBe(false);
  });

  it.each<[Record<string, unknown>, string, string]>([
    [{ first: 0 }, 'PAGE_SIZE_INVALID', 'first: expected a whole number from 1 to 100; got 0. Page on with `after`.'],
    [{ first: -1 }, 'PAGE_SIZE_INVALID', 'first: expected a whole number from 1 to 100; got -1. Page on with `after`.'],
    [
      { first: 10_000 },
      'PAGE_SIZE_INVALID',
      'first: expected a whole number from 1 to 100; got 10000. Page on with `after`.',
    ],
    [
      { last: 1 },
      'PAGING_BACKWARD',
      'This list pages forward only: the provider cannot page backward. Use `first` and `after`.',
    ],
    [
      { after: 'edited' },
      'CURSOR_INVALID',
      '`after` is not a cursor of this gateway, or it was edited. Take `cursor` or `endCursor` from an answer as it is.',
    ],
  ])('refuse %j', async (variables, code, message) => {
    const { ask } = await start({ 'GET /orders': pages }, (origin) => [paged(origin)]);
    const { data, errors } = await ask(query, variables);
    expect(data).toEqual({ shopOrders: null });
    expect(errors).toMatchObject([{ message, extensions: { code } }]);
    expect(provider.requests).toEqual([]);
  });

  it('give cursors that other arguments and connections cannot use', async () => {
    const filtered = (origin: string) =>
      shop(origin, {
        orders: {
          list: false,
          input: [{ name: 'state' }],
          paginate: { strategy: 'page', sizeParam: 'size', pageSize: 2, maxPageSize: 2 },
          execute: (open, { state }) => open.get('orders').params({ state }),
        },
      });
    const configuration: Configuration = {
      connections: [
        { connector: 'shop', label: 'a', fields: { token: canary } },
        { connector: 'shop', label: 'b', fields: { token: canary } },
      ],
    };
    const { ask } = await start({ 'GET /orders': pages }, (origin) => [filtered(origin)], { configuration });
    const filteredQuery =
      'query ($c: ID, $state: String, $after: String) { shopOrders(first: 1, connection: $c, state: $state, after: $after) { nodes { id } pageInfo { endCursor } } }';
    const given = { c: 'shop.tenant.a', state: 'open' };
    const first = await ask(filteredQuery, given);
    const after = first.data.shopOrders.pageInfo.endCursor as string;
    expect((await ask(filteredQuery, { ...given, after })).data.shopOrders.nodes).toEqual([{ id: '11' }]);
    for (const other of [{ ...given, state: 'closed' }, { ...given, c: 'shop.tenant.b' }, { c: given.c }]) {
      const { errors } = await ask(filteredQuery, { ...other, after });
      expect(errors).toMatchObject([
        {
          message:
            '`after` belongs to a list with other arguments or another connection. Start that list from its first page.',
          extensions: { code: 'CURSOR_FOREIGN' },
        },
      ]);
    }
  });
});

describe('what else a connector says', () => {
  const lab = (origin: string): Connector =>
    defineConnector({
      name: 'lab',
      title: 'Laboratory',
      connection: connection(origin),
      pickLists: { rooms: (open, { floor }) => open.get('rooms').params({ floor }) as never },
      actions: {
        book: {
          readOnly: true,
          input: [{ name: 'floor' }, { name: 'room', pickList: 'rooms', pickListParams: { floor: 'floor' } }],
          output: [{ name: 'ok', type: 'boolean' }],
          execute: () => ({ ok: 'yes' }),
        },
        free: {
          readOnly: true,
          input: () => [{ name: 'room_no', type: 'integer', optional: false }],
          output: () => [],
          execute: (_open, input) => ({ given: input }),
        },
      },
      triggers: { booked: { output: [{ name: 'id' }], poll: () => ({ events: [] }) } },
    });

  it('are the choices of a dynamic pick list, asked with its parameters', async () => {
    const rooms = [
      ['Red room', 1],
      ['Blue room', 'b', null, true],
    ];
    const { ask } = await start({ 'GET /rooms': [{ json: rooms }, { json: { rooms } }] }, (origin) => [lab(origin)]);
    const query = '{ labRooms(floor: "2") { label value hasChildren } }';
    const { data, errors } = await ask(query);
    expect(errors).toBeUndefined();
    expect(data.labRooms).toEqual([
      { label: 'Red room', value: '1', hasChildren: null },
      { label: 'Blue room', value: 'b', hasChildren: true },
    ]);
    expect(provider.requests[0]?.query['floor']).toBe('2');
    expect((await ask(query)).errors?.[0]?.message).toBe(
      'lab.pickLists.rooms: expected a list of [label, value]; it gave an object.',
    );
  });

  it('are inputs that only the connection knows, as JSON in the words of the notation', async () => {
    const { ask } = await start({}, (origin) => [lab(origin)]);
    const query = 'query ($input: JSON) { labFree(input: $input) }';
    expect((await ask(query, { input: { room_no: '7', other: 1 } })).data.labFree).toEqual({ given: { room_no: 7 } });
    const { errors } = await ask(query, { input: { other: 1 } });
    expect(errors?.[0]?.message).toContain("'Room no' must be present.");
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INPUT_REQUIRED' });
  });

  it('are subscriptions, which a request that is answered once is told to send elsewhere', async () => {
    const { ask } = await start({}, (origin) => [lab(origin)]);
    const { errors, data } = await ask('subscription { labBooked { id } }');
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('TRANSPORT_UNSUPPORTED');
  });

  it('stands in the gateway’s own part', async () => {
    const { ask } = await start({}, (origin) => [shop(origin), lab(origin)]);
    const { data } = await ask(
      '{ connectors { name title entities actions { name field readOnly } triggers { name field } } connector(name: "nothing") { name } }',
    );
    expect(data.connector).toBeNull();
    expect(data.connectors).toEqual([
      {
        name: 'lab',
        title: 'Laboratory',
        entities: [],
        actions: [
          { name: 'book', field: 'labBook', readOnly: true },
          { name: 'free', field: 'labFree', readOnly: true },
        ],
        triggers: [{ name: 'booked', field: 'labBooked' }],
      },
      expect.objectContaining({ name: 'shop', entities: ['customer', 'order'] }),
    ]);
    const fields = (data.connectors as { actions: { field: string }[] }[]).flatMap(({ actions }) =>
      actions.map(({ field }) => field),
    );
    const served = await ask('{ __schema { queryType { fields { name } } mutationType { fields { name } } } }');
    const { queryType, mutationType } = served.data.__schema;
    const names = [...queryType.fields, ...mutationType.fields].map(({ name }: { name: string }) => name);
    expect(fields.filter((field) => !names.includes(field))).toEqual([]);
  });
});
