/** A store on PostgreSQL whose network or server fails (F9). `STORE_CHAOS=full` cuts it off as often as is reported. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../../src/storage/feed-log.ts';
import { createPostgresStore, type PostgresStoreOptions } from '../../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { startChaosProxy, type ChaosProxy } from '../../support/chaos-proxy.ts';
import { withPostgres } from '../../support/postgres.ts';

const cutCount = process.env['STORE_CHAOS'] === 'full' ? 20 : 4;
const event = (name: string): NewEvent => ({ signature: name, id: name, payload: `"${name}"` });

await withPostgres((postgres) => {
  const stores: Store[] = [];
  let proxy: ChaosProxy | undefined;
  afterEach(async () => {
    await proxy?.heal();
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await proxy?.close();
    proxy = undefined;
  });
  const open = async (options: Partial<PostgresStoreOptions> = {}) => {
    const store = await createPostgresStore({ url: postgres.url, ...options });
    stores.push(store);
    return store;
  };
  const openThrough = async () => {
    proxy = await startChaosProxy(postgres.port);
    return { proxy, store: await open({ url: proxy.through(postgres.url) }) };
  };
  /** In how many milliseconds it is so. */
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<number> => {
    const from = performance.now();
    while (!(await isSo())) await sleep(20);
    return performance.now() - from;
  };
  const works = ({ records }: Store) =>
    records.get('any', 'one').then(
      () => true,
      () => false,
    );

  describe('a store whose network swallows everything', () => {
    it('is known to be away within five seconds, keeps nobody waiting, and is back within ten', async () => {
      const { proxy, store } = await openThrough();
      await store.records.create('kept', '1', { n: 1 });
      proxy.swallow();
      const asked = store.records.create('kept', '2', { n: 2 }).catch((error: unknown) => error);
      expect(await until(() => !store.isAvailable())).toBeLessThan(5_000);
      // What was under way is given up with the connection that it waits on.
      expect(await asked).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      const many = Array.from({ length: 200 }, () => store.records.get('kept', '1').catch((error: unknown) => error));
      for (const answer of await Promise.all(many)) expect(answer).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(proxy.connectionCount()).toBeLessThanOrEqual(2 * 10 + 2);
      await proxy.heal();
      expect(await until(() => works(store))).toBeLessThan(10_000);
      await until(() => store.isAvailable());
      expect((await store.records.get('kept', '1'))?.value).toEqual({ n: 1 });
    });

    it('finds out that its connections were forgotten, though new ones are made at once', async () => {
      const { proxy, store } = await openThrough();
      await store.records.create('forgotten', '1', {});
      proxy.swallow();
      await proxy.heal();
      expect(await until(() => works(store))).toBeLessThan(10_000);
    });
  });

  it('stays available on a slow network', async () => {
    const { proxy, store } = await openThrough();
    proxy.delay(250);
    let isAlways = true;
    const watch = setInterval(() => (isAlways &&= store.isAvailable()), 10);
    for (let index = 0; index < 6; index += 1) {
      expect(await store.feedLog.append('slow', { events: [event(`slow ${index}`)] })).toMatchObject({ logged: 1 });
    }
    clearInterval(watch);
    expect(isAlways).toBe(true);
  });

  it(`loses nothing that it acknowledged when it is cut off ${cutCount} times under load, and is back within ten seconds`, async () => {
    const { proxy, store } = await openThrough();
    const other = await open();
    const acknowledged = { records: [] as string[], events: [] as string[] };
    const failures = new Set<unknown>();
    const ending = new AbortController();
    const load = async (worker: number) => {
      for (let index = 0; !ending.signal.aborted; index += 1) {
        const id = `${worker}-${index}`;
        try {
          if (await store.records.create('load', id, {})) acknowledged.records.push(id);
          const appended = await store.feedLog.append(`load ${worker}`, { events: [event(id)] });
          if (appended.kind === 'appended') acknowledged.events.push(id);
        } catch (error) {
          failures.add((error as { code?: unknown }).code);
          await sleep(20);
        }
      }
    };
    const workers = Array.from({ length: 6 }, (_, worker) => load(worker));
    const outages: number[] = [];
    for (let cut = 0; cut < cutCount; cut += 1) {
      const before = acknowledged.events.length;
      await until(() => acknowledged.events.length > before + 10);
      const way = cut % 4;
      if (way === 0) proxy.reset();
      else if (way === 1) proxy.swallow();
      else if (way === 2) await proxy.down();
      else await postgres.crash();
      await sleep(300 + Math.random() * 2_000);
      if (way === 3) await postgres.restart();
      await proxy.heal();
      const healed = acknowledged.events.length;
      outages.push(await until(() => acknowledged.events.length > healed));
    }
    ending.abort();
    await Promise.all(workers);
    // No failure but the one that says what it is.
    expect([...failures]).toEqual(['STORE_UNAVAILABLE']);
    await until(() => works(other));
    for (const id of acknowledged.records) expect(await other.records.get('load', id)).toBeDefined();
    const logged: string[] = [];
    for (let worker = 0; worker < 6; worker += 1) {
      for (let after = 0; ;) {
        const { events } = await other.feedLog.read(`load ${worker}`, after);
        if (events.length === 0) break;
        expect(events.map(({ place }) => place)).toEqual(events.map((_, index) => after + index + 1));
        logged.push(...events.map(({ id }) => id));
        after = events.at(-1)!.place;
      }
    }
    const kept = new Set(logged);
    expect(kept.size).toBe(logged.length);
    expect(acknowledged.events.filter((id) => !kept.has(id))).toEqual([]);
    const slowest = Math.max(...outages);
    process.stdout.write(
      `store cut off ${cutCount} times: ${acknowledged.records.length} records and ${acknowledged.events.length} events acknowledged, 0 lost; back after at most ${Math.round(slowest)} ms\n`,
    );
    expect(slowest).toBeLessThan(10_000);
  });

  it('lets no reader pass an event that is committed late, whoever writes', async () => {
    const writers = [await open(), await open(), await open()];
    const reader = await open();
    const perWriter = 150;
    const read: number[] = [];
    const follow = (async () => {
      while (read.length < writers.length * perWriter) {
        const { events } = await reader.feedLog.read('many', read.at(-1) ?? 0);
        read.push(...events.map(({ place }) => place));
      }
    })();
    await Promise.all(
      writers.map(async ({ feedLog }, writer) => {
        const pages = Array.from({ length: perWriter }, (_, index) =>
          feedLog.append('many', { events: [event(`${writer} ${index}`)] }),
        );
        await Promise.all(pages);
      }),
    );
    await follow;
    expect(read).toEqual(read.map((_, index) => index + 1));
  });

  it('waits while the server has no connection left, for those that it has', async () => {
    await postgres.ask(
      `CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 4; GRANT CREATE ON DATABASE postgres TO few`,
    );
    const url = postgres.url.replace(/\/\/.*@/, '//few:few@');
    const { records } = await open({ url, schema: 'few', poolSize: 8 });
    const made = await Promise.all(Array.from({ length: 60 }, (_, index) => records.create('few', `${index}`, {})));
    expect(made.filter(Boolean)).toHaveLength(60);
  });
});
