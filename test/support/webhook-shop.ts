/** A connector whose triggers have webhooks of every kind, a provider without network that they are subscribed at, and what a gateway works with. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createCredentials } from '../../src/connection/configured-connections.ts';
import { createKeyRing, type KeyRing } from '../../src/connection/seal.ts';
import type { Connector, Trigger, Webhook } from '../../src/connector/definition.ts';
import { defineConnector } from '../../src/connector/define.ts';
import type { ActionRun } from '../../src/connector/run-action.ts';
import { prepareTrigger, type RunnableTrigger } from '../../src/connector/run-trigger.ts';
import { verifyStandardWebhook } from '../../src/connector/verify-webhook.ts';
import { AuthorizationError, ProviderError } from '../../src/errors.ts';
import { feedId, type FeedKey } from '../../src/feed/feed.ts';
import type { WebhookDesk } from '../../src/feed/webhook-desk.ts';
import type { Store } from '../../src/storage/store.ts';
import { scriptSender } from './scripted-sender.ts';
import { openTestStore } from './test-store.ts';

export interface Subscribed {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}

/** What the provider knows and was asked, and how it fails. */
export interface ShopProvider {
  readonly subscriptions: Map<string, Subscribed>;
  /** e.g. `subscribe order_made` */
  readonly asked: string[];
  /** Called before each answer: throws, or waits. */
  before: (asked: string) => void | Promise<void>;
  /** Milliseconds that a subscription of an expiring trigger lives. */
  lifetimeMs: number;
}

export function createShopProvider(): ShopProvider {
  return { subscriptions: new Map(), asked: [], before: () => {}, lifetimeMs: 3_600_000 };
}

/** Secret of the static webhooks, which the developer was shown when the URL was registered. */
export const staticSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

/** `order_made` sends events, `order_leased` for a while, `order_lost` too and cannot be renewed, `order_changed` is hybrid, `order_static` has one URL for all. */
export function webhookShop(provider: ShopProvider): Connector {
  const ask = async (what: string) => {
    provider.asked.push(what);
    await provider.before(what);
  };
  const webhookOf = (name: string, hasEnd = false): Webhook => ({
    async subscribe(url) {
      await ask(`subscribe ${name}`);
      const made = { id: randomUUID(), url, secret: `whsec_${randomBytes(24).toString('base64')}` };
      provider.subscriptions.set(made.id, made);
      const output = { id: made.id, secret: made.secret };
      return hasEnd ? [output, new Date(Date.now() + provider.lifetimeMs)] : output;
    },
    async unsubscribe({ id }: Subscribed) {
      await ask(`unsubscribe ${name}`);
      if (!provider.subscriptions.delete(id)) throw new ProviderError('PROVIDER_NOT_FOUND', 'There is none.');
    },
    challenge: ({ params, payload }) =>
      params['hub.challenge'] ?? (payload?.type === 'url_verification' ? String(payload.challenge) : undefined),
    verify: ({ body, headers, subscription }) => verifyStandardWebhook({ secret: subscription.secret, body, headers }),
    notification: ({ payload }) => payload.orders,
  });
  const order: Pick<Trigger, 'output'> = { output: [{ name: 'id', type: 'integer' }, { name: 'title' }] };
  return defineConnector({
    name: 'shop',
    connection: { fields: [{ name: 'account' }] },
    webhookKeys: (_params, _headers, payload: any) => payload.account,
    triggers: {
      order_made: { ...order, webhook: webhookOf('order_made') },
      order_leased: {
        ...order,
        webhook: {
          ...webhookOf('order_leased', true),
          async refresh(subscription: Subscribed) {
            await ask('refresh order_leased');
            return [subscription, new Date(Date.now() + provider.lifetimeMs)];
          },
        },
      },
      order_lost: { ...order, webhook: webhookOf('order_lost', true) },
      order_changed: {
        ...order,
        poll: () => ({ events: [] }),
        webhook: { ...webhookOf('order_changed'), notification: ({ payload }) => payload.isTest !== true },
      },
      order_static: {
        ...order,
        webhook: {
          key: ({ fields }) => String(fields['account']),
          challenge: webhookOf('order_static').challenge!,
          verify: ({ body, headers }) => verifyStandardWebhook({ secret: staticSecret, body, headers }),
          notification: ({ payload }) => payload.orders,
          responseType: 'json',
          responseBody: '{"account":"{{body.account}}"}',
          responseHeaders: { 'X-Topic': '{{headers.x-topic}}' },
          responseStatus: 202,
        },
      },
    },
  });
}

/** A feed of Ada's connection. */
export function feedOf(trigger: string, more: Partial<FeedKey> = {}): FeedKey {
  return { tenant: 'acme', connection: 'ada', subject: 'ada', connector: 'shop', trigger, input: {}, ...more };
}

export interface TestDesk extends WebhookDesk {
  readonly store: Store;
  readonly provider: ShopProvider;
  /** The desk's time; it stands still until it is set. */
  clock: number;
  /** Connections that were removed. */
  readonly removed: Set<string>;
  readonly triggerOf: (connector: string, trigger: string) => RunnableTrigger;
}

export function testKeyRing(...fill: readonly number[]): KeyRing {
  return createKeyRing(fill.map((value) => ({ id: `k${value}`, key: Buffer.alloc(32, value) })));
}

/** A gateway's desk on a store of its own, or of a file that several share. */
export async function openWebhookDesk(
  options: { readonly file?: string; readonly provider?: ShopProvider; readonly baseUrl?: string } = {},
): Promise<TestDesk> {
  const { file = ':memory:', provider = createShopProvider(), baseUrl = 'https://g.example' } = options;
  const store = await openTestStore(file);
  const connector = webhookShop(provider);
  const triggers = new Map(
    Object.keys(connector.triggers!).map((name) => [name, prepareTrigger(connector, name, { sender: scriptSender() })]),
  );
  const removed = new Set<string>();
  const runOf = (connection: string, signal: AbortSignal): ActionRun => ({
    id: connection,
    credentials: createCredentials({ account: `account of ${connection}` }),
    signal,
  });
  const desk: TestDesk = {
    ...store,
    store,
    provider,
    keyRing: testKeyRing(1),
    baseUrl,
    clock: Date.now(),
    now: () => desk.clock,
    random: () => 0.5,
    removed,
    triggerOf: (_connector, name) => triggers.get(name)!,
    async open({ connection = 'none', trigger, input }, signal) {
      if (removed.has(connection)) throw new AuthorizationError('CONNECTION_NOT_FOUND', 'It was removed.');
      return { trigger: triggers.get(trigger)!, run: runOf(connection, signal), input };
    },
    async openStatic(_owner, signal) {
      return {
        connector,
        triggers: [{ trigger: triggers.get('order_static')!, run: runOf('registration', signal) }],
      };
    },
  };
  return desk;
}

/** The URL and secret of the newest subscription at the provider. */
export function newest({ subscriptions }: ShopProvider): Subscribed {
  return [...subscriptions.values()].at(-1)!;
}

/** Headers of a delivery, signed as Standard Webhooks says. @param at - seconds since 1970, default now */
export function signed(
  secret: string,
  body: string | Uint8Array,
  { id = `msg_${randomUUID()}`, at = Math.floor(Date.now() / 1000) } = {},
): Record<string, string> {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` };
}

/** Body of a delivery of so many orders. */
export function orders(...ids: readonly unknown[]): string {
  return JSON.stringify({ orders: ids.map((id) => ({ id, title: `Order ${String(id)}` })) });
}

/** Ids of all events in the log of a feed. */
export async function loggedIds(store: Store, key: FeedKey): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let place = 0; ;) {
    const { events } = await store.feedLog.read(feedId(key), place);
    if (events.length === 0) return ids;
    ids.push(...events.map(({ id }) => id));
    place = events.at(-1)!.place;
  }
}
