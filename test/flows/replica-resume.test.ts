/** Two replicas of the built command over one PostgreSQL: what one begins the other goes on with, and nothing is missing. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { withPostgres } from '../support/postgres.ts';
import type { Replica } from '../support/replica.ts';
import { withRedis } from '../support/redis.ts';
import { openReplicaShop, type ReplicaShop } from '../support/replica-shop.ts';
import type { TestPostgres } from '../support/start-postgres.ts';
import { until } from '../support/until.ts';

let shop: ReplicaShop;
beforeEach(async () => void (shop = await openReplicaShop({ graceMs: 200 })));
afterEach(() => shop.close());

async function measureTakeover(store: string, queue?: string): Promise<number> {
  const one = await shop.start(store, { queue });
  await shop.connect(one);
  const watched = await shop.watch(one, new Date().toISOString());
  await until(() => shop.pollCount() > 2);
  let release = () => {};
  shop.hold(new Promise((resolve) => (release = resolve)));
  // Its poll is held, so that it dies in the midst of it.
  await until(() => shop.heldCount() > 0);
  const other = await shop.start(store, { queue });
  await one.kill();
  const killedAt = performance.now();
  const before = shop.heldCount();
  await until(() => shop.heldCount() > before);
  const tookMs = performance.now() - killedAt;
  release();
  shop.hold();
  shop.sell(5);
  const subscriber = shop.subscribe(() => other, watched);
  await subscriber.received(5);
  expect(subscriber.ids).toEqual(shop.ids());
  if (process.env['REPLICAS'] === 'full') {
    process.stdout.write(
      `${JSON.stringify({ queue: queue ? 'redis' : 'postgres', takeoverMs: Math.round(tookMs) })}\n`,
    );
  }
  return tookMs;
}

let store: TestPostgres | undefined;
await withPostgres((postgres) => {
  store = postgres;
  beforeEach(() => postgres.ask('DROP SCHEMA IF EXISTS plugboard CASCADE'));

  it('connects through one, queries through the other, and a subscription goes on there after the first was killed', async () => {
    const [one, other] = [await shop.start(postgres.url), await shop.start(postgres.url)];
    await shop.connect(one);
    const since = new Date().toISOString();
    shop.sell(3);
    expect(await other.ask('{ shopSales { sales { id } } }')).toEqual({
      data: { shopSales: { sales: [{ id: 's1' }, { id: 's2' }, { id: 's3' }] } },
    });
    const watched = await shop.watch(one, since);
    let target = one;
    const subscriber = shop.subscribe(() => target, watched);
    for (let turn = 0; turn < 5; turn += 1) {
      shop.sell(10);
      await subscriber.received(3 + (turn + 1) * 10);
    }
    // What happens around the kill: some of it logged and not told, some not even polled.
    shop.sell(20);
    await one.kill();
    target = other;
    shop.sell(20);
    await subscriber.received(93);
    expect(subscriber.ids).toEqual(shop.ids());
    expect(subscriber.errors).toEqual([]);
  });

  it('stops a feed for all when it is stopped through one, and lets it begin anew through the other', async () => {
    const [one, other] = [await shop.start(postgres.url), await shop.start(postgres.url)];
    await shop.connect(one);
    const since = new Date().toISOString();
    const watched = await shop.watch(one, since);
    await until(() => shop.pollCount() > 2);
    const feeds = async (replica: Replica) => (await replica.ask('{ feeds { id state durable } }')).data.feeds;
    const [{ id }] = await feeds(one);
    await other.ask('mutation ($id: ID!) { stopFeed(id: $id) { id } }', { id });
    await until(async () => (await feeds(one))[0].state === 'STOPPED');
    const polls = shop.pollCount();
    shop.sell(3);
    expect([await feeds(one), await feeds(other)]).toEqual([
      [{ id, state: 'STOPPED', durable: false }],
      [{ id, state: 'STOPPED', durable: false }],
    ]);
    // One may have been under way.
    expect(shop.pollCount()).toBeLessThanOrEqual(polls + 1);
    await shop.watch(other, since);
    const subscriber = shop.subscribe(() => one, watched);
    await subscriber.received(3);
    expect(subscriber.ids).toEqual(shop.ids());
  });

  it('takes the feed of a killed replica over within 10 s', async () => {
    expect(await measureTakeover(postgres.url)).toBeLessThan(10_000);
  });
});

if (store) {
  await withRedis((redis) => {
    beforeEach(() => store!.ask('DROP SCHEMA IF EXISTS plugboard CASCADE'));

    it('takes it over within 10 s where Redis hands out the polls', async () => {
      expect(await measureTakeover(store!.url, redis.url)).toBeLessThan(10_000);
    });
  });
}
