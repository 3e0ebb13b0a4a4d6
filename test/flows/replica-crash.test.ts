/**
 * Four replicas over one PostgreSQL, of which one is killed again and again while sales come fast and faulty (F1, F21).
 * `REPLICA_CRASH=full` runs it at the size that is reported: 5 000 sales and 50 kills.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { createPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { startFaultyShop, type FaultyShop } from '../support/faulty-shop.ts';
import { withPostgres } from '../support/postgres.ts';
import type { TestPostgres } from '../support/start-postgres.ts';
import { withRedis, type TestRedis } from '../support/redis.ts';
import { subscribeResuming, type ResumingSubscriber } from '../support/resuming-subscriber.ts';

const isFull = process.env['REPLICA_CRASH'] === 'full';
const size = isFull ? { count: 5_000, kills: 50, replicas: 4 } : { count: 300, kills: 3, replicas: 3 };
const perSecond = 200;
jest.setTimeout(isFull ? 1_800_000 : 240_000);

interface Replica {
  worker: Worker;
  readonly port: number;
}

let bundle: string;
let shop: FaultyShop;
let key: string;
const replicas: Replica[] = [];
const subscribers: ResumingSubscriber[] = [];
beforeAll(async () => (bundle = await bundleWorker(new URL('./feed-gateway-worker.ts', import.meta.url))));
afterAll(() => rm(bundle));
beforeEach(() => {
  key = randomBytes(32).toString('base64');
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map(({ worker }) => worker.kill()));
  await Promise.all(subscribers.splice(0).map((subscriber) => subscriber.close()));
  await shop.close();
});

async function startReplica(store: string, queue: string | undefined, port?: number): Promise<Replica> {
  const worker = new Worker(bundle);
  const own = port ?? (await freePort());
  await worker.call('open', shop.origin, store, key, own, queue);
  return { worker, port: own };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startFeed({ port }: Replica, since: string): Promise<{ readonly id: string; readonly cursor: string }> {
  const query = `mutation { startFeed(connector: "shop", trigger: "newSale", input: { since: "${since}" }) { id cursor } }`;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ query });
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body });
  const { data } = (await response.json()) as { data: { startFeed: { id: string; cursor: string } } };
  return data.startFeed;
}

async function readLog(url: string, feed: string): Promise<readonly string[]> {
  const store = await createPostgresStore({ url });
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

/** The longest that a subscriber of replicas that live waited for an event, after each kill. */
function watchGaps({ ids }: ResumingSubscriber) {
  const gaps: number[] = [];
  let seen = 0;
  let killedAt: number | undefined;
  const timer = setInterval(() => {
    if (killedAt === undefined || ids.length === seen) return;
    gaps.push(performance.now() - killedAt);
    killedAt = undefined;
  }, 2);
  return {
    killed() {
      seen = ids.length;
      killedAt = performance.now();
    },
    stop() {
      clearInterval(timer);
      return gaps.sort((one, other) => one - other);
    },
  };
}

async function sellWhileKilled(store: string, queue?: string, beforeKill?: (kill: number) => Promise<void>) {
  const { count, kills } = size;
  shop = await startFaultyShop({
    count,
    perSecond,
    doubled: 0.05,
    reordered: 0.05,
    late: 0.02,
    failing: 0.05,
    hanging: 0.01,
  });
  while (replicas.length < size.replicas) replicas.push(await startReplica(store, queue));
  const since = new Date(Date.now() - 1_000).toISOString();
  const { id, cursor } = await startFeed(replicas[0]!, since);
  const query = `subscription ($after: String) { shopNewSale(since: "${since}", after: $after) { id cursor } }`;
  // Each begins at another replica, and goes on to the next one when that dies.
  const urls = replicas.map(({ port }) => `ws://127.0.0.1:${port}/graphql`);
  for (let index = 0; index < 3; index += 1) {
    let turn = index;
    const nextUrl = () => urls[turn++ % urls.length]!;
    subscribers.push(subscribeResuming(nextUrl, query, cursor));
  }
  const gaps = watchGaps(subscribers[0]!);
  for (let kill = 0; kill < kills; kill += 1) {
    const known = new Set(subscribers[0]!.ids).size;
    shop.open(Math.ceil((count * (kill + 1)) / kills));
    await subscribers[0]!.received(known + 1);
    await sleep(Math.random() * 400);
    await beforeKill?.(kill);
    const victim = replicas[Math.floor(Math.random() * replicas.length)]!;
    await victim.worker.kill();
    gaps.killed();
    victim.worker = (await startReplica(store, queue, victim.port)).worker;
  }
  await shop.soldOut;
  await Promise.all(subscribers.map((subscriber) => subscriber.received(count)));
  const logged = await readLog(store, id);
  const waited = gaps.stop();
  if (isFull) report(logged, waited, queue);
  expect([...logged].sort()).toEqual([...shop.sold()].sort());
  for (const { ids, errors } of subscribers) {
    expect(ids).toEqual(logged);
    expect(errors).toEqual([]);
  }
}

function report(logged: readonly string[], gaps: readonly number[], queue: string | undefined): void {
  const sold = shop.sold();
  const different = new Set(logged);
  const at = (share: number) => Math.round(gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] ?? NaN);
  const figures = {
    queue: queue ? 'redis' : 'postgres',
    kills: size.kills,
    replicas: size.replicas,
    sold: sold.length,
    lost: sold.filter((id) => !different.has(id)).length,
    doubledInLog: logged.length - different.size,
    doubledAtSubscribers: subscribers.map(({ ids }) => ids.length - new Set(ids).size),
    mischief: shop.mischief(),
    killToNextEventMs: { count: gaps.length, p50: at(0.5), p99: at(0.99), most: at(1) },
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

let postgres: TestPostgres | undefined;
await withPostgres((started) => {
  postgres = started;

  it('loses no event and logs none twice, whichever replica dies, and subscribers resume on another', async () => {
    await sellWhileKilled(started.url);
  });
});

if (postgres) {
  const store = postgres;
  await withRedis((redis: TestRedis) => {
    beforeEach(() => store.ask('DROP SCHEMA IF EXISTS plugboard CASCADE'));

    it('does so too where Redis hands out the polls and forgets everything', async () => {
      await sellWhileKilled(store.url, redis.url, async (kill) => {
        if (kill % 3 === 1) await redis.forgetAll();
        if (kill % 3 === 2) await redis.crash().then(redis.restart);
      });
    });
  });
}
