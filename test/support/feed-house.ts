/** Feeds of one process or several over one store, on a faked clock, with a connection and triggers of the test's choice. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { Caller } from '../../src/connection/caller.ts';
import { createCredentials } from '../../src/connection/configured-connections.ts';
import { everyScope } from '../../src/connection/scopes.ts';
import type { Connector, Trigger } from '../../src/connector/define.ts';
import { defineConnector } from '../../src/connector/define.ts';
import { prepareTrigger, type RunnableTrigger } from '../../src/connector/run-trigger.ts';
import { createFeeds, type RunningGatewayFeeds } from '../../src/feed/create-feeds.ts';
import type { FeedDesk } from '../../src/feed/feed-desk.ts';
import type { FeedKey } from '../../src/feed/feed.ts';
import { createFeedTails } from '../../src/feed/feed-tail.ts';
import type { SqliteDriver } from '../../src/storage/sqlite/driver.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { scriptSender } from './scripted-sender.ts';

export interface FeedHouse {
  readonly store: Store;
  /** Another process. */
  readonly open: (part?: Partial<Omit<FeedDesk, 'records'>>) => RunningGatewayFeeds;
  /** What a connection fails to open with, by id; `undefined`: it opens. */
  readonly broken: Map<string, Error>;
  /** What is served; taken away it is as if a reload had not brought it. */
  trigger: RunnableTrigger | undefined;
  readonly warnings: string[];
  readonly close: () => Promise<void>;
}

export const feedKey: FeedKey = {
  tenant: 'acme',
  connection: 'c1',
  subject: 'ann',
  connector: 'shop',
  trigger: 'sale',
  input: {},
};

export function callerOf(tenant: string, subject: string | undefined): Caller {
  return { tenant, subject, scopes: everyScope };
}

export const ann = callerOf('acme', 'ann');

export const never = new AbortController().signal;

/** To be called on a faked clock. */
export async function openFeedHouse(
  trigger: Trigger,
  part: Partial<Connector> = {},
  driver?: SqliteDriver,
): Promise<FeedHouse> {
  const store = await createSqliteStore({ file: ':memory:', ...(driver && { driver }) });
  const processes: RunningGatewayFeeds[] = [];
  const broken = new Map<string, Error>();
  const warnings: string[] = [];
  const house: FeedHouse = {
    store,
    broken,
    warnings,
    trigger: prepare(trigger, part),
    open(options = {}) {
      const feeds = createFeeds({
        leases: store.leases,
        log: store.feedLog,
        tails: createFeedTails(store.feedLog),
        triggers: (_connector, name) => (name === 'sale' ? house.trigger : undefined),
        connections: {
          async open({ subject }: Caller, connector: Connector, id?: string | null) {
            const error = broken.get(id ?? '');
            if (error) throw error;
            const credentials = createCredentials({});
            return { id: id ?? undefined, subject, connector, baseUri: undefined, credentials, scopes: undefined };
          },
        },
        logger: {
          warn: (_details, message) => void warnings.push(message),
          error: (_details, message) => void warnings.push(message),
        },
        random: () => 0.5,
        ...options,
        records: store.records,
      });
      processes.push(feeds);
      return feeds;
    },
    async close() {
      await Promise.all(processes.map((feeds) => feeds.close()));
      await store.close();
    },
  };
  return house;
}

export function prepare(trigger: Trigger, part: Partial<Connector> = {}): RunnableTrigger {
  const shop = defineConnector({ name: 'shop', title: 'Shop', triggers: { sale: trigger }, ...part });
  return prepareTrigger(shop, 'sale', { sender: scriptSender() });
}

/** Turns of the event loop that whatever a step brings may take: the store does its work in real ones. */
const turnsPerStep = 12;

/** Lets time pass, and what it brings happen. */
export async function pass(ms: number): Promise<void> {
  const stepMs = ms > 5 * 60_000 ? 2_000 : 500;
  for (let left = ms; left >= 0; left -= stepMs) {
    await jest.advanceTimersByTimeAsync(Math.min(left, stepMs));
    for (let turn = 0; turn < turnsPerStep; turn++) await nextTurn();
  }
}
