/** Takes static webhooks: one URL for all users of a tenant, told apart by keys in what is received. */
import { CallerError } from '../errors.ts';
import type { ReceivedWebhook } from '../connector/run-trigger.ts';
import { acceptDelivery } from './accept-delivery.ts';
import { keyOfRecord } from './feed-record.ts';
import type { IntakeDesk, WebhookRequest } from './intake-desk.ts';
import type { StaticAddress } from './webhook-address.ts';
import { acceptedAnswer, challengeAnswer, type WebhookAnswer } from './webhook-answer.ts';
import type { StaticTrigger } from './webhook-desk.ts';
import { plainAnswer } from './webhook-failure.ts';
import { listWebhooks, staticKeyOf, type WebhookRecord } from './webhook-record.ts';

/**
 * Gives a delivery to every feed of the tenant that has one of its keys. The keys are read before it is verified, since
 * only they say by whose secret; nothing is done with them but finding feeds, each of which verifies the raw body itself.
 *
 * @throws CallerError WEBHOOK_REFUSED when it is none of the provider's for any of them; as `acceptDelivery`
 */
export async function receiveStatic(
  options: IntakeDesk,
  address: StaticAddress,
  request: WebhookRequest,
): Promise<WebhookAnswer> {
  if (request.method === 'HEAD') return plainAnswer(200);
  const signal = AbortSignal.timeout(options.timeoutMs ?? 20_000);
  const opened = await options.openStatic(address.value, signal);
  if (!opened) return plainAnswer(503);
  const { connector, triggers } = opened;
  const received: ReceivedWebhook = request;
  for (const { trigger, run } of triggers) {
    const challenge = await trigger.challenge?.(run, received, undefined);
    if (challenge) return challengeAnswer(challenge);
  }
  if (request.method !== 'POST') return { ...plainAnswer(405), headers: { allow: 'POST' } };
  const payload = readPayload(triggers, received);
  const keys = connector.webhookKeys?.(request.params, request.headers, payload) ?? [];
  const feeds = await feedsOf(options, address, typeof keys === 'string' ? [keys] : keys);
  const answers = await acceptAll(options, feeds, received, signal);
  // Nobody listens: an error would make the provider give the URL up, for all users.
  return answers[0] ?? acceptedAnswer(undefined, () => ({ body: payload, headers: {}, params: {} }));
}

function readPayload(triggers: readonly StaticTrigger[], received: ReceivedWebhook): unknown {
  return triggers.find(({ trigger }) => trigger.readPayload)?.trigger.readPayload!(received);
}

/** A sender that names more keys than any provider would is not made to cost more than one that does. */
const maxKeys = 100;

async function feedsOf(
  { records }: IntakeDesk,
  { value: { tenant, connector } }: StaticAddress,
  keys: readonly string[],
): Promise<readonly WebhookRecord[]> {
  const distinct = [...new Set(keys.map(String))].slice(0, maxKeys);
  const found = await Promise.all(
    distinct.map((key) => listWebhooks(records, { key: staticKeyOf(tenant, connector, key) })),
  );
  return [...new Map(found.flat().map((record) => [record.id, record])).values()];
}

/** One that fails makes the provider send again, and those that have it by then know it. One that refuses is only refused itself. */
async function acceptAll(
  options: IntakeDesk,
  feeds: readonly WebhookRecord[],
  received: ReceivedWebhook,
  signal: AbortSignal,
): Promise<readonly WebhookAnswer[]> {
  const answers: WebhookAnswer[] = [];
  let refusal: CallerError | undefined;
  for (const record of feeds) {
    const opened = await options.open(keyOfRecord(record), signal);
    if (!opened) continue;
    try {
      answers.push(
        await acceptDelivery(options, { feed: record.value.feed, opened, received, subscription: undefined }),
      );
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      refusal = error;
    }
  }
  if (refusal && answers.length === 0) throw refusal;
  return answers;
}
