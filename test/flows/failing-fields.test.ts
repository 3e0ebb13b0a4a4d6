import { afterEach, describe, expect, it } from '@jest/globals';
import { defineConnector, ProviderError } from '../../src/connector/define.ts';
import type { Action, Connector } from '../../src/connector/definition.ts';
import type { Configuration } from '../../src/configuration.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

const canary = 'canary-41b7e9';

let running: RunningGateway | undefined;
afterEach(async () => {
  await running?.close();
  expect(running?.log.filter((line) => line.includes(canary)) ?? []).toEqual([]);
  running = undefined;
});

const item = {
  key: 'id',
  lookup: 'get_item',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'price', type: 'number' },
  ],
} as const;

const order = { fields: [{ name: 'id' }, { name: 'item_id', type: 'integer', references: 'item' }] } as const;

/** Items and orders that name them; each action may be another one. */
function shop(actions: Readonly<Record<string, Partial<Action>>> = {}, more: Partial<Connector> = {}): Connector {
  return defineConnector({
    name: 'shop',
    title: 'Shop',
    connection: { fields: [{ name: 'hook' }, { name: 'token', controlType: 'password' }] },
    objects: { item, order },
    pickLists: { sizes: () => canary as never },
    actions: {
      good: { readOnly: true, output: item, execute: () => ({ id: 1 }) },
      bad: {
        readOnly: true,
        output: item,
        input: [
          { name: 'at', type: 'date' },
          { name: 'size', pickList: 'sizes' },
        ],
        execute: () => ({ id: 1 }),
        ...actions.bad,
      },
      orders: {
        readOnly: true,
        list: true,
        output: order,
        execute: () => [{ id: 'a', item_id: 7 }],
        ...actions.orders,
      },
      get_item: {
        readOnly: true,
        input: [{ name: 'id', type: 'integer', optional: false }],
        output: item,
        execute: (_open, { id }) => ({ id }),
        ...actions.get_item,
      },
    },
    ...more,
  });
}

async function ask(connector: Connector, query: string, configuration: Configuration = {}) {
  running = await startGateway({
    connectors: [connector],
    configuration: {
      connections: [{ connector: 'shop', fields: { hook: canary, token: `secret-${canary}` } }],
      ...configuration,
    },
  });
  const answer = await running.ask(query);
  expect(answer.text).not.toContain(canary);
  return answer;
}

const never = () => new Promise<never>(() => {});

describe('code of a connector that never ends', () => {
  const configuration: Configuration = { limits: { operationMs: 1_000 } };
  const late = (raisedIn: string, connection = 'shop.tenant') => ({
    message: `Shop: ${raisedIn} was given up. The operation took longer than its time limit of 1000 ms. Ask for less in one operation.`,
    extensions: {
      code: 'OPERATION_TIMEOUT',
      connector: 'shop',
      connection,
      raisedIn,
      errorCode: 'shop.request_timeout',
    },
  });

  it('fails its own field, and its neighbours answer', async () => {
    const connector = shop({ bad: { execute: never }, get_item: { execute: never } });
    const query = '{ shopGood { id } shopBad { id } shopOrders { id item { price } } }';
    const { data, errors } = await ask(connector, query, configuration);
    expect(data).toEqual({
      shopGood: { id: '1' },
      shopBad: null,
      shopOrders: [{ id: 'a', item: null }],
    });
    expect(errors).toHaveLength(2);
    expect(errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: ['shopBad'], ...late('actions.bad') }),
        expect.objectContaining({ path: ['shopOrders', 0, 'item'], ...late('actions.get_item') }),
      ]),
    );
  });

  it('fails its own field when it is the notation of an input', async () => {
    const connector = shop({ bad: { input: never } });
    const { data, errors } = await ask(connector, '{ shopGood { id } shopBad { id } }', configuration);
    expect(data).toEqual({ shopGood: { id: '1' }, shopBad: null });
    expect(errors).toMatchObject([late('actions.bad.input')]);
  });
});

describe('an answer that is of another kind than the action declares', () => {
  const place = { connector: 'shop', connection: 'shop.tenant' };
  const answering = (answer: unknown): Partial<Action> => ({ execute: () => answer });
  const paged: Partial<Action> = { list: false, paginate: { strategy: 'page' } };

  it.each<[string, Connector, string, string, object]>([
    [
      'one row',
      shop({ bad: answering(canary) }),
      '{ shopBad { id } }',
      'shop.bad: expected one row, an object; the provider gave a string.',
      { code: 'PROVIDER_ANSWER_INVALID', raisedIn: 'actions.bad', errorCode: 'shop.invalid_response' },
    ],
    [
      'one row, a list',
      shop({ bad: answering([canary]) }),
      '{ shopBad { id } }',
      'shop.bad: expected one row, an object; the provider gave a list.',
      { code: 'PROVIDER_ANSWER_INVALID', raisedIn: 'actions.bad' },
    ],
    [
      'a list',
      shop({ orders: answering(canary) }),
      '{ shopOrders { id } }',
      'shop.orders: expected a list of rows; the provider gave a string.',
      { code: 'PROVIDER_ANSWER_INVALID', raisedIn: 'actions.orders' },
    ],
    [
      'a page',
      shop({ orders: { ...paged, execute: () => canary } }),
      '{ shopOrders { nodes { id } } }',
      'actions.orders pages, so its execute has to return its request without awaiting it (no async), or { rows, next }; it returned a string.',
      { code: 'CONNECTOR_ERROR', raisedIn: 'actions.orders' },
    ],
    [
      'a joined row',
      shop({ get_item: answering([canary]) }),
      '{ shopOrders { item { price } } }',
      'shop.get_item: expected one row, an object; the provider gave a list.',
      { code: 'PROVIDER_ANSWER_INVALID', raisedIn: 'actions.get_item', errorCode: 'shop.invalid_response' },
    ],
    [
      'choices',
      shop(),
      '{ shopSizes { label } }',
      'shop.pickLists.sizes: expected a list of [label, value]; it gave a string.',
      { code: 'PROVIDER_ANSWER_INVALID', raisedIn: 'pickLists.sizes' },
    ],
    [
      'choices, one of them no pair',
      shop({}, { pickLists: { sizes: () => [['S', 's'], canary] as never } }),
      '{ shopSizes { label } }',
      'shop.pickLists.sizes[1]: expected [label, value]; it gave a string.',
      { code: 'PROVIDER_ANSWER_INVALID', raisedIn: 'pickLists.sizes' },
    ],
  ])('is told by its kind alone: %s', async (_what, connector, query, message, extensions) => {
    const { errors } = await ask(connector, query);
    expect(errors).toMatchObject([{ message, extensions: { ...place, ...extensions } }]);
  });
});

describe('an error says where it was raised', () => {
  const paged: Partial<Action> = {
    list: false,
    paginate: { strategy: 'page' },
    execute: () => ({ rows: [], next: null }),
  };

  it.each<[string, Connector, string, object]>([
    [
      'a value of the provider',
      shop({ bad: { execute: () => ({ id: 1, price: 'much' }) } }),
      '{ shopBad { price } }',
      { code: 'PROVIDER_VALUE_INVALID', raisedIn: 'ShopItem.price', errorCode: 'shop.invalid_response' },
    ],
    [
      'a value of a joined row',
      shop({ get_item: { execute: () => ({ id: 7, price: 'much' }) } }),
      '{ shopOrders { item { price } } }',
      { code: 'PROVIDER_VALUE_INVALID', raisedIn: 'ShopItem.price' },
    ],
    [
      'a value of the client',
      shop({ bad: { input: [{ name: 'count', type: 'integer', optional: false }] } }),
      '{ shopBad(count: null) { id } }',
      { code: 'GRAPHQL_VALIDATION_FAILED' },
    ],
    [
      'a value of the client that only the notation refuses',
      shop({ bad: { input: [{ name: 'text', optional: false }] } }),
      '{ shopBad(text: "") { id } }',
      { code: 'INPUT_REQUIRED', raisedIn: 'actions.bad', errorCode: 'shop.invalid_value' },
    ],
    [
      'a key that a lookup cannot take',
      shop({ orders: { execute: () => [{ item_id: 'seven' }] } }),
      '{ shopOrders { item { price } } }',
      { code: 'INPUT_INVALID', raisedIn: 'actions.get_item', errorCode: 'shop.invalid_value' },
    ],
    [
      'a page that is too long',
      shop({ orders: paged }),
      '{ shopOrders(first: 1000) { nodes { id } } }',
      { code: 'PAGE_SIZE_INVALID', raisedIn: 'actions.orders', errorCode: 'shop.invalid_value' },
    ],
    [
      'a cursor',
      shop({ orders: paged }),
      '{ shopOrders(after: "x") { nodes { id } } }',
      { code: 'CURSOR_INVALID', raisedIn: 'actions.orders', errorCode: 'shop.invalid_value' },
    ],
    [
      'a list that never ends',
      shop({ orders: { ...paged, execute: () => ({ rows: [], next: 'again' }) } }),
      '{ shopOrders { nodes { id } } }',
      { code: 'PROVIDER_ANSWER_INVALID', raisedIn: 'actions.orders', errorCode: 'shop.invalid_response' },
    ],
  ])('%s', async (_what, connector, query, extensions) => {
    const { errors } = await ask(connector, query);
    const place = 'raisedIn' in extensions ? { connector: 'shop', connection: 'shop.tenant' } : {};
    expect(errors).toMatchObject([{ extensions: { ...place, ...extensions } }]);
  });
});

describe('what code of a connector says', () => {
  const secret = `secret-${canary}`;
  const failing = (fail: (open: any) => unknown): Connector =>
    shop({ bad: { execute: fail as NonNullable<Action['execute']> } });
  const query = '{ shopBad { id } }';
  const logged = () => running!.log.filter((line) => line.includes('The code of a connector failed'));

  it.each<[string, Connector, string]>([
    [
      'connection.error',
      failing((open) => open.error(`token ${open.fields.hook}, ${encodeURIComponent(open.fields.token)}`, secret)),
      'token [redacted], [redacted]',
    ],
    [
      'an error of ours that it throws',
      failing((open) => {
        throw new ProviderError('PROVIDER_ERROR', `token ${open.fields.token}`, { cause: new TypeError(secret) });
      }),
      'token [redacted]',
    ],
    [
      'a handler',
      shop(
        {
          bad: {
            execute: () => {
              throw new RangeError(secret);
            },
          },
        },
        { exceptionHandlers: [[RangeError, (error) => ({ message: `Said ${error.message}.`, code: canary }), null]] },
      ),
      'Said [redacted].',
    ],
  ])('holds no value of the connection, in the answer and in the log: %s', async (_what, connector, message) => {
    const { errors } = await ask(connector, query);
    expect(errors).toMatchObject([{ message, extensions: { connector: 'shop', raisedIn: 'actions.bad' } }]);
  });

  it('stands in the log of a developer, without values of the connection', async () => {
    const thrower = failing((open) => {
      throw new Error(`row 7 has no price (${open.fields.hook})`, { cause: new Error(`by ${open.fields.token}`) });
    });
    const { errors } = await ask(thrower, query, { production: false });
    expect(errors?.[0]?.message).toBe("Shop: actions.bad failed in the connector's own code. The log has the cause.");
    expect(JSON.parse(logged()[0]!)).toMatchObject({
      failure: {
        cause: { name: 'Error', message: 'row 7 has no price ([redacted])', cause: { message: 'by [redacted]' } },
      },
    });
  });

  it('is not in the log of production', async () => {
    const thrower = failing(() => {
      throw new Error('row 7 has no price');
    });
    await ask(thrower, query, { production: true });
    expect(logged()).toHaveLength(1);
    expect(logged()[0]).not.toContain('row 7');
  });
});
