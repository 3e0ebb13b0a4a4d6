import { describe, expect, it } from '@jest/globals';
import type { Webhook } from '../../src/connector/definition.ts';
import { failureOf, prepareCall } from '../support/trigger-call.ts';
import type { ScriptedAnswer } from '../support/scripted-sender.ts';

const url = 'https://gateway.example.com/webhooks/secret';

function prepare(webhook: Webhook, answers?: readonly ScriptedAnswer[]) {
  return prepareCall({ webhook: { notification: () => null, ...webhook } }, answers);
}

const subscribeWith = (answer: unknown) => {
  const { trigger, run } = prepare({ subscribe: () => answer });
  return trigger.subscribe!(run, {}, url, 'feed-1');
};

describe('subscribe', () => {
  it('asks the provider, and keeps what it answered', async () => {
    const { trigger, run, sender } = prepare(
      { subscribe: (webhookUrl, connection, input, feed) => connection.post('hooks', { webhookUrl, feed, ...input }) },
      [{ body: { id: 'h1' } }],
    );
    expect(await trigger.subscribe!(run, { topic: 'sales' }, url, 'feed-1')).toEqual({ output: { id: 'h1' } });
    expect(JSON.parse(sender.sent[0]!.body as string)).toEqual({ webhookUrl: url, feed: 'feed-1', topic: 'sales' });
  });

  it('may say when it ends, beside a request', async () => {
    const { trigger, run } = prepare(
      { subscribe: (_url, connection) => [connection.post('hooks'), '2026-01-31T00:00:00Z'] as never },
      [{ body: { id: 'h1' } }],
    );
    expect(await trigger.subscribe!(run, {}, url, 'f')).toEqual({
      output: { id: 'h1' },
      expiresAt: Date.parse('2026-01-31T00:00:00Z'),
    });
  });

  it.each([
    [[{ id: 1 }, new Date(5e12)], { output: { id: 1 }, expiresAt: 5e12 }],
    [[{ id: 1 }, 1_800_000_000], { output: { id: 1 }, expiresAt: 1_800_000_000_000 }],
    [[{ id: 1 }, '1800000000000'], { output: { id: 1 }, expiresAt: 1_800_000_000_000 }],
    [[{ id: 1 }, null], { output: { id: 1 } }],
    [[{ id: 1 }], { output: { id: 1 } }],
    [undefined, { output: {} }],
    [null, { output: {} }],
    ['h1', { output: 'h1' }],
    [{ id: 2n ** 64n, at: new Date(0) }, { output: { id: '18446744073709551616', at: '1970-01-01T00:00:00.000Z' } }],
  ])('takes %p', async (answer, expected) => {
    expect(await subscribeWith(answer)).toEqual(expected);
  });

  it.each([
    [
      [{}, 3600],
      'shop.triggers.sold.webhook.subscribe[1]: expected when it ends: a Date, an ISO text or seconds since 1970; got a number.',
    ],
    [
      [{}, 'soon'],
      'shop.triggers.sold.webhook.subscribe[1]: expected when it ends: a Date, an ISO text or seconds since 1970; got a string.',
    ],
    [[{}, null, 1], 'shop.triggers.sold.webhook.subscribe: expected [output, expiresAt]; got a list of 3.'],
    [{ close: () => {} }, 'shop.triggers.sold.webhook.subscribe.close: expected what JSON can say; got a function.'],
    [
      'x'.repeat(70_000),
      'shop.triggers.sold.webhook.subscribe: expected at most 65536 bytes of JSON, since it is stored; got 70002.',
    ],
  ])('refuses what cannot be kept (%#)', async (answer, message) => {
    const failure = await failureOf(subscribeWith(answer));
    expect(failure.code).toBe('CONNECTOR_ERROR');
    expect(failure.message).toBe(message);
  });

  it('fails as an action does', async () => {
    const { trigger, run } = prepare({ subscribe: (_url, connection) => connection.post('hooks') }, [{ status: 403 }]);
    expect((await failureOf(trigger.subscribe!(run, {}, url, 'f'))).extensions).toMatchObject({
      code: 'PROVIDER_FORBIDDEN',
      raisedIn: 'triggers.sold.webhook.subscribe',
    });
  });
});

describe('unsubscribe', () => {
  it('is given what subscribe gave', async () => {
    const { trigger, run, sender } = prepare({
      subscribe: () => null,
      unsubscribe: ({ id }, connection) => connection.delete(`hooks/${id}`),
    });
    expect(await trigger.unsubscribe!(run, { output: { id: 'h1' }, expiresAt: 1 })).toBeUndefined();
    expect(sender.sent.map(({ method, url: { pathname } }) => `${method} ${pathname}`)).toEqual(['DELETE /hooks/h1']);
  });
});

describe('refresh', () => {
  it('replaces what subscribe gave', async () => {
    const { trigger, run } = prepare(
      {
        subscribe: () => null,
        refresh: ({ id }, connection) => [connection.patch(`hooks/${id}`), 1_800_000_000] as never,
      },
      [{ body: { id: 'h2' } }],
    );
    expect(await trigger.refresh!(run, { output: { id: 'h1' } })).toEqual({
      output: { id: 'h2' },
      expiresAt: 1_800_000_000_000,
    });
  });

  it.each([undefined, null, {}, []])('must not answer %p, or the subscription would end unseen', async (answer) => {
    const { trigger, run } = prepare({ subscribe: () => null, refresh: () => answer });
    const failure = await failureOf(trigger.refresh!(run, { output: {} }));
    expect(failure.message).toMatch(/^shop\.triggers\.sold\.webhook\.refresh: expected \[output, expiresAt\]; got /);
  });
});
