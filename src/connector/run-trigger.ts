/** Runs a trigger: input coerced, polls sent, webhooks subscribed and read, each row made an event or refused. */
import { resolveRequests } from '../http/resolve-requests.ts';
import type { JsonValue } from '../storage/records.ts';
import { callConnector, callWithConnection, type ActionRun, type RunOptions } from './call-connector.ts';
import type { Connector, Trigger } from './definition.ts';
import { prepareInput, type CoerceInput } from './prepare-input.ts';
import { createEventReader, type EventReader } from './read-event.ts';
import { readPoll, type PollPage } from './read-poll.ts';

export type { TriggerEvent } from './read-event.ts';
export type { PollPage } from './read-poll.ts';

/** How a trigger learns what happened. `hybrid`: a webhook is a signal, the poll the truth. */
export type TriggerKind = 'ascending' | 'descending' | 'webhook' | 'hybrid';

/** A webhook subscription at the provider. */
export interface WebhookSubscription {
  /** What `subscribe` gave: handed to `unsubscribe`, `refresh`, `verify` and `notification`. */
  readonly output: JsonValue;
  /** When the provider forgets it, in milliseconds since 1970. */
  readonly expiresAt?: number;
}

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
  readonly rows: readonly unknown[];
}

/** A trigger that is ready to run; made once, at start. */
export interface RunnableTrigger extends EventReader {
  readonly connector: Connector;
  readonly name: string;
  readonly definition: Trigger;
  readonly kind: TriggerKind;
  /** Default 60 000. */
  readonly intervalMs: number;
  /** Of arguments of the graph, or of the same read back from JSON. @throws InputError naming the field. */
  readonly coerceInput: CoerceInput;
  /** Runs the connector's `test`, where it has one. @throws GatewayError */
  readonly test: (run: ActionRun) => Promise<void>;
  /**
   * Polls once.
   *
   * @param cursor - what the poll before gave; `undefined` at first.
   * @throws GatewayError POLL_ANSWER_INVALID (not an object, events no list), POLL_CURSOR_INVALID (it cannot be stored), and
   *   what the connector and its provider throw, named as an action's errors are.
   */
  readonly poll: (
    run: ActionRun,
    input: Readonly<Record<string, unknown>>,
    cursor: JsonValue | undefined,
  ) => Promise<PollPage>;
  /** For `webhook` and `hybrid` with `subscribe`. @throws GatewayError */
  readonly subscribe?: (
    run: ActionRun,
    input: Readonly<Record<string, unknown>>,
    url: string,
    feed: string,
  ) => Promise<WebhookSubscription>;
  readonly unsubscribe?: (run: ActionRun, subscription: WebhookSubscription) => Promise<void>;
  /** Prolongs it; where the connector has no `refresh` and the subscription ends, it is made anew. */
  readonly refresh?: (run: ActionRun, subscription: WebhookSubscription) => Promise<WebhookSubscription>;
  /**
   * Answers a handshake of the provider, such as a challenge to be repeated; asked before `verify`, for whatever method.
   *
   * @param subscription - `undefined` while `subscribe` waits for the provider, which may ask before it answers.
   * @returns `undefined` when it is none.
   * @throws CallerError WEBHOOK_REFUSED for one that is not signed as it should be.
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
   * @returns `id` where the provider numbers its deliveries; absent: the digest of signature and body tells repetitions.
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

export type PrepareTrigger = (connector: Connector, name: string, options: RunOptions) => RunnableTrigger;

/** A poll may be repeated. */
const reading = { readOnly: true };
const defaultIntervalMs = 60_000;

/** Prepares a trigger of a checked connector. */
export const prepareTrigger: PrepareTrigger = (connector, name, options) => {
  const definition = connector.triggers?.[name];
  if (!definition) throw new TypeError(`${connector.name} has no trigger ${name}.`);
  const { timeZone } = options;
  const raisedIn = `triggers.${name}`;
  const at = `${connector.name}.${raisedIn}`;
  const { poll, input } = definition;

  return {
    connector,
    name,
    definition,
    kind: kindOf(definition),
    intervalMs: definition.intervalMs ?? defaultIntervalMs,
    // Its fields are arguments themselves, as those of what reads.
    coerceInput: prepareInput(connector, raisedIn, input, { timeZone, path: '' }),
    test: (run) => testConnector(connector, run, options),
    poll: async (run, given, cursor) => {
      if (!poll) throw new TypeError(`${at} is not polled.`);
      const code = { connector, raisedIn, run, options, definition: reading, isPoll: true };
      return callConnector(code, async (connection) => {
        // Copies, so that what a poll does to them does not reach the next one.
        const answer = await resolveRequests(await poll(connection, { ...given }, structuredClone(cursor)));
        return readPoll(answer, definition.type === 'paging_desc', at);
      });
    },
    ...createEventReader(connector, definition, at, timeZone),
  };
};

function kindOf({ type, poll, webhook }: Trigger): TriggerKind {
  if (webhook) return poll ? 'hybrid' : 'webhook';
  return type === 'paging_desc' ? 'descending' : 'ascending';
}

async function testConnector(connector: Connector, run: ActionRun, options: RunOptions): Promise<void> {
  const { test } = connector;
  if (!test) return;
  await callWithConnection(connector, 'test', run, options, async (open) => resolveRequests(await test(open)));
}
