/** Takes webhooks: whose they are, whether they are the provider's, and 2xx only once what they say is kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedWebhook } from '../connector/run-trigger.ts';
import { acceptDelivery } from './accept-delivery.ts';
import { keyOfRecord } from './feed-record.ts';
import type { IntakeDesk, WebhookRequest } from './intake-desk.ts';
import { addressId, staticAddressKind, type StaticAddress } from './webhook-address.ts';
import { challengeAnswer, type WebhookAnswer } from './webhook-answer.ts';
import { receiveStatic } from './static-webhook.ts';
import { failureAnswer, plainAnswer } from './webhook-failure.ts';
import { openSubscription, webhookKind, type WebhookRecord } from './webhook-record.ts';

/** An address that we gave to a provider. */
export interface WebhookDoor {
  /** Digest of its token: may be logged. */
  readonly id: string;
  /** Never fails: whatever goes wrong is an answer, after which the provider sends again or not. */
  readonly receive: (request: WebhookRequest) => Promise<WebhookAnswer>;
}

export interface WebhookIntake {
  /** The address with this token; `undefined` where there is none, which must look like any unknown path. @throws GatewayError of the store */
  readonly find: (token: string) => Promise<WebhookDoor | undefined>;
}

/** Makes the intake of one process; any number of them may take the webhooks of one store. */
export function createWebhookIntake(options: IntakeDesk): WebhookIntake {
  const { records } = options;
  return {
    async find(token) {
      const id = addressId(token);
      if (id === undefined) return undefined;
      const record = (await records.get(webhookKind, id)) as WebhookRecord | undefined;
      // One that was given up is as unknown as if it had never been.
      if (record && record.value.state !== 'FAILED') {
        return { id, receive: (request) => answering(options, id, () => receiveFor(options, record, request)) };
      }
      const address = (await records.get(staticAddressKind, id)) as StaticAddress | undefined;
      return (
        address && { id, receive: (request) => answering(options, id, () => receiveStatic(options, address, request)) }
      );
    },
  };
}

async function answering(
  options: IntakeDesk,
  address: string,
  receive: () => Promise<WebhookAnswer>,
): Promise<WebhookAnswer> {
  try {
    return await receive();
  } catch (error) {
    return failureAnswer(error, (failure) => options.onFailure?.({ address, ...failure }));
  }
}

async function receiveFor(options: IntakeDesk, record: WebhookRecord, request: WebhookRequest): Promise<WebhookAnswer> {
  // Whoever reads that stops sending (Standard Webhooks); others are refused for a day, then not known.
  if (record.value.state === 'ENDING') return plainAnswer(410);
  if (request.method === 'HEAD') return plainAnswer(200);
  const signal = AbortSignal.timeout(options.timeoutMs ?? 20_000);
  const opened = await options.open(keyOfRecord(record), signal);
  if (!opened) return plainAnswer(503);
  const { trigger, run } = opened;
  const received: ReceivedWebhook = request;
  const challenge = await trigger.challenge?.(run, received, openSubscription(record, options.keyRing));
  if (challenge) return challengeAnswer(challenge);
  if (request.method !== 'POST') return { ...plainAnswer(405), headers: { allow: 'POST' } };
  const standing = record.value.state === 'SUBSCRIBING' ? await untilSubscribed(options, record) : record;
  if (!standing) return plainAnswer(503);
  const subscription = openSubscription(standing, options.keyRing);
  return acceptDelivery(options, { feed: record.value.feed, opened, received, subscription });
}

/** A provider may send before it has answered `subscribe`, and only its answer says how it signs. */
async function untilSubscribed(
  { records, subscribingWaitMs = 5_000 }: IntakeDesk,
  { id }: WebhookRecord,
): Promise<WebhookRecord | undefined> {
  const until = performance.now() + subscribingWaitMs;
  for (let waitMs = 20; performance.now() < until; waitMs = Math.min(waitMs * 2, 250)) {
    await sleep(waitMs);
    const record = (await records.get(webhookKind, id)) as WebhookRecord | undefined;
    if (record?.value.state !== 'SUBSCRIBING') return record?.value.output === null ? undefined : record;
  }
  return undefined;
}
