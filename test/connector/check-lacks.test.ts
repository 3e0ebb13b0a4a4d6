import { describe, expect, it } from '@jest/globals';
import { defineConnector, type Action, type ObjectDefinition } from '../../src/connector/define.ts';

const lookup: Action = { readOnly: true, input: [{ name: 'id' }], execute: () => null };

function connectorWith(object: Partial<ObjectDefinition>, lacks: readonly string[]): () => unknown {
  const thing: ObjectDefinition = { fields: [{ name: 'id' }, { name: 'owner_name' }], ...object };
  const actions = {
    getThing: { ...lookup, output: thing },
    listThings: { ...lookup, output: thing, list: true, lacks },
  };
  return () => defineConnector({ name: 'shop', objects: { thing }, actions });
}

describe('lacks', () => {
  it('names fields of an entity that can be looked up', () => {
    expect(connectorWith({ key: 'id', lookup: 'get_thing' }, ['owner_name'])).not.toThrow();
  });

  it('is refused where nothing can be looked up', () => {
    expect(connectorWith({}, ['owner_name'])).toThrow(
      'ACTION_INVALID: shop.actions.listThings.lacks: expected an `output` that is an object with `key` and `lookup`; got another.',
    );
  });

  it('is refused for a name that is no field, with the one that was meant', () => {
    expect(connectorWith({ key: 'id', lookup: 'get_thing' }, ['ownername'])).toThrow(
      'ACTION_INVALID: shop.actions.listThings.lacks: expected names of fields of its output (did you mean "owner_name"?); got "ownername".',
    );
  });
});
