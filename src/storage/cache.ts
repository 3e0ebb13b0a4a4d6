/** A cache for what may be lost: provider metadata, JWKS, persisted operations. The one door of Keyv. */
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { DefinitionError } from '../errors.ts';

/** Values are kept as JSON. Nothing here throws: a cache that fails is an empty one, and says so to its listener. */
export interface Cache {
  /** The value, or `undefined`: absent, expired, or the cache failed. */
  get<T>(key: string): Promise<T | undefined>;
  /** `ttlMs` absent = until it is pushed out. */
  set(key: string, value: unknown, ttlMs?: number): Promise<void>;
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}

export interface CacheOptions {
  /** e.g. `redis://cache.internal:6379`; its adapter (here `@keyv/redis`) has to be installed. Absent: in memory. */
  readonly url?: string;
  /** In memory, what was not used for the longest time goes first. Default 10 000. */
  readonly maxEntries?: number;
  /** Hears of every failure. */
  readonly onError?: (error: unknown) => void;
}

const adapters: Readonly<Record<string, string>> = {
  'redis:': '@keyv/redis',
  'rediss:': '@keyv/redis',
  'valkey:': '@keyv/valkey',
  'postgres:': '@keyv/postgres',
  'postgresql:': '@keyv/postgres',
  'mysql:': '@keyv/mysql',
  'mongodb:': '@keyv/mongo',
  'memcache:': '@keyv/memcache',
  'etcd:': '@keyv/etcd',
};

/** A cache over the network is asked no longer than this: it is there to save time. */
const timeLimitMs = 1000;

/**
 * Opens the cache.
 *
 * @throws DefinitionError CONFIGURATION_INVALID when the URL is none, or its adapter is not known or not installed.
 */
export async function createCache({ url, maxEntries = 10_000, onError = () => {} }: CacheOptions = {}): Promise<Cache> {
  const store = url === undefined ? new LeastRecentlyUsed<unknown>(maxEntries) : await openAdapter(url);
  return cacheOver(store, onError, url === undefined ? undefined : timeLimitMs);
}

/** A cache over any store that Keyv takes. */
export function cacheOver(
  store: KeyvStoreAdapter | Map<string, unknown>,
  onError: (error: unknown) => void,
  limitMs?: number,
): Cache {
  // By default Keyv makes a failed read an absent value and a failed write `false`, and nobody learns of it.
  const keyv = new Keyv({ store, namespace: 'plugboard', throwOnErrors: true });
  // Without a listener an error between two requests, e.g. of a lost socket, would end the process.
  keyv.on('error', onError);
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await (limitMs === undefined ? work() : withinLimit(work(), limitMs));
    } catch (error) {
      onError(error);
      return undefined;
    }
  };
  return {
    get: (key) => attempt(() => keyv.get(key)),
    set: async (key, value, ttlMs) => void (await attempt(() => keyv.set(key, value, ttlMs))),
    delete: async (key) => void (await attempt(() => keyv.delete(key))),
    close: async () => attempt(() => keyv.disconnect()),
  };
}

async function openAdapter(url: string): Promise<KeyvStoreAdapter> {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  const name = protocol && adapters[protocol];
  // The URL may hold a password, so only its beginning is told.
  if (!name) {
    const got = protocol ? `one that begins with ${protocol}` : 'what is no URL';
    throw invalid(`expected a URL that begins with one of ${Object.keys(adapters).join(', ')}; got ${got}.`);
  }
  const module = (await import(name).catch((cause: unknown) => {
    throw invalid(`${protocol} needs the package ${name}, which is not installed. Run npm install ${name}.`, cause);
  })) as { readonly default: new (url: string) => KeyvStoreAdapter };
  return new module.default(url);
}

function invalid(message: string, cause?: unknown): DefinitionError {
  return new DefinitionError([{ code: 'CONFIGURATION_INVALID', path: 'cache', message }], { cause });
}

async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The cache did not answer within ${limitMs} ms.`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** A map of bounded size; a key that is read or written is the last to go. */
class LeastRecentlyUsed<V> extends Map<string, V> {
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    super();
    this.#maxEntries = maxEntries;
  }

  override get(key: string): V | undefined {
    const value = super.get(key);
    if (value !== undefined) {
      super.delete(key);
      super.set(key, value);
    }
    return value;
  }

  override set(key: string, value: V): this {
    super.delete(key);
    super.set(key, value);
    if (this.size > this.#maxEntries) super.delete(this.keys().next().value!);
    return this;
  }
}
