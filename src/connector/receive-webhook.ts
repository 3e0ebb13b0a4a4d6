/** Receives what a provider sends to a trigger's webhook: handshakes answered, senders verified, events read. */
import { CallerError, GatewayError } from '../errors.ts';
import { isObject } from '../notation/coerce-value.ts';
import { kindOf } from '../notation/mismatch.ts';
import { runConnectorCode, type ActionRun } from './call-connector.ts';
import type { Connector, CredentialSource, Webhook } from './definition.ts';
import { findOther } from './event-rows.ts';
import { readWebhookBody } from './read-webhook-body.ts';
import type { WebhookSubscription } from './subscribe-webhook.ts';

/** One request of a provider. */
export interface ReceivedWebhook {
  /** Absent: POST. */
  readonly method?: string;
  /** As it came. */
  readonly body: Uint8Array;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
}

/** What a provider is answered that asks whether a URL is ours. */
export interface ChallengeAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a verified webhook says. */
export interface Notification {
  /** Of a `hybrid` trigger always none. */
  readonly rows: readonly unknown[];
  /** Of a `hybrid` trigger: poll now. */
  readonly isSignal: boolean;
}

/** How a webhook is received; what the connector does not have is absent. */
export interface ReceivingWebhook {
  /**
   * Answers a handshake of the provider, such as a challenge to be repeated; asked before `verify`, for whatever method.
   *
   * @param subscription - `undefined` while `subscribe` waits for the provider, which may ask before it answers.
   * @returns `undefined` when it is none.
   * @throws CallerError WEBHOOK_REFUSED for one that is not signed as it should be; GatewayError CONNECTOR_ERROR when what
   *   was given is no answer.
   */
  readonly challenge?: (
    run: ActionRun,
    received: ReceivedWebhook,
    subscription: WebhookSubscription | undefined,
  ) => Promise<ChallengeAnswer | undefined>;
  /** The body as `notification` is given it: for the keys and the answers of the notation. @throws InputError WEBHOOK_INVALID */
  readonly readPayload?: (received: ReceivedWebhook) => unknown;
  /**
   * Whether the provider sent it, judged on the raw body before anything is parsed.
   *
   * @returns `id` where the provider numbers its deliveries, at most 512 characters; absent: the digest of the body tells
   *   repetitions (not that of the headers, which whoever repeats it may change).
   * @throws CallerError WEBHOOK_REFUSED, which says nothing more to whoever sent it.
   */
  readonly verify?: (
    run: ActionRun,
    received: ReceivedWebhook,
    subscription: WebhookSubscription | undefined,
  ) => Promise<{ readonly id?: string }>;
  /** The rows in it. @throws InputError WEBHOOK_INVALID; GatewayError CONNECTOR_ERROR */
  readonly readNotification?: (
    run: ActionRun,
    input: Readonly<Record<string, unknown>>,
    received: ReceivedWebhook,
    subscription: WebhookSubscription | undefined,
  ) => Promise<Notification>;
}

interface WebhookParts {
  readonly connector: Connector;
  readonly webhook: Webhook;
  /** e.g. `triggers.new_order.webhook` */
  readonly raisedIn: string;
}

/**
 * @param isPolled - of a hybrid trigger, of which a webhook is a signal.
 * @param raisedIn - how the trigger is called in errors, e.g. `triggers.new_order`.
 */
export function prepareReceiving(
  connector: Connector,
  webhook: Webhook,
  isPolled: boolean,
  raisedIn: string,
): ReceivingWebhook {
  const parts: WebhookParts = { connector, webhook, raisedIn: `${raisedIn}.webhook` };
  return {
    ...(webhook.challenge && { challenge: prepareChallenge(parts, webhook.challenge) }),
    ...(webhook.verify && { verify: prepareVerify(parts, webhook.verify) }),
    readPayload: (received) => readWebhookBody(received, webhook.payloadType),
    readNotification: prepareNotification(parts, isPolled),
  };
}

function prepareChallenge(
  parts: WebhookParts,
  challenge: NonNullable<Webhook['challenge']>,
): NonNullable<ReceivingWebhook['challenge']> {
  const { connector, webhook } = parts;
  const raisedIn = `${parts.raisedIn}.challenge`;
  return async (run, received, subscription) => {
    const answer = await refusing(run, () =>
      runConnectorCode({ connector, raisedIn, run }, async () =>
        challenge({
          method: received.method ?? 'POST',
          ...partsOf(received, run, subscription),
          body: received.body,
          payload: payloadOrNone(received, webhook),
        }),
      ),
    );
    return readAnswer(answer, placeOf(parts, 'challenge'));
  };
}

function payloadOrNone(received: ReceivedWebhook, { payloadType }: Webhook): unknown {
  try {
    return readWebhookBody(received, payloadType);
  } catch {
    return undefined;
  }
}

function readAnswer(answer: unknown, at: string): ChallengeAnswer | undefined {
  if (answer === undefined || answer === null || answer === false) return undefined;
  if (typeof answer === 'string') return { body: answer };
  if (!isObject(answer)) throw wrong(at, 'expected a text, { status, headers, body } or nothing', kindOf(answer));
  const { status, headers, body } = answer;
  if (typeof body !== 'string') throw wrong(`${at}.body`, 'expected a text', kindOf(body));
  if (status !== undefined && !(Number.isInteger(status) && (status as number) >= 200 && (status as number) < 300)) {
    throw wrong(`${at}.status`, 'expected a status from 200 to 299', kindOf(status));
  }
  if (
    headers !== undefined &&
    !(isObject(headers) && Object.values(headers).every((value) => typeof value === 'string'))
  ) {
    throw wrong(`${at}.headers`, 'expected texts by their names', kindOf(headers));
  }
  return answer as unknown as ChallengeAnswer;
}

const maxIdLength = 512;

function prepareVerify(
  { connector, raisedIn }: WebhookParts,
  verify: NonNullable<Webhook['verify']>,
): NonNullable<ReceivingWebhook['verify']> {
  return async (run, received, subscription) => {
    const verdict: unknown = await refusing(run, () =>
      runConnectorCode({ connector, raisedIn: `${raisedIn}.verify`, run }, async () =>
        verify({ ...partsOf(received, run, subscription), body: received.body }),
      ),
    );
    if (verdict === true) return {};
    if (!isObject(verdict) || verdict instanceof Error) throw refusal();
    const { id } = verdict;
    if (id === undefined || id === null) return {};
    if ((typeof id === 'string' || typeof id === 'number') && id !== '' && String(id).length <= maxIdLength) {
      return { id: String(id) };
    }
    throw refusal();
  };
}

/** Whoever sent it learns nothing of why; the log has the cause. */
async function refusing<T>(run: ActionRun, judge: () => Promise<T>): Promise<T> {
  try {
    return await judge();
  } catch (error) {
    // Nothing was judged: the time was up.
    if (run.signal.aborted) throw error;
    throw refusal(error);
  }
}

function refusal(cause?: unknown): CallerError {
  return new CallerError('WEBHOOK_REFUSED', 'The webhook was refused.', cause === undefined ? {} : { cause });
}

function prepareNotification(
  parts: WebhookParts,
  isPolled: boolean,
): NonNullable<ReceivingWebhook['readNotification']> {
  const { connector, webhook } = parts;
  const { notification } = webhook;
  const raisedIn = `${parts.raisedIn}.notification`;
  return async (run, input, received, subscription) => {
    if (!notification) return { rows: [], isSignal: isPolled };
    const payload = readWebhookBody(received, webhook.payloadType);
    const answer: unknown = await runConnectorCode({ connector, raisedIn, run }, async () =>
      notification({ ...partsOf(received, run, subscription), input: { ...input }, payload }),
    );
    if (isPolled) return { rows: [], isSignal: Boolean(answer) };
    return { rows: readRows(answer, placeOf(parts, 'notification')), isSignal: false };
  };
}

function readRows(answer: unknown, at: string): readonly unknown[] {
  if (answer === undefined || answer === null || answer === false) return [];
  const rows: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  const other = findOther(rows);
  if (other < 0) return rows;
  throw wrong(
    Array.isArray(answer) ? `${at}[${other}]` : at,
    'expected an event, a list of events or nothing',
    kindOf(rows[other]),
  );
}

/** What the functions that judge and read are given alike. They can send nothing. */
function partsOf(
  { headers, params }: ReceivedWebhook,
  run: ActionRun,
  subscription: WebhookSubscription | undefined,
): Pick<ReceivedWebhook, 'headers' | 'params'> & { readonly subscription: any; readonly connection: CredentialSource } {
  return { headers, params, subscription: subscription?.output, connection: { fields: run.credentials.fields() } };
}

function placeOf({ connector, raisedIn }: WebhookParts, name: string): string {
  return `${connector.name}.${raisedIn}.${name}`;
}

function wrong(at: string, expected: string, got: string): GatewayError {
  return new GatewayError('CONNECTOR_ERROR', `${at}: ${expected}; got ${got}.`);
}
