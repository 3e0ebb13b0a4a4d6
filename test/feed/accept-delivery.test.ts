/** One delivery of a provider: kept once, however it is repeated. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConnector, verifyHmac } from '../../src/connector/define.ts';
import { createCredentials } from '../../src/connection/configured-connections.ts';
import { prepareTrigger } from '../../src/connector/run-trigger.ts';
import { acceptDelivery } from '../../src/feed/accept-delivery.ts';
import type { Acceptance, IntakeDesk } from '../../src/feed/intake-desk.ts';
import { createMemoryFeedLog, type MemoryFeedLog } from '../support/memory-feed-log.ts';
import { scriptSender } from '../support/scripted-sender.ts';

const secret = 'a secret';
const hourMs = 60 * 60_000;
let now: number;
let log: MemoryFeedLog;
let accepted: Acceptance[];
beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  log = createMemoryFeedLog(() => now);
  accepted = [];
});
afterEach(async () => {
  expect((await log.state('f')).lastPlace).toBe(accepted.filter(({ isKnown }) => !isKnown).length);
});

/** Of a provider that signs bodies, and says what it numbers in a header that it does not sign. */
const shop = defineConnector({
  name: 'shop',
  triggers: {
    sale: {
      webhook: {
        verify: ({ body, headers }) => verifyHmac({ secret, body, signature: headers['x-signature'] }),
        notification: ({ payload, headers }) => ({ ...payload, id: headers['x-delivery'] }),
        subscribe: () => ({}),
        unsubscribe: () => {},
      },
      dedup: ({ id }: { id: string }) => id,
    },
  },
});
const trigger = prepareTrigger(shop, 'sale', { sender: scriptSender() });

async function send(text: string, delivery: string): Promise<Acceptance> {
  const body = Buffer.from(text);
  const options = {
    log,
    signals: { request: async () => {} },
    onAccepted: (acceptance: Acceptance) => void accepted.push(acceptance),
  } as Partial<IntakeDesk> as IntakeDesk;
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-signature': signature, 'x-delivery': delivery };
  const run = { id: undefined, credentials: createCredentials({}), signal: new AbortController().signal };
  const delivered = { body, headers, params: {} };
  await acceptDelivery(options, {
    feed: 'f',
    opened: { trigger, run, input: {} },
    received: delivered,
    subscription: { output: {} },
  });
  return accepted.at(-1)!;
}

describe('a delivery without a number that is signed', () => {
  it('is known for a day by what was signed, however its headers are changed', async () => {
    expect(await send('{"total":1}', 'd-1')).toMatchObject({ isKnown: false, logged: 1 });
    expect(await send('{"total":1}', 'd-2')).toMatchObject({ isKnown: true, logged: 0 });
    now += 23 * hourMs;
    expect(await send('{"total":1}', 'd-3')).toMatchObject({ isKnown: true, logged: 0 });
    expect(await send('{"total":2}', 'd-4')).toMatchObject({ isKnown: false, logged: 1 });
  });
});
