/** A gateway's graph with a shop that tells of orders, and feeds in memory: what subscriptions are tested with. */
import { readFile } from 'node:fs/promises';
import { parse, validate, type ExecutionResult } from 'graphql';
import type { Caller } from '../../src/connection/caller.ts';
import type { ConnectionChange } from '../../src/connection/connection-change.ts';
import { createCredentials } from '../../src/connection/configured-connections.ts';
import { createConnections } from '../../src/connection/connections.ts';
import { everyScope } from '../../src/connection/scopes.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { prepareTrigger } from '../../src/connector/run-trigger.ts';
import { createConnectionChanges } from '../../src/feed/connection-changes.ts';
import type { StaticAddresses } from '../../src/feed/webhook-address.ts';
import { createTenantLog } from '../../src/feed/tenant-log.ts';
import { createEventCursors } from '../../src/feed/event-cursor.ts';
import { feedId } from '../../src/feed/feed.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import type { ConnectionRooms } from '../../src/resolvers/connection-resolvers.ts';
import { createExecutor } from '../../src/resolvers/executor.ts';
import { createGatewaySchema } from '../../src/resolvers/gateway-schema.ts';
import { createListCursors } from '../../src/resolvers/list-cursor.ts';
import type { RunningSubscription } from '../../src/resolvers/subscription.ts';
import type { NewEvent } from '../../src/storage/feed-log.ts';
import { createMemoryFeeds } from './memory-feeds.ts';
import { reads } from './graph-connectors.ts';
import { recordingSink, type RecordingSink } from './recording-sink.ts';
import { ringOf } from './key-ring.ts';

/** Looks a customer up, with the connection that the subject owns. */
export type GetCustomer = (token: unknown, id: unknown, signal?: AbortSignal) => unknown;

const customer = {
  key: 'id',
  lookup: 'get_customer',
  fields: [{ name: 'id', type: 'integer' as const }, { name: 'name' }],
};
const order = {
  key: 'id',
  fields: [
    { name: 'id', type: 'integer' as const },
    { name: 'total', type: 'integer' as const },
    { name: 'customer_id', type: 'integer' as const, references: 'shop.customer' },
  ],
};

function shopConnector(getCustomer: GetCustomer): Connector {
  return {
    name: 'shop',
    title: 'Shop',
    webhookKeys: (_params, _headers, payload) => String((payload as { account?: unknown }).account),
    connection: {
      fields: [{ name: 'token', optional: false }],
      authorization: { type: 'custom' },
    },
    objects: { customer, order },
    actions: {
      get_customer: reads({
        input: [{ name: 'id', type: 'integer', optional: false }],
        output: customer,
        execute: (connection, input) => getCustomer(connection.fields.token, input.id),
      }),
    },
    triggers: {
      new_order: {
        title: 'New order',
        output: order,
        scopes: [],
        startField: 'since',
        input: [{ name: 'since', type: 'date_time' }, { name: 'status' }, { name: 'limit', type: 'integer' }],
        poll: () => ({ events: [] }),
        dedup: ({ id }: { id: number }) => id,
      },
      lost_order: { title: 'Lost order', output: order, poll: () => ({ events: [] }) },
    },
  };
}

export const ada: Caller = { tenant: 'acme', subject: 'ada', scopes: everyScope };
export const bob: Caller = { tenant: 'acme', subject: 'bob', scopes: everyScope };

const sdl = await readFile(new URL('../../schema/gateway.graphql', import.meta.url), 'utf8');

/** Ada and Bob have a connection each, `shop-ada` and `shop-bob`, with their names as tokens; `shop-all` is the tenant's. */
export function subscribableShop(options: { getCustomer?: GetCustomer; stored?: ConnectionRooms['stored'] } = {}) {
  const { getCustomer = (token, id) => ({ id, name: `${String(token)}'s ${String(id)}` }) } = options;
  const shop = shopConnector(getCustomer);
  const feeds = createMemoryFeeds();
  const cursors = createEventCursors(ringOf(1));
  const changes = createConnectionChanges({ log: feeds.log, tails: feeds.tails });
  const sender = { send: () => Promise.reject(new Error('Nothing is sent.')), close: async () => {} };
  const rooms = { ...({} as ConnectionRooms), ...(options.stored && { stored: options.stored }) };
  const own = createGatewaySchema(sdl, {
    connectors: [shop],
    rooms,
    // Nobody here asks for things.
    things: {} as never,
    research: {} as never,
    feeds: {
      feeds,
      cursors,
      changes,
      thingChanges: createTenantLog('things', { log: feeds.log, tails: feeds.tails }),
      addresses: memoryAddresses(),
      triggers: (_connector, name) => prepareTrigger(shop, name, { sender }),
    },
  });
  const connections = createConnections({
    configured: ['ada', 'bob', 'eve', undefined].map((subject) => ({
      id: `shop-${subject ?? 'all'}`,
      connector: shop,
      tenant: subject === undefined ? 'acme' : undefined,
      subject,
      credentials: createCredentials({ token: subject ?? 'all' }),
    })),
  });
  const served = createExecutor(buildGraph([shop], own), connections, {
    sender,
    cursors: createListCursors(ringOf(1)),
    maxFirst: 100,
    triggers: { feeds, cursors },
  });
  const operationOf = (caller: Caller, source: string, variables?: Readonly<Record<string, unknown>>) => {
    const document = parse(source);
    const faults = validate(served.schema, document);
    if (faults.length > 0) throw faults[0]!;
    const context = { caller, signal: new AbortController().signal, requestId: 'r' };
    return { document, context, ...(variables && { variables }) };
  };
  const finish = (result: ExecutionResult): ExecutionResult => result;
  return {
    feeds,
    cursors,
    served,
    changed: (change: Omit<ConnectionChange, 'reason' | 'scopes' | 'at' | 'connector'>) =>
      changes.record({ ...change, connector: 'shop', reason: null, scopes: [], at: 1_000 }),
    ask: async (caller: Caller, source: string, variables?: Readonly<Record<string, unknown>>): Promise<any> =>
      JSON.parse(JSON.stringify(await served.execute(operationOf(caller, source, variables)))),
    /** Subscribes and begins; what it was refused with instead. */
    async subscribe(
      caller: Caller,
      source: string,
      { variables, after, sink = recordingSink(), eventTimeoutMs = 60_000 }: SubscribeOptions = {},
    ): Promise<Subscriber> {
      const operation = { ...operationOf(caller, source, variables), ...(after !== undefined && { after }) };
      const result = await served.subscribe(operation, { finish, eventTimeoutMs });
      const results = () => sink.payloads.map((payload) => JSON.parse(payload));
      if (result.kind === 'refused') return { sink, results, refused: JSON.parse(JSON.stringify(result.result)) };
      return { sink, results, running: result.subscription.start(sink) };
    },
    /** Logs orders in the feed that was opened last, or in this one. */
    async happen(
      events: readonly (Partial<NewEvent> & { readonly id: string })[],
      feed: string = feedId(feeds.keys.at(-1)!),
    ): Promise<void> {
      const whole = events.map((event) => ({ signature: event.id, payload: JSON.stringify({ id: 1 }), ...event }));
      await feeds.log.append(feed, { events: whole });
    },
  };
}

export interface SubscribeOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly after?: string;
  readonly sink?: RecordingSink;
  readonly eventTimeoutMs?: number;
}

export interface Subscriber {
  readonly sink: RecordingSink;
  readonly results: () => any[];
  readonly refused?: any;
  readonly running?: RunningSubscription;
}

function memoryAddresses(): StaticAddresses {
  const kept = new Map<string, { readonly tenant: string; readonly connector: string }>();
  return {
    async create(tenant, connector) {
      const id = `a${kept.size + 1}`;
      kept.set(id, { tenant, connector });
      return { id, url: `https://gateway.example/webhooks/${id}` };
    },
    list: async (tenant, connector) =>
      [...kept]
        .filter(([, one]) => one.tenant === tenant && one.connector === connector)
        .map(([id]) => ({ id, createdAt: 1_700_000_000_000 })),
    remove: async (tenant, id) => kept.get(id)?.tenant === tenant && kept.delete(id),
  };
}
