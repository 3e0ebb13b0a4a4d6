/** The life of a feed's webhook at its provider: subscribed once whichever process asks, renewed in time, subscribed anew when it is lost. */
import type { WebhookSubscription } from '../connector/run-trigger.ts';
import { GatewayError } from '../errors.ts';
import { withLease } from '../storage/hold-lease.ts';
import { feedId, type FeedKey } from './feed.ts';
import { newWebhookAddress } from './webhook-address.ts';
import { nextTry, stepTimeoutMs, webhookError, type OpenedTrigger, type WebhookDesk } from './webhook-desk.ts';
import { dropWebhook, replaceWebhook } from './webhook-ending.ts';
import {
  listWebhooks,
  openSubscription,
  sealIdentity,
  staticKeyOf,
  webhookIndexes,
  webhookKind,
  webhookValue,
  type WebhookRecord,
  type WebhookValue,
} from './webhook-record.ts';
import { currentOf, isDue, statusOf, webhookStatus, type WebhookStatus } from './webhook-status.ts';

/**
 * Sees to it that the provider sends: subscribes where that was not done, renews what is due. A provider that refuses is
 * asked again later, by `settleDue`, and the status says why. While another process is at it nothing is done.
 *
 * @param key - of a feed whose trigger has a webhook.
 * @throws GatewayError of the store, and what opening the connection throws.
 */
export function ensureWebhook(desk: WebhookDesk, key: FeedKey, signal?: AbortSignal): Promise<WebhookStatus> {
  return settle(desk, key, { mayBegin: true, signal });
}

/** Renews and retries what is due, of a feed that still has its webhook. @throws as `ensureWebhook` */
export function settleWebhook(desk: WebhookDesk, key: FeedKey, signal?: AbortSignal): Promise<WebhookStatus> {
  return settle(desk, key, { mayBegin: false, signal });
}

/** The lease outlives a process that died by that; a step ends well before. */
const lease = { ttlMs: 60_000, renewEveryMs: 20_000, waitMs: 0 };

interface SettleOptions {
  /** Whether a feed without webhook gets one. */
  readonly mayBegin: boolean;
  readonly signal: AbortSignal | undefined;
}

async function settle(desk: WebhookDesk, key: FeedKey, { mayBegin, signal }: SettleOptions): Promise<WebhookStatus> {
  const feed = feedId(key);
  const now = desk.now ?? Date.now;
  const isSettled = (current: WebhookRecord | undefined) => (current ? !isDue(current, now()) : !mayBegin);
  const seen = currentOf(await listWebhooks(desk.records, { feed }));
  if (isSettled(seen)) return statusOf(seen);
  const options = signal ? { ...lease, signal } : lease;
  try {
    await withLease(desk.leases, `webhook ${feed}`, options, async (_fence, held) => {
      // Another process may have done it while this one came to the lease.
      const webhooks = await listWebhooks(desk.records, { feed });
      const current = currentOf(webhooks);
      if (isSettled(current)) return;
      const step = AbortSignal.any([held, AbortSignal.timeout(stepTimeoutMs)]);
      const opened = await desk.open(key, step);
      if (opened) await bringForward(desk, { key, current, opened, webhooks });
    });
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === 'LEASE_TIMEOUT')) throw error;
  }
  return webhookStatus(desk.records, feed);
}

interface Step {
  readonly key: FeedKey;
  readonly current: WebhookRecord | undefined;
  readonly opened: OpenedTrigger;
  /** All of the feed. */
  readonly webhooks: readonly WebhookRecord[];
}

async function bringForward(desk: WebhookDesk, step: Step): Promise<void> {
  const { current, opened } = step;
  const { trigger } = opened;
  if (trigger.definition.webhook?.key) return current ? undefined : beginStatic(desk, step);
  // One that is received without having been subscribed needs a static URL; there is nothing to ask of the provider.
  if (!trigger.subscribe) return;
  if (current?.value.state === 'ACTIVE' && trigger.refresh && (await refresh(desk, current, opened))) return;
  await subscribe(desk, step);
}

/** A static webhook is the developer's to register: the feed only says by which key its events are known. */
async function beginStatic(desk: WebhookDesk, { key, opened }: Step): Promise<void> {
  const { run, input, trigger } = opened;
  const name = trigger.definition.webhook!.key!({ fields: run.credentials.fields() }, input);
  const value = webhookValue(key, 'ACTIVE', 0);
  const indexes = webhookIndexes(value, staticKeyOf(key.tenant, key.connector, name));
  await desk.records.create(webhookKind, `static.${value.feed}`, value, { indexes });
}

/** Whether nothing is left to do: it was renewed, or is tried again; one that the provider has forgotten is made anew. */
async function refresh(desk: WebhookDesk, current: WebhookRecord, { trigger, run }: OpenedTrigger): Promise<boolean> {
  const { records, keyRing, now = Date.now, random = Math.random } = desk;
  const subscription = openSubscription(current, keyRing);
  if (!subscription) return false;
  try {
    const renewed = await trigger.refresh!(run, subscription);
    await records.compareAndSet(webhookKind, current.id, current.version, {
      ...current.value,
      ...subscribed(desk, current, renewed),
    });
    return true;
  } catch (error) {
    const { endsAt } = current.value;
    if (hasForgotten(error) || (endsAt !== null && endsAt <= now())) return false;
    const failures = current.value.failures + 1;
    const retryAt = nextTry(failures, error, now(), random);
    const lastError = webhookError(error, now());
    await records.compareAndSet(webhookKind, current.id, current.version, {
      ...current.value,
      failures,
      // Not so late that it ends before.
      retryAt: endsAt === null ? retryAt : Math.max(now() + 1_000, Math.min(retryAt, endsAt)),
      lastError,
    });
    return true;
  }
}

/**
 * Subscribes under a new URL, whose record is there before the provider hears of it: it may ask at once whether the URL
 * is ours. One that stood before goes on until the new one stands.
 */
async function subscribe(desk: WebhookDesk, { key, current, opened, webhooks }: Step): Promise<void> {
  const { records, now = Date.now, random = Math.random } = desk;
  const { trigger, run, input } = opened;
  const address = newWebhookAddress(desk.baseUrl);
  // By then whoever began has given up or died, and another may begin again.
  const before = current && { failures: current.value.failures, lastError: current.value.lastError };
  const value = { ...webhookValue(key, 'SUBSCRIBING', now() + stepTimeoutMs), ...before };
  const given = webhooks.filter((each) => each.value.state === 'SUBSCRIBING' || each.value.state === 'FAILED');
  const record = await begin(desk, address.id, value, { current, given });
  if (!record) return;
  let subscription: WebhookSubscription;
  try {
    subscription = await trigger.subscribe!(run, input, address.url, value.feed);
  } catch (error) {
    const failures = value.failures + 1;
    const lastError = webhookError(error, now());
    const retryAt = nextTry(failures, error, now(), random);
    await fail(desk, record, current, { failures, lastError, retryAt });
    return;
  }
  const standing = { ...value, ...subscribed(desk, record, subscription) };
  const kept = await records.compareAndSet(webhookKind, record.id, record.version, standing, { uniqueKey: null });
  // The feed was stopped meanwhile: nobody else knows of this subscription.
  if (!kept) await dropWebhook(desk, { ...record, value: standing });
  else if (current?.value.state === 'ACTIVE') await replaceWebhook(desk, current.id);
}

interface Before {
  readonly current: WebhookRecord | undefined;
  /** Attempts of processes that gave up, or died. */
  readonly given: readonly WebhookRecord[];
}

/** Its record, made together with a write of what was before, so that a feed that is stopped at this moment gets none. */
async function begin(
  { records }: WebhookDesk,
  id: string,
  value: WebhookValue,
  { current, given }: Before,
): Promise<WebhookRecord | undefined> {
  const attempts = given.map(({ id: attempt, version }) => {
    return { change: 'remove', kind: webhookKind, id: attempt, version } as const;
  });
  const standing =
    current?.value.state === 'ACTIVE'
      ? [{ ...toChange(current), value: { ...current.value, retryAt: value.retryAt } }]
      : [];
  const uniqueKey = `subscribing ${value.feed}`;
  const create = { change: 'create', kind: webhookKind, id, value, indexes: webhookIndexes(value), uniqueKey } as const;
  const result = await records.commit([...attempts, ...standing, create]);
  return result.committed ? (result.records.at(-1) as WebhookRecord) : undefined;
}

function toChange({ id, version }: WebhookRecord) {
  return { change: 'compareAndSet', kind: webhookKind, id, version } as const;
}

type Failure = Pick<WebhookValue, 'failures' | 'lastError' | 'retryAt'>;

/** What stood before goes on, and says what went wrong; else the attempt does. */
async function fail(
  { records }: WebhookDesk,
  record: WebhookRecord,
  before: WebhookRecord | undefined,
  failure: Failure,
): Promise<void> {
  const standing = before && ((await records.get(webhookKind, before.id)) as WebhookRecord | undefined);
  if (standing?.value.state !== 'ACTIVE') {
    const value = { ...record.value, ...failure, state: 'FAILED' };
    await records.compareAndSet(webhookKind, record.id, record.version, value, { uniqueKey: null });
    return;
  }
  await records.commit([
    { change: 'remove', kind: webhookKind, id: record.id, version: record.version },
    { ...toChange(standing), value: { ...standing.value, ...failure } },
  ]);
}

/** Of a subscription that stands: it is renewed when 80 % of its time is over. */
function subscribed(desk: WebhookDesk, record: WebhookRecord, { output, expiresAt }: WebhookSubscription) {
  const now = (desk.now ?? Date.now)();
  return {
    state: 'ACTIVE',
    output: desk.keyRing.seal(JSON.stringify(output), sealIdentity(record.id, record.value, 'output')),
    endsAt: expiresAt ?? null,
    renewAt: expiresAt === undefined ? null : Math.round(now + Math.max(0, expiresAt - now) * 0.8),
    failures: 0,
    retryAt: 0,
    lastError: null,
  } satisfies Partial<WebhookValue>;
}

function hasForgotten(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'PROVIDER_NOT_FOUND';
}
