/** Accepts one delivery for one feed: verified on its raw body, read, and kept in one transaction with its id. */
import { createHash } from 'node:crypto';
import type { ReceivedWebhook, WebhookSubscription } from '../connector/run-trigger.ts';
import { GatewayError } from '../errors.ts';
import type { FeedPage } from '../storage/feed-log.ts';
import type { Acceptance, IntakeDesk } from './intake-desk.ts';
import { prepareEvents } from './prepare-events.ts';
import { acceptedAnswer, type WebhookAnswer } from './webhook-answer.ts';
import type { OpenedTrigger } from './webhook-desk.ts';

export interface Delivery {
  readonly feed: string;
  readonly opened: OpenedTrigger;
  readonly received: ReceivedWebhook;
  readonly subscription: WebhookSubscription | undefined;
}

/**
 * @returns 2xx once all is on the disk, or was before: a provider that sends again because it has not heard us is told the
 *   same, and nothing is written anew.
 * @throws CallerError WEBHOOK_REFUSED; InputError WEBHOOK_INVALID; GatewayError of the connector and of the store
 */
export async function acceptDelivery(options: IntakeDesk, delivery: Delivery): Promise<WebhookAnswer> {
  const { opened, received, subscription } = delivery;
  const { trigger, run } = opened;
  // Before anything is parsed.
  const { id } = (await trigger.verify?.(run, received, subscription)) ?? {};
  const acceptance = await keep(options, delivery, id === undefined ? contentId(received) : numberedId(id));
  options.onAccepted?.(acceptance);
  return acceptedAnswer(trigger.definition.webhook, () => ({
    body: payloadOf(opened, received),
    headers: received.headers,
    params: received.params,
  }));
}

async function keep(options: IntakeDesk, delivery: Delivery, id: DeliveryId): Promise<Acceptance> {
  const { feed, opened, received, subscription } = delivery;
  const { trigger, run, input } = opened;
  const { rows, isSignal } = (await trigger.readNotification?.(run, input, received, subscription)) ?? nothing;
  // First the signal: a process that dies in between is sent the delivery again, and must not know it.
  if (isSignal) await options.signals.request(feed);
  return append(options, feed, { ...prepareEvents(trigger, rows), delivery: id });
}

const nothing = { rows: [], isSignal: false };

async function append({ log }: IntakeDesk, feed: string, page: FeedPage): Promise<Acceptance> {
  const result = await log.append(feed, page);
  if (result.kind === 'repeated') return { feed, isKnown: true, logged: 0, parked: 0 };
  if (result.kind === 'appended') {
    return { feed, isKnown: false, logged: result.logged, parked: page.parked?.length ?? 0 };
  }
  throw new GatewayError('INTERNAL_ERROR', `The log of the feed ${feed} refused a webhook as ${result.kind}.`);
}

type DeliveryId = NonNullable<FeedPage['delivery']>;

/** For so long a delivery that comes again brings nothing, whatever it is known by. */
const rememberMs = 24 * 60 * 60_000;

/** Where the provider numbers its deliveries. However long its numbers are, and never like the id of a content. */
function numberedId(id: string): DeliveryId {
  return { id: `id ${createHash('sha256').update(id).digest('base64url')}`, rememberMs };
}

/**
 * Where it does not, the body tells: the signature covers it, and whoever repeats it cannot vary it as headers can be.
 * What comes in the same words after that is judged by `dedup`.
 */
function contentId({ body, params }: ReceivedWebhook): DeliveryId {
  const content = body.length > 0 ? body : JSON.stringify(Object.entries(params));
  return { id: `content ${createHash('sha256').update(content).digest('base64url')}`, rememberMs };
}

function payloadOf({ trigger }: OpenedTrigger, received: ReceivedWebhook): unknown {
  try {
    return trigger.readPayload?.(received);
  } catch {
    return undefined;
  }
}
