/** The feeds of this process: how many listen to each, and the grace time after the last one has left. */
import { feedId, type FeedKey } from './feed.ts';

export interface FeedEntry {
  readonly key: FeedKey;
  subscribers: number;
  /** Whether the clock was told of it. */
  isBegun: boolean;
  /** Runs while nobody listens to it any more, or nobody does yet. */
  grace?: NodeJS.Timeout;
  isPolling: boolean;
  /** It is due once more, which was said while it was polled. */
  isDueAgain: boolean;
}

export interface FeedEntriesOptions {
  /** Default 30 000. */
  readonly graceMs: number | undefined;
  /** Nobody came back within the grace time. */
  readonly onGraceOver: (id: string) => void;
}

const defaultGraceMs = 30_000;

export class FeedEntries {
  readonly #entries = new Map<string, FeedEntry>();
  readonly #graceMs: number;
  readonly #onGraceOver: (id: string) => void;
  #isClosed = false;

  constructor({ graceMs = defaultGraceMs, onGraceOver }: FeedEntriesOptions) {
    this.#graceMs = graceMs;
    this.#onGraceOver = onGraceOver;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  find(id: string): FeedEntry | undefined {
    return this.#entries.get(id);
  }

  /** The entry of a feed, made where there is none. */
  of(id: string, key: FeedKey): FeedEntry {
    const known = this.#entries.get(id);
    if (known) return known;
    const entry: FeedEntry = { key, subscribers: 0, isBegun: false, isPolling: false, isDueAgain: false };
    this.#entries.set(id, entry);
    return entry;
  }

  /** One more listens, or is about to. */
  enter(key: FeedKey): void {
    const entry = this.of(feedId(key), key);
    entry.subscribers += 1;
    endGrace(entry);
  }

  /** One less. With the last one the grace time begins. */
  leave(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.subscribers -= 1;
    if (entry.subscribers > 0) return;
    if (entry.isBegun) this.beginGrace(id, entry);
    else this.#entries.delete(id);
  }

  /** @param share - of the grace time; default all of it. */
  beginGrace(id: string, entry: FeedEntry, share = 1): void {
    endGrace(entry);
    if (this.#isClosed) return;
    entry.grace = setTimeout(() => {
      delete entry.grace;
      this.#onGraceOver(id);
    }, this.#graceMs * share).unref();
  }

  /** Nothing runs here for it any more; those who listen stay. `false`: it was not known. */
  forget(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    endGrace(entry);
    entry.isBegun = false;
    if (entry.subscribers === 0) this.#entries.delete(id);
    return true;
  }

  /** Those to which somebody listens. */
  listenedTo(): readonly string[] {
    return [...this.#entries].filter(([, { subscribers }]) => subscribers > 0).map(([id]) => id);
  }

  /** Those that the clock was told of. */
  begun(): readonly string[] {
    return [...this.#entries].filter(([, { isBegun }]) => isBegun).map(([id]) => id);
  }

  close(): void {
    this.#isClosed = true;
    for (const { grace } of this.#entries.values()) clearTimeout(grace);
  }
}

function endGrace(entry: FeedEntry): void {
  clearTimeout(entry.grace);
  delete entry.grace;
}
