/** A store that is moved to another one, of both sorts and both ways. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createKeyRing } from '../../src/connection/seal.ts';
import { moveStore } from '../../src/storage/move-store.ts';
import { createPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { withPostgres } from '../support/postgres.ts';

const keyRing = createKeyRing([{ id: 'one', key: Buffer.alloc(32, 1) }]);
const event = (name: string) => ({ signature: name, id: name, payload: JSON.stringify({ name }) });
const source = 'the old one';

await withPostgres((postgres) => {
  let folder: string;
  let made = 0;
  const stores: Store[] = [];
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'move-'))));
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await rm(folder, { recursive: true });
  });
  const open = async (sort: 'SQLite' | 'PostgreSQL') => {
    const name = `moved_${(made += 1)}`;
    const store =
      sort === 'SQLite'
        ? await createSqliteStore({ file: join(folder, name) })
        : await createPostgresStore({ url: postgres.url, schema: name, poolSize: 3 });
    stores.push(store);
    return store;
  };
  const fill = async ({ records, feedLog, leases }: Store) => {
    for (let index = 0; index < 120; index += 1) {
      const id = `c${String(index).padStart(3, '0')}`;
      await records.create(
        'connection',
        id,
        { tokens: keyRing.seal(`token ${index}`, [id, 'tokens']) },
        {
          indexes: { tenant: `t${index % 3}`, odd: String(index % 2) },
          uniqueKey: `key ${index}`,
        },
      );
    }
    await records.create('flow', 'half way', { text: 'ö\u{1F600}' }, { expiresAt: Date.now() + 600_000 });
    await leases.acquire('held', 'owner', 1);
    for (const feed of ['first', 'second']) {
      const fence = (await leases.acquire(feed, 'owner', 1_000))!.fence;
      for (let page = 0; page < 5; page += 1) {
        const events = Array.from({ length: 60 }, (_, index) => event(`${page}-${index}`));
        await feedLog.append(feed, { fence, progress: { page }, events, seen: [`ground ${page}`] });
      }
      await feedLog.append(feed, { fence, staged: [event('staged 1'), event('staged 2')] });
      await feedLog.append(feed, {
        parked: [{ reason: 'no id', code: 'EVENT_ID_MISSING', signature: 'p', payload: '{}' }],
      });
      await feedLog.append(feed, { delivery: { id: 'hook 1' }, events: [event('hooked')] });
    }
    await feedLog.trim('first', { maxCount: 100 });
  };
  const everything = async ({ records, feedLog }: Store) => ({
    connections: await records.list('connection', {}, { limit: 1000 }),
    odd: (await records.list('connection', { odd: '1', tenant: 't2' })).map(({ id }) => id),
    flow: await records.get('flow', 'half way'),
    feeds: await Promise.all(
      ['first', 'second'].map(async (feed) => ({
        state: await feedLog.state(feed),
        log: await feedLog.read(feed, 0, { limit: 1000 }),
        parked: await feedLog.parked(feed),
        known: await feedLog.known(feed, ['ground 1', '3-7', 'staged 1', 'never']),
      })),
    ),
  });

  describe.each([
    ['SQLite', 'PostgreSQL'],
    ['PostgreSQL', 'SQLite'],
    ['PostgreSQL', 'PostgreSQL'],
  ] as const)('a store on %s that is moved to one on %s', (oldSort, newSort) => {
    it('is there as it was, opens with the same key, and goes on from where it stood', async () => {
      const [old, fresh] = [await open(oldSort), await open(newSort)];
      await fill(old);
      const before = await everything(old);
      const lastFence = (await old.leases.acquire('last', 'owner', 1))!.fence;
      const counts = await moveStore(old, fresh, { source });
      expect(counts).toMatchObject({ records: 121, feeds: 2, feed_events: 401, feed_staged: 4, feed_parked: 2 });
      expect(await everything(fresh)).toEqual(before);
      const { id, version, value } = (await fresh.records.get('connection', 'c007'))!;
      expect(keyRing.open(value.tokens as string, [id, 'tokens'])).toBe('token 7');
      const next = await fresh.records.compareAndSet('connection', id, version, { tokens: 'x' });
      expect(next!.version).toBeGreaterThan(lastFence);
      expect((await fresh.leases.acquire('first', 'owner', 1_000))!.fence).toBeGreaterThan(lastFence);
      expect(await fresh.records.create('connection', 'other', {}, { uniqueKey: 'key 3' })).toBeUndefined();
      // Deliveries and signatures are still known, what was staged can be published, and places go on.
      expect(await fresh.feedLog.append('second', { delivery: { id: 'hook 1' } })).toEqual({ kind: 'repeated' });
      expect(
        await fresh.feedLog.append('second', { events: [event('3-7'), event('new')], publish: true }),
      ).toMatchObject({
        logged: 3,
        known: 1,
        state: { lastPlace: 304 },
      });
      expect(await fresh.feedLog.append('third', { events: [event('a')] })).toMatchObject({ logged: 1 });
    });
  });

  it('goes on where it was stopped', async () => {
    const [old, fresh] = [await open('SQLite'), await open('PostgreSQL')];
    await fill(old);
    const before = await everything(old);
    const stop = new AbortController();
    const stopped = moveStore(old, fresh, {
      source,
      signal: stop.signal,
      onProgress: ({ table }) => table === 'feed_events' && stop.abort(new Error('stopped')),
    });
    await expect(stopped).rejects.toThrow('stopped');
    const pages: string[] = [];
    await moveStore(old, fresh, { source, onProgress: ({ table, moved }) => pages.push(`${table} ${moved}`) });
    expect(pages).toContain('feed_events 400');
    expect(pages).not.toContain('feed_events 200');
    expect(await everything(fresh)).toEqual(before);
  });

  it('leaves a target alone that has other data, or that another store is being moved to', async () => {
    const [old, fresh, busy] = [await open('SQLite'), await open('PostgreSQL'), await open('SQLite')];
    await fill(old);
    await fresh.records.create('connection', 'own', {});
    await expect(moveStore(old, fresh, { source })).rejects.toMatchObject({
      code: 'STORE_NOT_EMPTY',
      message: 'The store to move to has other data (1 rows in records), so it was left alone. Name an empty one.',
    });
    expect(await fresh.records.list('connection', {})).toHaveLength(1);
    const stop = AbortSignal.abort(new Error('stopped'));
    await expect(moveStore(old, busy, { source, signal: stop })).rejects.toThrow('stopped');
    await expect(moveStore(old, busy, { source: 'another' })).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
  });

  it('is not moved twice', async () => {
    const [old, fresh, other] = [await open('SQLite'), await open('SQLite'), await open('SQLite')];
    await old.records.create('connection', 'c1', {});
    await moveStore(old, fresh, { source });
    await expect(moveStore(old, other, { source })).rejects.toMatchObject({ code: 'STORE_MOVED' });
  });

  it('says so when somebody wrote meanwhile', async () => {
    const [old, fresh] = [await open('SQLite'), await open('PostgreSQL')];
    await fill(old);
    const moving = moveStore(old, fresh, {
      source,
      onProgress: ({ table }) => {
        if (table === 'feeds') void old.records.create('connection', 'late', {});
      },
    });
    await expect(moving).rejects.toMatchObject({
      code: 'STORE_MOVE_INCOMPLETE',
      message: expect.stringContaining('The target has 121 rows in records, the source 122'),
    });
  });
});
