import { describe, expect, it } from '@jest/globals';
import { until } from '../support/recording-sink.ts';
import { ada, bob, subscribableShop } from '../support/subscribable-shop.ts';

const start = `mutation ($trigger: String!, $input: JSON) {
  startFeed(connector: "shop", trigger: $trigger, input: $input) { id trigger connection input durable state }
}`;

async function started(shop: ReturnType<typeof subscribableShop>, caller = ada): Promise<string> {
  const { data } = await shop.ask(caller, start, { trigger: 'new_order' });
  return data.startFeed.id;
}

function errorOf({ errors }: any) {
  return { ...errors[0].extensions, message: errors[0].message };
}

describe('startFeed', () => {
  it.each([['new_order'], ['newOrder'], ['shopNewOrder']])('takes the trigger as %s', async (trigger) => {
    const shop = subscribableShop();
    const { data } = await shop.ask(ada, start, { trigger, input: { limit: 3 } });
    expect(data.startFeed).toEqual({
      id: expect.stringMatching(/^[\w-]{32}$/),
      trigger: 'new_order',
      connection: 'shop-ada',
      input: { limit: 3 },
      durable: true,
      state: 'RUNNING',
    });
  });

  it('names the feed that a subscription with the same arguments has', async () => {
    const shop = subscribableShop();
    const { data } = await shop.ask(ada, start, {
      trigger: 'new_order',
      input: { since: '2026-01-31T10:30:00+01:00', status: 'open' },
    });
    const query = 'subscription { shopNewOrder(status: "open", since: "2026-01-31T09:30:00Z") { id } }';
    const { results } = await shop.subscribe(ada, query);
    await shop.happen([{ id: 'o1' }], data.startFeed.id);
    await until(() => results().length === 1);
  });

  it('says which triggers there are', async () => {
    const error = errorOf(await subscribableShop().ask(ada, start, { trigger: 'new_ordr' }));
    expect(error).toMatchObject({
      code: 'INPUT_INVALID',
      message:
        'trigger: Shop has no trigger "new_ordr"; expected one of new_order (shopNewOrder), lost_order (shopLostOrder) (did you mean "new_order"?).',
    });
  });

  it.each([
    [[], 'input: expected an object; got a list.'],
    [{ sinc: 1 }, 'input: expected one of since, status, limit (did you mean "since"?); got "sinc".'],
    [{ limit: 'x' }, 'input.limit: Int cannot represent non-integer value: "x"'],
    [{ since: 'today' }, expect.stringContaining('input.since: ')],
  ])('refuses the input %j', async (input, message) => {
    const shop = subscribableShop();
    expect(errorOf(await shop.ask(ada, start, { trigger: 'new_order', input }))).toMatchObject({
      code: 'INPUT_INVALID',
      message,
    });
    expect(shop.feeds.keys).toEqual([]);
  });

  it('needs the scope to subscribe', async () => {
    const caller = { ...ada, scopes: new Set(['plugboard.subscribe:crm']) };
    expect(errorOf(await subscribableShop().ask(caller, start, { trigger: 'new_order' }))).toMatchObject({
      code: 'FORBIDDEN',
      scope: 'plugboard.subscribe:shop',
    });
  });
});

describe('feeds', () => {
  it('show how they fare, with cursors that a subscription takes', async () => {
    const shop = subscribableShop();
    const id = await started(shop);
    await shop.happen([{ id: 'o1' }, { id: 'o2' }]);
    await shop.feeds.log.append(id, {
      parked: [
        { code: 'EVENT_INVALID', reason: 'total is no number.', payload: '{"id":3}' },
        { code: 'EVENT_TOO_LARGE', reason: 'It is too large.' },
      ],
    });
    const { data, errors } = await shop.ask(
      ada,
      `{ feeds { id connector { name } durable state lastError { code } lastPollAt lagMs cursor oldestCursor
         subscriberCount parkedCount parked { id code reason payload parkedAt } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.feeds).toEqual([
      {
        id,
        connector: { name: 'shop' },
        durable: true,
        state: 'RUNNING',
        lastError: null,
        lastPollAt: null,
        lagMs: null,
        cursor: shop.cursors.at(id, 2),
        oldestCursor: shop.cursors.at(id, 0),
        subscriberCount: 0,
        parkedCount: 2,
        parked: [
          {
            id: expect.any(String),
            code: 'EVENT_INVALID',
            reason: 'total is no number.',
            payload: { id: 3 },
            parkedAt: expect.any(String),
          },
          expect.objectContaining({ code: 'EVENT_TOO_LARGE', payload: null }),
        ],
      },
    ]);
    const { results } = await shop.subscribe(
      ada,
      'subscription ($after: String) { shopNewOrder(after: $after) { id } }',
      {
        variables: { after: data.feeds[0].oldestCursor },
      },
    );
    await until(() => results().length === 2);
  });

  it('show what is parked and lies too deep to be read without its payload', async () => {
    const shop = subscribableShop();
    const id = await started(shop);
    const payload = `${'['.repeat(500)}${']'.repeat(500)}`;
    await shop.feeds.log.append(id, { parked: [{ code: 'EVENT_INVALID', reason: 'It is too deep.', payload }] });
    const answer = await shop.ask(ada, '{ feeds { parked { reason payload } } }');
    expect(answer).toEqual({ data: { feeds: [{ parked: [{ reason: 'It is too deep.', payload: null }] }] } });
  });

  it('are shown to their owner alone', async () => {
    const shop = subscribableShop();
    const id = await started(shop);
    const query = 'query ($id: ID!) { feeds { id } feed(id: $id) { id } }';
    expect((await shop.ask(ada, query, { id })).data).toEqual({ feeds: [{ id }], feed: { id } });
    expect((await shop.ask(bob, query, { id })).data).toEqual({ feeds: [], feed: null });
    const caller = { ...ada, scopes: new Set(['plugboard.subscribe:crm']) };
    const { data, errors } = await shop.ask(caller, query, { id });
    expect([data, errors[0].extensions.scope]).toEqual([{ feeds: [], feed: null }, 'plugboard.subscribe:shop']);
  });

  it('page through what is parked', async () => {
    const shop = subscribableShop();
    const id = await started(shop);
    await shop.feeds.log.append(id, { parked: ['a', 'b', 'c'].map((reason) => ({ code: 'EVENT_INVALID', reason })) });
    const query = `query ($id: ID!, $first: Int, $after: ID) { feed(id: $id) { parked(first: $first, after: $after) { id reason } } }`;
    const { data } = await shop.ask(ada, query, { id, first: 2 });
    expect(data.feed.parked.map(({ reason }: any) => reason)).toEqual(['a', 'b']);
    const rest = await shop.ask(ada, query, { id, after: data.feed.parked[1].id });
    expect(rest.data.feed.parked.map(({ reason }: any) => reason)).toEqual(['c']);
    expect(errorOf(await shop.ask(ada, query, { id, first: 101 }))).toMatchObject({
      code: 'PAGE_SIZE_INVALID',
      message: 'first: expected a whole number from 1 to 100; got 101. Page on with `after`.',
    });
  });

  it.each([
    ['the tenant', { connection: 'shop-all', subject: undefined }],
    ['nobody', { connection: undefined, subject: undefined }],
  ])(
    'of a connection of %s are seen by those who subscribe, and changed by those who administer',
    async (_of, owner) => {
      const shop = subscribableShop();
      const key = { tenant: 'acme', connector: 'shop', trigger: 'new_order', input: {}, ...owner };
      const { id } = await shop.feeds.start(key, new AbortController().signal);
      const subscriber = { ...ada, scopes: new Set(['plugboard.subscribe']) };
      const administrator = { ...ada, scopes: new Set(['plugboard.subscribe', 'plugboard.admin:shop']) };
      expect((await shop.ask(subscriber, '{ feeds { id parked { id } } }')).data.feeds).toEqual([{ id, parked: [] }]);
      for (const query of [
        'mutation ($id: ID!) { replayParked(feed: $id) { left } }',
        'mutation ($id: ID!) { replayFeed(feed: $id, from: "2026-01-01T00:00:00Z") { id } }',
        'mutation ($id: ID!) { stopFeed(id: $id) { id } }',
      ]) {
        expect(errorOf(await shop.ask(subscriber, query, { id }))).toMatchObject({
          code: 'FORBIDDEN',
          scope: 'plugboard.admin:shop',
        });
        expect((await shop.ask(administrator, query, { id })).errors).toBeUndefined();
      }
    },
  );

  it('of the tenant are begun by those who administer', async () => {
    const shop = subscribableShop();
    const subscriber = { ...ada, scopes: new Set(['plugboard.subscribe']) };
    const variables = { trigger: 'new_order', connection: 'shop-all' };
    const query = `mutation ($trigger: String!, $connection: ID) {
      startFeed(connector: "shop", trigger: $trigger, connection: $connection) { id }
    }`;
    expect(errorOf(await shop.ask(subscriber, query, variables))).toMatchObject({
      code: 'FORBIDDEN',
      scope: 'plugboard.admin:shop',
    });
    expect(shop.feeds.keys).toEqual([]);
    const own = await shop.ask(subscriber, query, { ...variables, connection: 'shop-ada' });
    expect(own).toEqual({ data: { startFeed: { id: expect.any(String) } } });
    const administrator = { ...ada, scopes: new Set(['plugboard.subscribe', 'plugboard.admin']) };
    expect((await shop.ask(administrator, query, variables)).errors).toBeUndefined();
  });

  it('are stopped, asked again and repaired by their owner', async () => {
    const shop = subscribableShop();
    const id = await started(shop);
    const parked = [
      { code: 'EVENT_INVALID', reason: 'a', payload: '{}' },
      { code: 'EVENT_INVALID', reason: 'b', payload: '{}' },
    ];
    await shop.feeds.log.append(id, { parked });
    const [first] = await shop.feeds.log.parked(id);
    const repaired = await shop.ask(
      ada,
      'mutation ($id: ID!, $ids: [ID!]) { replayParked(feed: $id, ids: $ids) { delivered left feed { parkedCount } } }',
      { id, ids: [first!.id] },
    );
    expect(repaired.data.replayParked).toEqual({ delivered: 1, left: 1, feed: { parkedCount: 1 } });
    const again = 'mutation ($id: ID!) { replayFeed(feed: $id, from: "2026-01-01T00:00:00Z") { id } }';
    expect((await shop.ask(ada, again, { id })).data.replayFeed).toEqual({ id });
    const stop = 'mutation ($id: ID!) { stopFeed(id: $id) { durable state } }';
    expect((await shop.ask(ada, stop, { id })).data.stopFeed).toEqual({ durable: false, state: 'STOPPED' });
    for (const query of [again, stop, 'mutation ($id: ID!) { replayParked(feed: $id) { left } }']) {
      const expected = { code: 'FEED_NOT_FOUND', message: `There is no feed ${JSON.stringify(id)} of yours.` };
      expect(errorOf(await shop.ask(bob, query, { id }))).toMatchObject(expected);
    }
  });
});
