/** How a feed's webhook fares, and whether there is something to do about it. */
import type { Records } from '../storage/records.ts';
import { listWebhooks, type WebhookError, type WebhookRecord, type WebhookState } from './webhook-record.ts';

/** How a feed's webhook fares; `NONE`: it has none, or it ended. Times in milliseconds since 1970. */
export interface WebhookStatus {
  readonly state: 'NONE' | WebhookState;
  /** When the provider forgets it, unless it is renewed. */
  readonly endsAt?: number;
  readonly lastError?: WebhookError;
}

/** @throws GatewayError of the store */
export async function webhookStatus(records: Records, feed: string): Promise<WebhookStatus> {
  return statusOf(currentOf(await listWebhooks(records, { feed })));
}

/** Whether there is something to do about it now: for whoever goes through all. */
export function isDue({ value }: WebhookRecord, now: number): boolean {
  const { state, retryAt, renewAt } = value;
  if (state === 'ACTIVE') return renewAt !== null && renewAt <= now && retryAt <= now;
  return (state === 'SUBSCRIBING' || state === 'FAILED') && retryAt <= now;
}

/** The one that counts: what stands, else what is being made, else what failed. */
export function currentOf(webhooks: readonly WebhookRecord[]): WebhookRecord | undefined {
  const order: readonly WebhookState[] = ['ACTIVE', 'SUBSCRIBING', 'FAILED'];
  for (const state of order) {
    const found = webhooks.find(({ value }) => value.state === state);
    if (found) return found;
  }
  return undefined;
}

export function statusOf(record: WebhookRecord | undefined): WebhookStatus {
  if (!record) return { state: 'NONE' };
  const { state, endsAt, lastError } = record.value;
  return { state, ...(endsAt !== null && { endsAt }), ...(lastError && { lastError }) };
}
