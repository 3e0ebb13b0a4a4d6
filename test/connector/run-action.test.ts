import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Action, Connector } from '../../src/connector/definition.ts';
import { prepareAction, runPickList, type ActionRun, type RunOptions } from '../../src/connector/run-action.ts';
import { type GatewayError, InputError, ProviderError } from '../../src/errors.ts';
import { scriptSender, type ScriptedAnswer } from '../support/scripted-sender.ts';

const secret = 'canary-0123456789';

function connectorWith(action: Partial<Action>, more: Partial<Connector> = {}): Connector {
  return {
    name: 'shop',
    title: 'Shop',
    connection: { baseUri: 'https://api.shop.example.com/' },
    actions: { act: { readOnly: true, execute: (connection) => connection.get('things'), ...action } },
    ...more,
  };
}

/** Runs the action `act` of a connector against scripted answers. */
function prepare(connector: Connector, answers: readonly ScriptedAnswer[] = [{}], more: Partial<RunOptions> = {}) {
  const sender = scriptSender(...answers);
  const controller = new AbortController();
  const options: RunOptions = { sender, ...more };
  const run: ActionRun = {
    id: 'shop.ada',
    credentials: { fields: () => ({ token: secret, kind: 'b' }), merge: async () => {} },
    signal: controller.signal,
  };
  const action = prepareAction(connector, 'act', options);
  return { action, run, sender, options, abort: () => controller.abort() };
}

async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  try {
    await promise;
  } catch (error) {
    return error as GatewayError;
  }
  throw new Error('It did not fail.');
}

describe('an action', () => {
  it('gives what its un-awaited requests answered, however deep they stand', async () => {
    const { action, run, sender } = prepare(
      connectorWith({ execute: (connection) => ({ a: connection.get('a'), list: [connection.get('b')] }) }),
      [{ body: { n: 1 } }, { body: { n: 2 } }],
    );
    expect(await action.run(run, {})).toEqual({ a: { n: 1 }, list: [{ n: 2 }] });
    expect(sender.sent.map(({ url }) => url.pathname)).toEqual(['/a', '/b']);
  });

  it('coerces its input, and names the field that does not fit', async () => {
    const { action, run } = prepare(connectorWith({ input: [{ name: 'id', type: 'integer', optional: false }] }));
    expect(await action.coerceInput(run, { id: '12' })).toEqual({ id: 12 });
    const error = await failureOf(action.coerceInput(run, { id: 'x' }));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toContain('id');
  });

  it.each([
    [true, 'teamId: expected an integer; got a string that is none.'],
    [false, 'input.teamId: expected an integer; got a string that is none.'],
  ])('names a field as the client wrote it (reading: %s)', async (readOnly, message) => {
    const { action, run } = prepare(connectorWith({ readOnly, input: [{ name: 'team_id', type: 'integer' }] }));
    expect((await failureOf(action.coerceInput(run, { teamId: '1.5' }))).message).toBe(message);
  });

  it('stops after the requests that one call may send', async () => {
    const { action, run, sender } = prepare(
      connectorWith({
        execute: async (connection) => {
          for (;;) await connection.get('again');
        },
      }),
      [{}],
      { maxRequestsPerCall: 3 },
    );
    const error = await failureOf(action.run(run, {}));
    expect(error.code).toBe('REQUEST_LIMIT_EXCEEDED');
    expect(sender.sent).toHaveLength(3);
  });

  it('lets isSuccess decide instead of the status', async () => {
    const isSuccess: Action['isSuccess'] = ({ status, body }) =>
      status === 404 || (body as { ok?: boolean }).ok !== false;
    const refused = prepare(connectorWith({ isSuccess }), [{ body: { ok: false } }]);
    expect((await failureOf(refused.action.run(refused.run, {}))).code).toBe('PROVIDER_ERROR');
    const nothing = prepare(connectorWith({ isSuccess }), [{ status: 404, body: { none: true } }]);
    expect(await nothing.action.run(nothing.run, {})).toEqual({ none: true });
  });
});

describe('input that is a function of the configuration', () => {
  const input = (fields: Readonly<Record<string, unknown>>) => [
    { name: `of_${String(fields.kind)}`, type: 'integer' as const },
  ];

  it('is made with the fields of the connection and coerces what is in `input`', async () => {
    const { action, run } = prepare(connectorWith({ input }));
    expect(await action.coerceInput(run, { input: { of_b: '7', unknown: 1 } })).toEqual({ of_b: 7 });
    expect(await action.coerceInput(run, {})).toEqual({});
  });

  it('takes an object only', async () => {
    const { action, run } = prepare(connectorWith({ input }));
    await expect(action.coerceInput(run, { input: [1] })).rejects.toThrow('input: expected an object; got [1].');
  });

  it('says so when it gives no notation', async () => {
    const { action, run } = prepare(connectorWith({ input: (() => [{ name: 'a', type: 'int' }]) as never }));
    const error = await failureOf(action.coerceInput(run, {}));
    expect(error.message).toBe(
      'shop.actions.act.input[0].type: expected one of string, integer, number, boolean, date_time, timestamp, date, object, array, stream; got "int" (did you mean "integer"?).',
    );
    expect(error.extensions).toEqual({
      code: 'CONNECTOR_ERROR',
      connector: 'shop',
      connection: 'shop.ada',
      raisedIn: 'actions.act.input',
      errorCode: 'shop.api_error',
    });
  });

  it('fails like any code of the connector when it throws', async () => {
    const { action, run } = prepare(
      connectorWith({
        input: () => {
          throw new TypeError('x is not a function');
        },
      }),
    );
    const error = await failureOf(action.coerceInput(run, {}));
    expect(error.message).toBe("Shop: actions.act.input failed in the connector's own code. The log has the cause.");
    expect(error.cause).toBeInstanceOf(TypeError);
  });
});

describe('a method as a convertor', () => {
  const input = [{ name: 'price', type: 'number' as const, convertInput: 'cents' }];

  it('is given the value after the connection, as everywhere', async () => {
    const methods: Connector['methods'] = {
      cents: (connection, value: number) => connection.call('times', value, 100),
      times: (_connection, a: number, b: number) => a * b,
    };
    const { action, run } = prepare(connectorWith({ input }, { methods }));
    expect(await action.coerceInput(run, { price: 1.5 })).toEqual({ price: 150 });
  });

  it('cannot send requests', async () => {
    const { action, run } = prepare(
      connectorWith({ input }, { methods: { cents: (connection) => connection.get('rate') } }),
    );
    await expect(action.coerceInput(run, { price: 1 })).rejects.toThrow(
      'Shop: a convertor cannot send requests; do it in execute.',
    );
  });
});

describe('the error of an action', () => {
  class Refused extends Error {}
  class RefusedHard extends Refused {}
  const throwing = (error: unknown): Partial<Action> => ({
    execute: () => {
      throw error;
    },
  });

  it.each([
    [400, 'PROVIDER_BAD_REQUEST', 'bad_request'],
    [401, 'PROVIDER_UNAUTHORIZED', 'unauthorized'],
    [403, 'PROVIDER_FORBIDDEN', 'permission_denied'],
    [404, 'PROVIDER_NOT_FOUND', 'not_found'],
    [409, 'PROVIDER_CONFLICT', 'conflict'],
    [422, 'PROVIDER_INVALID', 'bad_request'],
    [429, 'PROVIDER_RATE_LIMITED', 'rate_limit'],
    [500, 'PROVIDER_UNAVAILABLE', 'service_error'],
    [418, 'PROVIDER_ERROR', 'api_error'],
  ])('of a provider that answered %i has the code %s and the error code shop.%s', async (status, code, errorCode) => {
    const { action, run } = prepare(connectorWith({}), [{ status, body: { secret } }]);
    const error = await failureOf(action.run(run, {}));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error.extensions).toEqual({
      code,
      connector: 'shop',
      connection: 'shop.ada',
      raisedIn: 'actions.act',
      errorCode: `shop.${errorCode}`,
      http: { status },
    });
    expect(error.message).not.toContain('canary');
  });

  it('is masked when nobody foresaw it, and its cause is kept without secrets', async () => {
    const inner = new Error(`token ${secret}`);
    const cause = new TypeError(`cannot read ${secret}`, { cause: inner });
    const { action, run } = prepare(connectorWith(throwing(cause)));
    const error = await failureOf(action.run(run, {}));
    expect(error.message).toBe("Shop: actions.act failed in the connector's own code. The log has the cause.");
    expect(error.extensions).toEqual({
      code: 'CONNECTOR_ERROR',
      connector: 'shop',
      connection: 'shop.ada',
      raisedIn: 'actions.act',
      errorCode: 'shop.unexpected_error',
    });
    const kept = error.cause as Error;
    expect(kept).toMatchObject({ name: 'TypeError', message: 'cannot read [redacted]' });
    expect(kept.stack).toMatch(/^TypeError: cannot read \[redacted\]\n\s+at /);
    expect((kept.cause as Error).message).toBe('token [redacted]');
  });

  it('keeps a cause that holds no secret as it is', async () => {
    const cause = new TypeError('x is undefined', { cause: new Error('y') });
    const { action, run } = prepare(connectorWith(throwing(cause)));
    expect((await failureOf(action.run(run, {}))).cause).toBe(cause);
  });

  it('is masked when what was thrown is no error', async () => {
    const { action, run } = prepare(connectorWith(throwing(`gone ${secret}`)));
    const error = await failureOf(action.run(run, {}));
    expect(error.extensions.errorCode).toBe('shop.unexpected_error');
    expect(error.cause).toBe('gone [redacted]');
  });

  it('gets code and message from every handler whose class matches; the later one wins', async () => {
    const calls: string[] = [];
    const exceptionHandlers: Connector['exceptionHandlers'] = [
      [Error, () => void calls.push('any'), 'any'],
      [RefusedHard, () => (calls.push('hard'), { message: 'Refused hard.' }), 'refused_hard'],
      [Refused, () => (calls.push('refused'), { message: 'Refused.', code: 'refused' }), null],
      [SyntaxError, () => (calls.push('syntax'), { message: 'Never.' }), 'never'],
    ];
    const { action, run } = prepare(connectorWith(throwing(new RefusedHard('x')), { exceptionHandlers }));
    const error = await failureOf(action.run(run, {}));
    expect(calls).toEqual(['any', 'hard', 'refused']);
    expect(error.message).toBe('Refused.');
    expect(error.extensions.errorCode).toBe('shop.refused');
  });

  it('keeps the message that nobody chose hidden, with the code of its handler', async () => {
    const { action, run } = prepare(
      connectorWith(throwing(new Refused(secret)), { exceptionHandlers: [[Refused, null, 'refused']] }),
    );
    const error = await failureOf(action.run(run, {}));
    expect(error.extensions.errorCode).toBe('shop.refused');
    expect(error.message).not.toContain('canary');
  });

  it('keeps class, code and status of a provider’s error that a handler rewords', async () => {
    const exceptionHandlers: Connector['exceptionHandlers'] = [
      [
        ProviderError,
        (error: ProviderError) => ({ message: `No luck (${String(error.details.http?.status)}).` }),
        'no_luck',
      ],
    ];
    const { action, run } = prepare(connectorWith({}, { exceptionHandlers }), [{ status: 404 }]);
    const error = await failureOf(action.run(run, {}));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error.message).toBe('No luck (404).');
    expect(error.extensions).toMatchObject({
      code: 'PROVIDER_NOT_FOUND',
      errorCode: 'shop.no_luck',
      http: { status: 404 },
    });
  });

  it('is that of the handler when the handler itself throws', async () => {
    const exceptionHandlers: Connector['exceptionHandlers'] = [
      [
        Error,
        () => {
          throw new RangeError('in the handler');
        },
        'x',
      ],
    ];
    const { action, run } = prepare(connectorWith(throwing(new Refused('x')), { exceptionHandlers }));
    const error = await failureOf(action.run(run, {}));
    expect(error.extensions).toMatchObject({ code: 'CONNECTOR_ERROR', raisedIn: 'exceptionHandlers' });
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'in the handler' });
  });

  it('is the connector’s own one, word for word, when it called `error`', async () => {
    const { action, run } = prepare(
      connectorWith({ execute: (connection) => connection.error('The cart is empty.', 'empty_cart') }),
    );
    const error = await failureOf(action.run(run, {}));
    expect(error.message).toBe('The cart is empty.');
    expect(error.extensions).toMatchObject({
      code: 'CONNECTOR_ERROR',
      errorCode: 'shop.empty_cart',
      raisedIn: 'actions.act',
    });
  });

  it('of a pick list says which one it was', async () => {
    const connector = connectorWith({}, { pickLists: { sizes: (connection) => connection.get('sizes') as never } });
    const { run, options } = prepare(connector, [{ status: 403 }]);
    const error = await failureOf(runPickList(connector, 'sizes', run, {}, options));
    expect(error.extensions).toMatchObject({ errorCode: 'shop.permission_denied', raisedIn: 'pickLists.sizes' });
  });
});

describe('retryOnResponse', () => {
  afterEach(() => void jest.useRealTimers());

  /** Runs to the end on a faked clock, and tells how long it waited. */
  async function runOnFakeClock(
    action: Partial<Action>,
    answers: readonly ScriptedAnswer[],
    more: { readonly abortAfterMs?: number; readonly options?: Partial<RunOptions> } = {},
  ) {
    jest.useFakeTimers();
    const { action: prepared, run, sender, abort } = prepare(connectorWith(action), answers, more.options);
    const startedAt = Date.now();
    if (more.abortAfterMs !== undefined) setTimeout(abort, more.abortAfterMs);
    const settled = prepared.run(run, {}).then(
      (value) => ({ value, error: undefined as unknown as GatewayError, waitedMs: Date.now() - startedAt }),
      (error: GatewayError) => ({ value: undefined, error, waitedMs: Date.now() - startedAt }),
    );
    await jest.advanceTimersByTimeAsync(120_000);
    return { ...(await settled), sent: sender.sent, timers: jest.getTimerCount() };
  }

  it('repeats three times, after 5, 10 and 20 s', async () => {
    const { error, waitedMs, sent } = await runOnFakeClock({ retryOnResponse: [503] }, [{ status: 503 }]);
    expect(error.code).toBe('PROVIDER_UNAVAILABLE');
    expect(sent).toHaveLength(4);
    expect(waitedMs).toBe(35_000);
  });

  it('ends with the first success', async () => {
    const { value, waitedMs, sent } = await runOnFakeClock({ retryOnResponse: [429] }, [
      { status: 429 },
      { body: { ok: 1 } },
    ]);
    expect(value).toEqual({ ok: 1 });
    expect(sent).toHaveLength(2);
    expect(waitedMs).toBe(5_000);
  });

  it('repeats nothing where it is absent', async () => {
    const { sent } = await runOnFakeClock({ maxRetries: 3 }, [{ status: 429 }]);
    expect(sent).toHaveLength(1);
  });

  it.each([
    [0, 1],
    [1, 2],
    [99, 4],
  ])('repeats at most maxRetries (%i) times, and never more than three', async (maxRetries, count) => {
    const { sent } = await runOnFakeClock({ retryOnResponse: [500], maxRetries }, [{ status: 500 }]);
    expect(sent).toHaveLength(count);
  });

  it('repeats no other status', async () => {
    const { sent } = await runOnFakeClock({ retryOnResponse: [429] }, [{ status: 500 }]);
    expect(sent).toHaveLength(1);
  });

  it('with texts alone means the usual statuses', async () => {
    const busy = { retryOnResponse: ['try later', /bu.y/] };
    expect((await runOnFakeClock(busy, [{ status: 507, body: 'busy' }, {}])).sent).toHaveLength(2);
    expect((await runOnFakeClock(busy, [{ status: 500, body: 'no' }])).sent).toHaveLength(1);
    expect((await runOnFakeClock(busy, [{ status: 400, body: 'busy' }])).sent).toHaveLength(1);
  });

  it('with statuses and texts wants both to fit', async () => {
    const both = { retryOnResponse: [400, 'busy'] };
    expect((await runOnFakeClock(both, [{ status: 400, body: 'busy' }, {}])).sent).toHaveLength(2);
    expect((await runOnFakeClock(both, [{ status: 400, body: 'no' }])).sent).toHaveLength(1);
    expect((await runOnFakeClock(both, [{ status: 503, body: 'busy' }])).sent).toHaveLength(1);
  });

  it('waits as long as Retry-After says, up to 20 s', async () => {
    const after = (seconds: number) => [{ status: 429, headers: { 'retry-after': String(seconds) } }, {}];
    expect((await runOnFakeClock({ retryOnResponse: [429] }, after(2))).waitedMs).toBe(2_000);
    const long = await runOnFakeClock({ retryOnResponse: [429] }, after(21));
    expect(long.sent).toHaveLength(1);
    expect(long.error.extensions).toMatchObject({ code: 'PROVIDER_RATE_LIMITED', retryAfter: 21 });
  });

  it('runs a writing action once, unless it is idempotent or names a method that writes', async () => {
    const writing: Partial<Action> = {
      readOnly: false,
      retryOnResponse: [429],
      execute: (connection) => connection.post('things', {}),
    };
    const answers = [{ status: 429 }, {}];
    expect((await runOnFakeClock(writing, answers)).sent).toHaveLength(1);
    expect((await runOnFakeClock({ ...writing, retryOnRequest: ['GET'] }, answers)).sent).toHaveLength(1);
    expect((await runOnFakeClock({ ...writing, retryOnRequest: ['post'] }, answers)).sent).toHaveLength(2);
    expect((await runOnFakeClock({ ...writing, retryOnRequest: ['PUT'] }, answers)).sent).toHaveLength(1);
    expect((await runOnFakeClock({ ...writing, idempotent: true }, answers)).sent).toHaveLength(2);
  });

  it('stops waiting when the client has gone, and leaves no timer behind', async () => {
    const { error, waitedMs, sent, timers } = await runOnFakeClock({ retryOnResponse: [503] }, [{ status: 503 }], {
      abortAfterMs: 1_000,
    });
    expect(waitedMs).toBe(1_000);
    expect(sent).toHaveLength(1);
    expect(timers).toBe(0);
    expect(error.code).toBe('REQUEST_CANCELLED');
    expect(error.message).toBe(
      'The client has gone or the time of the operation is up, so the action was not tried again.',
    );
  });

  it('counts all tries against the requests of one call', async () => {
    const { error, sent } = await runOnFakeClock({ retryOnResponse: [503] }, [{ status: 503 }], {
      options: { maxRequestsPerCall: 2 },
    });
    expect(sent).toHaveLength(2);
    expect(error.code).toBe('REQUEST_LIMIT_EXCEEDED');
  });

  it('repeats one page of a list', async () => {
    jest.useFakeTimers();
    const list = { retryOnResponse: [503], paginate: { strategy: 'page' as const } };
    const { action, run, sender } = prepare(connectorWith(list), [{ status: 503 }, { body: [1, 2] }]);
    const page = action.readPage(run, {}, null, 2);
    await jest.advanceTimersByTimeAsync(5_000);
    expect((await page).rows).toEqual([1, 2]);
    expect(sender.sent.map(({ url }) => url.search)).toEqual(['?page=1', '?page=1']);
  });
});
