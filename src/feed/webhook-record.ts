/** A feed's webhook as it is kept: its subscription at the provider, and how that fares. */
import { createHash } from 'node:crypto';
import { ownerName } from '../connection/owner.ts';
import type { SealedKind } from '../connection/reseal.ts';
import type { KeyRing } from '../connection/seal.ts';
import type { WebhookSubscription } from '../connector/run-trigger.ts';
import type { ErrorCode } from '../errors.ts';
import type { JsonValue, RecordValue, Records, StoredRecord } from '../storage/records.ts';
import { keptKey, type KeptKey } from './feed-record.ts';
import { feedId, type FeedKey } from './feed.ts';

/**
 * `SUBSCRIBING`: the provider was asked, or whoever asked has died. `ACTIVE`: it sends, or is thought to. `FAILED`: it
 * refused, and is asked again at `retryAt`. `REPLACED`: another subscription stands for it; what still comes is taken.
 * `ENDING`: it was told to stop, or is told again at `retryAt`.
 */
export type WebhookState = 'SUBSCRIBING' | 'ACTIVE' | 'FAILED' | 'REPLACED' | 'ENDING';

/** Why the provider could not be subscribed at, renewed or ended, in words that may be shown. */
export interface WebhookError extends RecordValue {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: number;
}

/** Times in milliseconds since 1970. */
export interface WebhookValue extends KeptKey {
  readonly feed: string;
  readonly state: WebhookState;
  /** What `subscribe` gave, as sealed JSON, because it may hold the secret that the provider signs with. */
  readonly output: string | null;
  /** When the provider forgets it; `null`: never. */
  readonly endsAt: number | null;
  /** When it is renewed; `null`: never. */
  readonly renewAt: number | null;
  /** In a row. */
  readonly failures: number;
  /** Nothing is asked of the provider before, by whichever replica. */
  readonly retryAt: number;
  readonly lastError: WebhookError | null;
  /** Of a connection that was being removed: what the provider is told to stop with, as sealed JSON. */
  readonly credentials: string | null;
}

/** Its id is the digest of its URL's token, or for a static webhook `static.<feed>`. */
export type WebhookRecord = StoredRecord<WebhookValue>;

/** Kind of the record. */
export const webhookKind = 'webhook';

/** For sealing the records anew under another key. */
export const webhookSealedKind: SealedKind = {
  kind: webhookKind,
  identityOf: ({ id, value }, path) =>
    path === 'output' || path === 'credentials' ? sealIdentity(id, value as WebhookValue, path) : undefined,
};

/** What the sealed parts are bound to, so that they open in no other record and for no other owner. */
export function sealIdentity(
  id: string,
  owner: Pick<WebhookValue, 'tenant' | 'subject' | 'connector' | 'feed'>,
  part: 'output' | 'credentials',
): readonly string[] {
  const { tenant, subject, connector, feed } = owner;
  // The feed's id is a digest that holds its connection.
  return [webhookKind, tenant, ownerName(subject), connector, feed, id, part];
}

/** A new one. */
export function webhookValue(key: FeedKey, state: WebhookState, retryAt: number): WebhookValue {
  const none = { output: null, endsAt: null, renewAt: null, failures: 0, lastError: null, credentials: null };
  return { ...keptKey(key), feed: feedId(key), state, ...none, retryAt };
}

/** By what it is found: its feed, its connection, and a static one by its key. */
export function webhookIndexes(value: WebhookValue, staticKey?: string): Readonly<Record<string, string>> {
  const { tenant, connection, feed } = value;
  return {
    tenant,
    feed,
    ...(connection !== null && { connection }),
    ...(staticKey !== undefined && { key: staticKey }),
  };
}

/** What static webhooks of one tenant and connector are told apart by. */
export function staticKeyOf(tenant: string, connector: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, connector, key]))
    .digest('hex');
}

/**
 * What the trigger is handed of it; `undefined` before it was subscribed, and for a static webhook.
 *
 * @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN
 */
export function openSubscription({ id, value }: WebhookRecord, keyRing: KeyRing): WebhookSubscription | undefined {
  if (value.output === null) return undefined;
  const output = JSON.parse(keyRing.open(value.output, sealIdentity(id, value, 'output'))) as JsonValue;
  return value.endsAt === null ? { output } : { output, expiresAt: value.endsAt };
}

/** All webhooks with these indexes. */
export async function listWebhooks(
  records: Records,
  where: Readonly<Record<string, string>>,
): Promise<readonly WebhookRecord[]> {
  const all: WebhookRecord[] = [];
  const limit = 200;
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await records.list(webhookKind, where, { limit, ...(after !== undefined && { after }) });
    all.push(...(page as WebhookRecord[]));
    if (page.length < limit) return all;
  }
}
