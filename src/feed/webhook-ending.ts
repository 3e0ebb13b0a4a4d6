/** Ends webhooks: the provider is told to stop, for a day if need be, and nothing here waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createCredentials } from '../connection/configured-connections.ts';
import type { ConnectionFields } from '../connector/definition.ts';
import type { ActionRun } from '../connector/run-action.ts';
import { GatewayError } from '../errors.ts';
import { keyOfRecord } from './feed-record.ts';
import { nextTry, stepTimeoutMs, webhookError, type WebhookDesk } from './webhook-desk.ts';
import {
  listWebhooks,
  openSubscription,
  sealIdentity,
  webhookKind,
  type WebhookRecord,
  type WebhookValue,
} from './webhook-record.ts';

const dayMs = 24 * 60 * 60_000;
/** While one replica asks, no other does. */
const claimMs = 90_000;
/** What a provider has under way to a URL that another replaced is taken for that long. */
const replacedForMs = 60 * 60_000;
/** The longest that the removal of a connection waits for its providers. */
const removalWaitMs = 5_000;

/**
 * A feed stops: what its provider still sends is answered 410 from now on. A provider that fails is told again by
 * `endDue` for a day; then it is forgotten, as the 410 says the same.
 *
 * @returns whether the provider was told, or there was nothing to tell.
 * @throws GatewayError of the store
 */
export async function endWebhook(desk: WebhookDesk, feed: string): Promise<boolean> {
  return attemptAll(desk, await markEnding(desk, { feed }));
}

/**
 * The same for all feeds of a connection. To be called before it is removed, while its credentials are good; it takes no
 * longer than 5 s and never fails, since nothing may hold the removal up. What is left is tried with the credentials of
 * this moment. Called again, or after the removal, it does no harm.
 */
export async function endWebhooksOf(desk: WebhookDesk, tenant: string, connection: string): Promise<void> {
  const ending = async () => {
    const marked = await markEnding(desk, { tenant, connection });
    await Promise.all(marked.map((record) => keepCredentials(desk, record)));
    await attemptAll(desk, marked);
  };
  const waiting = new AbortController();
  const limit = sleep(removalWaitMs, undefined, { signal: waiting.signal, ref: false });
  // What fails here is found again by `endDue`, or was told by nobody and ends with the provider's 410s.
  await Promise.race([ending(), limit]).catch(() => undefined);
  waiting.abort();
  await limit.catch(() => undefined);
}

/** Tries once what is due. @returns whether it is done. */
export async function attemptEnd(desk: WebhookDesk, id: string): Promise<boolean> {
  const { records, now = Date.now, random = Math.random } = desk;
  const record = (await records.get(webhookKind, id)) as WebhookRecord | undefined;
  if (!record) return true;
  if (!isEnding(record) || record.value.retryAt > now()) return false;
  const claim = { ...record.value, retryAt: now() + claimMs };
  const claimed = (await records.compareAndSet(webhookKind, id, record.version, claim)) as WebhookRecord | undefined;
  if (!claimed) return false;
  try {
    await unsubscribe(desk, claimed);
  } catch (error) {
    const failures = record.value.failures + 1;
    const again = { failures, retryAt: nextTry(failures, error, now(), random), lastError: webhookError(error, now()) };
    await records.compareAndSet(webhookKind, id, claimed.version, { ...claim, ...again });
    return false;
  }
  if (record.value.state === 'ENDING') await records.remove(webhookKind, id);
  else await records.compareAndSet(webhookKind, id, claimed.version, { ...claim, retryAt: now() + dayMs });
  return true;
}

/** Whether the provider has to be told now. */
export function isEndDue(record: WebhookRecord, now: number): boolean {
  return isEnding(record) && record.value.retryAt <= now;
}

/** Another URL stands for it from now on; what is on its way to the old one is taken for an hour. */
export async function replaceWebhook(desk: WebhookDesk, id: string): Promise<void> {
  const { records, now = Date.now } = desk;
  const old = (await records.get(webhookKind, id)) as WebhookRecord | undefined;
  if (old?.value.state !== 'ACTIVE') return;
  const value = { ...old.value, state: 'REPLACED', failures: 0, retryAt: now() };
  if (await records.compareAndSet(webhookKind, id, old.version, value, { expiresAt: now() + replacedForMs })) {
    await attemptEnd(desk, id);
  }
}

/** Ends a subscription that the provider made, and that has no record any more because its feed was stopped meanwhile. */
export async function dropWebhook(desk: WebhookDesk, { id, value, indexes }: WebhookRecord): Promise<void> {
  const now = (desk.now ?? Date.now)();
  const ending = { ...value, state: 'ENDING', retryAt: now };
  await desk.records.create(webhookKind, id, ending, { indexes, expiresAt: now + dayMs });
  await attemptEnd(desk, id);
}

/** From now on nothing is taken from these. What the provider need not be told of is forgotten at once. */
async function markEnding(
  { records, now = Date.now }: WebhookDesk,
  where: Readonly<Record<string, string>>,
): Promise<readonly WebhookRecord[]> {
  const marked: WebhookRecord[] = [];
  for (;;) {
    const left = (await listWebhooks(records, where)).filter(({ value }) => value.state !== 'ENDING');
    if (left.length === 0) return marked;
    for (const { id, version, value } of left) {
      // Without what `subscribe` gave there is nothing that `unsubscribe` could be told.
      if (value.output === null) {
        await records.remove(webhookKind, id, version);
        continue;
      }
      const ending = { ...value, state: 'ENDING', failures: 0, retryAt: now() };
      const written = await records.compareAndSet(webhookKind, id, version, ending, { expiresAt: now() + dayMs });
      if (written) marked.push(written as WebhookRecord);
    }
  }
}

async function attemptAll(desk: WebhookDesk, marked: readonly WebhookRecord[]): Promise<boolean> {
  const done = await Promise.all(marked.map(({ id }) => attemptEnd(desk, id)));
  return done.every(Boolean);
}

function isEnding({ value }: WebhookRecord): boolean {
  return value.state === 'ENDING' || value.state === 'REPLACED';
}

/** The connection is about to go: what it opens with now is kept with what is left to tell. */
async function keepCredentials(desk: WebhookDesk, record: WebhookRecord): Promise<void> {
  const { records, keyRing } = desk;
  const { id, version, value } = record;
  try {
    const opened = await desk.open(keyOfRecord(record), AbortSignal.timeout(stepTimeoutMs));
    if (!opened) return;
    const { credentials, baseUri } = opened.run;
    const accessToken = await credentials.accessToken?.();
    const fields = {
      ...credentials.fields(),
      ...(accessToken !== undefined && { access_token: accessToken.reveal() }),
    };
    const kept: KeptCredentials = { fields, ...(baseUri !== undefined && { baseUri }) };
    const sealed = keyRing.seal(JSON.stringify(kept), sealIdentity(id, value, 'credentials'));
    await records.compareAndSet(webhookKind, id, version, { ...value, credentials: sealed });
  } catch {
    // It cannot be opened any more: there is nothing to tell the provider with.
  }
}

interface KeptCredentials {
  readonly fields: ConnectionFields;
  readonly baseUri?: string;
}

async function unsubscribe(desk: WebhookDesk, record: WebhookRecord): Promise<void> {
  const trigger = desk.triggerOf(record.value.connector, record.value.trigger);
  if (trigger && !trigger.unsubscribe) return;
  const subscription = openSubscription(record, desk.keyRing);
  if (!subscription) return;
  const signal = AbortSignal.timeout(stepTimeoutMs);
  const run = await openRun(desk, record, signal);
  if (!trigger || !run) throw notLoaded(record.value);
  try {
    await trigger.unsubscribe!(run, subscription);
  } catch (error) {
    // It is gone at the provider, which is all that was wanted.
    if (!(error instanceof GatewayError && error.code === 'PROVIDER_NOT_FOUND')) throw error;
  }
}

async function openRun(desk: WebhookDesk, record: WebhookRecord, signal: AbortSignal): Promise<ActionRun | undefined> {
  const { id, value } = record;
  if (value.credentials === null) return (await desk.open(keyOfRecord(record), signal))?.run;
  const opened = desk.keyRing.open(value.credentials, sealIdentity(id, value, 'credentials'));
  const { fields, baseUri } = JSON.parse(opened) as KeptCredentials;
  const credentials = createCredentials(fields);
  return { id: value.connection ?? undefined, credentials, ...(baseUri !== undefined && { baseUri }), signal };
}

function notLoaded({ connector, trigger }: Pick<WebhookValue, 'connector' | 'trigger'>): GatewayError {
  return new GatewayError('CONNECTOR_UNKNOWN', `The trigger ${trigger} of the connector ${connector} is not loaded.`);
}
