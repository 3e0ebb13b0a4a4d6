import { describe, expect, it } from '@jest/globals';
import { checkConnector } from '../../src/connector/check-connector.ts';
import { formatFault } from '../../src/errors.ts';

const id = { name: 'id', type: 'integer' };
const execute = () => null;

function faultsOf(object: unknown, actions: object = {}): string[] {
  return checkConnector({ name: 'shop', objects: { order: object }, actions }, () => {}).map(formatFault);
}

describe('an object', () => {
  it('needs fields', () => {
    expect(faultsOf({})).toEqual(['OBJECT_INVALID: shop.objects.order.fields: expected a list; got nothing.']);
    expect(faultsOf({ fields: 'id', key: 'id' })).toEqual([
      'OBJECT_INVALID: shop.objects.order.fields: expected a list; got "id".',
    ]);
    expect(faultsOf([id])).toEqual(['OBJECT_INVALID: shop.objects.order: expected an object; got a list of 1.']);
  });

  it('names a key that is none of its fields, and the closest one', () => {
    expect(faultsOf({ fields: [{ name: 'number' }, id], key: 'numer' })).toEqual([
      'KEY_UNKNOWN: shop.objects.order.key: expected the name of one of its fields (did you mean "number"?); got "numer".',
    ]);
  });

  it('tells a wrong key and a wrong lookup at once', () => {
    expect(faultsOf({ fields: [id], key: 'ids', lookup: 'get', batch: 'all' }, { get: { execute } })).toEqual([
      'KEY_UNKNOWN: shop.objects.order.key: expected the name of one of its fields (did you mean "id"?); got "ids".',
      'LOOKUP_UNKNOWN: shop.objects.order.lookup: expected an action with readOnly: true, since joins only read; got get.',
      'LOOKUP_UNKNOWN: shop.objects.order.batch: expected the name of an action; got "all".',
    ]);
  });

  it('survives a key that is no text', () => {
    expect(faultsOf({ fields: [id, null, {}], key: 42 })).toContain(
      'OBJECT_INVALID: shop.objects.order.key: expected a string; got 42.',
    );
  });

  it('needs a key beside lookup and batch', () => {
    expect(faultsOf({ fields: [id], lookup: 'a', batch: 'b' })).toEqual([
      'OBJECT_INVALID: shop.objects.order.lookup: expected a `key` beside it, which says what is looked up; got none.',
      'OBJECT_INVALID: shop.objects.order.batch: expected a `key` beside it, which says what is looked up; got none.',
    ]);
  });

  it('allows objects that refer to each other in a circle with an end', () => {
    const circle = { fields: [id, { name: 'parent', type: 'object', properties: 'order' }] };
    expect(faultsOf(circle)).toEqual([]);
  });

  it('refuses a circle that no value can satisfy', () => {
    const circle = { fields: [id, { name: 'parent', type: 'object', properties: 'order', optional: false }] };
    expect(faultsOf(circle)).toEqual([
      'NOTATION_CIRCULAR: shop.objects.order.fields[1]: expected a value that can end; got objects that each require the next: order → order. Make one of these fields optional, or an array.',
    ]);
  });
});

describe('a lookup', () => {
  const order = (more: object) => ({ fields: [id], key: 'id', ...more });

  it('is found in either spelling of its name', () => {
    expect(faultsOf(order({ lookup: 'get_order' }), { getOrder: { readOnly: true, input: [id], execute } })).toEqual(
      [],
    );
  });

  it('names an action that does not exist, and the closest one', () => {
    expect(faultsOf(order({ lookup: 'get_odrer' }), { get_order: { readOnly: true, input: [id], execute } })).toEqual([
      'LOOKUP_UNKNOWN: shop.objects.order.lookup: expected the name of an action (did you mean "get_order"?); got "get_odrer".',
    ]);
    expect(faultsOf(order({ batch: 'toString' }))).toEqual([
      'LOOKUP_UNKNOWN: shop.objects.order.batch: expected the name of an action; got "toString".',
    ]);
  });

  it('only reads', () => {
    expect(faultsOf(order({ lookup: 'get' }), { get: { input: [id], execute } })).toEqual([
      'LOOKUP_UNKNOWN: shop.objects.order.lookup: expected an action with readOnly: true, since joins only read; got get.',
    ]);
  });

  it('takes the key', () => {
    const get = { readOnly: true, input: [{ name: 'number' }], execute };
    expect(faultsOf(order({ lookup: 'get' }), { get })).toEqual([
      'LOOKUP_UNKNOWN: shop.objects.order.lookup: expected get to have an input field "id", which takes the key; got ["number"].',
    ]);
    expect(faultsOf(order({ lookup: 'get' }), { get: { readOnly: true, execute } })).toEqual([
      'LOOKUP_UNKNOWN: shop.objects.order.lookup: expected get to have an input field "id", which takes the key; got [].',
    ]);
  });

  it('as a batch names a batch action', () => {
    const get = { readOnly: true, input: [{ name: 'ids', type: 'array', of: 'integer' }], execute };
    expect(faultsOf(order({ batch: 'get' }), { get })).toEqual([
      'LOOKUP_UNKNOWN: shop.objects.order.batch: expected an action with batch: true; got get.',
    ]);
    expect(faultsOf(order({ batch: 'get' }), { get: { ...get, batch: true } })).toEqual([]);
  });
});
