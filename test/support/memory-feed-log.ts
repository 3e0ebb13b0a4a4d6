/** A log of feeds in memory, for tests of what stands on it: as the contract says, with a clock and failures of the test's choice. */
import { GatewayError } from '../../src/errors.ts';
import type {
  AppendResult,
  FeedLog,
  FeedLogState,
  FeedPage,
  LoggedEvent,
  NewEvent,
  ParkedEvent,
} from '../../src/storage/feed-log.ts';
import type { JsonValue } from '../../src/storage/records.ts';

export interface MemoryFeedLog extends FeedLog {
  /** Every call of `read` so far, as `[feed, after]`. */
  readonly reads: readonly (readonly [string, number])[];
  /** Lets so many of the next calls of `read` fail. */
  failReads: number;
  /** Listeners of `watch`. */
  readonly watcherCount: () => number;
  /** As if the rows up to this place had been trimmed. */
  readonly forgetUpTo: (feed: string, place: number) => void;
}

interface Feed {
  version: number;
  progress: JsonValue | undefined;
  fence: number;
  lastPlace: number;
  oldestPlace: number;
  events: LoggedEvent[];
  staged: NewEvent[];
  seen: Map<string, 'logged' | 'staged' | 'parked' | 'named'>;
  parked: ParkedEvent[];
  deliveries: Map<string, number>;
}

export function createMemoryFeedLog(now: () => number = Date.now): MemoryFeedLog {
  const feeds = new Map<string, Feed>();
  const watchers = new Set<(feed: string) => void>();
  const reads: (readonly [string, number])[] = [];
  let parkedCount = 0;
  const emptyFeed = (): Feed => ({
    version: 0,
    progress: undefined,
    fence: 0,
    lastPlace: 0,
    oldestPlace: 1,
    events: [],
    staged: [],
    seen: new Map(),
    parked: [],
    deliveries: new Map(),
  });
  const find = (id: string): Feed => {
    if (!feeds.has(id)) feeds.set(id, emptyFeed());
    return feeds.get(id)!;
  };
  const stateOf = (feed: Feed): FeedLogState => ({
    version: feed.version,
    progress: feed.progress,
    lastPlace: feed.lastPlace,
    oldestPlace: feed.oldestPlace,
    parkedCount: feed.parked.length,
    stagedCount: feed.staged.length,
  });
  const failIfAsked = (): void => {
    if (log.failReads <= 0) return;
    log.failReads -= 1;
    throw new GatewayError('STORE_UNAVAILABLE', 'The store is away.');
  };

  function append(id: string, page: FeedPage): AppendResult {
    const feed = find(id);
    if (page.fence !== undefined && page.fence < feed.fence) return { kind: 'fenced' };
    if (page.version !== undefined && page.version !== feed.version) return { kind: 'fenced' };
    const { delivery } = page;
    const before = delivery && feed.deliveries.get(delivery.id);
    if (before !== undefined && now() - before < (delivery?.rememberMs ?? 86_400_000)) return { kind: 'repeated' };
    const parkedIds = new Set(feed.parked.map((each) => each.id));
    if (page.unpark?.some((each) => !parkedIds.has(each))) return { kind: 'gone' };
    if (delivery) feed.deliveries.set(delivery.id, now());
    feed.fence = Math.max(feed.fence, page.fence ?? 0);
    if (page.progress !== undefined) {
      feed.progress = structuredClone(page.progress);
      feed.version += 1;
    }
    for (const parked of feed.parked) {
      if (page.unpark?.includes(parked.id) && parked.signature !== undefined) feed.seen.delete(parked.signature);
    }
    feed.parked = feed.parked.filter((each) => !page.unpark?.includes(each.id));
    const counts = write(feed, page);
    if (counts.logged > 0) queueMicrotask(() => watchers.forEach((watch) => watch(id)));
    return { kind: 'appended', state: stateOf(feed), ...counts };
  }

  function write(feed: Feed, page: FeedPage): { logged: number; known: number } {
    let logged = 0;
    let known = 0;
    const add = ({ signature, ...event }: NewEvent): void => {
      feed.seen.set(signature, 'logged');
      feed.lastPlace += 1;
      feed.events.push({ ...event, place: feed.lastPlace, receivedAt: now() });
      logged += 1;
    };
    const isNew = (signature: string | undefined): boolean => {
      const isKnown = signature !== undefined && feed.seen.has(signature);
      if (isKnown) known += 1;
      return !isKnown;
    };
    if (page.unstage) {
      for (const { signature } of feed.staged) feed.seen.delete(signature);
      feed.staged = [];
    }
    for (const event of page.events ?? []) if (isNew(event.signature)) add(event);
    for (const event of page.staged ?? []) {
      if (!isNew(event.signature)) continue;
      feed.seen.set(event.signature, 'staged');
      feed.staged.push(event);
    }
    if (page.publish) feed.staged.splice(0).reverse().forEach(add);
    for (const signature of page.seen ?? []) if (!feed.seen.has(signature)) feed.seen.set(signature, 'named');
    for (const parked of page.parked ?? []) {
      if (!isNew(parked.signature)) continue;
      if (parked.signature !== undefined) feed.seen.set(parked.signature, 'parked');
      parkedCount += 1;
      feed.parked.push({ ...parked, id: String(parkedCount).padStart(8, '0'), parkedAt: now() });
    }
    return { logged, known };
  }

  const log: MemoryFeedLog = {
    reads,
    failReads: 0,
    watcherCount: () => watchers.size,
    forgetUpTo(id, place) {
      const feed = find(id);
      feed.events = feed.events.filter((event) => event.place > place);
      feed.oldestPlace = Math.max(feed.oldestPlace, place + 1);
    },
    state: async (feed) => stateOf(find(feed)),
    append: async (feed, page) => append(feed, page),
    async read(id, after, { limit = 500, maxBytes = 1024 * 1024 } = {}) {
      reads.push([id, after]);
      failIfAsked();
      const { events, lastPlace, oldestPlace } = find(id);
      const page: LoggedEvent[] = [];
      let bytes = 0;
      for (const event of events) {
        if (event.place <= after) continue;
        bytes += Buffer.byteLength(event.payload);
        if (page.length > 0 && (page.length >= limit || bytes > maxBytes)) break;
        page.push(event);
      }
      return { events: page, lastPlace, oldestPlace };
    },
    async known(id, signatures) {
      const { seen } = find(id);
      return new Set(signatures.filter((each) => seen.has(each) && seen.get(each) !== 'staged'));
    },
    async parked(id, { after = '', limit = 100, ids } = {}) {
      return find(id)
        .parked.filter((each) => each.id > after && (ids?.includes(each.id) ?? true))
        .slice(0, limit);
    },
    async trim(id, { maxAgeMs = Infinity, maxCount = Infinity, ...retention }, limit = 1_000) {
      const feed = find(id);
      const { events, lastPlace } = feed;
      const { maxParked = Infinity, maxParkedAgeMs = Infinity } = retention;
      const young = feed.parked.filter(({ parkedAt }) => parkedAt >= now() - maxParkedAgeMs);
      feed.parked = young.slice(Math.max(0, young.length - maxParked));
      const old = events.filter((event) => event.receivedAt < now() - maxAgeMs || event.place <= lastPlace - maxCount);
      const last = old.slice(0, limit).at(-1);
      if (last) log.forgetUpTo(id, last.place);
      return old.length > limit;
    },
    remove: async (feed) => void feeds.delete(feed),
    watch(listener) {
      const watcher = (feed: string): void => listener(feed);
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
  return log;
}

/** Events with these ids, one signature each. */
export function newEvents(...ids: readonly string[]): NewEvent[] {
  return ids.map((id) => ({ id, signature: id, payload: JSON.stringify({ id }) }));
}
