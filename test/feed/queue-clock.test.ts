/** The clock of replicas satisfies the contract, on PostgreSQL and on Redis, which may lose everything. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openJobQueue } from '../../src/feed/job-queue.ts';
import { createQueueClock } from '../../src/feed/queue-clock.ts';
import { createPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { describeClock, type ClockHouse } from '../contract/poll-clock-contract.ts';
import { startChaosProxy } from '../support/chaos-proxy.ts';
import { withPostgres } from '../support/postgres.ts';
import { withRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

function clocksOver(url: string, leases: ClockHouse['leases'], close: () => Promise<void>): ClockHouse {
  // A queue of each test.
  const name = `feeds-${randomBytes(6).toString('hex')}`;
  return {
    leases,
    open: async (options) =>
      createQueueClock(await openJobQueue({ url, name, onFailure: options.onFailure ?? (() => {}) }), options),
    close,
  };
}

await withPostgres((postgres) => {
  describe('a clock of a queue on PostgreSQL', () => {
    describeClock(async () => {
      const store = await createPostgresStore({ url: postgres.url });
      return clocksOver(postgres.url, store.leases, store.close);
    });
  });

  it('says which server has no queue, and nothing that is secret', async () => {
    const url = postgres.url.replace('canary-password', 'canary-wrong');
    await expect(openJobQueue({ url, name: 'feeds', onFailure: () => {} })).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: `The queue at postgres://127.0.0.1:${postgres.port} cannot be opened. Start it, or name another one by \`queue\`.`,
    });
  });
});

await withRedis((redis) => {
  const openHouse = async () => {
    const store = await createSqliteStore({ file: ':memory:' });
    return clocksOver(redis.url, store.leases, store.close);
  };
  describe('a clock of a queue on Redis', () => {
    describeClock(openHouse);

    it.each([
      ['is emptied', redis.forgetAll],
      ['evicts half of its jobs', redis.evict],
      ['dies and comes back empty', () => redis.crash().then(redis.restart)],
    ])('polls all feeds again after Redis %s', async (_what, lose) => {
      const house = await openHouse();
      const polled = new Map<string, number>();
      const clock = await house.open({
        leases: house.leases,
        timeoutError: () => new Error('too long'),
        poll: async (feed) => (polled.set(feed, (polled.get(feed) ?? 0) + 1), 300),
      });
      const feeds = Array.from({ length: 20 }, (_, index) => ({ feed: `f${index}`, inMs: 0 }));
      await clock.keep(feeds);
      await until(() => polled.size === feeds.length);
      await lose();
      polled.clear();
      // Each again and again, for a job that is half lost may be done once more.
      const isPolled = ({ feed }: { readonly feed: string }) => (polled.get(feed) ?? 0) >= 3;
      await until(async () => (await clock.keep(feeds), feeds.every(isPolled)));
      await clock.close();
      await house.close();
    });

    it('polls all feeds again after a network that swallowed everything and forgot the connections', async () => {
      const proxy = await startChaosProxy(Number(new URL(redis.url).port));
      const store = await createSqliteStore({ file: ':memory:' });
      const house = clocksOver(proxy.through(redis.url), store.leases, store.close);
      const polls = new Map<string, number>();
      const clock = await house.open({
        leases: house.leases,
        timeoutError: () => new Error('too long'),
        poll: async (feed) => (polls.set(feed, (polls.get(feed) ?? 0) + 1), 200),
      });
      const feeds = Array.from({ length: 5 }, (_, index) => ({ feed: `f${index}`, inMs: 0 }));
      await clock.keep(feeds);
      await until(() => polls.size === feeds.length);
      proxy.swallow();
      await proxy.heal();
      polls.clear();
      // Again and again: a poll was perhaps on its way before.
      await until(() => feeds.every(({ feed }) => (polls.get(feed) ?? 0) >= 3));
      await clock.close();
      await proxy.close();
      await house.close();
    });
  });
});
