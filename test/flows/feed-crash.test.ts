/**
 * A gateway that is killed again and again while sales come fast and faulty (F1, F2). `FEED_CRASH=full` runs it at the size
 * that is reported: 5 000 sales, 50 kills.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { startFaultyShop, type FaultyShop } from '../support/faulty-shop.ts';
import { subscribeResuming, type ResumingSubscriber } from '../support/resuming-subscriber.ts';

const isFull = process.env['FEED_CRASH'] === 'full';
const size = isFull ? { count: 5_000, kills: 50 } : { count: 600, kills: 4 };
jest.setTimeout(isFull ? 900_000 : 240_000);

let bundle: string;
let folder: string;
let shop: FaultyShop;
let worker: Worker | undefined;
const subscribers: ResumingSubscriber[] = [];
beforeAll(async () => (bundle = await bundleWorker(new URL('./feed-gateway-worker.ts', import.meta.url))));
afterAll(() => rm(bundle));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feeds-'));
});
afterEach(async () => {
  await worker?.kill();
  await Promise.all(subscribers.splice(0).map((subscriber) => subscriber.close()));
  await shop.close();
  await rm(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const key = randomBytes(32).toString('base64');

async function startGateway(port: number): Promise<void> {
  worker = new Worker(bundle);
  await worker.call('open', shop.origin, join(folder, 'store.db'), key, port);
}

async function ask(port: number, query: string): Promise<any> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

/** Everything in the log, read from the file itself. */
async function readLog(feed: string): Promise<readonly string[]> {
  const store = await createSqliteStore({ file: join(folder, 'store.db') });
  const ids: string[] = [];
  try {
    for (let after = 0; ;) {
      const { events } = await store.feedLog.read(feed, after);
      if (events.length === 0) return ids;
      ids.push(...events.map(({ id }) => id));
      after = events.at(-1)!.place;
    }
  } finally {
    await store.close();
  }
}

async function watchSales(port: number, since: string): Promise<string> {
  const started = await ask(
    port,
    `mutation { startFeed(connector: "shop", trigger: "newSale", input: { since: "${since}" }) { id cursor } }`,
  );
  expect(started).toEqual({ data: { startFeed: { id: expect.any(String), cursor: expect.any(String) } } });
  const { id, cursor } = started.data.startFeed;
  const query = `subscription ($after: String) { shopNewSale(since: "${since}", after: $after) { id cursor node { amount } } }`;
  for (let index = 0; index < 3; index += 1) {
    subscribers.push(subscribeResuming(`ws://127.0.0.1:${port}/graphql`, query, cursor));
  }
  return id as string;
}

describe('a gateway that is killed again and again', () => {
  it('loses no event and logs none twice, and its subscribers miss and repeat none', async () => {
    const port = await freePort();
    shop = await startFaultyShop({
      count: size.count,
      perSecond: 200,
      doubled: 0.05,
      reordered: 0.05,
      late: 0.02,
      failing: 0.05,
    });
    await startGateway(port);
    const feed = await watchSales(port, new Date(Date.now() - 1_000).toISOString());
    shop.open();
    for (let kill = 0; kill < size.kills; kill += 1) {
      await sleep(100 + Math.random() * 400);
      await worker!.kill();
      await startGateway(port);
    }
    await shop.soldOut;
    await Promise.all(subscribers.map((subscriber) => subscriber.received(size.count)));

    const logged = await readLog(feed);
    expect([...logged].sort()).toEqual([...shop.sold()].sort());
    for (const { ids, errors } of subscribers) {
      expect(ids).toEqual(logged);
      expect(errors).toEqual([]);
    }
  });

  it('parks poison and delivers the rest', async () => {
    const port = await freePort();
    const count = isFull ? 2_000 : 300;
    shop = await startFaultyShop({
      count,
      perSecond: 400,
      doubled: 0,
      reordered: 0,
      late: 0,
      failing: 0,
      poisoned: 0.03,
    });
    await startGateway(port);
    await watchSales(port, new Date(Date.now() - 1_000).toISOString());
    shop.open();
    await shop.soldOut;
    await Promise.all(subscribers.map((subscriber) => subscriber.received(shop.sold().length)));
    expect([...subscribers[0]!.ids].sort()).toEqual([...shop.sold()].sort());
    const { data } = await ask(port, '{ feeds { parkedCount parked(first: 1) { code } } }');
    expect(data.feeds).toEqual([{ parkedCount: shop.poisonedCount(), parked: [{ code: 'EVENT_ID_MISSING' }] }]);
  });
});
