/** Rows that become events, and rows that are parked. */
import { describe, expect, it } from '@jest/globals';
import { prepareEvents } from '../../src/feed/prepare-events.ts';
import { runnableTrigger } from '../support/ticking-feed.ts';

const trigger = runnableTrigger({ output: [{ name: 'id' }, { name: 'at', type: 'date_time' }], poll: () => undefined });

describe('the rows of a page', () => {
  it('become events in their order; one that cannot is parked with code, reason and itself', () => {
    const { events, parked } = prepareEvents(trigger, [{ id: 1 }, { id: 2, at: 'never' }, { name: 'Ann' }, { id: 3 }]);
    expect(events.map(({ id }) => id)).toEqual(['1', '3']);
    expect(parked.map(({ code, payload }) => [code, payload])).toEqual([
      ['EVENT_INVALID', '{"id":2,"at":"never"}'],
      ['EVENT_ID_MISSING', '{"name":"Ann"}'],
    ]);
    expect(parked.map(({ reason }) => reason).join()).not.toMatch(/never|Ann/);
  });

  it('are told by their content when they are parked', () => {
    const signatures = [{ name: 'Ann' }, { name: 'Ann' }, { name: 'Bob' }].map(
      (row) => prepareEvents(trigger, [row]).parked[0]!.signature,
    );
    expect(new Set(signatures).size).toBe(2);
    expect(signatures[0]).toBe(signatures[1]);
  });

  it('are parked without themselves where they are too large to be kept, or no JSON', () => {
    const circle: Record<string, unknown> = { id: 1 };
    circle.self = circle;
    const rows = [{ id: 1, text: 'x'.repeat(300_000) }, { id: 1, text: 'x'.repeat(1024 * 1024) }, circle, undefined];
    const { events, parked } = prepareEvents(trigger, rows);
    expect(events).toEqual([]);
    expect(parked.map(({ code, payload }) => [code, payload !== undefined])).toEqual([
      ['EVENT_TOO_LARGE', true],
      ['EVENT_TOO_LARGE', false],
      ['EVENT_INVALID', false],
      ['EVENT_INVALID', false],
    ]);
  });

  it('hide what code failed with that is not ours', () => {
    const failing = {
      readEvent: () => {
        throw new Error('the secret is 42');
      },
    };
    expect(prepareEvents(failing, [{ id: 1 }]).parked).toMatchObject([
      { code: 'EVENT_INVALID', reason: 'The row could not be read as an event.' },
    ]);
  });
});
