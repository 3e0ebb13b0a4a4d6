/** Subscribes a trigger's webhook at the provider, prolongs it and ends it. */
import { GatewayError } from '../errors.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import { formatPlace, kindOf, Mismatch } from '../notation/mismatch.ts';
import { defaultTimeZone } from '../notation/times.ts';
import type { JsonValue } from '../storage/records.ts';
import { callConnector, type ActionRun, type RunOptions } from './call-connector.ts';
import type { Connector, OpenConnection, Webhook } from './definition.ts';
import { isBlank, toJsonValue } from './json-value.ts';
import { readTime } from './read-time.ts';

/** A webhook subscription at the provider. */
export interface WebhookSubscription {
  /** What `subscribe` gave: handed to `unsubscribe`, `refresh`, `verify` and `notification`. */
  readonly output: JsonValue;
  /** When the provider forgets it, in milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** How a webhook is subscribed; what the connector does not have is absent. */
export interface SubscribingWebhook {
  /** @throws GatewayError as an action; CONNECTOR_ERROR when what it gave cannot be stored or is no time. */
  readonly subscribe?: (
    run: ActionRun,
    input: Readonly<Record<string, unknown>>,
    url: string,
    feed: string,
  ) => Promise<WebhookSubscription>;
  /** @throws GatewayError as an action */
  readonly unsubscribe?: (run: ActionRun, subscription: WebhookSubscription) => Promise<void>;
  /**
   * Prolongs it; where the connector has no `refresh` and the subscription ends, it is made anew.
   *
   * @throws GatewayError as `subscribe`
   */
  readonly refresh?: (run: ActionRun, subscription: WebhookSubscription) => Promise<WebhookSubscription>;
}

/** @param raisedIn - how the trigger is called in errors, e.g. `triggers.new_order`. */
export function prepareSubscription(
  connector: Connector,
  webhook: Webhook,
  raisedIn: string,
  options: RunOptions,
): SubscribingWebhook {
  const { subscribe, unsubscribe, refresh } = webhook;
  const call = (name: string, run: ActionRun, idempotent: boolean, body: (open: OpenConnection) => unknown) => {
    const code = { connector, raisedIn: `${raisedIn}.webhook.${name}`, run, options, definition: { idempotent } };
    return callConnector(code, async (open) => resolveRequests(await body(open)));
  };
  const placeOf = (name: string) => `${connector.name}.${raisedIn}.webhook.${name}`;
  const read = (answer: unknown, name: string) => readSubscription(answer, placeOf(name), options);
  return {
    ...(subscribe && {
      subscribe: async (run, input, url, feed) =>
        read(await call('subscribe', run, false, (open) => subscribe(url, open, { ...input }, feed)), 'subscribe'),
    }),
    ...(unsubscribe && {
      unsubscribe: async (run, { output }) => {
        await call('unsubscribe', run, true, (open) => unsubscribe(output, open));
      },
    }),
    ...(refresh && {
      refresh: async (run, { output }) => {
        const answer = await call('refresh', run, true, (open) => refresh(output, open));
        if (!isBlank(answer)) return read(answer, 'refresh');
        // Taken for one without an end it would end unseen.
        throw wrong(placeOf('refresh'), 'expected [output, expiresAt]', kindOf(answer));
      },
    }),
  };
}

const maxOutputBytes = 64 * 1024;
const maxOutputDepth = 64;

/** `output`, or `[output, expiresAt]`. */
function readSubscription(answer: unknown, at: string, { timeZone }: RunOptions): WebhookSubscription {
  const [given, end, ...others]: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  if (others.length > 0) throw wrong(at, 'expected [output, expiresAt]', `a list of ${others.length + 2}`);
  const output = storable(given ?? {}, at);
  if (end === undefined || end === null) return { output };
  const expiresAt = readTime(end, timeZone ?? defaultTimeZone, Number.MAX_SAFE_INTEGER);
  if (expiresAt !== undefined) return { output, expiresAt };
  throw wrong(`${at}[1]`, 'expected when it ends: a Date, an ISO text or seconds since 1970', kindOf(end));
}

function storable(given: unknown, at: string): JsonValue {
  let output: JsonValue;
  try {
    output = toJsonValue(given, maxOutputDepth);
  } catch (error) {
    if (error instanceof Mismatch)
      throw new GatewayError('CONNECTOR_ERROR', `${formatPlace(at, error.place)}: ${error.message}`);
    throw error;
  }
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes <= maxOutputBytes) return output;
  throw wrong(at, `expected at most ${maxOutputBytes} bytes of JSON, since it is stored`, String(bytes));
}

function wrong(at: string, expected: string, got: string): GatewayError {
  return new GatewayError('CONNECTOR_ERROR', `${at}: ${expected}; got ${got}.`);
}
