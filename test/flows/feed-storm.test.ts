/** A provider that refuses: it is asked at most once a window for all subscribers of a trigger, and no event is lost (F8). */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { defineConnector, defineTrigger } from '../../src/connector/define.ts';
import { ProviderError } from '../../src/errors.ts';
import { feedId } from '../../src/feed/feed.ts';
import { eventList, minute, rowsAt } from '../support/event-list.ts';
import { startFakeProvider, type FakeProvider, type Reply } from '../support/fake-provider.ts';
import { ann, feedKey, never, openFeedHouse, pass } from '../support/feed-house.ts';
import { connectSocket, subscribeMessage, type SocketClient } from '../support/socket-client.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';
import { until } from '../support/until.ts';

const subscriberCount = 20;
const windowMs = 1_000;
/** Of the timers of two clocks. */
const toleranceMs = 10;

/** A shop whose sales are numbered from 1 on, and which refuses as long as it is told to. */
interface RefusingShop {
  readonly provider: FakeProvider;
  readonly sell: (count: number) => void;
  /** Refuses the next requests, each of which begins a window. */
  readonly refuse: (windows: number, retryAfter: () => string | undefined) => void;
  /** Refusals that are left. */
  readonly windowsLeft: () => number;
  /** Requests that came while a window was not over. */
  readonly earlyCount: () => number;
}

async function openShop(): Promise<RefusingShop> {
  let sold = 0;
  let windowsLeft = 0;
  let earlyCount = 0;
  let closedUntil = 0;
  let retryAfter: () => string | undefined = () => undefined;
  const provider = await startFakeProvider(({ query }): Reply => {
    const now = performance.now();
    if (now < closedUntil - toleranceMs) earlyCount++;
    if (windowsLeft > 0 || now < closedUntil - toleranceMs) {
      windowsLeft--;
      closedUntil = now + windowMs;
      const value = retryAfter();
      return { status: 429, json: {}, ...(value !== undefined && { headers: { 'retry-after': value } }) };
    }
    const after = Number(query['after']);
    return { json: Array.from({ length: sold - after }, (_, index) => ({ id: after + index + 1 })) };
  });
  return {
    provider,
    sell: (count) => void (sold += count),
    refuse(windows, value) {
      windowsLeft = windows;
      retryAfter = value;
    },
    windowsLeft: () => windowsLeft,
    earlyCount: () => earlyCount,
  };
}

const newSale = defineTrigger({
  title: 'New sale',
  intervalMs: 20,
  input: [],
  output: [{ name: 'id', type: 'integer' }],
  async poll(connection, _input, after: number | undefined) {
    const sales = await connection.get('sales').params({ after: after ?? 0 });
    return { events: sales, nextPoll: sales.at(-1)?.id ?? after ?? 0 };
  },
});

let shop: RefusingShop;
let gateway: RunningGateway | undefined;
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await shop?.provider.close();
});

/** Two kinds of documents, so that not all of them are one group. */
async function subscribeAll(url: string): Promise<readonly SocketClient[]> {
  const documents = ['{ shopNewSale { id } }', '{ shopNewSale { id cursor } }'];
  return Promise.all(
    Array.from({ length: subscriberCount }, async (_, index) => {
      const client = await connectSocket(url);
      client.send(subscribeMessage('s', `subscription ${documents[index % documents.length]}`));
      return client;
    }),
  );
}

async function start(): Promise<readonly SocketClient[]> {
  shop = await openShop();
  const connector = defineConnector({
    name: 'shop',
    connection: { baseUri: `${shop.provider.origin}/`, authorization: { type: 'none' } },
    triggers: { newSale },
  });
  const configuration = { feeds: { minIntervalMs: 20 } };
  gateway = await startGateway({ connectors: [connector], origins: [shop.provider.origin], configuration });
  const clients = await subscribeAll(gateway.url);
  await until(async () => (await readFeed())?.subscriberCount === subscriberCount);
  // What is there at the first poll is not news.
  await shop.provider.received(2);
  return clients;
}

async function readFeed(): Promise<any> {
  const { data } = await gateway!.ask('{ feeds { subscriberCount state nextPollAt lastError { code } } }');
  return data.feeds[0];
}

function idsOf({ messages }: SocketClient): readonly number[] {
  return messages.flatMap(({ type, payload }) => (type === 'next' ? Number(payload.data.shopNewSale.id) : []));
}

const wholeSeconds = (ms: number) => new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toUTCString();

describe('twenty subscribers of a trigger whose provider answers 429', () => {
  it.each<[string, number, () => string | undefined]>([
    ['names seconds', 2, () => '1'],
    ['names a date', 1, () => wholeSeconds(windowMs)],
    ['names nothing', 1, () => undefined],
    ['names what nobody can read', 1, () => 'in a while, -5 or 1e9'],
  ])('ask it once a window when it %s, and miss nothing', async (_how, windows, retryAfter) => {
    const clients = await start();
    shop.sell(5);
    await until(() => clients.every((client) => idsOf(client).length === 5));
    shop.refuse(windows, retryAfter);
    shop.sell(5);
    await until(() => shop.windowsLeft() <= 0);
    shop.sell(5);
    await until(() => clients.every((client) => idsOf(client).length >= 15));
    shop.sell(1);
    await until(() => clients.every((client) => idsOf(client).length >= 16));

    expect(shop.earlyCount()).toBe(0);
    const all = Array.from({ length: 16 }, (_, index) => index + 1);
    for (const client of clients) expect(idsOf(client)).toEqual(all);
    expect(clients.flatMap(({ messages }) => messages.filter(({ type }) => type === 'error'))).toEqual([]);
  });

  it('believe in no window that is longer than an hour', async () => {
    const clients = await start();
    shop.refuse(1, () => '31536000000');
    await until(async () => (await readFeed()).state === 'BACKING_OFF');
    const { nextPollAt, lastError } = await readFeed();
    expect(lastError).toEqual({ code: 'PROVIDER_RATE_LIMITED' });
    const waitMs = Date.parse(nextPollAt) - Date.now();
    expect(waitMs).toBeLessThanOrEqual(60 * 60_000);
    expect(waitMs).toBeGreaterThan(50 * 60_000);
    // Whoever comes now asks the provider nothing more.
    const asked = shop.provider.requests.length;
    clients[0]!.send(subscribeMessage('another', 'subscription { shopNewSale { cursor } }'));
    await until(async () => (await readFeed()).subscriberCount === subscriberCount + 1);
    expect(shop.provider.requests).toHaveLength(asked);
  });
});

describe('twenty subscribers of a trigger whose provider is away for as long as it is believed', () => {
  it('miss nothing of that hour', async () => {
    jest.useFakeTimers({ now: Date.parse(minute(600)) });
    const list = eventList();
    const house = await openFeedHouse(list.ascending());
    try {
      const feeds = house.open();
      const told = await Promise.all(
        Array.from({ length: subscriberCount }, async () => {
          const ids: string[] = [];
          const feed = await feeds.open(feedKey, never);
          feed.listen({ onEvents: (events) => ids.push(...events.map(({ id }) => id)), onEnd: () => {} });
          return ids;
        }),
      );
      await pass(1_000);
      const polls = list.asked.length;
      list.beforePoll = (poll) => {
        if (poll > polls + 1) return;
        const retryAfterMs = 1000 * 365 * 24 * 60 * 60_000;
        throw new ProviderError('PROVIDER_RATE_LIMITED', 'Too many.', { http: { status: 429 }, retryAfterMs });
      };
      list.rows.push(...rowsAt(601, 30));
      await pass(59 * 60_000);
      expect(list.asked).toHaveLength(polls + 1);
      expect(await feeds.find(ann, feedId(feedKey))).toMatchObject({ state: 'BACKING_OFF' });
      list.rows.push(...rowsAt(631, 30));
      await pass(4 * 60_000);
      for (const ids of told) expect(ids).toEqual(rowsAt(601, 60).map(({ id }) => String(id)));
    } finally {
      const closing = house.close();
      await pass(1_000);
      await closing;
      jest.useRealTimers();
    }
  });
});
