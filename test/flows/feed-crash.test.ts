/**
 * A gateway that is killed again and again while sales come fast and faulty (F1, F2). `FEED_CRASH=full` runs it at the size
 * that is reported: 5 000 sales and 50 kills, 1 000 and 10 from the newest down, 2 000 of which 60 are poison.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { startFaultyShop, type FaultyShop } from '../support/faulty-shop.ts';
import { subscribeResuming, type ResumingSubscriber } from '../support/resuming-subscriber.ts';
import { openTestStore, storePlace } from '../support/test-store.ts';

const isFull = process.env['FEED_CRASH'] === 'full';
interface Size {
  readonly count: number;
  readonly perSecond: number;
  readonly kills: number;
}
const ascending: Size = isFull ? { count: 5_000, perSecond: 200, kills: 50 } : { count: 600, perSecond: 200, kills: 4 };
const descending: Size = isFull
  ? { count: 1_000, perSecond: 200, kills: 10 }
  : { count: 200, perSecond: 200, kills: 2 };
const poison = isFull
  ? { count: 2_000, poisonedCount: 60, delivered: 1_940 }
  : { count: 300, poisonedCount: 9, delivered: 291 };
/** So long at most a gateway that has told something lives on: at full size long enough to meet every fault of the shop. */
const mostLifeMs = isFull ? 1_500 : 400;
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
  await worker.call('open', shop.origin, storePlace(join(folder, 'store.db')), key, port);
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
  const store = await openTestStore(join(folder, 'store.db'));
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

async function watchSales(port: number, trigger: 'newSale' | 'latestSale', since: string): Promise<string> {
  const started = await ask(
    port,
    `mutation { startFeed(connector: "shop", trigger: "${trigger}", input: { since: "${since}" }) { id cursor } }`,
  );
  expect(started).toEqual({ data: { startFeed: { id: expect.any(String), cursor: expect.any(String) } } });
  const { id, cursor } = started.data.startFeed;
  const field = trigger === 'newSale' ? 'shopNewSale' : 'shopLatestSale';
  const query = `subscription ($after: String) { ${field}(since: "${since}", after: $after) { id cursor node { amount } } }`;
  for (let index = 0; index < 3; index += 1) {
    subscribers.push(subscribeResuming(`ws://127.0.0.1:${port}/graphql`, query, cursor));
  }
  return id as string;
}

/** Sells while the gateway is killed; gives the log as it is in the end. */
async function sellWhileKilled(trigger: 'newSale' | 'latestSale', size: Size): Promise<readonly string[]> {
  const { count, perSecond, kills } = size;
  const port = await freePort();
  const faults = { doubled: 0.05, reordered: 0.05, late: 0.02, failing: 0.05, hanging: 0.01 };
  shop = await startFaultyShop({ count, perSecond, ...faults });
  await startGateway(port);
  const feed = await watchSales(port, trigger, new Date(Date.now() - 1_000).toISOString());
  const outages = watchOutages(subscribers[0]!);
  for (let kill = 0; kill < kills; kill += 1) {
    // A share for each, so that sales come around all of them, however long a start takes.
    const known = new Set(subscribers[0]!.ids).size;
    shop.open(Math.ceil((count * (kill + 1)) / kills));
    // In the midst of its work: who took the feed over polls, logs and tells by now.
    await subscribers[0]!.received(known + 1);
    await sleep(Math.random() * mostLifeMs);
    await worker!.kill();
    outages.killed();
    await startGateway(port);
    outages.restarted();
  }
  await shop.soldOut;
  await Promise.all(subscribers.map((subscriber) => subscriber.received(count)));
  const logged = await readLog(feed);
  if (isFull) report(trigger, size, logged, outages.stop());
  else outages.stop();
  return logged;
}

interface Outages {
  readonly killed: () => void;
  readonly restarted: () => void;
  /** Ends the watching. Milliseconds from each restart to the first event after it, smallest first. */
  readonly stop: () => readonly number[];
}

function watchOutages({ ids }: ResumingSubscriber): Outages {
  const lengths: number[] = [];
  let seen = 0;
  let restartedAt: number | undefined;
  const timer = setInterval(() => {
    if (restartedAt === undefined || ids.length === seen) return;
    lengths.push(performance.now() - restartedAt);
    restartedAt = undefined;
  }, 2);
  return {
    killed: () => (seen = ids.length),
    // One that died again before it told anything is counted from its first start.
    restarted: () => (restartedAt ??= performance.now()),
    stop() {
      clearInterval(timer);
      return lengths.sort((one, other) => one - other);
    },
  };
}

function report(trigger: string, { kills }: Size, logged: readonly string[], outages: readonly number[]): void {
  const sold = shop.sold();
  const different = new Set(logged);
  const figures = {
    trigger,
    kills,
    sold: sold.length,
    lost: sold.filter((id) => !different.has(id)).length,
    doubledInLog: logged.length - different.size,
    doubledAtSubscribers: subscribers.map(({ ids }) => ids.length - new Set(ids).size),
    subscriptions: subscribers.map(({ subscriptionCount }) => subscriptionCount()),
    mischief: shop.mischief(),
    restartToEventMs: {
      count: outages.length,
      p50: Math.round(outages[Math.floor(outages.length * 0.5)] ?? NaN),
      p99: Math.round(outages[Math.floor(outages.length * 0.99)] ?? NaN),
    },
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function expectAllOnce(logged: readonly string[]): void {
  expect([...logged].sort()).toEqual([...shop.sold()].sort());
  for (const { ids, errors } of subscribers) {
    expect(ids).toEqual(logged);
    expect(errors).toEqual([]);
  }
}

describe('a gateway that is killed again and again', () => {
  it('loses no event and logs none twice, and its subscribers miss and repeat none', async () => {
    expectAllOnce(await sellWhileKilled('newSale', ascending));
  });

  it('loses none and tells none twice where the newest is listed first', async () => {
    expectAllOnce(await sellWhileKilled('latestSale', descending));
  });

  it('parks poison and delivers the rest, to the last one', async () => {
    const port = await freePort();
    const { count, poisonedCount, delivered } = poison;
    shop = await startFaultyShop({
      count,
      poisonedCount,
      perSecond: 400,
      doubled: 0,
      reordered: 0,
      late: 0,
      failing: 0,
    });
    await startGateway(port);
    await watchSales(port, 'newSale', new Date(Date.now() - 1_000).toISOString());
    shop.open();
    await shop.soldOut;
    await Promise.all(subscribers.map((subscriber) => subscriber.received(delivered)));
    expect([...subscribers[0]!.ids].sort()).toEqual([...shop.sold()].sort());
    expect(shop.sold()).toHaveLength(delivered);
    const parkedCount = async () => (await ask(port, '{ feeds { parkedCount } }')).data.feeds[0].parkedCount as number;
    // The last one may be poison, which nobody is told of.
    while ((await parkedCount()) < poisonedCount) await sleep(20);
    const { data } = await ask(port, '{ feeds { parkedCount parked(first: 1) { code } } }');
    expect(data.feeds).toEqual([{ parkedCount: poisonedCount, parked: [{ code: 'EVENT_ID_MISSING' }] }]);
  });
});
