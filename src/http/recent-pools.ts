/** Keeps the pools that were used lately, and closes the others. */

interface Entry<P> {
  readonly pool: P;
  usedAt: number;
}

export interface PoolLimits {
  /** Pools kept at most; the one that was not used for the longest time goes first. */
  readonly maxPools: number;
  /** A pool that was not used for so long is closed when the next one is opened. */
  readonly idleMs: number;
}

/** Pools by key, ordered by last use. `close` must let running requests end. */
export class RecentPools<P> {
  readonly #entries = new Map<string, Entry<P>>();
  readonly #close: (pool: P) => void;
  readonly #limits: PoolLimits;
  /** Under steady load one provider is asked over and over: it costs no reordering. */
  #latestKey: string | undefined;

  constructor(limits: PoolLimits, close: (pool: P) => void) {
    this.#limits = limits;
    this.#close = close;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, now: number): P | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    entry.usedAt = now;
    if (key !== this.#latestKey) this.#moveToEnd(key, entry);
    return entry.pool;
  }

  add(key: string, pool: P, now: number): void {
    this.#moveToEnd(key, { pool, usedAt: now });
    for (const [oldKey, { usedAt }] of this.#entries) {
      const isIdle = now - usedAt > this.#limits.idleMs;
      if (!isIdle && this.#entries.size <= this.#limits.maxPools) break;
      this.#remove(oldKey);
    }
  }

  /** Forgets all pools and gives them. */
  takeAll(): P[] {
    const pools = [...this.#entries.values()].map(({ pool }) => pool);
    this.#entries.clear();
    this.#latestKey = undefined;
    return pools;
  }

  #moveToEnd(key: string, entry: Entry<P>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#latestKey = key;
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (entry) this.#close(entry.pool);
  }
}
