import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FeedLog, NewEvent } from '../../../src/storage/feed-log.ts';
import type { SqlDatabase, SqliteDriver, SqlValue } from '../../../src/storage/sqlite/driver.ts';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import { createSqliteStore } from '../../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { failingDriver, type StatementFaults } from '../../support/failing-driver.ts';
import { canMount, mountDisk, type SmallDisk } from '../../support/small-disk.ts';

const numbered = (count: number, from = 1, size = 10): readonly NewEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    signature: `${from + index}@2026`,
    id: String(from + index),
    payload: JSON.stringify({ padding: 'x'.repeat(size) }),
  }));

async function ids(log: FeedLog): Promise<readonly number[]> {
  return (await log.read('f', 0, { limit: 10_000, maxBytes: Infinity })).events.map(({ id }) => Number(id));
}

describe.each(await findDrivers())('the log of feeds in a file by $name', (driver) => {
  let folder: string;
  let file: string;
  const stores: Store[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'feed-log-'));
    file = join(folder, 'store.db');
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    rmSync(folder, { recursive: true });
  });
  const open = async (by: SqliteDriver = driver) => {
    const store = await createSqliteStore({ file, driver: by });
    stores.push(store);
    return store;
  };
  /** Works on the file as another program would. */
  const asAnother = <T>(work: (database: SqlDatabase) => T): T => {
    const database = driver.open(file);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  const count = (table: string) =>
    asAnother((database) => Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get([])?.rows));

  it('is made in a file of before there were feeds, which keeps what it has', async () => {
    asAnother((database) => database.exec(storeBeforeFeeds));
    const { records, leases, feedLog } = await open();
    expect(await records.get('connection', 'c1')).toMatchObject({ version: 7, value: { kept: true } });
    expect(await feedLog.append('f', { fence: 1, version: 0, progress: 'p', events: numbered(3) })).toMatchObject({
      logged: 3,
    });
    expect((await leases.acquire('refresh', 'owner', 1000))!.fence).toBeGreaterThan(7);
    expect(await ids(feedLog)).toEqual([1, 2, 3]);
    expect(asAnother((database) => database.prepare('PRAGMA user_version').get([]))).toMatchObject({ user_version: 2 });
  });

  it('keeps everything over a restart', async () => {
    const { feedLog, close } = await open();
    await feedLog.append('f', { fence: 3, progress: { cursor: 'c' }, events: numbered(4), staged: numbered(2, 10) });
    await feedLog.append('f', { parked: [{ reason: 'r', code: 'C', signature: 's' }], delivery: { id: 'd' } });
    await feedLog.trim('f', { maxCount: 2 });
    const seen = async (log: FeedLog) => [await log.state('f'), await log.read('f', 0), await log.parked('f')];
    const before = await seen(feedLog);
    await close();
    const { feedLog: again } = await open();
    expect(await seen(again)).toEqual(before);
    expect(await again.append('f', { delivery: { id: 'd' } })).toEqual({ kind: 'repeated' });
    expect(await again.append('f', { fence: 2 })).toEqual({ kind: 'fenced' });
    expect(await again.append('f', { events: numbered(5), publish: true })).toMatchObject({ logged: 3, known: 4 });
    expect(await ids(again)).toEqual([3, 4, 5, 11, 10]);
  });

  it('leaves nothing in its file of what it has forgotten', async () => {
    const { feedLog, close } = await open();
    const canary = (name: string) => ({
      signature: `canary-${name}`,
      id: `canary-${name}`,
      payload: `"canary-${name}"`,
    });
    await feedLog.append('f', { events: [canary('event')], staged: [canary('staged')], seen: ['canary-seen'] });
    await feedLog.append('f', { events: numbered(200, 1, 1000), unstage: true });
    await feedLog.append('g', {
      events: [canary('removed')],
      staged: [canary('kept-aside')],
      delivery: { id: 'canary-delivery' },
    });
    await feedLog.append('g', {
      parked: [{ reason: 'r', code: 'C', signature: 'canary-p', payload: '"canary-parked"' }],
    });
    await feedLog.trim('f', { maxCount: 100, maxSeen: 100 });
    await feedLog.remove('g');
    await close();
    expect(readFileSync(file).includes('canary')).toBe(false);
  });

  it('ends the removal of a feed that another did not end', async () => {
    const faults: StatementFaults = { at: undefined };
    const { feedLog } = await open(failingDriver(driver, faults));
    await feedLog.append('f', { events: numbered(3000), staged: numbered(2000, 4000), delivery: { id: 'd' } });
    await feedLog.append('g', { events: numbered(1) });
    Object.assign(faults, { at: ['DELETE FROM feed_events'], after: 1 });
    await expect(feedLog.remove('f')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await feedLog.state('f')).lastPlace).toBe(0);
    expect(await feedLog.append('f', { events: numbered(2) })).toMatchObject({ logged: 2 });
    expect(count('feed_events')).toBe(2000 + 2 + 1);
    faults.at = undefined;
    for (let turn = 0; turn < 20; turn += 1) await feedLog.trim('g', {});
    expect([count('feed_events'), count('feed_seen'), count('feed_staged'), count('feed_deliveries')]).toEqual([
      3, 3, 0, 0,
    ]);
    expect(await ids(feedLog)).toEqual([1, 2]);
  });

  it('forgets deliveries when their time is over', async () => {
    let now = 1000;
    const store = await createSqliteStore({ file, driver, now: () => now });
    stores.push(store);
    for (let id = 0; id < 50; id += 1) await store.feedLog.append('f', { delivery: { id: `${id}`, rememberMs: 10 } });
    expect(count('feed_deliveries')).toBe(50);
    now += 10;
    for (let id = 50; id < 60; id += 1) await store.feedLog.append('f', { delivery: { id: `${id}`, rememberMs: 10 } });
    expect(count('feed_deliveries')).toBe(10);
  });

  describe('that fails', () => {
    const page = { fence: 1, progress: 'next', events: numbered(5), staged: numbered(2, 10), delivery: { id: 'd' } };

    it.each([
      'SELECT * FROM feeds',
      'INSERT INTO feeds',
      'INSERT INTO feed_events',
      'INSERT OR IGNORE INTO feed_seen',
      'INSERT OR IGNORE INTO feed_staged',
      'INSERT OR REPLACE INTO feed_deliveries',
      'UPDATE feeds',
      'COMMIT',
    ])('keeps nothing of a page and tells nobody: at %s', async (failing) => {
      const faults: StatementFaults = { at: undefined };
      const { feedLog } = await open(failingDriver(driver, faults));
      const heard: string[] = [];
      const stop = feedLog.watch((feed) => heard.push(feed));
      faults.at = [failing];
      await expect(feedLog.append('f', page)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      if (failing.startsWith('SELECT')) {
        await expect(feedLog.state('f')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      }
      faults.at = undefined;
      expect(await feedLog.state('f')).toMatchObject({ version: 0, lastPlace: 0, stagedCount: 0 });
      expect(heard).toEqual([]);
      expect(await feedLog.append('f', page)).toMatchObject({ logged: 5, known: 0 });
      stop();
    });

    it('keeps nothing of the page when the disk is full, and goes on when there is room', async () => {
      let database: SqlDatabase | undefined;
      const { feedLog } = await open({ ...driver, open: (path) => (database = driver.open(path)) });
      await feedLog.append('f', { fence: 1, version: 0, progress: 'before', events: numbered(2) });
      const before = await feedLog.state('f');
      database!.exec('PRAGMA max_page_count = 60');
      const large = { fence: 1, version: before.version, progress: 'after', events: numbered(100, 3, 3000) };
      await expect(feedLog.append('f', large)).rejects.toMatchObject({
        code: 'STORE_FULL',
        message: 'The store cannot be written: its disk is full. Nothing was changed; make room and try again.',
      });
      expect(await feedLog.state('f')).toEqual(before);
      expect(await ids(feedLog)).toEqual([1, 2]);
      expect(await feedLog.append('f', { events: numbered(1, 500) })).toMatchObject({ logged: 1 });
      database!.exec('PRAGMA max_page_count = 1000000');
      expect(await feedLog.append('f', large)).toMatchObject({
        logged: 100,
        state: { progress: 'after', lastPlace: 103 },
      });
    });

    it('says STORE_CORRUPT when its file was damaged', async () => {
      const { feedLog, close } = await open();
      await feedLog.append('f', { events: numbered(200, 1, 1000) });
      await close();
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0xa5, 4096 * 20));
      const failure = await open()
        .then(({ feedLog: damaged }) => ids(damaged))
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'STORE_CORRUPT' });
    });

    it('tells what others appended while it could not be read', async () => {
      const faults: StatementFaults = { at: ['PRAGMA data_version'] };
      const { feedLog } = await open(failingDriver(driver, faults));
      const { feedLog: other } = await open();
      const heard: string[] = [];
      const stop = feedLog.watch((feed) => heard.push(feed));
      await other.append('f', { events: numbered(1) });
      faults.at = undefined;
      while (!heard.includes('f')) await new Promise((resolve) => setTimeout(resolve, 1));
      stop();
    });
  });

  describe('that is watched', () => {
    it('is looked at only while somebody listens, and costs one small question while nothing happens', async () => {
      const asked: string[] = [];
      const counting: SqliteDriver = {
        ...driver,
        open(path) {
          const database = driver.open(path);
          const prepare = (sql: string) => {
            const statement = database.prepare(sql);
            return {
              ...statement,
              get: (values: readonly SqlValue[]) => (asked.push(sql), statement.get(values)),
              all: (values: readonly SqlValue[]) => (asked.push(sql), statement.all(values)),
            };
          };
          return { ...database, prepare };
        },
      };
      const { feedLog } = await open(counting);
      const { feedLog: other } = await open();
      const looks = () => asked.filter((sql) => sql === 'PRAGMA data_version').length;
      await other.append('f', { events: numbered(1) });
      expect(looks()).toBe(0);
      const stop = feedLog.watch(() => {});
      while (looks() < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(asked.filter((sql) => sql.includes('FROM feeds'))).toEqual([]);
      stop();
    });
  });

  (canMount ? describe : describe.skip)('on a real disk of 1 MiB', () => {
    let disk: SmallDisk;
    beforeEach(() => {
      disk = mountDisk(join(folder, 'disk'), 'size=1m');
      file = join(folder, 'disk', 'store.db');
    });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      disk.unmount();
    });

    it('keeps whole pages alone when it is full, and goes on where it stopped when there is room', async () => {
      const { feedLog, close } = await open();
      let done = 0;
      const poll = async (log: FeedLog) => {
        const { version, progress } = await log.state('f');
        const next = Number(progress ?? 0) + 1;
        await log.append('f', { fence: 1, version, progress: next, events: numbered(10, next * 10, 3000) });
        done = next;
      };
      const fill = async () => {
        for (;;) await poll(feedLog);
      };
      await expect(fill()).rejects.toMatchObject({ code: 'STORE_FULL' });
      expect(done).toBeGreaterThan(2);
      const whole = (pages: number) => numbered(pages * 10, 10).map(({ id }) => Number(id));
      expect(await feedLog.state('f')).toMatchObject({ progress: done, lastPlace: done * 10 });
      expect(await ids(feedLog)).toEqual(whole(done));
      disk.remount('size=8m');
      await poll(feedLog);
      await close();
      const { feedLog: again } = await open();
      expect(await ids(again)).toEqual(whole(done));
      expect((await again.state('f')).progress).toBe(done);
    });
  });
});

/** A store as it was made before there were feeds, with something in it. */
const storeBeforeFeeds = `
  CREATE TABLE counter (value INTEGER NOT NULL) STRICT;
  INSERT INTO counter VALUES (7);
  CREATE TABLE records (
    kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, indexes TEXT NOT NULL,
    unique_key TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER,
    PRIMARY KEY (kind, id)
  ) STRICT;
  CREATE UNIQUE INDEX records_by_unique_key ON records (kind, unique_key) WHERE unique_key IS NOT NULL;
  CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE record_indexes (
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (kind, name, value, id),
    FOREIGN KEY (kind, id) REFERENCES records (kind, id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX record_indexes_by_record ON record_indexes (kind, id);
  CREATE TABLE leases (
    name TEXT PRIMARY KEY, owner TEXT NOT NULL, fence INTEGER NOT NULL, held_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO records VALUES ('connection', 'c1', 7, '{"kept":true}', '{}', NULL, 1, 1, NULL);
  PRAGMA application_id = 1347176258;
  PRAGMA user_version = 1;
`;
