import { describe, expect, it } from '@jest/globals';
import { checkStatus, checkValue, readThing } from '../../src/things/thing.ts';

const property = { id: 'on', type: 'BOOLEAN' };
const component = { id: 'lamp', componentType: 'core.LAMP', properties: [property] };
const lamp = { name: 'Lamp', displayType: 'core.LAMP', mainComponentId: 'lamp', components: [component] };
const messageOf = (given: unknown) => {
  try {
    readThing(given, 0);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};
const withComponent = (rest: object) => ({ ...lamp, components: [{ ...component, ...rest }] });

describe('a thing that an application describes', () => {
  it('is whole when it is read: names are ids, texts are empty, values are not known', () => {
    expect(readThing(lamp, 5)).toEqual({
      name: 'Lamp',
      manufacturer: '',
      displayType: 'core.LAMP',
      status: 'AVAILABLE',
      mainComponentId: 'lamp',
      attributes: [],
      components: [
        {
          id: 'lamp',
          name: 'lamp',
          componentType: 'core.LAMP',
          capabilities: [],
          properties: [
            { id: 'on', name: 'on', value: null, unit: '', type: 'BOOLEAN', propertyType: '', lastUpdate: null },
          ],
          actions: [],
        },
      ],
    });
  });

  it('keeps values as texts, with the time at which they were told', () => {
    const given = withComponent({
      properties: [
        { id: 'a', type: 'NUMBER', value: 7 },
        { id: 'b', type: 'BOOLEAN', value: false },
        { id: 'c', type: 'STRING', value: 'x' },
      ],
    });
    const [read] = readThing(given, 5).components;
    expect(read!.properties.map(({ value, lastUpdate }) => [value, lastUpdate])).toEqual([
      ['7', 5],
      ['false', 5],
      ['x', 5],
    ]);
  });

  // `Thing.Verify` of connctd's SDK, rule by rule.
  it.each([
    [{ ...lamp, displayType: '' }, 'displayType: expected a text of 1 to 4000 characters.'],
    [{ ...lamp, components: [] }, 'components: expected one component at least.'],
    [
      { ...lamp, mainComponentId: undefined },
      /^mainComponentId: expected a text of 1 to 4000 characters\. mainComponentId/,
    ],
    [{ ...lamp, mainComponentId: 'bulb' }, 'mainComponentId: expected the id of one of its components.'],
    [withComponent({ componentType: null }), 'components[0].componentType: expected a text of 1 to 4000 characters.'],
    [withComponent({ properties: [] }), 'components[0]: expected one property or action at least.'],
    [
      withComponent({ properties: [{ id: 'a b', type: 'STRING' }] }),
      'components[0].properties[0].id: expected 1 to 200 letters, digits, "_" and "-".',
    ],
    [
      withComponent({ properties: [{ id: 'x'.repeat(201), type: 'STRING' }] }),
      'components[0].properties[0].id: expected 1 to 200 letters, digits, "_" and "-".',
    ],
    [
      withComponent({ properties: [property, { id: 'ON', type: 'STRING' }] }),
      'components[0].properties[1].id: expected another than those before it.',
    ],
    [
      { ...lamp, components: [component, { ...component, id: 'LAMP' }] },
      'components[1].id: expected another than those before it.',
    ],
    [{ ...lamp, status: 'BROKEN' }, 'status: expected one of AVAILABLE, UNAVAILABLE, UNKNOWN.'],
    [
      withComponent({ actions: [{ id: 'dim', parameters: [{ name: '', type: 'NUMBER' }] }] }),
      'components[0].actions[0].parameters[0].name: expected a text of 1 to 4000 characters.',
    ],
    [{ ...lamp, attributes: 'none' }, 'attributes: expected a list of at most 200.'],
    [{ ...lamp, attributes: [7] }, /^attributes\[0\]: expected an object\./],
    [null, /^thing: expected an object\./],
  ])('is refused (%#)', (given, message) => {
    if (typeof message === 'string') expect(messageOf(given)).toBe(message);
    else expect(messageOf(given)).toMatch(message);
  });
});

describe('a value', () => {
  it('is taken as text, whatever JSON it came as', () => {
    expect([checkValue(7.5, 'NUMBER', 'v'), checkValue('-1e3', 'NUMBER', 'v')]).toEqual(['7.5', '-1e3']);
    expect([checkValue(true, 'BOOLEAN', 'v'), checkValue('', 'STRING', 'v')]).toEqual(['true', '']);
  });

  it.each([
    ['warm', 'NUMBER', 'v: expected a NUMBER; got another.'],
    ['', 'NUMBER', 'v: expected a NUMBER; got another.'],
    [Number.NaN, 'NUMBER', 'v: expected a NUMBER; got another.'],
    ['yes', 'BOOLEAN', 'v: expected a BOOLEAN; got another.'],
    [undefined, 'STRING', 'v: expected a STRING of at most 4000 characters; got another.'],
    ['x'.repeat(4_001), 'STRING', 'v: expected a STRING of at most 4000 characters; got another.'],
    [{}, 'STRING', 'v: expected a STRING of at most 4000 characters; got another.'],
  ] as const)('is refused where it is not of its type (%#)', (value, type, message) => {
    expect(() => checkValue(value, type, 'v')).toThrow(new Error(message));
  });
});

describe('a status', () => {
  it('is one of three', () => {
    expect(checkStatus('UNKNOWN')).toBe('UNKNOWN');
    expect(() => checkStatus('unknown')).toThrow(new Error('status: expected one of AVAILABLE, UNAVAILABLE, UNKNOWN.'));
  });
});
