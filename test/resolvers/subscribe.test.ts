import { describe, expect, it, jest } from '@jest/globals';
import { everyScope } from '../../src/connection/scopes.ts';
import { feedId } from '../../src/feed/feed.ts';
import { recordingSink, until } from '../support/recording-sink.ts';
import { ada, bob, subscribableShop, type Subscriber } from '../support/subscribable-shop.ts';

const orders = 'subscription ($after: String) { shopNewOrder(after: $after) { id cursor } }';
const withCustomer = 'subscription { shopNewOrder { id node { total customer { name } } } }';

function order(id: string, row: unknown) {
  return { id, payload: JSON.stringify(row) };
}

describe('subscribing to a trigger', () => {
  it('tells what happens, with the cursor in the event and beside it', async () => {
    const shop = subscribableShop();
    const query = 'subscription { shopNewOrder { id cursor occurredAt receivedAt node { id total } } }';
    const { results } = await shop.subscribe(ada, query);
    await shop.happen([{ ...order('o1', { id: 7, total: '12' }), occurredAt: 0 }]);
    await until(() => results().length === 1);
    const cursor = expect.stringMatching(/^[\w-]{32}$/);
    expect(results()).toEqual([
      {
        data: {
          shopNewOrder: {
            id: 'o1',
            cursor,
            occurredAt: '1970-01-01T00:00:00.000Z',
            receivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
            node: { id: '7', total: 12 },
          },
        },
        extensions: { cursor },
      },
    ]);
    expect(results()[0].extensions.cursor).toBe(results()[0].data.shopNewOrder.cursor);
  });

  it('asks for the feed of the caller with its arguments as JSON', async () => {
    const shop = subscribableShop();
    const query = 'subscription ($at: DateTime) { shopNewOrder(since: $at, status: "open", limit: 3) { id } }';
    await shop.subscribe(ada, query, { variables: { at: '2026-01-31T10:30:00+01:00' } });
    const expected = {
      tenant: 'acme',
      connection: 'shop-ada',
      subject: 'ada',
      connector: 'shop',
      trigger: 'new_order',
      input: { since: '2026-01-31T09:30:00.000Z', status: 'open', limit: 3 },
    };
    expect(shop.feeds.keys).toEqual([expected]);
  });

  it('goes on behind a cursor, and leaves its place out of what is shared', async () => {
    const shop = subscribableShop();
    const first = await shop.subscribe(ada, orders);
    await shop.happen([{ id: 'o1' }, { id: 'o2' }, { id: 'o3' }]);
    await until(() => first.results().length === 3);
    const after = first.sink.cursors[0]!;
    const again = await shop.subscribe(ada, orders, { variables: { after } });
    // `Last-Event-ID` beats the argument.
    const sse = await shop.subscribe(ada, orders, { variables: { after: 'nonsense' }, after: first.sink.cursors[1]! });
    await until(() => again.results().length === 2 && sse.results().length === 1);
    expect(again.sink.payloads).toEqual(first.sink.payloads.slice(1));
    expect(sse.sink.payloads).toEqual(first.sink.payloads.slice(2));
  });

  it('gives the feed back when its subscriber has gone, and when it never begins', async () => {
    const shop = subscribableShop();
    const { running } = await shop.subscribe(ada, orders);
    const id = feedId(shop.feeds.keys[0]!);
    expect(shop.feeds.subscriberCount(id)).toBe(1);
    running!.stop();
    expect(shop.feeds.subscriberCount(id)).toBe(0);
  });

  it.each([
    ['edited', 'A'.repeat(32)],
    ['empty', ''],
  ])('refuses a cursor that is %s, and keeps no feed for it', async (_what, after) => {
    const shop = subscribableShop();
    const { refused } = await shop.subscribe(ada, orders, { variables: { after } });
    expect(refused).toEqual({
      errors: [
        expect.objectContaining({
          path: ['shopNewOrder'],
          extensions: {
            code: 'CURSOR_INVALID',
            connector: 'shop',
            connection: 'shop-ada',
            raisedIn: 'triggers.new_order',
            errorCode: expect.anything(),
          },
        }),
      ],
    });
    expect(shop.feeds.subscriberCount(feedId(shop.feeds.keys[0]!))).toBe(0);
  });

  it("refuses another subject's cursor", async () => {
    const shop = subscribableShop();
    const first = await shop.subscribe(ada, orders);
    await shop.happen([{ id: 'o1' }]);
    await until(() => first.results().length === 1);
    const { refused } = await shop.subscribe(bob, orders, { variables: { after: first.sink.cursors[0]! } });
    expect(refused.errors[0].extensions.code).toBe('CURSOR_INVALID');
  });

  it('refuses a cursor that is too old, with the oldest place, from which it begins', async () => {
    const shop = subscribableShop();
    const first = await shop.subscribe(ada, orders);
    const feed = feedId(shop.feeds.keys[0]!);
    await shop.happen([{ id: 'o1' }, { id: 'o2' }, { id: 'o3' }, { id: 'o4' }]);
    await until(() => first.results().length === 4);
    shop.feeds.log.forgetUpTo(feed, 3);
    const { refused } = await shop.subscribe(ada, orders, { variables: { after: first.sink.cursors[0]! } });
    const { code, cursor } = refused.errors[0].extensions;
    expect(code).toBe('CURSOR_EXPIRED');
    const again = await shop.subscribe(ada, orders, { variables: { after: cursor } });
    await until(() => again.results().length === 1);
    expect(again.results()[0].data.shopNewOrder.id).toBe('o4');
  });

  it('refuses what the trigger does not take, before a feed is opened', async () => {
    const shop = subscribableShop();
    const other = { tenant: 'other', subject: 'zoe', scopes: everyScope };
    const { refused } = await shop.subscribe(other, orders);
    expect(refused.errors[0].extensions).toMatchObject({ code: 'CONNECTION_REQUIRED' });
    const reader = { ...ada, scopes: new Set(['plugboard.read']) };
    expect((await shop.subscribe(reader, orders)).refused.errors[0].extensions).toMatchObject({
      code: 'FORBIDDEN',
      scope: 'plugboard.subscribe:shop',
    });
    const foreign = 'subscription { shopNewOrder(connection: "shop-bob") { id } }';
    expect((await shop.subscribe(ada, foreign)).refused.errors[0].extensions.code).toBe('CONNECTION_NOT_FOUND');
    expect(shop.feeds.keys).toEqual([]);
  });

  it.each([
    'subscription { shopNewOrder @include(if: false) { id } }',
    'subscription { ...F @skip(if: true) } fragment F on Subscription { shopNewOrder { id } }',
    'subscription { ... { ... on Subscription { shopNewOrder @skip(if: true) { id } } } }',
    'subscription { ...F } fragment F on Subscription { ...G } fragment G on Subscription { shopNewOrder @skip(if: true) { id } }',
  ])('refuses conditions on the root field, wherever they stand: %s', async (query) => {
    const { refused } = await subscribableShop().subscribe(ada, query);
    expect(refused.errors).toMatchObject([
      {
        message:
          'The root field of a subscription takes neither @skip nor @include: without it there is nothing to be told of.',
        extensions: { code: 'INPUT_INVALID' },
      },
    ]);
  });

  it('refuses variables that are none', async () => {
    const shop = subscribableShop();
    const { refused } = await shop.subscribe(ada, orders, { variables: { after: { an: 'object' } } });
    expect(refused.errors[0].message).toContain('$after');
  });

  it('tells of one bad value in its own event, and goes on', async () => {
    const shop = subscribableShop();
    const { results } = await shop.subscribe(ada, 'subscription { shopNewOrder { id node { id total } } }');
    await shop.happen([
      order('o1', { id: 1, total: 'many' }),
      { id: 'o2', payload: '{"id":' },
      order('o3', { id: 3, total: 3 }),
    ]);
    await until(() => results().length === 3);
    expect(results().map(({ data }) => data.shopNewOrder)).toEqual([
      { id: 'o1', node: { id: '1', total: null } },
      { id: 'o2', node: null },
      { id: 'o3', node: { id: '3', total: 3 } },
    ]);
    expect(results()[0].errors[0]).toMatchObject({
      path: ['shopNewOrder', 'node', 'total'],
      extensions: { code: 'PROVIDER_VALUE_INVALID', connection: 'shop-ada' },
    });
    expect(results()[2].errors).toBeUndefined();
  });

  it('joins with the connection of the feed', async () => {
    const getCustomer = jest.fn((token: unknown, id: unknown) => ({ id, name: `${String(token)}'s ${String(id)}` }));
    const shop = subscribableShop({ getCustomer });
    const { results } = await shop.subscribe(ada, withCustomer);
    await shop.happen([order('o1', { id: 1, customer_id: 5 }), order('o2', { id: 2, customer_id: null })]);
    await until(() => results().length === 2);
    expect(results().map(({ data }) => data.shopNewOrder.node.customer)).toEqual([{ name: "ada's 5" }, null]);
    expect(getCustomer).toHaveBeenCalledTimes(1);
  });

  it('gives up a join that takes too long, in the result of its own event', async () => {
    const shop = subscribableShop({
      getCustomer: (_token, id) => (id === 5 ? new Promise(() => {}) : { id, name: 'x' }),
    });
    const { results } = await shop.subscribe(ada, withCustomer, { eventTimeoutMs: 20 });
    await shop.happen([order('o1', { id: 1, customer_id: 5 }), order('o2', { id: 2, customer_id: 6 })]);
    await until(() => results().length === 2);
    expect(results()[0].data.shopNewOrder).toEqual({ id: 'o1', node: { total: null, customer: null } });
    expect(results()[0].errors[0].extensions.code).toBe('OPERATION_TIMEOUT');
    expect(results()[1].data.shopNewOrder.node.customer).toEqual({ name: 'x' });
  });

  it('ends with the reason when the feed ends', async () => {
    const shop = subscribableShop();
    const { sink } = await shop.subscribe(ada, orders);
    const { GatewayError } = await import('../../src/errors.ts');
    shop.feeds.tails.end(feedId(shop.feeds.keys[0]!), new GatewayError('FEED_ENDED', 'Its connection was removed.'));
    await until(() => sink.ended() !== undefined);
    expect(JSON.parse(JSON.stringify(sink.ended()))).toEqual({
      errors: [
        {
          message: 'Its connection was removed.',
          extensions: { code: 'FEED_ENDED', cursor: expect.stringMatching(/^[\w-]{32}$/) },
        },
      ],
    });
  });
});

describe('subscriptions that ask the same', () => {
  const executions = jest.fn((token: unknown, id: unknown) => ({ id, name: String(token) }));

  /** How often the customer of one order is looked up for these subscribers together. */
  async function countFor(...subscribers: readonly Parameters<ReturnType<typeof subscribableShop>['subscribe']>[]) {
    executions.mockClear();
    const shop = subscribableShop({ getCustomer: executions });
    const all: Subscriber[] = [];
    for (const each of subscribers) all.push(await shop.subscribe(...each));
    const feeds = new Set(shop.feeds.keys.map(feedId));
    for (const feed of feeds) await shop.happen([order('o1', { id: 1, customer_id: 5 })], feed);
    await until(() => all.every(({ results }) => results().length === 1));
    return { count: executions.mock.calls.length, names: all.map(({ results }) => customerOf(results()[0])) };
  }

  function customerOf(result: any): string {
    return result.data.shopNewOrder.node.customer.name;
  }

  it('are executed once, however they are written and wherever they begin', async () => {
    const spaced = `subscription   { shopNewOrder { id node { total customer { name } } } }`;
    const { count } = await countFor(
      [ada, withCustomer],
      [{ ...ada }, withCustomer],
      [{ ...ada, expiresAt: 1 }, spaced],
    );
    expect(count).toBe(1);
    const named = 'subscription ($after: String) { shopNewOrder(after: $after) { node { customer { name } } } }';
    const { count: resumed } = await countFor([ada, named], [ada, named, { variables: { after: null } }]);
    expect(resumed).toBe(1);
  });

  it.each([
    ['of other subjects', [ada, withCustomer], [bob, withCustomer]],
    [
      'with other scopes',
      [ada, withCustomer],
      [{ ...ada, scopes: new Set(['plugboard.subscribe', 'plugboard.read']) }, withCustomer],
    ],
    [
      'with a scope that looks like all',
      [ada, withCustomer],
      [{ ...ada, scopes: new Set(['*', 'plugboard.subscribe', 'plugboard.read']) }, withCustomer],
    ],
    ['of other tenants', [ada, withCustomer], [{ ...ada, tenant: 'other' }, withCustomer]],
    [
      'of other documents',
      [ada, withCustomer],
      [ada, 'subscription { shopNewOrder { node { customer { name id } } } }'],
    ],
    [
      'with other aliases',
      [ada, 'subscription { shopNewOrder { node { customer { name } id } } }'],
      [ada, 'subscription { shopNewOrder { node { customer { name } a: id } } }'],
    ],
    ['with other variables', ...variablesCase()],
  ] as const)('are executed apart when they are %s', async (_what, one, other) => {
    expect((await countFor(one as never, other as never)).count).toBe(2);
  });

  function variablesCase() {
    const query = 'subscription ($yes: Boolean!) { shopNewOrder { id @include(if: $yes) node { customer { name } } } }';
    return [
      [ada, query, { variables: { yes: true } }],
      [ada, query, { variables: { yes: false } }],
    ] as const;
  }

  it('of two subjects each see their own connection, event and join', async () => {
    const { names } = await countFor([ada, withCustomer], [bob, withCustomer]);
    expect(names).toEqual(['ada', 'bob']);
    const shop = subscribableShop({ getCustomer: (token, id) => ({ id, name: String(token) }) });
    const adas = await shop.subscribe(ada, withCustomer);
    const bobs = await shop.subscribe(bob, withCustomer);
    const [adaFeed, bobFeed] = shop.feeds.keys.map(feedId);
    expect(adaFeed).not.toBe(bobFeed);
    await shop.happen([order('secret of Ada', { id: 1, customer_id: 1 })], adaFeed);
    await shop.happen([order('secret of Bob', { id: 2, customer_id: 2 })], bobFeed);
    await until(() => adas.results().length === 1 && bobs.results().length === 1);
    expect(JSON.stringify(adas.sink.payloads)).not.toMatch(/bob/i);
    expect(JSON.stringify(bobs.sink.payloads)).not.toMatch(/ada/i);
  });

  it('lose a join alone when the caller may not read, whoever else may', async () => {
    const shop = subscribableShop({ getCustomer: (_token, id) => ({ id, name: 'seen' }) });
    const may = await shop.subscribe(ada, withCustomer);
    const mayNot = await shop.subscribe({ ...ada, scopes: new Set(['plugboard.subscribe:shop']) }, withCustomer);
    await shop.happen([order('o1', { id: 1, customer_id: 5 })]);
    await until(() => may.results().length === 1 && mayNot.results().length === 1);
    expect(may.results()[0].data.shopNewOrder.node.customer).toEqual({ name: 'seen' });
    expect(mayNot.results()[0].data.shopNewOrder.node.customer).toBeNull();
    expect(mayNot.results()[0].errors[0].extensions.code).toBe('FORBIDDEN');
  });

  it('go on when the one who came first has gone', async () => {
    const shop = subscribableShop();
    const first = await shop.subscribe(ada, orders);
    const second = await shop.subscribe(ada, orders);
    first.running!.stop();
    await shop.happen([{ id: 'o1' }]);
    await until(() => second.results().length === 1);
    expect(first.results()).toEqual([]);
  });

  it('are told where to go on when one of them is too slow', async () => {
    const shop = subscribableShop();
    const slow = await shop.subscribe(ada, orders, { sink: recordingSink(1) });
    const fast = await shop.subscribe(ada, orders);
    await shop.happen(Array.from({ length: 1_002 }, (_, index) => ({ id: `o${index}` })));
    await until(() => fast.sink.payloads.length === 1_002 && slow.sink.ended() !== undefined);
    const { extensions } = JSON.parse(JSON.stringify(slow.sink.ended())).errors[0];
    expect(extensions).toEqual({ code: 'LAGGED', cursor: slow.sink.cursors[0] });
    const again = await shop.subscribe(ada, orders, { variables: { after: extensions.cursor } });
    await until(() => again.sink.payloads.length === 1_001);
    expect([...slow.sink.payloads, ...again.sink.payloads]).toEqual(fast.sink.payloads);
  });
});
