import { describe, expect, it } from '@jest/globals';
import { readPoll } from '../../src/connector/read-poll.ts';
import { GatewayError } from '../../src/errors.ts';

const name = 'shop.triggers.sold';
const read = (answer: unknown, isDescending = false) => readPoll(answer, isDescending, name);

function failureOf(answer: unknown, isDescending = false): string {
  try {
    read(answer, isDescending);
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return `${(error as GatewayError).code} ${(error as Error).message}`;
  }
  throw new Error('It did not fail.');
}

describe('a page of a poll', () => {
  it.each([undefined, null, {}, { events: null }, { events: [] }])('is empty when the poll gives %p', (answer) => {
    expect(read(answer)).toEqual({ rows: [], cursor: undefined, canPollMore: false });
  });

  it('holds the events in their order, one of them being a list of it', () => {
    const events = [{ id: 2 }, { id: 1 }];
    expect(read({ events }).rows).toBe(events);
    expect(read({ events: { id: 1 } }).rows).toEqual([{ id: 1 }]);
  });

  it.each([[[{ id: 1 }, null, 7, [{ id: 2 }]]], [[null, undefined]]])(
    'leaves rows that are no objects to be parked, one by one (%#)',
    (events) => {
      expect(read({ events }).rows).toBe(events);
    },
  );

  it('goes on at nextPoll, or of a descending trigger at nextPage', () => {
    expect(read({ events: [], nextPoll: 'a', nextPage: 'b', canPollMore: true })).toMatchObject({
      cursor: 'a',
      canPollMore: true,
    });
    expect(read({ events: [], nextPoll: 'a', nextPage: 'b', canPollMore: true }, true)).toMatchObject({
      cursor: 'b',
      canPollMore: false,
    });
  });

  it.each([undefined, null, false, '', '  ', [], {}])(
    'has no cursor when nextPoll is %p, as the real runtime',
    (nextPoll) => {
      expect(read({ events: [], nextPoll }).cursor).toBeUndefined();
    },
  );

  it.each([
    [0, 0],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [
      { since: new Date(0), page: 2, none: undefined },
      { since: '1970-01-01T00:00:00.000Z', page: 2 },
    ],
    [7n, 7],
    [2n ** 64n, '18446744073709551616'],
    [[1], [1]],
  ])('keeps the cursor %p', (nextPoll, cursor) => {
    expect(read({ events: [], nextPoll }).cursor).toEqual(cursor);
  });
});

describe('an answer that is no page', () => {
  it.each([
    [[], `${name}: poll: expected { events, nextPoll, canPollMore }; got a list.`],
    ['x', `${name}: poll: expected { events, nextPoll, canPollMore }; got a string.`],
    [42, `${name}: poll: expected { events, nextPoll, canPollMore }; got a number.`],
    [false, `${name}: poll: expected { events, nextPoll, canPollMore }; got a boolean.`],
    [
      { customers: [] },
      `${name}: poll: expected { events, nextPoll, canPollMore }; got an object with none of these keys.`,
    ],
    [{ events: 'x' }, `${name}: events: expected a list of objects; got a string.`],
    [{ events: 3 }, `${name}: events: expected a list of objects; got a number.`],
    [{ events: [null, 7] }, `${name}: events[1]: expected an object; got a number.`],
    [{ events: [[{ id: 1 }]] }, `${name}: events[0]: expected an object; got a list.`],
    [
      { events: Array.from({ length: 1001 }, (_, id) => ({ id })) },
      `${name}: events: expected at most 1000 events; got 1001. Ask the provider for smaller pages and answer canPollMore or nextPage.`,
    ],
  ])('is refused with the reason (%#)', (answer, message) => {
    expect(failureOf(answer)).toBe(`POLL_ANSWER_INVALID ${message}`);
  });

  it('says what a descending poll answers', () => {
    expect(failureOf('x', true)).toBe(
      `POLL_ANSWER_INVALID ${name}: poll: expected { events, nextPage }; got a string.`,
    );
  });

  it('is no longer refused at a thousand events', () => {
    expect(read({ events: Array.from({ length: 1000 }, (_, id) => ({ id })) }).rows).toHaveLength(1000);
  });
});

describe('a cursor that cannot be stored', () => {
  const circle: unknown[] = [];
  circle.push(circle);

  it.each([
    [() => 1, 'nextPoll: expected what JSON can say; got a function.'],
    [{ at: Symbol('x') }, 'nextPoll.at: expected what JSON can say; got a symbol.'],
    [NaN, 'nextPoll: expected what JSON can say; got NaN.'],
    [new Date(NaN), 'nextPoll: expected what JSON can say; got an invalid Date.'],
    [
      'x'.repeat(65_537),
      'nextPoll: expected at most 65536 bytes of JSON, since it is stored with every page; got 65539.',
    ],
    ['\ud800', 'nextPoll: expected text; got a string with half of a surrogate pair.'],
  ])('is refused with the reason (%#)', (nextPoll, message) => {
    expect(failureOf({ events: [], nextPoll })).toBe(`POLL_CURSOR_INVALID ${name}: ${message}`);
  });

  it('is refused when it contains itself', () => {
    expect(failureOf({ events: [], nextPage: circle }, true)).toMatch(
      /^POLL_CURSOR_INVALID shop.triggers.sold: nextPage(\[0\])+: expected JSON; got deeper or circular JSON.$/,
    );
  });
});
