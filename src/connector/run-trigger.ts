/** Runs a trigger: input coerced, polls sent, webhooks subscribed and read, each row made an event or refused. */
import { resolveRequests } from '../http/resolve-requests.ts';
import type { JsonValue } from '../storage/records.ts';
import { callConnector, callWithConnection, type ActionRun, type RunOptions } from './call-connector.ts';
import type { Connector, Trigger } from './definition.ts';
import { prepareInput, type CoerceInput } from './prepare-input.ts';
import { createEventReader, type EventReader } from './read-event.ts';
import { emptyPage, readPoll, type PollPage } from './read-poll.ts';
import { prepareReceiving, type ReceivingWebhook } from './receive-webhook.ts';
import { prepareSubscription, type SubscribingWebhook } from './subscribe-webhook.ts';
import { watchPoll } from './watch-poll.ts';

export type { TriggerEvent } from './read-event.ts';
export type { PollPage } from './read-poll.ts';
export type { ChallengeAnswer, Notification, ReceivedWebhook } from './receive-webhook.ts';
export type { WebhookSubscription } from './subscribe-webhook.ts';

/** How a trigger learns what happened. `hybrid`: a webhook is a signal, the poll the truth. */
export type TriggerKind = 'ascending' | 'descending' | 'webhook' | 'hybrid';

/** A trigger that is ready to run; made once, at start. */
export interface RunnableTrigger extends EventReader, SubscribingWebhook, ReceivingWebhook {
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
   * @param about - when its feed was started, in milliseconds since 1970 (default now); and what the answer to the same
   *   poll before was called: where the provider still gives that one, the page is `isUnchanged`.
   * @throws GatewayError POLL_ANSWER_INVALID (not an object, events no list), POLL_CURSOR_INVALID (it cannot be stored), and
   *   what the connector and its provider throw, named as an action's errors are.
   */
  readonly poll: (
    run: ActionRun,
    input: Readonly<Record<string, unknown>>,
    cursor: JsonValue | undefined,
    about?: { readonly startedAt?: number | undefined; readonly etag?: string | undefined },
  ) => Promise<PollPage>;
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
  const { poll, webhook, input } = definition;

  return {
    connector,
    name,
    definition,
    kind: kindOf(definition),
    intervalMs: definition.intervalMs ?? defaultIntervalMs,
    // Its fields are arguments themselves, as those of what reads.
    coerceInput: prepareInput(connector, raisedIn, input, { timeZone, path: '' }),
    test: (run) => testConnector(connector, run, options),
    poll: async (run, given, cursor, { startedAt, etag } = {}) => {
      if (!poll) throw new TypeError(`${at} is not polled.`);
      const watched = watchPoll(definition, options.sender, etag);
      const sending = { ...options, sender: watched.sender };
      const code = { connector, raisedIn, run, options: sending, definition: reading, isPoll: true };
      const feed = { startedAt: startedAt === undefined ? new Date() : new Date(startedAt) };
      return callConnector(code, async (connection) => {
        try {
          // Copies, so that what a poll does to them does not reach the next one.
          const answer = await resolveRequests(await poll(connection, { ...given }, structuredClone(cursor), feed));
          return { ...readPoll(answer, definition.type === 'paging_desc', at), ...watched.hints() };
        } catch (error) {
          if (!watched.isUnchanged()) throw error;
          return { ...emptyPage, ...watched.hints(), isUnchanged: true };
        }
      });
    },
    ...(webhook && prepareSubscription(connector, webhook, raisedIn, options)),
    ...(webhook && prepareReceiving(connector, webhook, poll !== undefined, raisedIn)),
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
