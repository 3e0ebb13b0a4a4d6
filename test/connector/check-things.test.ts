import { describe, expect, it } from '@jest/globals';
import { checkConnector } from '../../src/connector/check-connector.ts';
import { formatFault } from '../../src/errors.ts';

const fields = [
  { name: 'id', optional: false },
  { name: 'name' },
  { name: 'online', type: 'boolean' },
  { name: 'values', type: 'object', properties: [{ name: 'temp', type: 'number' }] },
];
const thing = {
  manufacturer: 'Acme',
  displayType: 'core.LAMP',
  list: 'list_lamps',
  available: 'online',
  components: {
    lamp: {
      componentType: 'core.LAMP',
      properties: { warmth: { field: 'values.temp', unit: '°C' } },
      actions: { set: { action: 'set_lamp', input: { lamp: 'id' } } },
    },
  },
};
const execute = () => null;

function faultsOf(change: object, object: object = {}): string[] {
  const lamp = { key: 'id', fields, thing: { ...thing, ...change }, ...object };
  const actions = {
    list_lamps: { readOnly: true, list: true, output: lamp, execute },
    get_lamp: { readOnly: true, output: lamp, execute },
    list_rooms: {
      readOnly: true,
      list: true,
      output: [{ name: 'id' }],
      input: [{ name: 'of', optional: false }],
      execute,
    },
    set_lamp: {
      input: [
        { name: 'lamp', optional: false },
        { name: 'temp', type: 'number' },
      ],
      execute,
    },
  };
  return checkConnector({ name: 'home', objects: { lamp }, actions }, () => {}).map(formatFault);
}

const at = 'THING_INVALID: home.objects.lamp.thing';

describe('a thing', () => {
  it('may say who makes it, what it is, what it measures and what it can be asked', () => {
    expect(faultsOf({})).toEqual([]);
  });

  it('needs a key beside it', () => {
    expect(faultsOf({}, { key: undefined })).toContain(
      `${at}: expected a \`key\` beside it, which tells things apart; got none.`,
    );
  });

  it.each([
    [
      { list: 'list_lamp' },
      `${at}.list: expected the name of an action (did you mean "list_lamps"?); got "list_lamp".`,
    ],
    [{ list: 'get_lamp' }, `${at}.list: expected an action that reads a list; got get_lamp.`],
    [{ list: 'list_rooms' }, `${at}.list: expected an action whose output is this object; got list_rooms.`],
    [{ list: 'list_rooms' }, `${at}.list: expected an action without required input; list_rooms requires of.`],
    [{ name: 'title' }, `${at}.name: expected the name of a field, with dots into nested ones; got "title".`],
    [{ available: 'name' }, `${at}.available: expected the path of a boolean; name is of type "string".`],
    [
      { measuredAt: 'name' },
      `${at}.measuredAt: expected the path of a date_time or timestamp; name is of type "string".`,
    ],
    [{ components: {} }, `${at}.components: expected one component at least; got none.`],
    [
      { mainComponent: 'lam' },
      `${at}.mainComponent: expected the id of one of its components (did you mean "lamp"?); got "lam".`,
    ],
    [{ manufacturer: undefined }, `${at}.manufacturer: expected a string; got nothing.`],
  ])('is told what is wrong with %j', (change, message) => {
    expect(faultsOf(change)).toContain(message);
  });

  it.each([
    [{}, ': expected one property or action at least; got none.'],
    [
      { properties: { warmth: { field: 'values' } } },
      '.properties.warmth.field: expected the path of one value; values is of type "object".',
    ],
    [
      { properties: { warmth: { field: 'values.tmp' } } },
      '.properties.warmth.field: expected the name of a field, with dots into nested ones (did you mean "temp"?); got "values.tmp".',
    ],
    [
      { properties: { 'a b': { field: 'id' } } },
      '.properties.a b: expected 1 to 200 letters, digits, "_" and "-" as an id.',
    ],
    [
      { properties: { a: { field: 'id' }, A: { field: 'id' } } },
      '.properties.A: expected ids that differ in more than small and capital letters.',
    ],
    [
      { actions: { set: { action: 'set_lamps', input: {} } } },
      '.actions.set.action: expected the name of an action (did you mean "set_lamp"?); got "set_lamps".',
    ],
    [
      { actions: { set: { action: 'get_lamp', input: {} } } },
      '.actions.set.action: expected an action that writes; got get_lamp.',
    ],
    [
      { actions: { set: { action: 'set_lamp', input: { lamb: 'id' } } } },
      '.actions.set.input.lamb: expected the name of an input field of set_lamp (did you mean "lamp"?); got "lamb".',
    ],
  ])('is told what is wrong with a component %j', (part, message) => {
    const components = { lamp: { componentType: 'core.LAMP', ...part } };
    expect(faultsOf({ components })).toContain(`${at}.components.lamp${message}`);
  });
});
