/** What every store must do, embedded or PostgreSQL: call it with a way to open one. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Change, RecordValue, StoredRecord } from '../../src/storage/records.ts';
import type { Store } from '../../src/storage/store.ts';

/** A store with nothing in it, whose clock the suite turns. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Moves the clock of the store forward; it begins at `startMs`. */
  advance(ms: number): void;
  /** Closes it and takes away what it left. */
  dispose(): Promise<void>;
}

export const startMs = Date.UTC(2026, 0, 1);

/** Describes the promises of `Records` and `Leases`, each on a new store. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store`, () => {
    let test: StoreUnderTest;
    beforeEach(async () => (test = await open()));
    afterEach(async () => test.dispose());
    const records = () => test.store.records;

    describeRecords(records, (ms) => test.advance(ms));
    describeLists(records, (ms) => test.advance(ms));
    describeRaces(records);
    describeCommits(records);
    describeAbuse(records);
    describeModel(open);
    describeLeases(() => test);
    it('refuses everything once it is closed', async () => {
      await test.store.close();
      await expect(records().get('a', '1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(records().create('a', '1', {})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(test.store.leases.acquire('a', 'b', 1000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await test.store.close();
    });
    it('ends the writes under way before it closes', async () => {
      const writes = Array.from({ length: 20 }, (_, index) => records().create('a', String(index), { index }));
      await test.store.close();
      const written = await Promise.all(writes);
      expect(written.map((record) => record?.value.index)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    });
  });
}

type RecordsOf = () => Store['records'];
type Advance = (ms: number) => void;

function describeRecords(records: RecordsOf, advance: Advance): void {
  describe('a record', () => {
    it('is read as it was written', async () => {
      const value = {
        text: 'grüße 🎉 \u0000 \ud800 \' " \\',
        numbers: [0, -1.5, 2 ** 53 - 1, 1e300],
        nothing: null,
        yes: true,
        nested: { list: [[], {}], ['__proto__']: 'own' },
      };
      const created = await records().create('thing', 'é/1', value, {
        indexes: { tenant: 't1', subject: 'ü' },
        uniqueKey: 't1/ü',
        expiresAt: startMs + 1000,
      });
      expect(created).toEqual({
        kind: 'thing',
        id: 'é/1',
        version: expect.any(Number),
        value,
        indexes: { tenant: 't1', subject: 'ü' },
        uniqueKey: 't1/ü',
        createdAt: startMs,
        updatedAt: startMs,
        expiresAt: startMs + 1000,
      });
      expect(await records().get('thing', 'é/1')).toEqual(created);
    });

    it('belongs to its kind', async () => {
      await records().create('a', '1', { of: 'a' }, { uniqueKey: 'k' });
      expect(await records().get('b', '1')).toBeUndefined();
      expect(await records().create('b', '1', { of: 'b' }, { uniqueKey: 'k' })).toMatchObject({ value: { of: 'b' } });
      expect(await records().get('a', '1')).toMatchObject({ value: { of: 'a' } });
    });

    it('is created once', async () => {
      expect(await records().create('a', '1', { n: 1 })).toBeDefined();
      expect(await records().create('a', '1', { n: 2 })).toBeUndefined();
      expect(await records().get('a', '1')).toMatchObject({ value: { n: 1 } });
    });

    it('is replaced only by who knows its version', async () => {
      const first = await records().create('a', '1', { n: 1 });
      advance(5);
      const second = await records().compareAndSet('a', '1', first!.version, { n: 2 });
      expect(second).toMatchObject({ value: { n: 2 }, createdAt: startMs, updatedAt: startMs + 5 });
      expect(second!.version).toBeGreaterThan(first!.version);
      expect(await records().compareAndSet('a', '1', first!.version, { n: 3 })).toBeUndefined();
      expect(await records().compareAndSet('a', 'none', first!.version, { n: 3 })).toBeUndefined();
      expect(await records().get('a', '1')).toEqual(second);
    });

    it('keeps indexes, unique key and expiry unless a write changes them', async () => {
      const options = { indexes: { tenant: 't1' }, uniqueKey: 'k', expiresAt: startMs + 1000 };
      const first = await records().create('a', '1', {}, options);
      const second = await records().compareAndSet('a', '1', first!.version, { n: 2 });
      expect(second).toMatchObject(options);
      const third = await records().compareAndSet(
        'a',
        '1',
        second!.version,
        {},
        {
          indexes: { owner: 'o' },
          uniqueKey: null,
          expiresAt: null,
        },
      );
      expect(third).toEqual({
        kind: 'a',
        id: '1',
        version: third!.version,
        value: {},
        indexes: { owner: 'o' },
        createdAt: startMs,
        updatedAt: startMs,
      });
      expect(await records().list('a', { tenant: 't1' })).toEqual([]);
      expect(await records().list('a', { owner: 'o' })).toEqual([third]);
      expect(await records().create('a', '2', {}, { uniqueKey: 'k' })).toBeDefined();
    });

    it('gets no version a second time, even when it is made again', async () => {
      const first = await records().create('a', '1', { n: 1 });
      await records().remove('a', '1');
      const again = await records().create('a', '1', { n: 2 });
      expect(again!.version).toBeGreaterThan(first!.version);
      expect(await records().compareAndSet('a', '1', first!.version, { n: 3 })).toBeUndefined();
    });

    it('is removed, when asked so only in one version', async () => {
      const first = await records().create('a', '1', {}, { indexes: { tenant: 't' } });
      const second = await records().compareAndSet('a', '1', first!.version, { n: 2 });
      expect(await records().remove('a', '1', first!.version)).toBe(false);
      expect(await records().remove('a', '1', second!.version)).toBe(true);
      expect(await records().remove('a', '1')).toBe(false);
      expect(await records().get('a', '1')).toBeUndefined();
      expect(await records().list('a', { tenant: 't' })).toEqual([]);
    });

    it('is taken once', async () => {
      const created = await records().create('a', '1', { code: 'c' });
      expect(await records().take('a', '1')).toEqual(created);
      expect(await records().take('a', '1')).toBeUndefined();
      expect(await records().get('a', '1')).toBeUndefined();
    });

    it('shares its unique key with none of its kind', async () => {
      const first = await records().create('a', '1', {}, { uniqueKey: 'k' });
      expect(await records().create('a', '2', {}, { uniqueKey: 'k' })).toBeUndefined();
      expect(await records().get('a', '2')).toBeUndefined();
      const second = await records().create('a', '2', {}, { uniqueKey: 'other' });
      expect(await records().compareAndSet('a', '2', second!.version, {}, { uniqueKey: 'k' })).toBeUndefined();
      expect(await records().compareAndSet('a', '1', first!.version, {}, { uniqueKey: 'k' })).toBeDefined();
      await records().remove('a', '1');
      expect(await records().compareAndSet('a', '2', second!.version, {}, { uniqueKey: 'k' })).toBeDefined();
    });

    it('does not exist for anybody once it has expired', async () => {
      const options = { indexes: { tenant: 't' }, uniqueKey: 'k', expiresAt: startMs + 1000 };
      const created = await records().create('a', '1', { n: 1 }, options);
      advance(999);
      expect(await records().get('a', '1')).toEqual(created);
      advance(1);
      expect(await records().get('a', '1')).toBeUndefined();
      expect(await records().list('a', {})).toEqual([]);
      expect(await records().list('a', { tenant: 't' })).toEqual([]);
      expect(await records().compareAndSet('a', '1', created!.version, {})).toBeUndefined();
      expect(await records().remove('a', '1')).toBe(false);
      expect(await records().take('a', '1')).toBeUndefined();
      expect(await records().create('a', '2', {}, { uniqueKey: 'k' })).toBeDefined();
      expect(await records().create('a', '1', { n: 2 })).toMatchObject({ value: { n: 2 }, indexes: {} });
    });
  });
}

function describeLists(records: RecordsOf, advance: Advance): void {
  describe('a list', () => {
    it('is in the order of the bytes of the ids, page after page', async () => {
      const ids = ['10', '9', 'B', 'a', 'z', 'é', '\uffff', '😀'];
      for (const id of ids.toReversed()) await records().create('a', id, {}, { indexes: { tenant: 't' } });
      await records().create('b', 'c', {}, { indexes: { tenant: 't' } });
      for (const where of [{}, { tenant: 't' }] as Record<string, string>[]) {
        const seen: string[] = [];
        for (let after: string | undefined; ; after = seen.at(-1)) {
          const page = await records().list('a', where, { limit: 3, ...(after === undefined ? {} : { after }) });
          seen.push(...page.map(({ id }) => id));
          if (page.length < 3) break;
        }
        expect(seen).toEqual(ids);
      }
    });

    it('holds the records that have all values asked for', async () => {
      await records().create('a', '1', {}, { indexes: { tenant: 't1', subject: 's1' } });
      await records().create('a', '2', {}, { indexes: { tenant: 't1', subject: 's2' } });
      await records().create('a', '3', {}, { indexes: { tenant: 't2', subject: 's1' } });
      await records().create('a', '4', {}, { indexes: { subject: 't1' } });
      const list = async (where: Record<string, string>) => (await records().list('a', where)).map(({ id }) => id);
      expect(await list({ tenant: 't1' })).toEqual(['1', '2']);
      expect(await list({ tenant: 't1', subject: 's1' })).toEqual(['1']);
      expect(await list({ subject: 's1', tenant: 't2' })).toEqual(['3']);
      expect(await list({ tenant: 't3' })).toEqual([]);
      expect(await list({ unknown: 't1' })).toEqual([]);
    });

    it('has 100 records a page unless told, and never fewer while there are more', async () => {
      const changes: Change[] = Array.from({ length: 250 }, (_, index) => ({
        change: 'create',
        kind: 'a',
        id: String(index).padStart(3, '0'),
        value: {},
        ...(index % 2 ? { expiresAt: startMs + 10 } : {}),
      }));
      await records().commit(changes);
      expect(await records().list('a', {})).toHaveLength(100);
      expect(await records().list('a', {}, { limit: 1000 })).toHaveLength(250);
      advance(10);
      const page = await records().list('a', {});
      expect(page).toHaveLength(100);
      expect(page.at(-1)?.id).toBe('198');
    });
  });
}

function describeRaces(records: RecordsOf): void {
  describe('many at once', () => {
    const fifty = Array.from({ length: 50 }, (_, index) => index);
    const winners = <T>(results: readonly T[]) => results.filter((result) => result !== undefined && result !== false);

    it('create one record', async () => {
      const created = await Promise.all(fifty.map((n) => records().create('a', '1', { n })));
      expect(winners(created)).toEqual([await records().get('a', '1')]);
    });

    it('create one record of a unique key', async () => {
      const created = await Promise.all(fifty.map((n) => records().create('a', `id${n}`, { n }, { uniqueKey: 'k' })));
      expect(winners(created)).toHaveLength(1);
      expect(await records().list('a', {})).toEqual(winners(created));
    });

    it('replace one version once', async () => {
      const { version } = (await records().create('a', '1', { n: -1 }))!;
      const replaced = await Promise.all(fifty.map((n) => records().compareAndSet('a', '1', version, { n })));
      expect(winners(replaced)).toEqual([await records().get('a', '1')]);
    });

    it('take one record once', async () => {
      await records().create('a', '1', {});
      expect(winners(await Promise.all(fifty.map(() => records().take('a', '1'))))).toHaveLength(1);
    });

    it('remove one record once', async () => {
      await records().create('a', '1', {});
      expect(winners(await Promise.all(fifty.map(() => records().remove('a', '1'))))).toHaveLength(1);
    });

    it('count without losing one', async () => {
      await records().create('a', '1', { n: 0 });
      const increment = async () => {
        for (;;) {
          const record = (await records().get('a', '1'))!;
          if (await records().compareAndSet('a', '1', record.version, { n: Number(record.value.n) + 1 })) return;
        }
      };
      await Promise.all(fifty.slice(0, 10).map(increment));
      expect((await records().get('a', '1'))?.value).toEqual({ n: 10 });
    });

    it('fail alone', async () => {
      const results = await Promise.allSettled([
        records().create('a', '1', {}),
        records().create('a', '2', { n: Number.NaN }),
        records().commit([
          { change: 'create', kind: 'a', id: '3', value: {} },
          { change: 'remove', kind: 'a', id: '9' },
        ]),
        records().create('a', '4', {}),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      expect((await records().list('a', {})).map(({ id }) => id)).toEqual(['1', '4']);
    });
  });
}

function describeCommits(records: RecordsOf): void {
  describe('a commit', () => {
    it('makes all changes, in their order', async () => {
      const old = (await records().create('a', 'old', { n: 1 }, { uniqueKey: 'k' }))!;
      const kept = (await records().create('a', 'kept', { n: 1 }))!;
      const result = await records().commit([
        { change: 'remove', kind: 'a', id: 'old', version: old.version },
        { change: 'create', kind: 'a', id: 'new', value: { n: 1 }, uniqueKey: 'k', indexes: { tenant: 't' } },
        { change: 'compareAndSet', kind: 'a', id: 'kept', version: kept.version, value: { n: 2 } },
      ]);
      const all = await records().list('a', {});
      expect(all.map(({ id, value }) => [id, value])).toEqual([
        ['kept', { n: 2 }],
        ['new', { n: 1 }],
      ]);
      expect(result).toEqual({ committed: true, records: [undefined, all[1], all[0]] });
    });

    it.each<[string, Change]>([
      ['create of an id that is taken', { change: 'create', kind: 'a', id: 'taken', value: {} }],
      ['create with a unique key that is taken', { change: 'create', kind: 'a', id: 'x', value: {}, uniqueKey: 'k' }],
      [
        'compare-and-set of another version',
        { change: 'compareAndSet', kind: 'a', id: 'taken', version: -1, value: {} },
      ],
      ['compare-and-set of nothing', { change: 'compareAndSet', kind: 'a', id: 'none', version: 1, value: {} }],
      ['removal of nothing', { change: 'remove', kind: 'a', id: 'none' }],
      ['removal of another version', { change: 'remove', kind: 'a', id: 'taken', version: -1 }],
    ])('makes none when one fails, and says which: %s', async (_, failing) => {
      const before = await records().create('a', 'taken', { n: 1 }, { uniqueKey: 'k' });
      const result = await records().commit([
        { change: 'create', kind: 'a', id: 'first', value: {} },
        { change: 'compareAndSet', kind: 'a', id: 'taken', version: before!.version, value: { n: 2 } },
        { change: 'compareAndSet', kind: 'a', id: 'taken', version: before!.version, value: { n: 3 } },
      ]);
      expect(result).toEqual({ committed: false, failed: 2 });
      expect(await records().commit([{ change: 'create', kind: 'a', id: 'first', value: {} }, failing])).toEqual({
        committed: false,
        failed: 1,
      });
      expect(await records().list('a', {})).toEqual([before]);
    });

    it('of nothing changes nothing', async () => {
      expect(await records().commit([])).toEqual({ committed: true, records: [] });
    });
  });
}

function describeAbuse(records: RecordsOf): void {
  describe('what cannot be kept as it is', () => {
    class Token {
      readonly text = 'secret-canary';
    }
    it.each<[string, RecordValue, string]>([
      ['a Date', { at: new Date(0) } as never, 'value.at: expected what JSON can say; got an object of class Date.'],
      [
        'a class',
        { a: [new Token()] } as never,
        'value.a[0]: expected what JSON can say; got an object of class Token.',
      ],
      ['a number that is none', { n: Number.NaN }, 'value.n: expected what JSON can say; got NaN.'],
      ['a function', { f: () => 1 } as never, 'value.f: expected what JSON can say; got a value of type function.'],
      [
        'a list of nothing',
        { l: [undefined] } as never,
        'value.l[0]: expected what JSON can say; got a value of type undefined.',
      ],
      ['no object at all', [1] as never, 'value: expected an object; got a list.'],
    ])('is refused with its path: %s', async (_, value, message) => {
      await expect(records().create('a', '1', value)).rejects.toMatchObject({ code: 'STORE_RECORD_INVALID', message });
      expect(await records().list('a', {})).toEqual([]);
    });

    it.each([
      ['nothing', ''],
      ['a NUL', 'nul\0'],
      ['half a pair', 'half \ud800'],
      ['513 characters', 'x'.repeat(513)],
    ])('is refused as a name, and is nowhere to be found: %s', async (_, name) => {
      const refused = { code: 'STORE_RECORD_INVALID' };
      await expect(records().create('a', name, {})).rejects.toMatchObject(refused);
      await expect(records().create(name, '1', {})).rejects.toMatchObject(refused);
      await expect(records().create('a', '1', {}, { uniqueKey: name })).rejects.toMatchObject(refused);
      await expect(records().create('a', '1', {}, { indexes: { tenant: name } })).rejects.toMatchObject(refused);
      expect(await records().get('a', name)).toBeUndefined();
      expect(await records().take('a', name)).toBeUndefined();
      expect(await records().remove('a', name)).toBe(false);
      expect(await records().list('a', { tenant: name })).toEqual([]);
      expect(await records().commit([{ change: 'remove', kind: 'a', id: name }])).toEqual({
        committed: false,
        failed: 0,
      });
    });

    it('is refused as a time', async () => {
      await expect(records().create('a', '1', {}, { expiresAt: 1.5 })).rejects.toMatchObject({
        message: 'The expiry of a record is in whole milliseconds; got 1.5.',
      });
    });

    it('is no way into the language of the store', async () => {
      const evil = `'; DROP TABLE records; --`;
      await records().create('a', evil, { evil }, { indexes: { [evil]: evil }, uniqueKey: evil });
      expect(await records().list('a', { [evil]: evil })).toMatchObject([
        { id: evil, value: { evil }, uniqueKey: evil },
      ]);
    });
  });
}

type Operation =
  | { readonly do: 'create'; readonly id: string; readonly n: number; readonly key?: string; readonly ttl?: number }
  | {
      readonly do: 'set';
      readonly id: string;
      readonly n: number;
      readonly stale: boolean;
      readonly key?: string | null;
    }
  | { readonly do: 'remove' | 'take' | 'get'; readonly id: string }
  | { readonly do: 'list'; readonly tenant: string }
  | { readonly do: 'wait'; readonly ms: number };

const id = fc.constantFrom('1', '2', '3', 'é');
const key = fc.constantFrom('k', 'l');
const operations: fc.Arbitrary<readonly Operation[]> = fc.array(
  fc.oneof(
    fc.record(
      {
        do: fc.constant('create' as const),
        id,
        n: fc.integer({ min: 0, max: 2 }),
        key,
        ttl: fc.integer({ min: 1, max: 5 }),
      },
      { requiredKeys: ['do', 'id', 'n'] },
    ),
    fc.record(
      {
        do: fc.constant('set' as const),
        id,
        n: fc.integer({ min: 0, max: 2 }),
        stale: fc.boolean(),
        key: fc.option(key),
      },
      { requiredKeys: ['do', 'id', 'n', 'stale'] },
    ),
    fc.record({ do: fc.constantFrom('remove' as const, 'take' as const, 'get' as const), id }),
    fc.record({ do: fc.constant('list' as const), tenant: fc.constantFrom('0', '1', '2') }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4 }) }),
  ),
  { maxLength: 25 },
);

function describeModel(open: () => Promise<StoreUnderTest>): void {
  it('answers any sequence of operations as a map in memory does', async () => {
    await fc.assert(
      fc.asyncProperty(operations, async (sequence) => {
        const test = await open();
        const model = new Model();
        try {
          for (const operation of sequence) {
            if (operation.do === 'wait') test.advance(operation.ms);
            expect(await model.compare(operation, test.store.records)).toBe(true);
          }
        } finally {
          await test.dispose();
        }
      }),
      { numRuns: 40 },
    );
  });
}

/** What `Records` promises, in the plainest words. */
class Model {
  readonly #records = new Map<string, { record: StoredRecord; isLiving: () => boolean }>();
  #now = startMs;

  async compare(operation: Operation, records: Store['records']): Promise<boolean> {
    const known = 'id' in operation ? this.#get(operation.id) : undefined;
    switch (operation.do) {
      case 'wait':
        this.#now += operation.ms;
        return true;
      case 'get':
        return isSame(await records.get('a', operation.id), known);
      case 'take':
        this.#records.delete(operation.id);
        return isSame(await records.take('a', operation.id), known);
      case 'remove':
        this.#records.delete(operation.id);
        return (await records.remove('a', operation.id)) === Boolean(known);
      case 'list': {
        const expected = [...this.#records.keys()]
          .sort()
          .map((each) => this.#get(each))
          .filter((record) => record?.indexes.tenant === operation.tenant);
        return isSame(await records.list('a', { tenant: operation.tenant }), expected);
      }
      case 'create': {
        const options = {
          indexes: { tenant: String(operation.n) },
          ...(operation.key ? { uniqueKey: operation.key } : {}),
          ...(operation.ttl ? { expiresAt: this.#now + operation.ttl } : {}),
        };
        const record = await records.create('a', operation.id, { n: operation.n }, options);
        const canBe = !known && !this.#isTaken(operation.key, operation.id);
        this.#keep(record);
        return canBe === Boolean(record);
      }
      case 'set': {
        const version = (known?.version ?? 1) - (operation.stale ? 1 : 0);
        const options = {
          indexes: { tenant: String(operation.n) },
          ...('key' in operation ? { uniqueKey: operation.key } : {}),
        };
        const record = await records.compareAndSet('a', operation.id, version, { n: operation.n }, options);
        const canBe = Boolean(known) && !operation.stale && !this.#isTaken(operation.key, operation.id);
        this.#keep(record);
        return (
          canBe === Boolean(record) && (!record || (record.version > known!.version && record.value.n === operation.n))
        );
      }
    }
  }

  #get(each: string): StoredRecord | undefined {
    const entry = this.#records.get(each);
    return entry?.isLiving() ? entry.record : undefined;
  }

  #keep(record: StoredRecord | undefined): void {
    if (!record) return;
    this.#records.set(record.id, { record, isLiving: () => (record.expiresAt ?? Infinity) > this.#now });
  }

  #isTaken(uniqueKey: string | null | undefined, own: string): boolean {
    if (!uniqueKey) return false;
    return [...this.#records.keys()].some((each) => each !== own && this.#get(each)?.uniqueKey === uniqueKey);
  }
}

function isSame(actual: unknown, expected: unknown): boolean {
  expect(actual).toEqual(expected);
  return true;
}

function describeLeases(test: () => StoreUnderTest): void {
  describe('a lease', () => {
    const leases = () => test().store.leases;

    it('has one holder', async () => {
      const got = await leases().acquire('refresh', 'a', 1000);
      expect(got).toEqual({ fence: expect.any(Number) });
      expect(await leases().acquire('refresh', 'b', 1000)).toBeUndefined();
      expect(await leases().acquire('refresh', 'a', 1000)).toBeUndefined();
      expect(await leases().acquire('other', 'b', 1000)).toBeDefined();
    });

    it('is free once it was given up or has run out, with a larger fence each time', async () => {
      const fences: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const { fence } = (await leases().acquire('refresh', 'a', 1000))!;
        await leases().release('refresh', 'a', fence);
        fences.push(fence, (await leases().acquire('refresh', 'b', 1000))!.fence);
        test().advance(1000);
      }
      expect(fences).toEqual([...fences].sort((one, other) => one - other));
      expect(new Set(fences).size).toBe(6);
    });

    it('is renewed by its holder alone, and never after it has run out', async () => {
      const { fence } = (await leases().acquire('refresh', 'a', 1000))!;
      test().advance(999);
      expect(await leases().renew('refresh', 'b', fence, 1000)).toBe(false);
      expect(await leases().renew('refresh', 'a', fence + 1, 1000)).toBe(false);
      expect(await leases().renew('refresh', 'a', fence, 1000)).toBe(true);
      test().advance(999);
      expect(await leases().acquire('refresh', 'b', 1000)).toBeUndefined();
      test().advance(1);
      expect(await leases().renew('refresh', 'a', fence, 1000)).toBe(false);
      expect(await leases().acquire('refresh', 'b', 1000)).toBeDefined();
    });

    it('is not given up by one who held it before', async () => {
      const { fence } = (await leases().acquire('refresh', 'a', 1000))!;
      test().advance(1000);
      const next = (await leases().acquire('refresh', 'a', 1000))!;
      await leases().release('refresh', 'a', fence);
      expect(await leases().acquire('refresh', 'b', 1000)).toBeUndefined();
      expect(await leases().renew('refresh', 'a', fence, 1000)).toBe(false);
      expect(await leases().renew('refresh', 'a', next.fence, 1000)).toBe(true);
    });

    it('goes to one of many', async () => {
      const owners = Array.from({ length: 50 }, (_, index) => `owner ${index}`);
      const got = await Promise.all(owners.map((owner) => leases().acquire('refresh', owner, 1000)));
      expect(got.filter(Boolean)).toHaveLength(1);
    });

    it('refuses a name that no store can keep', async () => {
      await expect(leases().acquire('', 'a', 1000)).rejects.toMatchObject({ code: 'STORE_RECORD_INVALID' });
    });
  });
}
