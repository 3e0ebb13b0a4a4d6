import { describe, expect, it } from '@jest/globals';
import type { Connector, Trigger } from '../../src/connector/definition.ts';
import { prepareTrigger } from '../../src/connector/run-trigger.ts';
import type { ActionRun, RunOptions } from '../../src/connector/call-connector.ts';
import { GatewayError } from '../../src/errors.ts';
import { scriptSender, type ScriptedAnswer } from '../support/scripted-sender.ts';

const canary = 'canary-0123456789';

function prepare(trigger: Trigger, more: Partial<Connector> = {}, answers: readonly ScriptedAnswer[] = [{}]) {
  const connector: Connector = {
    name: 'shop',
    title: 'Shop',
    connection: { baseUri: 'https://api.shop.example.com/' },
    triggers: { sold: trigger },
    ...more,
  };
  const sender = scriptSender(...answers);
  const controller = new AbortController();
  const options: RunOptions = { sender };
  const run: ActionRun = {
    id: 'shop.ada',
    credentials: { fields: () => ({ token: canary, kind: 'b' }), merge: async () => {} },
    signal: controller.signal,
  };
  return { trigger: prepareTrigger(connector, 'sold', options), run, sender, abort: () => controller.abort() };
}

const polling = (answer: unknown): Trigger => ({ poll: () => answer });

async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => new Error('It did not fail.'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GatewayError);
  return error as GatewayError;
}

describe('a poll', () => {
  it('gives rows, cursor and whether more follows, its requests resolved', async () => {
    const { trigger, run } = prepare(
      {
        poll: (connection) => ({
          events: connection.get('sales'),
          nextPoll: { since: new Date(0) },
          canPollMore: true,
        }),
      },
      {},
      [{ body: [{ id: 1 }, { id: 2 }] }],
    );
    expect(await trigger.poll(run, {}, undefined)).toEqual({
      rows: [{ id: 1 }, { id: 2 }],
      cursor: { since: '1970-01-01T00:00:00.000Z' },
      canPollMore: true,
    });
  });
});
