/** A client that keeps its cursor after each event and comes back with it, however often the gateway dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface ResumingSubscriber {
  /** Ids in the order of arrival, repetitions included. */
  readonly ids: readonly string[];
  /** Errors that ended a subscription, by code; a connection that was cut is none. */
  readonly errors: readonly string[];
  /** How often it subscribed. */
  readonly subscriptionCount: () => number;
  /** Resolves when so many different ids have arrived. */
  readonly received: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * @param url - asked for before each connection: another replica may be there by then.
 * @param query - takes `$after` and selects one root field with `id` and `cursor`.
 * @param cursor - where it begins: a gateway may die before the first event has come.
 */
export function subscribeResuming(url: string | (() => string), query: string, cursor: string): ResumingSubscriber {
  const ids: string[] = [];
  const different = new Set<string>();
  const errors: string[] = [];
  const watchers = new Set<() => void>();
  let place = cursor;
  let count = 0;
  const closing = new AbortController();
  let client: Client | undefined;
  const take = (event: { id: string; cursor: string }) => {
    ids.push(event.id);
    different.add(event.id);
    place = event.cursor;
    for (const watch of watchers) watch();
  };
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      const target = typeof url === 'string' ? url : url();
      client = createClient({ url: target, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true });
      count += 1;
      client.subscribe<Record<string, { id: string; cursor: string }>>(
        { query, variables: { after: place } },
        {
          next: ({ data, errors: failed }) => {
            for (const each of failed ?? []) errors.push(String(each.extensions?.['code']));
            for (const event of Object.values(data ?? {})) take(event);
          },
          error: (reason) => {
            if (Array.isArray(reason)) errors.push(...reason.map((each) => String(each.extensions?.['code'])));
            resolve();
          },
          complete: resolve,
        },
      );
    });
  const running = (async () => {
    while (!closing.signal.aborted) {
      await once();
      await client?.dispose();
      // Not in a tight loop while nobody listens at the port.
      if (!closing.signal.aborted) await sleep(20);
    }
  })();
  return {
    ids,
    errors,
    subscriptionCount: () => count,
    received: (wanted) =>
      new Promise((resolve) => {
        const watch = () => {
          if (different.size < wanted) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
    async close() {
      closing.abort();
      await client?.dispose();
      await running;
    },
  };
}
