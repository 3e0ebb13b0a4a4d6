/** Runs a trigger: input coerced, polls sent, webhooks subscribed and read, each row made an event or refused. */
import type { JsonValue } from '../storage/records.ts';
import type { Connector, Trigger } from './definition.ts';
import type { ActionRun, RunOptions } from './run-action.ts';

/** How a trigger learns what happened. `hybrid`: a webhook is a signal, the poll the truth. */
export type TriggerKind = 'ascending' | 'descending' | 'webhook' | 'hybrid';

/** What one poll gave, in the provider's order. */
export interface PollPage {
  readonly rows: readonly unknown[];
  /** `nextPoll` or `nextPage`, as JSON; `undefined` when it is blank. */
  readonly cursor: JsonValue | undefined;
  /** Of an ascending poll: ask again at once. */
  readonly canPollMore: boolean;
}

/** A row as an event of its feed. */
export interface TriggerEvent {
  /** Value of `dedup`, else id, and `@` with `sortBy` where that is given. Longer ones are digested to fit 512 characters. */
  readonly signature: string;
  readonly id: string;
  readonly occurredAt?: number;
  /** Value of `sortBy`, where it is given. */
  readonly sortBy?: JsonValue;
  /** The row as JSON text. */
  readonly payload: string;
}

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
export interface RunnableTrigger {
  readonly connector: Connector;
  readonly name: string;
  readonly definition: Trigger;
  readonly kind: TriggerKind;
  /** Default 60 000. */
  readonly intervalMs: number;
  /**
   * Arguments of the graph, or the same read back from JSON, as the input of the connector's functions.
   *
   * @throws InputError naming the field.
   */
  readonly coerceInput: (run: ActionRun, args: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
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
  /**
   * A row as an event. Every value is coerced once against the notation, so that what is logged can be delivered.
   *
   * @throws GatewayError EVENT_INVALID, EVENT_ID_MISSING or EVENT_TOO_LARGE: the event is parked.
   */
  readonly readEvent: (row: unknown) => TriggerEvent;
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
