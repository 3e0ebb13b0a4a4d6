import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resealAll, type SealedKind } from '../../src/connection/reseal.ts';
import { createKeyRing } from '../../src/connection/seal.ts';
import type { Change, Records } from '../../src/storage/records.ts';
import type { Store } from '../../src/storage/store.ts';
import { openTestStore } from '../support/test-store.ts';

const oldKey = { id: 'old', key: randomBytes(32) };
const newKey = { id: 'new', key: randomBytes(32) };
const oldRing = createKeyRing([oldKey]);
const bothRing = createKeyRing([newKey, oldKey]);
const newRing = createKeyRing([newKey]);
const connections: SealedKind = { kind: 'connection', identityOf: ({ id }, path) => [id, path] };
const id = (index: number) => String(index).padStart(5, '0');

describe('sealing everything anew', () => {
  let store: Store;
  beforeEach(async () => (store = await openTestStore()));
  afterEach(async () => store.close());

  /** Connections with a token at two places, sealed with the old key. */
  async function fill(count: number): Promise<void> {
    for (let from = 0; from < count; from += 1000) {
      const size = Math.min(1000, count - from);
      await store.records.commit(Array.from({ length: size }, (_, index) => oldConnection(from + index)));
    }
  }

  function oldConnection(index: number): Change {
    const token = oldRing.seal(`token ${index}`, [id(index), 'token']);
    const first = oldRing.seal(`key ${index}`, [id(index), 'keys.0']);
    const value = { token, keys: [first, null], label: 'sealed1.is not', count: index };
    return {
      change: 'create',
      kind: 'connection',
      id: id(index),
      value,
      indexes: { tenant: 't' },
      uniqueKey: id(index),
    };
  }

  const read = async (ring: typeof newRing, index: number) => {
    const { value } = (await store.records.get('connection', id(index)))!;
    return ring.open(value.token as string, [id(index), 'token']);
  };

  it('rewraps every secret and changes nothing else, so that the old key can go', async () => {
    await fill(3);
    const before = (await store.records.get('connection', id(1)))!;
    const progress = await resealAll(store.records, bothRing, { kinds: [connections] });
    expect(progress).toEqual({ kind: 'connection', read: 3, resealed: 3, failed: [] });
    const after = (await store.records.get('connection', id(1)))!;
    expect({ ...after, version: 0, updatedAt: 0 }).toEqual({
      ...before,
      version: 0,
      updatedAt: 0,
      value: { ...before.value, token: after.value.token, keys: after.value.keys },
    });
    expect(await read(newRing, 1)).toBe('token 1');
    const [key] = after.value.keys as string[];
    expect(newRing.open(key!, [id(1), 'keys.0'])).toBe('key 1');
  });

  it('has nothing to do a second time, and goes on where a stop left it', async () => {
    await fill(30);
    const stop = new AbortController();
    const stopped = resealAll(store.records, bothRing, {
      kinds: [connections],
      pageSize: 10,
      signal: stop.signal,
      onProgress: ({ read }) => read >= 20 && stop.abort(new Error('stopped')),
    });
    await expect(stopped).rejects.toThrow('stopped');
    const seen: number[] = [];
    const onProgress = ({ resealed }: { resealed: number }) => void seen.push(resealed);
    const second = await resealAll(store.records, bothRing, { kinds: [connections], pageSize: 10, onProgress });
    expect(second).toMatchObject({ read: 30, resealed: 10 });
    expect(seen).toEqual([0, 0, 10, 10]);
    expect(await resealAll(store.records, bothRing, { kinds: [connections] })).toMatchObject({ read: 30, resealed: 0 });
  });

  it('reports what does not open, leaves it as it is and does the rest', async () => {
    await fill(4);
    const [one, two] = await store.records.list('connection', {});
    const swapped = { ...one!.value, token: two!.value.token };
    await store.records.compareAndSet('connection', one!.id, one!.version, swapped);
    const lost = createKeyRing([{ id: 'lost', key: randomBytes(32) }]).seal('x', [two!.id, 'token']);
    await store.records.compareAndSet('connection', two!.id, two!.version, { token: lost });
    expect(await resealAll(store.records, bothRing, { kinds: [connections] })).toEqual({
      kind: 'connection',
      read: 4,
      resealed: 2,
      failed: [
        { kind: 'connection', id: id(0), code: 'SEAL_BROKEN' },
        { kind: 'connection', id: id(1), code: 'SEAL_KEY_UNKNOWN' },
      ],
    });
    expect((await store.records.get('connection', id(0)))?.value).toEqual(swapped);
  });

  it('leaves a text that only looks sealed to the kind that knows better', async () => {
    const label = oldRing.seal('theirs', ['elsewhere']);
    await store.records.create('connection', id(0), { label });
    const kinds = [{ ...connections, identityOf: () => undefined }];
    expect(await resealAll(store.records, bothRing, { kinds })).toMatchObject({ resealed: 0, failed: [] });
  });

  it('never overwrites what was written meanwhile', async () => {
    await fill(10);
    let isRaced = false;
    const racing: Records = {
      ...store.records,
      async commit(changes) {
        if (!isRaced) {
          isRaced = true;
          const record = (await store.records.get('connection', id(3)))!;
          const token = oldRing.seal('refreshed', [id(3), 'token']);
          await store.records.compareAndSet('connection', id(3), record.version, { ...record.value, token });
          await store.records.remove('connection', id(4));
        }
        return store.records.commit(changes);
      },
    };
    expect(await resealAll(racing, bothRing, { kinds: [connections] })).toMatchObject({ resealed: 9, failed: [] });
    expect(await read(newRing, 3)).toBe('refreshed');
    expect(await store.records.get('connection', id(4))).toBeUndefined();
  });

  it('fails no reader and loses no refresh while 10 000 connections are sealed anew', async () => {
    await fill(10_000);
    const stop = new AbortController();
    let reads = 0;
    const wrong: number[] = [];
    const check = async (ring: typeof newRing, index: number) => {
      reads += 1;
      if ((await read(ring, index)) !== (refreshed.get(index) ?? `token ${index}`)) wrong.push(index);
    };
    const refreshed = new Map<number, string>();
    const load = async () => {
      for (let turn = 0; !stop.signal.aborted; turn += 7919) {
        const index = turn % 10_000;
        await check(bothRing, index);
        if (turn % 5 === 0) await refresh(index, `refreshed ${turn}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    /** As a refresh does: only who reads the newest version writes; the one loader knows what it wrote. */
    const refresh = async (index: number, text: string) => {
      const record = (await store.records.get('connection', id(index)))!;
      const token = bothRing.seal(text, [id(index), 'token']);
      const isSet = await store.records.compareAndSet('connection', id(index), record.version, {
        ...record.value,
        token,
      });
      if (isSet) refreshed.set(index, text);
    };
    const loading = load();
    const progress = await resealAll(store.records, bothRing, { kinds: [connections] });
    stop.abort();
    await loading;
    expect(progress).toMatchObject({ read: 10_000, failed: [] });
    expect(reads).toBeGreaterThan(100);
    expect(refreshed.size).toBeGreaterThan(10);
    for (let index = 0; index < 10_000; index += 1) await check(newRing, index);
    expect(wrong).toEqual([]);
  });
});
