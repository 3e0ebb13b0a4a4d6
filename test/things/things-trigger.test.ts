import { describe, expect, it } from '@jest/globals';
import { prepareThingsTrigger } from '../../src/things/things-trigger.ts';
import { lampConnector, lampRun, noSender } from '../support/lamp-connector.ts';

describe('what changes of things, as a trigger', () => {
  const begin = () => {
    const lamps = lampConnector();
    lamps.rows = [{ id: 1, state: { level: 10, on: true }, seen_at: '2026-12-01T10:00:00Z' }];
    const trigger = prepareThingsTrigger(lamps.connector, { sender: noSender });
    const poll = (cursor: unknown) => trigger.poll(lampRun(), {}, cursor as never);
    return { lamps, trigger, poll };
  };

  it('is polled as often as the connector says', () => {
    expect(begin().trigger.intervalMs).toBe(7_000);
  });

  it('learns at first, and then tells each property that has another value', async () => {
    const { lamps, poll } = begin();
    const first = await poll(undefined);
    expect(first.rows).toEqual([]);
    expect((await poll(first.cursor)).rows).toEqual([]);
    lamps.rows = [{ id: 1, state: { level: 20, on: true }, seen_at: '2026-12-01T10:01:00Z' }];
    const second = await poll(first.cursor);
    expect(second.rows).toEqual([
      {
        object: 'lamp',
        key: '1',
        component: 'bulb',
        property: 'level',
        value: '20',
        count: 2,
        changed_at: '2026-12-01T10:01:00.000Z',
      },
    ]);
    expect((await poll(second.cursor)).rows).toEqual([]);
  });

  it('tells a value that is gone as null, and one that comes back as a change of its own', async () => {
    const { lamps, poll, trigger } = begin();
    const { cursor } = await poll(undefined);
    const [known] = lamps.rows;
    lamps.rows = [{ ...known!, state: { level: null, on: true } }];
    const gone = await poll(cursor);
    lamps.rows = [known!];
    const back = await poll(gone.cursor);
    const rows = [...gone.rows, ...back.rows];
    expect(rows).toMatchObject([
      { value: null, count: 2 },
      { value: '10', count: 3 },
    ]);
    expect(new Set(rows.map((row) => trigger.readEvent(row).signature)).size).toBe(2);
  });

  it('tells nothing of a thing that is new, nor of one that is not listed, and what differs when it is back', async () => {
    const { lamps, poll } = begin();
    const { cursor } = await poll(undefined);
    lamps.rows = [{ id: 2, state: { level: 5 } }];
    const other = await poll(cursor);
    expect(other.rows).toEqual([]);
    lamps.rows = [{ id: 1, state: { level: 10, on: false } }];
    expect((await poll(other.cursor)).rows).toMatchObject([{ key: '1', property: 'on', value: 'false' }]);
  });
});
