/** A trigger that is ready to run on one connection against scripted answers, for tests without a network. */
import type { ActionRun } from '../../src/connector/call-connector.ts';
import type { Connector, Trigger } from '../../src/connector/definition.ts';
import { prepareTrigger, type RunnableTrigger } from '../../src/connector/run-trigger.ts';
import { GatewayError } from '../../src/errors.ts';
import { scriptSender, type ScriptedAnswer, type ScriptedSender } from './scripted-sender.ts';

/** Secret of the connection: it must never be shown. */
export const canary = 'canary-0123456789';

export interface TriggerCall {
  readonly trigger: RunnableTrigger;
  readonly run: ActionRun;
  readonly sender: ScriptedSender;
  readonly abort: (reason?: unknown) => void;
}

/** Prepares the trigger `sold` of the connector `shop`, whose connection has the fields `token` (secret) and `kind`. */
export function prepareCall(
  trigger: Trigger,
  answers: readonly ScriptedAnswer[] = [{}],
  more: Partial<Connector> = {},
): TriggerCall {
  const connector: Connector = {
    name: 'shop',
    title: 'Shop',
    connection: { baseUri: 'https://api.shop.example.com/' },
    triggers: { sold: trigger },
    ...more,
  };
  const sender = scriptSender(...answers);
  const controller = new AbortController();
  const run: ActionRun = {
    id: 'shop.ada',
    credentials: { fields: () => ({ token: canary, kind: 'b' }), merge: async () => {} },
    signal: controller.signal,
  };
  return {
    trigger: prepareTrigger(connector, 'sold', { sender, timeZone: 'UTC' }),
    run,
    sender,
    abort: (reason) => controller.abort(reason),
  };
}

/** What it failed with. @throws Error when it did not, or with something that is not ours. */
export async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await promise.then(
    () => new Error('It did not fail.'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof GatewayError) return error;
  throw error;
}
