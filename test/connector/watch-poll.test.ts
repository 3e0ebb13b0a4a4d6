import { describe, expect, it } from '@jest/globals';
import type { Trigger } from '../../src/connector/definition.ts';
import { failureOf, prepareCall } from '../support/trigger-call.ts';

const poll: Trigger['poll'] = async (connection) => ({ events: await connection.get('sales') });
const sale = { id: 1 };

describe('a conditional poll', () => {
  const conditional: Trigger = { conditional: true, poll };

  it('tells what its answer is called, and asks by that whether it is still the same', async () => {
    const answers = [{ headers: { etag: 'W/"1"' }, body: [sale] }, { status: 304 }];
    const { trigger, run, sender } = prepareCall(conditional, answers);
    const first = await trigger.poll(run, {}, undefined);
    expect(first).toEqual({ rows: [sale], cursor: undefined, canPollMore: false, etag: 'W/"1"' });
    expect(await trigger.poll(run, {}, undefined, { etag: 'W/"1"' })).toEqual({
      rows: [],
      cursor: undefined,
      canPollMore: false,
      isUnchanged: true,
    });
    expect(sender.sent.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, 'W/"1"']);
  });

  it('gives what has changed, and its new name', async () => {
    const { trigger, run } = prepareCall(conditional, [{ headers: { etag: '"2"' }, body: [sale] }]);
    expect(await trigger.poll(run, {}, undefined, { etag: '"1"' })).toMatchObject({ rows: [sale], etag: '"2"' });
  });

  it('asks so with its first GET alone', async () => {
    const two: Trigger['poll'] = async (connection) => {
      await connection.post('token');
      return { events: [...(await connection.get('sales')), ...(await connection.get('refunds'))] };
    };
    const answers = [{}, { headers: { etag: '"2"' }, body: [sale] }, { headers: { etag: '"x"' }, body: [] }];
    const { trigger, run, sender } = prepareCall({ ...conditional, poll: two }, answers);
    expect(await trigger.poll(run, {}, undefined, { etag: '"1"' })).toMatchObject({ rows: [sale], etag: '"2"' });
    expect(sender.sent.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', undefined]);
  });

  it('leaves a 304 that nobody asked for to the connector', async () => {
    const { trigger, run } = prepareCall(conditional, [{ status: 304 }]);
    expect((await failureOf(trigger.poll(run, {}, undefined))).details.http?.status).toBe(304);
    const own: Trigger['poll'] = async (connection) => ({
      events: await connection
        .get('sales')
        .headers({ 'If-None-Match': '"own"' })
        .afterErrorResponse(304, () => []),
    });
    const call = prepareCall({ ...conditional, poll: own }, [{ status: 304 }]);
    expect(await call.trigger.poll(call.run, {}, undefined, { etag: '"1"' })).not.toHaveProperty('isUnchanged');
    expect(call.sender.sent[0]!.headers['if-none-match']).toBe('"own"');
  });

  it('is not asked so by a trigger that does not say so, and no name is kept that is too long', async () => {
    const plain = prepareCall({ poll }, [{ headers: { etag: '"1"' }, body: [] }]);
    expect(await plain.trigger.poll(plain.run, {}, undefined, { etag: '"0"' })).not.toHaveProperty('etag');
    expect(plain.sender.sent[0]!.headers).not.toHaveProperty('if-none-match');
    const long = prepareCall(conditional, [{ headers: { etag: `"${'x'.repeat(1_024)}"` }, body: [] }]);
    expect(await long.trigger.poll(long.run, {}, undefined)).not.toHaveProperty('etag');
  });
});

describe('the time that a provider wants to be left alone', () => {
  it.each([
    ['60', 60_000],
    ['0.5', 500],
    ['999999999', 3_600_000],
    ['soon', undefined],
    ['-5', undefined],
  ])('is %s seconds', async (header, waitMs) => {
    const definition: Trigger = { intervalHeader: 'X-Poll-Interval', poll };
    const { trigger, run } = prepareCall(definition, [{ headers: { 'x-poll-interval': header }, body: [] }]);
    expect((await trigger.poll(run, {}, undefined)).waitMs).toBe(waitMs);
  });

  it('is told with an answer that has not changed too', async () => {
    const definition: Trigger = { conditional: true, intervalHeader: 'X-Poll-Interval', poll };
    const { trigger, run } = prepareCall(definition, [{ status: 304, headers: { 'x-poll-interval': '90' } }]);
    const page = await trigger.poll(run, {}, undefined, { etag: '"1"' });
    expect([page.isUnchanged, page.waitMs]).toEqual([true, 90_000]);
  });
});

describe('the start of a feed', () => {
  it('is given to its poll, and is now where nobody knows it', async () => {
    const starts: Date[] = [];
    const { trigger, run } = prepareCall({
      poll: (_connection, _input, _cursor, { startedAt }) => void starts.push(startedAt),
    });
    await trigger.poll(run, {}, undefined, { startedAt: 7 });
    const before = Date.now();
    await trigger.poll(run, {}, undefined);
    expect(starts[0]).toEqual(new Date(7));
    expect(starts[1]!.getTime()).toBeGreaterThanOrEqual(before);
  });
});
