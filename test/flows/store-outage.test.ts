/** A store that is cut off from replicas that serve (F9), as their clients and their load balancer see it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startChaosProxy, type ChaosProxy } from '../support/chaos-proxy.ts';
import { withPostgres } from '../support/postgres.ts';
import type { Replica } from '../support/replica.ts';
import { openReplicaShop, type ReplicaShop } from '../support/replica-shop.ts';
import type { TestPostgres } from '../support/start-postgres.ts';
import { until } from '../support/until.ts';

const salesQuery = '{ connectors { name } shopSales { sales { id } } }';

const statusOf = async ({ url }: Replica, path: string) => (await fetch(`${url}${path}`)).status;

/** In how many milliseconds it is so. */
async function timeUntil(isSo: () => Promise<boolean>): Promise<number> {
  const from = performance.now();
  await until(isSo);
  return performance.now() - from;
}

await withPostgres((postgres) => {
  let shop: ReplicaShop;
  let proxy: ChaosProxy;
  beforeEach(async () => {
    await postgres.ask('DROP SCHEMA IF EXISTS plugboard CASCADE');
    shop = await openReplicaShop();
    proxy = await startChaosProxy(postgres.port);
  });
  afterEach(async () => {
    await shop.close();
    await proxy.close();
  });

  /** Connects the accounts of many subjects until it is stopped, and knows who was told to be connected. */
  const connecting = (replica: Replica) => {
    const acknowledged: string[] = [];
    const failures = new Set<string>();
    const ending = new AbortController();
    const done = (async () => {
      for (let index = 0; !ending.signal.aborted; index += 1) {
        const subject = `subject ${index}`;
        await shop.connect(replica, subject).then(
          () => acknowledged.push(subject),
          (error: Error) => failures.add(/"code":"(\w+)"/.exec(error.message)?.[1] ?? error.message),
        );
        await sleep(50);
      }
    })();
    return {
      acknowledged,
      failures,
      stop: async () => {
        ending.abort();
        await done;
      },
    };
  };

  const faults: readonly [string, (server: TestPostgres) => Promise<void>, (server: TestPostgres) => Promise<void>][] =
    [
      ['a network that swallows everything', async () => proxy.swallow(), () => proxy.heal()],
      ['a server that is killed', (server) => server.crash(), (server) => server.restart()],
    ];

  describe('replicas whose store is away', () => {
    it.each(faults)(
      'by %s say so, serve what needs none, lose nothing, and are back by themselves',
      async (_name, fail, mend) => {
        const replica = await shop.start(proxy.through(postgres.url));
        await shop.connect(replica);
        const watched = await shop.watch(replica, new Date().toISOString());
        const subscriber = shop.subscribe(() => replica, watched);
        shop.sell(5);
        await subscriber.received(5);
        const load = connecting(replica);
        await until(() => load.acknowledged.length >= 3);

        await fail(postgres);
        expect(await timeUntil(async () => (await statusOf(replica, '/readyz')) === 503)).toBeLessThan(5_000);
        expect(await (await fetch(`${replica.url}/healthz`)).json()).toMatchObject({
          status: 'degraded',
          store: 'away',
        });
        shop.sell(5);
        // What a process knows of connections it knows for a second.
        let answer = await replica.ask(salesQuery);
        while (answer.errors === undefined) answer = await replica.ask(salesQuery);
        expect(answer.data).toEqual({ connectors: [{ name: 'shop' }], shopSales: null });
        expect(answer.errors).toMatchObject([{ path: ['shopSales'], extensions: { code: 'STORE_UNAVAILABLE' } }]);
        expect(await statusOf(replica, '/healthz')).toBe(200);

        await mend(postgres);
        const backMs = await timeUntil(async () => (await replica.ask(salesQuery)).errors === undefined);
        expect(backMs).toBeLessThan(10_000);
        await until(async () => (await statusOf(replica, '/readyz')) === 200);
        await load.stop();
        expect([...load.failures]).toEqual(['STORE_UNAVAILABLE']);
        for (const subject of load.acknowledged) {
          const { data } = await replica.ask('{ connections { state } }', {}, subject);
          expect([subject, data.connections]).toEqual([subject, [{ state: 'STARTED' }]]);
        }
        await subscriber.received(10);
        expect(subscriber.ids).toEqual(shop.ids());
        expect(subscriber.errors).toEqual([]);
      },
    );
  });
});
