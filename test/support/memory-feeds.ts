/** Feeds of tests: logs in memory that tests write to, and nothing that polls. */
import { feedId, type FeedKey, type FeedStatus } from '../../src/feed/feed.ts';
import { createFeedTails, type FeedTails } from '../../src/feed/feed-tail.ts';
import type { Feeds } from '../../src/feed/feeds.ts';
import { createMemoryFeedLog, type MemoryFeedLog } from './memory-feed-log.ts';

export interface MemoryFeeds extends Feeds {
  readonly log: MemoryFeedLog;
  readonly tails: FeedTails;
  /** Every key that was opened or started, in their order. */
  readonly keys: readonly FeedKey[];
  /** Those who listen to a feed. */
  readonly subscriberCount: (id: string) => number;
}

export function createMemoryFeeds(log: MemoryFeedLog = createMemoryFeedLog()): MemoryFeeds {
  const tails = createFeedTails(log);
  const keys: FeedKey[] = [];
  const known = new Map<string, { key: FeedKey; durable: boolean; subscribers: number }>();
  const enter = (key: FeedKey) => {
    keys.push(key);
    const id = feedId(key);
    const feed = known.get(id) ?? { key, durable: false, subscribers: 0 };
    known.set(id, feed);
    return { id, feed };
  };
  const statusOf = async (id: string): Promise<FeedStatus> => {
    const { key, durable, subscribers } = known.get(id)!;
    const { lastPlace, oldestPlace, parkedCount } = await log.state(id);
    const state = durable || subscribers > 0 ? 'RUNNING' : 'STOPPED';
    return { ...key, id, state, durable, lastPlace, oldestPlace, parkedCount, subscriberCount: subscribers };
  };
  const owns: (caller: Parameters<Feeds['find']>[0], id: string) => boolean = ({ tenant, subject }, id) => {
    const key = known.get(id)?.key;
    return key?.tenant === tenant && (key.subject === undefined || key.subject === subject);
  };
  return {
    log,
    tails,
    keys,
    subscriberCount: (id) => known.get(id)?.subscribers ?? 0,
    async open(key) {
      const { id, feed } = enter(key);
      const tail = await tails.open(id);
      feed.subscribers += 1;
      return { id, ...tail, release: () => void (feed.subscribers -= 1) };
    },
    async start(key) {
      const { id, feed } = enter(key);
      feed.durable = true;
      return statusOf(id);
    },
    async stop(caller, id) {
      if (!owns(caller, id)) return undefined;
      known.get(id)!.durable = false;
      return statusOf(id);
    },
    list: async (caller, connector) => {
      const ids = [...known.keys()].filter((id) => owns(caller, id)).sort();
      const all = await Promise.all(ids.map(statusOf));
      return all.filter((feed) => connector === undefined || feed.connector === connector);
    },
    find: async (caller, id) => (owns(caller, id) ? statusOf(id) : undefined),
    parked: async (caller, id, page) => (owns(caller, id) ? log.parked(id, page) : []),
    async replayParked(caller, id, ids) {
      if (!owns(caller, id)) return undefined;
      const parked = await log.parked(id, { limit: 1_000, ...(ids && { ids }) });
      const events = parked.map((each) => ({ id: each.id, signature: each.id, payload: each.payload ?? 'null' }));
      await log.append(id, { events, unpark: parked.map((each) => each.id) });
      return { delivered: parked.length, left: (await log.state(id)).parkedCount };
    },
    replay: async (caller, id) => (owns(caller, id) ? statusOf(id) : undefined),
    connectionChanged: async () => {},
    resume: async () => {},
    close: async () => tails.close(),
  };
}
