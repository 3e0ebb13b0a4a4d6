import { describe, expect, it } from '@jest/globals';
import type { Trigger } from '../../src/connector/definition.ts';
import { prepareTrigger } from '../../src/connector/run-trigger.ts';
import { GatewayError, InputError } from '../../src/errors.ts';
import { scriptSender } from '../support/scripted-sender.ts';
import { canary, failureOf, prepareCall } from '../support/trigger-call.ts';

const poll = () => null;

describe('a trigger', () => {
  it.each<[string, Trigger]>([
    ['ascending', { poll }],
    ['ascending', { type: 'ascending', poll }],
    ['descending', { type: 'paging_desc', poll }],
    ['webhook', { webhook: { notification: poll } }],
    ['hybrid', { type: 'paging_desc', poll, webhook: {} }],
  ])('is %s', (kind, definition) => {
    expect(prepareCall(definition).trigger.kind).toBe(kind);
  });

  it('is polled every minute, unless it says otherwise', () => {
    expect(prepareCall({ poll }).trigger.intervalMs).toBe(60_000);
    expect(prepareCall({ poll, intervalMs: 5 }).trigger.intervalMs).toBe(5);
  });

  it('has of a webhook what its connector has', () => {
    const { trigger } = prepareCall({ webhook: { notification: poll, verify: () => true } });
    expect(trigger).toMatchObject({ verify: expect.any(Function), readNotification: expect.any(Function) });
    for (const name of ['subscribe', 'unsubscribe', 'refresh', 'challenge']) expect(trigger).not.toHaveProperty(name);
    expect(prepareCall({ poll }).trigger).not.toHaveProperty('readNotification');
  });

  it('must be one of its connector', () => {
    expect(() => prepareTrigger({ name: 'shop' }, 'sold', { sender: scriptSender() })).toThrow(
      'shop has no trigger sold.',
    );
  });
});

describe('its input', () => {
  const input: Trigger['input'] = [
    { name: 'created_since', type: 'date_time' },
    { name: 'shop_id', type: 'integer', optional: false },
  ];

  it('is coerced from arguments of the graph, and from the same read back from JSON', async () => {
    const { trigger, run } = prepareCall({ poll, input });
    const args = { createdSince: new Date(7), shopId: '12' };
    const expected = { created_since: new Date(7), shop_id: 12 };
    expect(await trigger.coerceInput(run, args)).toEqual(expected);
    const stored = JSON.parse(JSON.stringify(args)) as Record<string, unknown>;
    expect(await trigger.coerceInput(run, stored)).toEqual(expected);
  });

  it('is refused with the name of the argument', async () => {
    const { trigger, run } = prepareCall({ poll, input });
    const failure = await failureOf(trigger.coerceInput(run, { shopId: 'x' }));
    expect(failure).toBeInstanceOf(InputError);
    expect(failure.message).toBe('shopId: expected an integer; got a string that is none.');
  });

  it('may depend on the configuration', async () => {
    const { trigger, run } = prepareCall({ poll, input: ({ kind }) => [{ name: kind as string, type: 'integer' }] });
    expect(await trigger.coerceInput(run, { input: { b: '1', c: 2 } })).toEqual({ b: 1 });
    const wrong = prepareCall({ poll, input: () => [{ name: 'a', type: 'int' }] as never });
    expect((await failureOf(wrong.trigger.coerceInput(run, {}))).message).toMatch(
      /^shop\.triggers\.sold\.input\[0\]\.type: expected one of/,
    );
  });
});

describe('a poll', () => {
  it('gives rows, cursor and whether more follows, its requests resolved', async () => {
    const { trigger, run, sender } = prepareCall(
      {
        poll: (connection, { since }, cursor) => ({
          events: connection.get('sales').params({ since, cursor }),
          nextPoll: { at: new Date(0) },
          canPollMore: true,
        }),
      },
      [{ body: [{ id: 1 }, { id: 2 }] }],
    );
    expect(await trigger.poll(run, { since: 1 }, 'c')).toEqual({
      rows: [{ id: 1 }, { id: 2 }],
      cursor: { at: '1970-01-01T00:00:00.000Z' },
      canPollMore: true,
    });
    expect(sender.sent[0]!.url.search).toBe('?since=1&cursor=c');
  });

  it('may be the answer of a request', async () => {
    const { trigger, run } = prepareCall({ poll: (connection) => connection.get('page') }, [
      { body: { events: [{ id: 1 }], nextPoll: 2 } },
    ]);
    expect(await trigger.poll(run, {}, undefined)).toEqual({ rows: [{ id: 1 }], cursor: 2, canPollMore: false });
  });

  it('gives a row that is too deep beside the others, to be parked', async () => {
    const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const body = `{"events":[{"id":1,"deep":${nested(500)}},{"id":2}]}`;
    const { trigger, run } = prepareCall({ poll: (connection) => connection.get('page') }, [
      { body },
      { body: `{"events":[${nested(1_000)}]}` },
    ]);
    const { rows } = await trigger.poll(run, {}, undefined);
    expect(rows).toHaveLength(2);
    expect((await failureOf((async () => trigger.readEvent(rows[0]))())).code).toBe('EVENT_INVALID');
    expect(trigger.readEvent(rows[1]).id).toBe('2');
    // Some end there is.
    expect((await failureOf(trigger.poll(run, {}, undefined))).message).toContain('JSON of more than 1000 levels');
  });

  it('is given undefined at first, and copies that it may change', async () => {
    const seen: unknown[] = [];
    const { trigger, run } = prepareCall({
      poll: (_connection, input, cursor) => {
        seen.push(cursor);
        input.since = 'changed';
        if (cursor) cursor.page = 'changed';
        return { events: [] };
      },
    });
    const input = { since: 1 };
    const cursor = { page: 1 };
    await trigger.poll(run, input, undefined);
    await trigger.poll(run, input, cursor);
    expect(seen[0]).toBeUndefined();
    expect([input, cursor]).toEqual([{ since: 1 }, { page: 1 }]);
  });

  it('pages back by nextPage where it is descending', async () => {
    const { trigger, run } = prepareCall({
      type: 'paging_desc',
      poll: () => ({ events: [], nextPage: 'older', canPollMore: true }),
    });
    expect(await trigger.poll(run, {}, undefined)).toEqual({ rows: [], cursor: 'older', canPollMore: false });
  });

  it('has a budget of requests of its own', async () => {
    const { trigger, run, sender } = prepareCall({
      poll: async (connection) => {
        for (;;) await connection.get('again');
      },
    });
    expect((await failureOf(trigger.poll(run, {}, undefined))).code).toBe('REQUEST_LIMIT_EXCEEDED');
    expect(sender.sent).toHaveLength(100);
    await failureOf(trigger.poll(run, {}, undefined));
    expect(sender.sent).toHaveLength(200);
  });

  it('fails as an action does, and names connector, connection and trigger', async () => {
    const { trigger, run } = prepareCall({ poll: (connection) => connection.get('sales') }, [
      { status: 429, headers: { 'retry-after': '7' } },
    ]);
    expect((await failureOf(trigger.poll(run, {}, undefined))).extensions).toEqual({
      code: 'PROVIDER_RATE_LIMITED',
      connector: 'shop',
      connection: 'shop.ada',
      raisedIn: 'triggers.sold',
      errorCode: 'shop.rate_limit',
      http: { status: 429 },
      retryAfter: 7,
    });
  });

  it('fails with the reason when it gives no page', async () => {
    const { trigger, run } = prepareCall({ poll: () => ({ events: canary }) });
    const failure = await failureOf(trigger.poll(run, {}, undefined));
    expect(failure.message).toBe('shop.triggers.sold: events: expected a list of objects; got a string.');
    expect(failure.extensions).toMatchObject({ code: 'POLL_ANSWER_INVALID', errorCode: 'shop.invalid_response' });
  });

  it('fails without what it said when it throws', async () => {
    const { trigger, run } = prepareCall({
      poll: () => {
        throw new TypeError(`no ${canary}`);
      },
    });
    const failure = await failureOf(trigger.poll(run, {}, undefined));
    expect(failure.message).toBe("Shop: triggers.sold failed in the connector's own code. The log has the cause.");
    expect((failure.cause as Error).message).toBe('no [redacted]');
  });

  it('is given up when its time is up, however it hangs', async () => {
    const { trigger, run, abort } = prepareCall({ poll: () => new Promise(() => {}) });
    const failing = failureOf(trigger.poll(run, {}, undefined));
    abort(new GatewayError('LEASE_LOST', 'The lease ran out.'));
    const failure = await failing;
    expect(failure.code).toBe('LEASE_LOST');
    expect(failure.message).toBe('Shop: triggers.sold was given up. The lease ran out.');
  });

  it('cannot be asked of a trigger without one', async () => {
    const { trigger, run } = prepareCall({ webhook: { notification: poll } });
    await expect(trigger.poll(run, {}, undefined)).rejects.toThrow('shop.triggers.sold is not polled.');
  });
});

describe('its test', () => {
  it('is that of the connector, its request sent', async () => {
    const { trigger, run, sender } = prepareCall({ poll }, [{ status: 200 }, { status: 401 }], {
      test: (connection) => connection.get('me'),
    });
    await trigger.test(run);
    expect(sender.sent).toHaveLength(1);
    const failure = await failureOf(trigger.test(run));
    expect(failure.extensions).toMatchObject({ connector: 'shop', raisedIn: 'test' });
  });

  it('is passed where the connector has none', async () => {
    const { trigger, run } = prepareCall({ poll });
    expect(await trigger.test(run)).toBeUndefined();
  });
});

describe('readEvent', () => {
  it('reads the rows of its trigger', () => {
    const { trigger } = prepareCall({ poll, dedup: (row) => row.no, output: [{ name: 'no', type: 'integer' }] });
    expect(trigger.readEvent({ no: '7' })).toEqual({ signature: '7', id: '7', payload: '{"no":"7"}' });
    expect(() => trigger.readEvent({ no: 'x' })).toThrow('shop.triggers.sold: no: expected an integer of 32 bits');
  });
});
