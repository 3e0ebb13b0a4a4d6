/** A feed whose ticks a test calls: its trigger is a definition, its provider a list in memory. */
import { createCredentials } from '../../src/connection/configured-connections.ts';
import { defineConnector, type Trigger } from '../../src/connector/define.ts';
import { prepareTrigger, type RunnableTrigger } from '../../src/connector/run-trigger.ts';
import type { FeedLog } from '../../src/storage/feed-log.ts';
import { tick } from '../../src/feed/tick.ts';
import type { ReplayRequest, TickResult } from '../../src/feed/tick-context.ts';
import { scriptSender } from './scripted-sender.ts';
import { createMemoryFeedLog } from './memory-feed-log.ts';

export interface TickingFeed {
  readonly log: FeedLog;
  /** Another holder of the lease, as after a kill. */
  takeOver: () => void;
  tick: (options?: { readonly replay?: ReplayRequest; readonly maxPages?: number }) => Promise<TickResult>;
  /** Ids of the rows in the log, in its order. */
  delivered: () => Promise<unknown[]>;
  parked: () => Promise<readonly string[]>;
}

export interface TickingOptions {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly log?: FeedLog;
  readonly now?: () => number;
  /** When the feed was started; default: it is not told. */
  readonly startedAt?: number;
}

const feed = 'feed';

export function tickingFeed(
  trigger: Trigger,
  { input = {}, log = createMemoryFeedLog(), now = Date.now, startedAt }: TickingOptions = {},
): TickingFeed {
  const runnable = runnableTrigger(trigger);
  let fence = 1;
  return {
    log,
    takeOver: () => void (fence += 1),
    async tick(options = {}) {
      const run = { id: undefined, credentials: createCredentials({}), signal: new AbortController().signal };
      const coerced = await runnable.coerceInput(run, input);
      const started = startedAt === undefined ? {} : { startedAt };
      return tick({ feed, log, fence, trigger: runnable, run, input: coerced, now, ...started, ...options });
    },
    async delivered() {
      const { events } = await log.read(feed, 0, { limit: 100_000, maxBytes: 1e9 });
      return events.map(({ payload }) => (JSON.parse(payload) as { id: unknown }).id);
    },
    parked: async () => (await log.parked(feed, { limit: 1_000 })).map(({ code }) => code),
  };
}

/** A trigger of a connector that sends nothing. */
export function runnableTrigger(trigger: Trigger): RunnableTrigger {
  const shop = defineConnector({ name: 'shop', title: 'Shop', triggers: { sale: trigger } });
  return prepareTrigger(shop, 'sale', { sender: scriptSender() });
}
