import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { KeyvStoreAdapter } from 'keyv';
import { cacheOver, createCache } from '../../src/storage/cache.ts';

/** An adapter whose every call does as it is told. */
function adapterThat(act: () => Promise<unknown>): KeyvStoreAdapter & EventEmitter {
  const emitter = new EventEmitter();
  return Object.assign(emitter, { opts: {}, get: act, set: act, delete: act, clear: act }) as never;
}

describe('the cache', () => {
  afterEach(() => void jest.useRealTimers());

  it('keeps what JSON can say, until it is deleted', async () => {
    const cache = await createCache();
    const value = { issuer: 'https://as.example', keys: [{ kid: '1' }] };
    await cache.set('metadata', value);
    expect(await cache.get('metadata')).toEqual(value);
    await cache.delete('metadata');
    expect(await cache.get('metadata')).toBeUndefined();
    await cache.close();
  });

  it('forgets after the time it was told', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    const cache = await createCache();
    await cache.set('a', 1, 1000);
    jest.advanceTimersByTime(999);
    expect(await cache.get('a')).toBe(1);
    jest.advanceTimersByTime(2);
    expect(await cache.get('a')).toBeUndefined();
  });

  it('never grows beyond its bound, and keeps what was used last', async () => {
    const cache = await createCache({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    await cache.get('a');
    await cache.set('d', 'd');
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => cache.get(key)))).toEqual(['a', undefined, 'c', 'd']);
  });

  it('is an empty one when it fails, and tells its listener', async () => {
    const failure = new Error('connection refused');
    const errors: unknown[] = [];
    const cache = cacheOver(
      adapterThat(() => Promise.reject(failure)),
      (error) => errors.push(error),
    );
    expect(await cache.get('a')).toBeUndefined();
    expect(errors).toContain(failure);
    errors.length = 0;
    await cache.set('a', 1);
    expect(errors).toContain(failure);
    errors.length = 0;
    await cache.delete('a');
    expect(errors).toContain(failure);
  });

  it('survives the error of a socket between two requests', () => {
    const errors: unknown[] = [];
    const adapter = adapterThat(async () => undefined);
    cacheOver(adapter, (error) => errors.push(error));
    adapter.emit('error', new Error('socket lost'));
    expect(errors).toEqual([new Error('socket lost')]);
  });

  it('waits for no adapter that hangs', async () => {
    const errors: unknown[] = [];
    const cache = cacheOver(
      adapterThat(() => new Promise(() => {})),
      (error) => errors.push(error),
      5,
    );
    expect(await cache.get('a')).toBeUndefined();
    expect(errors).toEqual([new Error('The cache did not answer within 5 ms.')]);
  });

  it.each([
    [
      'secret-canary',
      'cache: expected a URL that begins with one of redis:, rediss:, valkey:, postgres:, postgresql:, mysql:, mongodb:, memcache:, etcd:; got what is no URL.',
    ],
    [
      'ftp://user:secret-canary@host',
      'cache: expected a URL that begins with one of redis:, rediss:, valkey:, postgres:, postgresql:, mysql:, mongodb:, memcache:, etcd:; got one that begins with ftp:.',
    ],
    [
      'etcd://user:secret-canary@host',
      'cache: etcd: needs the package @keyv/etcd, which is not installed. Run npm install @keyv/etcd.',
    ],
  ])('refuses an address it cannot use, and tells no password: %s', async (url, message) => {
    await expect(createCache({ url })).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: `CONFIGURATION_INVALID: ${message}`,
    });
  });
});
