import { describe, expect, it } from '@jest/globals';
import {
  describeThing,
  keyOf,
  nameOf,
  parametersOf,
  rowReader,
  thingKindsOf,
} from '../../src/things/described-thing.ts';
import { lampConnector } from '../support/lamp-connector.ts';

const { connector } = lampConnector();
const [kind] = thingKindsOf(connector);
const read = rowReader(kind!);
const row = (rest: object = {}) => read({ id: 7, name: 'Desk', online: true, state: { level: 40, on: true }, ...rest });
const now = Date.parse('2026-12-01T12:00:00Z');

describe('what a connector says of its things', () => {
  it('is found with the objects that say it', () => {
    expect(thingKindsOf(connector).map(({ object }) => object)).toEqual(['lamp']);
    expect(thingKindsOf({ name: 'none' })).toEqual([]);
    expect(thingKindsOf(undefined)).toEqual([]);
  });

  it('is filled in from a row, values as texts of the type that their fields have', () => {
    const thing = describeThing(kind!, 'before', row({ seen_at: '2026-11-30T10:00:00Z' }), now);
    expect(thing).toMatchObject({
      name: 'Desk',
      manufacturer: 'Acme',
      displayType: 'core.LAMP',
      status: 'AVAILABLE',
      mainComponentId: 'bulb',
    });
    const lastUpdate = Date.parse('2026-11-30T10:00:00Z');
    expect(thing.components[0]!.properties).toEqual([
      {
        id: 'level',
        name: 'Level',
        value: '40',
        unit: '%',
        type: 'NUMBER',
        propertyType: 'core.DIM_LEVEL',
        lastUpdate,
      },
      { id: 'on', name: 'On', value: 'true', unit: '', type: 'BOOLEAN', propertyType: '', lastUpdate },
      { id: 'mode', name: 'Way of light', value: null, unit: '', type: 'STRING', propertyType: '', lastUpdate: null },
    ]);
    expect(thing.components[0]!.actions).toEqual([
      {
        id: 'dim',
        name: 'Dim',
        parameters: [
          { name: 'level', type: 'NUMBER', isRequired: true },
          { name: 'fade', type: 'BOOLEAN', isRequired: false },
        ],
      },
    ]);
  });

  it('has no values and is UNKNOWN without its row, and keeps its name', () => {
    const thing = describeThing(kind!, 'Desk', undefined, now);
    expect([thing.name, thing.status]).toEqual(['Desk', 'UNKNOWN']);
    expect(thing.components[0]!.properties.map(({ value }) => value)).toEqual([null, null, null]);
  });

  it('is UNAVAILABLE where the row says that it is not reached, and only then', () => {
    const statusOf = (rest: object) => describeThing(kind!, '', row(rest), now).status;
    expect([statusOf({ online: false }), statusOf({ online: null }), statusOf({ online: undefined })]).toEqual([
      'UNAVAILABLE',
      'AVAILABLE',
      'AVAILABLE',
    ]);
  });

  it('was measured now where the row tells no time', () => {
    expect(describeThing(kind!, '', row(), now).components[0]!.properties[0]!.lastUpdate).toBe(now);
  });

  it('goes by its key and its name, and by the name of the object without one', () => {
    expect([keyOf(kind!, row()), keyOf(kind!, {})]).toEqual(['7', undefined]);
    expect([nameOf(kind!, row()), nameOf(kind!, row({ name: '' }))]).toEqual(['Desk', 'Lamp']);
  });

  it('leaves those parameters of an action that the thing does not fill in', () => {
    const { actions } = kind!.thing.components['bulb']!;
    expect(parametersOf(connector, actions!['dim']!).map(({ name }) => name)).toEqual(['level', 'fade']);
  });
});
