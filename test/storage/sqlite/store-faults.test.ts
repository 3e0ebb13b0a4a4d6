import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SqlDatabase, SqliteDriver } from '../../../src/storage/sqlite/driver.ts';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import { createSqliteStore } from '../../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { failingDriver } from '../../support/failing-driver.ts';
import { canMount, mountDisk, type SmallDisk } from '../../support/small-disk.ts';

const large = { padding: 'x'.repeat(50_000) };

describe.each(await findDrivers())('the embedded store by $name', (driver) => {
  let folder: string;
  let file: string;
  const stores: Store[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-'));
    file = join(folder, 'store.db');
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    rmSync(folder, { recursive: true });
  });
  const open = async (options: { file?: string; driver?: SqliteDriver } = {}) => {
    const store = await createSqliteStore({ file, driver, ...options });
    stores.push(store);
    return store;
  };
  /** Works on the file as another program would. */
  const asAnother = (work: (database: SqlDatabase) => void) => {
    const database = driver.open(file);
    try {
      work(database);
    } finally {
      database.close();
    }
  };

  it('keeps everything over a restart', async () => {
    const { records, leases, close } = await open();
    const record = await records.create('a', '1', { text: 'kept' }, { indexes: { tenant: 't' } });
    const lease = await leases.acquire('refresh', 'owner', 60_000);
    await close();
    const again = await open();
    expect(await again.records.get('a', '1')).toEqual(record);
    expect(await again.leases.acquire('refresh', 'other', 60_000)).toBeUndefined();
    await again.leases.release('refresh', 'owner', lease!.fence);
    expect((await again.leases.acquire('refresh', 'other', 60_000))!.fence).toBeGreaterThan(lease!.fence);
    expect((await again.records.create('a', '2', {}))!.version).toBeGreaterThan(record!.version);
  });

  it('lets nobody but its owner read its files, also those that were there before', async () => {
    file = join(folder, 'made', 'for', 'it', 'store.db');
    const { records, close } = await open();
    await records.create('a', '1', {});
    const modes = () =>
      readdirSync(join(file, '..')).map((name) => [name, (statSync(join(file, '..', name)).mode & 0o777).toString(8)]);
    const expected = ['store.db', 'store.db-shm', 'store.db-wal'].map((name) => [name, '600']);
    expect(modes()).toEqual(expected);
    await close();
    chmodSync(file, 0o644);
    const again = await open();
    await again.records.create('a', '2', {});
    expect(modes()).toEqual(expected);
  });

  it('leaves nothing of a removed record in its file', async () => {
    const { records, close } = await open();
    await records.create('a', '1', { text: 'canary-of-a-removed-record' });
    await records.create('a', '2', large);
    await records.remove('a', '1');
    await records.remove('a', '2');
    await close();
    expect(readFileSync(file).includes('canary-of-a-removed-record')).toBe(false);
  });

  describe('that is opened on the wrong file', () => {
    it('leaves the database of another program alone', async () => {
      asAnother((database) => database.exec('CREATE TABLE theirs (a)'));
      const before = readFileSync(file);
      await expect(open()).rejects.toMatchObject({
        code: 'STORE_FOREIGN',
        message: `${file} is the database of another program, so it was left alone. Name another file for the store.`,
      });
      expect(readFileSync(file)).toEqual(before);
    });

    it('leaves a file alone that is no database', async () => {
      writeFileSync(file, 'Dear diary, '.repeat(1000));
      await expect(open()).rejects.toMatchObject({
        code: 'STORE_FOREIGN',
        message: `The store ${file} cannot be opened: it is no SQLite database; it was left alone. Name another file for the store.`,
      });
      expect(readFileSync(file, 'utf8')).toBe('Dear diary, '.repeat(1000));
    });

    it('leaves a store of a newer version alone', async () => {
      await (await open()).close();
      asAnother((database) => database.exec('PRAGMA user_version = 99'));
      await expect(open()).rejects.toMatchObject({
        code: 'STORE_TOO_NEW',
        message: `${file} was made by a newer Plugboard (schema 99; this one knows 2), so it was left alone. Run the newer version, or restore an older copy.`,
      });
    });

    it('says so when it is a folder', async () => {
      await expect(open({ file: folder })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });

    it('opens an empty file as a new store', async () => {
      writeFileSync(file, '');
      expect(await (await open()).records.create('a', '1', {})).toBeDefined();
    });
  });

  describe('that fails', () => {
    it('says STORE_CORRUPT when its file was damaged', async () => {
      const { records, close } = await open();
      for (let index = 0; index < 20; index += 1) await records.create('a', String(index), large);
      await close();
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0xa5, 4096 * 4));
      const again = await open().catch((error: unknown) => error);
      const failure =
        again instanceof Error ? again : await (again as Store).records.list('a', {}).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'STORE_CORRUPT' });
    });

    it('says STORE_FULL, undoes the write as a whole, keeps what fits and goes on when there is room', async () => {
      let database: SqlDatabase | undefined;
      const { records } = await open({ driver: { ...driver, open: (path) => (database = driver.open(path)) } });
      await records.create('a', 'before', { n: 1 });
      database!.exec('PRAGMA max_page_count = 30');
      const write = records.commit([
        { change: 'create', kind: 'a', id: 'small', value: {} },
        { change: 'create', kind: 'a', id: 'large', value: { padding: 'x'.repeat(300_000) } },
      ]);
      const beside = records.create('a', 'beside', { n: 2 });
      await expect(write).rejects.toMatchObject({
        code: 'STORE_FULL',
        message: 'The store cannot be written: its disk is full. Nothing was changed; make room and try again.',
      });
      expect(await beside).toBeDefined();
      expect((await records.list('a', {})).map(({ id }) => id)).toEqual(['before', 'beside']);
      database!.exec('PRAGMA max_page_count = 1000000');
      expect(await records.create('a', 'after', large)).toBeDefined();
    });

    it('says STORE_READ_ONLY and still reads', async () => {
      let database: SqlDatabase | undefined;
      const { records, leases } = await open({ driver: { ...driver, open: (path) => (database = driver.open(path)) } });
      const record = await records.create('a', '1', {});
      database!.exec('PRAGMA query_only = ON');
      const readOnly = { code: 'STORE_READ_ONLY' };
      await expect(records.create('a', '2', {})).rejects.toMatchObject(readOnly);
      await expect(records.compareAndSet('a', '1', record!.version, {})).rejects.toMatchObject(readOnly);
      await expect(records.take('a', '1')).rejects.toMatchObject(readOnly);
      await expect(leases.acquire('a', 'b', 1000)).rejects.toMatchObject(readOnly);
      expect(await records.get('a', '1')).toEqual(record);
    });

    it.each(['SELECT', 'INSERT INTO records', 'INSERT INTO record_indexes', 'COMMIT'])(
      'is never an absent record, and changes nothing: at %s',
      async (failing) => {
        const faults = { at: undefined as readonly string[] | undefined };
        const { records } = await open({ driver: failingDriver(driver, faults) });
        const before = await records.create('a', '1', {}, { indexes: { tenant: 't' } });
        faults.at = [failing];
        const commit = records.commit([
          { change: 'remove', kind: 'a', id: '1' },
          { change: 'create', kind: 'a', id: '2', value: {}, indexes: { tenant: 't' } },
        ]);
        await expect(commit).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        if (failing.startsWith('SELECT')) {
          await expect(records.get('a', '1')).rejects.toMatchObject({
            code: 'STORE_UNAVAILABLE',
            message: 'The store could not be read just now. Try again; the log says why.',
          });
        }
        faults.at = undefined;
        expect(await records.list('a', { tenant: 't' })).toEqual([before]);
        expect(await records.create('a', '3', {})).toBeDefined();
      },
    );

    it('shows and writes nothing before a write that failed half way is undone', async () => {
      const faults = { at: undefined as readonly string[] | undefined };
      const { records } = await open({ driver: failingDriver(driver, faults) });
      faults.at = ['COMMIT', 'ROLLBACK'];
      await expect(records.create('a', '1', {})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(records.get('a', '1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(records.create('a', '2', {})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      faults.at = undefined;
      expect(await records.get('a', '1')).toBeUndefined();
      expect(await records.create('a', '3', {})).toBeDefined();
      expect((await records.list('a', {})).map(({ id }) => id)).toEqual(['3']);
    });
  });

  describe('beside another that writes', () => {
    it('waits for its turn', async () => {
      const { records } = await open();
      const other = driver.open(file);
      other.exec('BEGIN IMMEDIATE');
      const write = records.create('a', '1', {});
      // A write that waits keeps nobody from reading.
      expect(await records.get('a', '1')).toBeUndefined();
      other.exec('COMMIT');
      other.close();
      expect(await write).toBeDefined();
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

    it('says STORE_FULL when it is full, loses nothing, and goes on when there is room', async () => {
      const { records, close } = await open();
      const written: string[] = [];
      const fill = async () => {
        for (let index = 0; ; index += 1) {
          const id = String(index).padStart(3, '0');
          await records.create('a', id, large);
          written.push(id);
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: 'STORE_FULL' });
      expect(written.length).toBeGreaterThan(2);
      expect((await records.list('a', {})).map(({ id }) => id)).toEqual(written);
      disk.remount('size=8m');
      expect(await records.create('a', 'after', large)).toBeDefined();
      await close();
      expect((await (await open()).records.list('a', {})).map(({ id }) => id)).toEqual([...written, 'after']);
    });

    it('says STORE_READ_ONLY at the start when it is read-only', async () => {
      disk.remount('ro');
      await expect(open()).rejects.toMatchObject({
        code: 'STORE_READ_ONLY',
        message: `The store ${file} cannot be opened: its disk is read-only.`,
      });
    });
  });
});
