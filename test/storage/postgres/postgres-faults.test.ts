import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import type { NewEvent } from '../../../src/storage/feed-log.ts';
import { checkServer } from '../../../src/storage/postgres/check-server.ts';
import { createPostgresStore, type PostgresStoreOptions } from '../../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { withPostgres } from '../../support/postgres.ts';

const event = (name: string): NewEvent => ({ signature: name, id: name, payload: `"${name}"` });
const unavailable = { code: 'STORE_UNAVAILABLE' };
const blockedStatements = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'plugboard'`;

await withPostgres((postgres) => {
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  const open = async (options: Partial<PostgresStoreOptions> = {}) => {
    const store = await createPostgresStore({ url: postgres.url, ...options });
    stores.push(store);
    return store;
  };
  /** Ends all connections of stores, as an administrator or a proxy does. */
  const cutOff = () =>
    postgres.ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'plugboard'`);
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await sleep(5);
  };

  describe('a store on PostgreSQL', () => {
    it('is made once by many replicas that start at once', async () => {
      const all = await Promise.all(Array.from({ length: 5 }, () => open({ schema: 'many' })));
      await all[0]!.records.create('a', '1', { n: 1 });
      for (const { records } of all) expect((await records.get('a', '1'))?.value).toEqual({ n: 1 });
      expect(await postgres.ask('SELECT version FROM many.plugboard_schema')).toEqual([{ version: 2 }]);
    });

    it('is finished by the next who starts, where one had made a part of it, and keeps what was there', async () => {
      const first = await open({ schema: 'half' });
      await first.records.create('kept', '1', { n: 1 });
      await first.close();
      stores.length = 0;
      await postgres.ask(
        `UPDATE half.plugboard_schema SET version = 1;
         DROP TABLE half.feeds, half.feed_events, half.feed_seen, half.feed_staged, half.feed_parked, half.feed_deliveries`,
      );
      const [one, other] = await Promise.all([open({ schema: 'half' }), open({ schema: 'half' })]);
      expect((await one.records.get('kept', '1'))?.value).toEqual({ n: 1 });
      expect(await other.feedLog.append('f', { events: [event('a')] })).toMatchObject({ logged: 1 });
      expect(await postgres.ask('SELECT version FROM half.plugboard_schema')).toEqual([{ version: 2 }]);
    });

    it('is made though whoever makes it is cut off in the midst, and nothing half is left', async () => {
      // Held where it would begin.
      const key = `hashtextextended('plugboard migrate torn', 0)`;
      await postgres.ask(`SELECT pg_advisory_lock(${key})`);
      const opening = open({ schema: 'torn' });
      await until(async () => (await postgres.ask(blockedStatements)).length > 0);
      await cutOff();
      expect(await postgres.ask(`SELECT 1 FROM pg_namespace WHERE nspname = 'torn'`)).toEqual([]);
      await postgres.ask(`SELECT pg_advisory_unlock(${key})`);
      expect(await (await opening).records.create('any', '1', {})).toBeDefined();
    });

    it('goes by the clock of the database', async () => {
      const { records } = await open();
      const before = Number((await postgres.ask('SELECT extract(epoch FROM now()) * 1000 AS time'))[0]!.time);
      const { createdAt } = (await records.create('clock', '1', {}))!;
      const after = Number((await postgres.ask('SELECT extract(epoch FROM now()) * 1000 AS time'))[0]!.time);
      expect(createdAt).toBeGreaterThanOrEqual(Math.floor(before));
      expect(createdAt).toBeLessThanOrEqual(after);
    });

    it('lets a record live as long as it was said, by whichever clock, also one that is ten minutes away', async () => {
      const { records } = await open();
      const tenMinutes = 10 * 60_000;
      for (const away of [-tenMinutes, tenMinutes]) {
        const clock = jest
          .spyOn(Date, 'now')
          .mockImplementation(() => Math.round(performance.timeOrigin + performance.now() + away));
        const expiresAt = Date.now() + tenMinutes;
        const made = await records.create('skewed', String(away), {}, { expiresAt });
        const changed = await records.compareAndSet('skewed', made!.id, made!.version, {}, { expiresAt });
        clock.mockRestore();
        for (const record of [made!, changed!]) {
          expect(Math.abs(record.expiresAt! - record.updatedAt - tenMinutes)).toBeLessThan(5_000);
        }
        expect(await records.get('skewed', String(away))).toBeDefined();
      }
    });

    it('goes on when its connections were cut', async () => {
      const { records, leases, feedLog } = await open();
      await records.create('cut', 'before', { n: 1 });
      await feedLog.append('cut', { events: [event('before')] });
      await cutOff();
      expect((await records.get('cut', 'before'))?.value).toEqual({ n: 1 });
      await cutOff();
      expect(await feedLog.append('cut', { events: [event('after')] })).toMatchObject({ logged: 1 });
      await cutOff();
      expect(await leases.acquire('cut', 'owner', 1000)).toBeDefined();
      expect(await records.create('cut', 'after', {})).toBeDefined();
    });

    it('goes on telling what others appended when its connections were cut', async () => {
      const [{ feedLog }, other] = [await open(), await open()];
      const heard: string[] = [];
      const stop = feedLog.watch((feed) => heard.push(feed));
      await other.feedLog.append('told before', { events: [event('a')] });
      await until(() => heard.includes('told before'));
      await cutOff();
      await other.feedLog.append('told after', { events: [event('a')] });
      await until(() => heard.includes('told after'));
      stop();
    });

    it('tells what was appended after somebody began to listen, though its connections were busy then', async () => {
      const [{ feedLog }, other] = [await open({ poolSize: 1 }), await open()];
      await feedLog.append('held', { events: [event('a')] });
      const holder = new Client(postgres.url);
      await holder.connect();
      await holder.query(`BEGIN; SELECT 1 FROM plugboard.feeds WHERE id = 'held' FOR UPDATE`);
      const waiting = feedLog.append('held', { events: [event('b')] });
      await until(async () => (await postgres.ask(blockedStatements)).length > 0);
      const heard: string[] = [];
      const stop = feedLog.watch((feed) => heard.push(feed));
      await other.feedLog.append('told at once', { events: [event('a')] });
      await holder.query('COMMIT');
      await holder.end();
      await waiting;
      await until(() => heard.includes('told at once'));
      stop();
    });

    it('tells what was committed by one who died before the notice', async () => {
      const [{ feedLog }, other] = [await open(), await open()];
      await other.feedLog.append('orphan', { events: [event('a')] });
      const heard: string[] = [];
      const stop = feedLog.watch((feed) => heard.push(feed));
      await other.feedLog.append('begun', { events: [event('a')] });
      await until(() => heard.includes('begun'));
      await postgres.ask(`UPDATE plugboard.feeds SET change = pg_current_xact_id() WHERE id = 'orphan'`);
      await until(() => heard.includes('orphan'));
      stop();
    });

    it('is unavailable while the server is away, keeps what was answered and comes back by itself', async () => {
      const { records, leases, feedLog } = await open();
      await records.create('away', '1', { n: 1 });
      await feedLog.append('away', { fence: 1, progress: 'kept', events: [event('a')] });
      const heard: string[] = [];
      const stop = feedLog.watch((feed) => heard.push(feed));
      await postgres.crash();
      try {
        await expect(records.get('away', '1')).rejects.toMatchObject(unavailable);
        await expect(records.list('away', {})).rejects.toMatchObject(unavailable);
        await expect(records.commit([{ change: 'remove', kind: 'away', id: '1' }])).rejects.toMatchObject(unavailable);
        await expect(leases.acquire('away', 'owner', 1000)).rejects.toMatchObject(unavailable);
        await expect(feedLog.state('away')).rejects.toMatchObject(unavailable);
        await expect(feedLog.append('away', { events: [event('b')] })).rejects.toMatchObject(unavailable);
        await expect(open()).rejects.toMatchObject(unavailable);
      } finally {
        await postgres.restart();
      }
      expect((await records.get('away', '1'))?.value).toEqual({ n: 1 });
      expect(await feedLog.state('away')).toMatchObject({ progress: 'kept', lastPlace: 1 });
      expect(await feedLog.append('away', { events: [event('b')] })).toMatchObject({ logged: 1 });
      const other = await open();
      await other.feedLog.append('back', { events: [event('a')] });
      await until(() => heard.includes('back'));
      stop();
    });

    it('waits for somebody who holds a row for so long as it may, and no longer', async () => {
      const { records } = await open({ statementTimeoutMs: 300 });
      const { version } = (await records.create('held', '1', { n: 1 }))!;
      await postgres.ask(`BEGIN; SELECT 1 FROM plugboard.records WHERE kind = 'held' FOR UPDATE`);
      await expect(records.compareAndSet('held', '1', version, { n: 2 })).rejects.toMatchObject({
        ...unavailable,
        message: 'The store could not be written just now. Try again; the log says why.',
      });
      await postgres.ask('ROLLBACK');
      expect(await records.compareAndSet('held', '1', version, { n: 2 })).toBeDefined();
    });

    it('makes commits that lock each other out, one after the other', async () => {
      const { records } = await open();
      await records.create('cross', 'a', { n: 0 });
      await records.create('cross', 'b', { n: 0 });
      const count = async (ids: readonly string[]) => {
        for (let done = 0; done < 10;) {
          const found = await Promise.all(ids.map((id) => records.get('cross', id)));
          const result = await records.commit(
            found.map((record) => ({
              change: 'compareAndSet' as const,
              kind: 'cross',
              id: record!.id,
              version: record!.version,
              value: { n: Number(record!.value.n) + 1 },
            })),
          );
          if (result.committed) done += 1;
        }
      };
      await Promise.all([count(['a', 'b']), count(['b', 'a'])]);
      expect((await records.list('cross', {})).map(({ value }) => value.n)).toEqual([20, 20]);
    });

    it('makes them too where each may fail to be serialized', async () => {
      await postgres.ask(`ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'`);
      const stores = [await open({ schema: 'serial' }), await open({ schema: 'serial' })];
      const [one] = stores as [Store];
      await one.records.create('kind', 'a', { n: 0 });
      const count = async ({ records, feedLog }: Store, name: string) => {
        for (let done = 0; done < 10;) {
          const record = (await records.get('kind', 'a'))!;
          const value = { n: Number(record.value['n']) + 1 };
          if (await records.compareAndSet('kind', 'a', record.version, value)) done += 1;
          expect(await feedLog.append('f', { events: [event(`${name} ${done}`), event('same')] })).toMatchObject({
            kind: 'appended',
          });
        }
      };
      await Promise.all(stores.map((store, index) => count(store, String(index))));
      await postgres.ask('ALTER DATABASE postgres RESET default_transaction_isolation');
      expect((await one.records.get('kind', 'a'))?.value).toEqual({ n: 20 });
      const { events } = await one.feedLog.read('f', 0);
      expect(events.map(({ place }) => place)).toEqual(events.map((_, index) => index + 1));
      expect(new Set(events.map(({ id }) => id)).size).toBe(21);
      expect(events).toHaveLength(21);
    });

    it('keeps the order of places and of commits the same', async () => {
      const [{ feedLog }, other] = [await open(), await open()];
      await feedLog.append('late', { events: [event('first')] });
      // One who has the row and has not committed: nobody else gets a place meanwhile.
      await postgres.ask(`BEGIN; SELECT 1 FROM plugboard.feeds WHERE id = 'late' FOR UPDATE`);
      const late = other.feedLog.append('late', { events: [event('second')] });
      expect((await feedLog.read('late', 0)).lastPlace).toBe(1);
      await postgres.ask('ROLLBACK');
      expect(await late).toMatchObject({ state: { lastPlace: 2 } });
    });
  });

  describe('a store that cannot be opened', () => {
    const canary = 'secret-canary';
    const refusal = async (options: Partial<PostgresStoreOptions>) => {
      const error: unknown = await open(options).catch((failure: unknown) => failure);
      expect(inspect(error, { depth: 10 })).not.toContain(canary);
      return error;
    };
    const at = `127.0.0.1:${postgres.port}`;

    it.each([
      [
        'a wrong password',
        `postgres://gateway:${canary}@${at}/postgres`,
        `The store at ${at}/postgres cannot be opened: the server refuses its user or password.`,
      ],
      [
        'an unknown database',
        postgres.url.replace(/postgres$/, 'none'),
        `The store at ${at}/none cannot be opened: the server has no such database. Make it with CREATE DATABASE.`,
      ],
      [
        'a server that is not there',
        `postgres://gateway:${canary}@127.0.0.1:1/postgres`,
        'The store at 127.0.0.1:1/postgres cannot be opened: nothing answers there.',
      ],
      [
        'a URL that is none',
        `postgres://gateway:${canary}@[/postgres`,
        'The URL of the store cannot be read: expected postgres://user:password@host:port/database, with signs such as @ / # in user and password as %40 %2F %23.',
      ],
    ])('says why and never its password: %s', async (_name, url, message) => {
      expect(await refusal({ url })).toMatchObject({ ...unavailable, message });
    });

    it('is left alone when a newer Plugboard made it', async () => {
      await open({ schema: 'newer' });
      await postgres.ask('UPDATE newer.plugboard_schema SET version = 99');
      expect(await refusal({ schema: 'newer' })).toMatchObject({
        code: 'STORE_TOO_NEW',
        message:
          'The schema "newer" was made by a newer Plugboard (schema 99; this one knows 2), so it was left alone. Run the newer version, or restore an older copy.',
      });
    });

    it('is left alone when its schema is that of another program', async () => {
      await postgres.ask('CREATE SCHEMA foreigner; CREATE TABLE foreigner.theirs (id integer)');
      expect(await refusal({ schema: 'foreigner' })).toMatchObject({ code: 'STORE_FOREIGN' });
      expect(await postgres.ask(`SELECT tablename FROM pg_tables WHERE schemaname = 'foreigner'`)).toEqual([
        { tablename: 'theirs' },
      ]);
    });

    it.each([
      ['120022', '12.22', 'UTF8'],
      ['90624', '9.6.24', 'SQL_ASCII'],
    ])('says so of a server of version %s', async (number, version, encoding) => {
      const read = async () => ({ rows: [{ number, version, encoding }], count: 1 });
      await expect(checkServer({ read })).rejects.toMatchObject({
        ...unavailable,
        message: `The store needs PostgreSQL 13 or newer and a database in UTF8; this is ${version} in ${encoding}.`,
      });
    });

    it('says so of a database that keeps no UTF-8', async () => {
      await postgres.ask(`CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII'`);
      const [{ server_version: version }] = (await postgres.ask('SHOW server_version')) as [{ server_version: string }];
      expect(await refusal({ url: postgres.url.replace(/postgres$/, 'ascii') })).toMatchObject({
        ...unavailable,
        message: `The store needs PostgreSQL 13 or newer and a database in UTF8; this is ${version} in SQL_ASCII.`,
      });
    });

    it('says so when its user may not make tables', async () => {
      await postgres.ask(`CREATE ROLE weak LOGIN PASSWORD '${canary}'`);
      expect(await refusal({ url: `postgres://weak:${canary}@${at}/postgres`, schema: 'weak' })).toMatchObject({
        code: 'STORE_READ_ONLY',
        message: `The store at ${at}/postgres cannot be opened: its user may not make or use its tables. Grant it CREATE on the database.`,
      });
    });
  });
});
