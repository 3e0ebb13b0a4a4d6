/** The webhooks of all feeds: kept at their providers while the feeds run, renewed in time, ended with them. */
import { feedId, type FeedKey } from './feed.ts';
import { keyOfRecord } from './feed-record.ts';
import type { WebhookDesk } from './webhook-desk.ts';
import { attemptEnd, endWebhook, endWebhooksOf, isEndDue } from './webhook-ending.ts';
import { webhookKind, type WebhookRecord } from './webhook-record.ts';
import { isDue, webhookStatus, type WebhookStatus } from './webhook-status.ts';
import { ensureWebhook, settleWebhook } from './webhook-subscription.ts';

export interface Webhooks {
  /**
   * Sees to it that the provider sends to this feed; to be called when it starts or resumes, and as often as one likes.
   * A provider that refuses is asked again by `sweep`, and the status says why.
   *
   * @throws GatewayError of the store, and what opening the connection throws.
   */
  readonly ensure: (key: FeedKey, signal?: AbortSignal) => Promise<WebhookStatus>;
  /** A feed stops: nothing is taken for it from now on, and its provider is told. Whether it was, or is told again later. */
  readonly end: (key: FeedKey) => Promise<boolean>;
  /** The same for all feeds of a connection, best before it is removed; within 5 s, and without ever failing. */
  readonly endWebhooksOf: (tenant: string, connection: string) => Promise<void>;
  readonly status: (key: FeedKey) => Promise<WebhookStatus>;
  /** Renews, retries and ends what is due. To be called every minute or so, by any replica. @throws GatewayError of the store */
  readonly sweep: () => Promise<void>;
}

/** So many providers are asked at a time by one sweep. */
const sweepWidth = 10;
const pageSize = 200;

export function createWebhooks(desk: WebhookDesk): Webhooks {
  const { records, now = Date.now } = desk;
  const settle = async (record: WebhookRecord): Promise<void> => {
    try {
      if (isEndDue(record, now())) await attemptEnd(desk, record.id);
      else await settleWebhook(desk, keyOfRecord(record));
    } catch {
      // A connection that cannot be opened now, or a lease that was lost: the others are due all the same.
    }
  };
  return {
    ensure: (key, signal) => ensureWebhook(desk, key, signal),
    end: (key) => endWebhook(desk, feedId(key)),
    endWebhooksOf: (tenant, connection) => endWebhooksOf(desk, tenant, connection),
    status: (key) => webhookStatus(records, feedId(key)),
    async sweep() {
      for (let after: string | undefined; ;) {
        const options = { limit: pageSize, ...(after !== undefined && { after }) };
        const page = (await records.list(webhookKind, {}, options)) as readonly WebhookRecord[];
        const due = page.filter((record) => isDue(record, now()) || isEndDue(record, now()));
        for (let from = 0; from < due.length; from += sweepWidth) {
          await Promise.all(due.slice(from, from + sweepWidth).map(settle));
        }
        if (page.length < pageSize) return;
        after = page.at(-1)!.id;
      }
    },
  };
}
