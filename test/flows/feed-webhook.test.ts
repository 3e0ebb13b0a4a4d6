/** Webhooks through a whole gateway: from the subscription at the provider to the event at the subscriber. */
import { createClient, type Client } from 'graphql-sse';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';
import { createShopProvider, newest, orders, signed, webhookShop, type ShopProvider } from '../support/webhook-shop.ts';

let provider: ShopProvider;
let gateway: RunningGateway;
let client: Client;
let polls: number;

beforeEach(async () => {
  provider = createShopProvider();
  polls = 0;
  gateway = await startGateway({ connectors: [countingPolls()] });
  client = createClient({ url: `${gateway.url}/graphql/stream`, retryAttempts: 0 });
});
afterEach(async () => {
  client.dispose();
  await gateway.close();
});

function countingPolls() {
  const shop = webhookShop(provider);
  const { order_changed: changed } = shop.triggers!;
  const poll = () => ({ events: [{ id: (polls += 1), title: 'polled' }] });
  return { ...shop, triggers: { ...shop.triggers, order_changed: { ...changed, poll } } };
}

/** What the provider sends, where it was told to. */
async function send(body: string): Promise<number> {
  const { url, secret } = newest(provider);
  expect(url.startsWith(`${gateway.url}/webhooks/`)).toBe(true);
  const headers = { 'content-type': 'application/json', ...signed(secret, body) };
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a trigger of webhooks', () => {
  it('brings what the provider sends to the subscriber, until nobody wants it', async () => {
    const events = client.iterate<{ shopOrderMade: { id: string; node: { title: string } } }>({
      query: 'subscription { shopOrderMade { id node { title } } }',
    });
    const first = events.next();
    await until(() => provider.subscriptions.size === 1);
    expect(await send(orders(1, 2))).toBe(200);
    expect((await first).value!.data!.shopOrderMade).toEqual({ id: '1', node: { title: 'Order 1' } });
    expect((await events.next()).value!.data!.shopOrderMade.id).toBe('2');
    expect(JSON.stringify(gateway.log)).not.toContain(newest(provider).url.split('/').at(-1));
    await events.return!();
  });

  it('says why the provider does not subscribe it, and ends it when it is stopped', async () => {
    const start = 'mutation { startFeed(connector: "shop", trigger: "order_made") { id } }';
    const { data } = await gateway.ask(start);
    await until(() => provider.subscriptions.size === 1);
    await gateway.ask(`mutation { stopFeed(id: "${data.startFeed.id}") { state } }`);
    await until(() => provider.subscriptions.size === 0);
    provider.before = () => {
      throw new TypeError('The provider is not there.');
    };
    await gateway.ask(start);
    const lastError = async () => (await gateway.ask('{ feeds { state lastError { code } } }')).data.feeds[0];
    let feed = await lastError();
    while (feed.lastError === null) feed = await lastError();
    expect(feed).toEqual({ state: 'BACKING_OFF', lastError: { code: 'CONNECTOR_ERROR' } });
  });
});

describe('a trigger that is polled and has webhooks', () => {
  it('is polled when the provider says so', async () => {
    const events = client.iterate<{ shopOrderChanged: { node: { title: string } } }>({
      query: 'subscription { shopOrderChanged { node { title } } }',
    });
    const first = events.next();
    // The first poll finds what was there before.
    await until(() => polls === 1 && provider.subscriptions.size === 1);
    expect(await send('{}')).toBe(200);
    expect((await first).value!.data!.shopOrderChanged).toEqual({ node: { title: 'polled' } });
    expect(polls).toBe(2);
    const { data } = await gateway.ask('{ feeds { state nextPollAt } }');
    expect(Date.parse(data.feeds[0].nextPollAt) - Date.now()).toBeGreaterThan(10 * 60 * 60_000);
    await events.return!();
  });
});
