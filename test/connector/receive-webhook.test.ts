import { describe, expect, it } from '@jest/globals';
import type { Trigger, Webhook } from '../../src/connector/definition.ts';
import type { ReceivedWebhook } from '../../src/connector/run-trigger.ts';
import { verifyHmac, verifyStandardWebhook, hmacSignature } from '../../src/connector/verify-webhook.ts';
import { CallerError, GatewayError, InputError } from '../../src/errors.ts';
import { canary, failureOf, prepareCall } from '../support/trigger-call.ts';

const subscription = { output: { id: 'h1' } };

function received(body: unknown = {}, more: Partial<ReceivedWebhook> = {}): ReceivedWebhook {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { body: Buffer.from(text), headers: { 'content-type': 'application/json' }, params: { a: '1' }, ...more };
}

const prepare = (webhook: Webhook, more: Trigger = {}) =>
  prepareCall({ webhook: { notification: () => null, ...webhook }, ...more });

describe('verify', () => {
  const verifyWith = (verify: Webhook['verify'], request = received()) => {
    const { trigger, run } = prepare({ verify: verify! });
    return trigger.verify!(run, request, subscription);
  };

  it('is given the body as it came, and the secrets of subscription and connection', async () => {
    const seen: unknown[] = [];
    const request = received('{"a":  1}', { headers: { 'x-signature': 's' } });
    await verifyWith(({ connection, ...parts }) => {
      seen.push({ ...parts, token: connection.fields.token });
      return true;
    }, request);
    expect(seen).toEqual([
      {
        body: request.body,
        headers: { 'x-signature': 's' },
        params: { a: '1' },
        subscription: { id: 'h1' },
        token: canary,
      },
    ]);
  });

  it('accepts what is signed', async () => {
    const body = '{"id":1}';
    const signature = hmacSignature(canary, { body, prefix: 'sha256=' });
    const verify: Webhook['verify'] = ({ body: signed, headers, connection }) =>
      verifyHmac({
        secret: connection.fields.token,
        body: signed,
        signature: headers['x-hub-signature-256'],
        prefix: 'sha256=',
      });
    expect(await verifyWith(verify, received(body, { headers: { 'x-hub-signature-256': signature } }))).toEqual({});
    const forged = failureOf(
      verifyWith(verify, received(`${body} `, { headers: { 'x-hub-signature-256': signature } })),
    );
    expect((await forged).code).toBe('WEBHOOK_REFUSED');
  });

  it('tells the number of the delivery', async () => {
    const id = 'msg_1';
    const timestamp = String(Math.floor(Date.now() / 1000));
    const secret = Buffer.from(canary).toString('base64');
    const signature = hmacSignature(canary, { body: [`${id}.${timestamp}.`, '{}'], encoding: 'base64', prefix: 'v1,' });
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    const verify: Webhook['verify'] = (request) => verifyStandardWebhook({ secret, ...request });
    expect(await verifyWith(verify, received('{}', { headers }))).toEqual({ id });
    expect(await verifyWith(() => ({ id: undefined }))).toEqual({});
    expect(await verifyWith(() => ({ id: 7 }) as never)).toEqual({ id: '7' });
  });

  it.each([
    ['false', false],
    ['nothing', undefined],
    ['null', null],
    ['a word', 'yes'],
    ['a number', 1],
    ['a list', []],
    ['an error', new Error('x')],
    ['an empty id', { id: '' }],
    ['an id that cannot be kept', { id: 'x'.repeat(513) }],
    ['an id that is none', { id: {} }],
  ])('refuses when it gives %s', async (_, verdict) => {
    const failure = await failureOf(verifyWith(() => verdict as never));
    expect(failure).toBeInstanceOf(CallerError);
    expect(failure.extensions).toEqual({ code: 'WEBHOOK_REFUSED' });
    expect(failure.message).toBe('The webhook was refused.');
  });

  it('refuses when it throws, and tells why only to the log, without secrets', async () => {
    const failure = await failureOf(
      verifyWith(async () => {
        throw new TypeError(`bad key ${canary}`);
      }),
    );
    expect(failure.extensions).toEqual({ code: 'WEBHOOK_REFUSED' });
    const cause = failure.cause as GatewayError;
    expect(cause.details.raisedIn).toBe('triggers.sold.webhook.verify');
    expect((cause.cause as Error).message).toBe('bad key [redacted]');
  });

  it('is given up, not refused, when its time is up: the provider sends it again', async () => {
    const { trigger, run, abort } = prepare({ verify: () => new Promise(() => {}) });
    const failing = failureOf(trigger.verify!(run, received(), undefined));
    abort(new GatewayError('OPERATION_TIMEOUT', 'It took too long.'));
    expect((await failing).code).toBe('OPERATION_TIMEOUT');
  });
});

describe('challenge', () => {
  const ask = (challenge: Webhook['challenge'], request = received(), known?: typeof subscription) => {
    const { trigger, run } = prepare({ challenge: challenge! });
    return trigger.challenge!(run, request, known);
  };

  it('answers as Slack, Meta and Zoom want it', async () => {
    const slack: Webhook['challenge'] = ({ payload }) =>
      payload?.type === 'url_verification' ? payload.challenge : undefined;
    expect(await ask(slack, received({ type: 'url_verification', challenge: 'c' }))).toEqual({ body: 'c' });
    expect(await ask(slack, received({ type: 'event_callback' }))).toBeUndefined();
    const meta: Webhook['challenge'] = ({ method, params, connection }) =>
      method === 'GET' && params['hub.verify_token'] === connection.fields.token ? params['hub.challenge'] : undefined;
    const params = { 'hub.verify_token': canary, 'hub.challenge': '42' };
    expect(await ask(meta, received('', { method: 'GET', params }))).toEqual({ body: '42' });
    expect(await ask(meta, received('', { params }))).toBeUndefined();
    const zoom: Webhook['challenge'] = ({ payload, connection }) => {
      const { plainToken } = payload.payload;
      const encryptedToken = hmacSignature(connection.fields.token, { body: plainToken });
      return { body: JSON.stringify({ plainToken, encryptedToken }), headers: { 'content-type': 'application/json' } };
    };
    expect(await ask(zoom, received({ payload: { plainToken: 'p' } }))).toMatchObject({
      body: expect.stringContaining('"plainToken":"p"'),
      headers: { 'content-type': 'application/json' },
    });
  });

  it('is given no payload where the body cannot be read, and the subscription once there is one', async () => {
    const seen: unknown[] = [];
    const note: Webhook['challenge'] = ({ payload, subscription: known }) => void seen.push([payload, known]);
    await ask(note, received('{'));
    await ask(note, received('{}'), subscription);
    expect(seen).toEqual([
      [undefined, undefined],
      [{}, { id: 'h1' }],
    ]);
  });

  it('refuses when it throws', async () => {
    const failure = await failureOf(
      ask(() => {
        throw new Error(canary);
      }),
    );
    expect(failure.extensions).toEqual({ code: 'WEBHOOK_REFUSED' });
  });

  it.each([
    [7, 'challenge: expected a text, { status, headers, body } or nothing; got a number.'],
    [{}, 'challenge.body: expected a text; got nothing.'],
    [{ body: '', status: 404 }, 'challenge.status: expected a status from 200 to 299; got a number.'],
    [{ body: '', headers: { a: 1 } }, 'challenge.headers: expected texts by their names; got an object.'],
  ])('fails when %j is no answer', async (answer, message) => {
    const failure = await failureOf(ask(() => answer as never));
    expect(failure.code).toBe('CONNECTOR_ERROR');
    expect(failure.message).toBe(`shop.triggers.sold.webhook.${message}`);
  });
});

describe('a notification', () => {
  const notifyWith = (answer: unknown, request = received()) => {
    const { trigger, run } = prepare({ notification: () => answer });
    return trigger.readNotification!(run, {}, request, subscription);
  };

  it('is given what was received', async () => {
    const seen: unknown[] = [];
    const { trigger, run } = prepare({
      notification: ({ connection, ...parts }) => void seen.push({ ...parts, token: connection.fields.token }),
    });
    const request = received({ id: 1 });
    expect(await trigger.readNotification!(run, { topic: 't' }, request, subscription)).toEqual({
      rows: [],
      isSignal: false,
    });
    const { headers, params } = request;
    expect(seen).toEqual([
      { input: { topic: 't' }, payload: { id: 1 }, headers, params, subscription: { id: 'h1' }, token: canary },
    ]);
  });

  it.each([
    [undefined, []],
    [null, []],
    [false, []],
    [[], []],
    [{ id: 1 }, [{ id: 1 }]],
    [
      [{ id: 1 }, { id: 2 }],
      [{ id: 1 }, { id: 2 }],
    ],
    // What is no event is parked, and the others are taken.
    [
      [{ id: 1 }, 7, null],
      [{ id: 1 }, 7, null],
    ],
    [Promise.resolve({ id: 1 }), [{ id: 1 }]],
  ])('of %p has the rows %p', async (answer, rows) => {
    expect(await notifyWith(answer)).toEqual({ rows, isSignal: false });
  });

  it.each([
    ['x', 'notification: expected an event, a list of events or nothing; got a string.'],
    [[null, 7], 'notification[1]: expected an event, a list of events or nothing; got a number.'],
  ])('fails when it is %j', async (answer, message) => {
    const failure = await failureOf(notifyWith(answer));
    expect(failure.code).toBe('CONNECTOR_ERROR');
    expect(failure.message).toBe(`shop.triggers.sold.webhook.${message}`);
  });

  it('fails with the place when it throws', async () => {
    const { trigger, run } = prepare({
      notification: () => {
        throw new TypeError(canary);
      },
    });
    const failure = await failureOf(trigger.readNotification!(run, {}, received(), undefined));
    expect(failure.extensions).toMatchObject({
      code: 'CONNECTOR_ERROR',
      raisedIn: 'triggers.sold.webhook.notification',
    });
    expect(failure.message).not.toContain(canary);
  });

  it('is refused when its body cannot be read', async () => {
    expect(await failureOf(notifyWith({}, received('{')))).toBeInstanceOf(InputError);
    const { trigger } = prepare({ payloadType: 'raw' });
    expect(trigger.readPayload!(received('{'))).toBe('{');
  });
});

describe('a notification of a hybrid trigger', () => {
  const signalOf = (webhook: Webhook, request = received()) => {
    const { trigger, run } = prepareCall({ poll: () => null, webhook });
    return trigger.readNotification!(run, {}, request, undefined);
  };

  it('is a signal, whatever its body', async () => {
    expect(await signalOf({}, received('{'))).toEqual({ rows: [], isSignal: true });
  });

  it('is what its function says: a signal, or nothing; its rows are the poll’s to tell', async () => {
    expect(await signalOf({ notification: () => [{ id: 1 }] })).toEqual({ rows: [], isSignal: true });
    expect(await signalOf({ notification: () => true })).toEqual({ rows: [], isSignal: true });
    expect(await signalOf({ notification: () => undefined })).toEqual({ rows: [], isSignal: false });
    expect(await signalOf({ notification: () => false })).toEqual({ rows: [], isSignal: false });
  });
});
