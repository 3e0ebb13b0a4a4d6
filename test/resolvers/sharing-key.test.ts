import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { everyScope } from '../../src/connection/scopes.ts';
import { sharingKey, type SharedOperation } from '../../src/resolvers/sharing-key.ts';

const query = 'subscription Tell($after: String, $status: String) { orders(after: $after, status: $status) { id } }';
const first: SharedOperation = {
  document: parse(query),
  operationName: 'Tell',
  variables: { after: 'a', status: 'open' },
  feed: 'f',
  connection: 'c',
  caller: { tenant: 't', subject: 's', scopes: new Set(['x', 'y']) },
};

function keyOf(change: Partial<SharedOperation> & { readonly query?: string } = {}): string {
  const { query: text, ...others } = change;
  return sharingKey({ ...first, ...(text !== undefined && { document: parse(text) }), ...others });
}

describe('the sharing key', () => {
  it.each<[string, Parameters<typeof keyOf>[0]]>([
    ['spaces and comments', { query: `# told\n${query.replaceAll(' ', '\n')}` }],
    ['where it begins', { variables: { status: 'open', after: 'b' } }],
    ['beginning from now on', { variables: { status: 'open' } }],
    ['a variable without a value', { variables: { status: 'open', other: undefined } }],
    ['the order of scopes', { caller: { ...first.caller, scopes: new Set(['y', 'x']) } }],
  ])('leaves out %s', (_what, change) => {
    expect(keyOf(change)).toBe(keyOf());
  });

  it('leaves out a place that stands in the document', () => {
    const written = (place: string) => `subscription { orders(after: "${place}", status: "open") { id } }`;
    const keys = ['a', 'b'].map((place) => keyOf({ query: written(place), operationName: null, variables: {} }));
    expect(keys[0]).toBe(keys[1]);
  });

  it.each<[string, Parameters<typeof keyOf>[0]]>([
    ['the feed', { feed: 'g' }],
    ['the connection', { connection: undefined }],
    ['the tenant', { caller: { ...first.caller, tenant: 'u' } }],
    ['the subject', { caller: { ...first.caller, subject: 'u' } }],
    ['having no subject', { caller: { ...first.caller, subject: undefined } }],
    ['the scopes', { caller: { ...first.caller, scopes: new Set(['x']) } }],
    ['every scope', { caller: { ...first.caller, scopes: everyScope } }],
    ['the operation', { query: `${query} subscription Other { orders { id } }` }],
    ['its variables', { variables: { status: 'closed' } }],
    ['null', { variables: { status: null } }],
    ['an alias', { query: query.replace('id', 'key: id') }],
  ])('holds %s', (_what, change) => {
    expect(keyOf(change)).not.toBe(keyOf());
  });

  it('holds a variable that says more than where it begins', () => {
    const both = query.replace('{ id }', '{ since(place: $after) }');
    const inFragment = `${query.replace('{ id }', '{ ...More }')} fragment More on Event { since(place: $after) }`;
    for (const text of [both, inFragment]) {
      const keys = ['a', 'b'].map((after) => keyOf({ query: text, variables: { after } }));
      expect(keys[0]).not.toBe(keys[1]);
    }
  });

  it('does not confuse values that look alike', () => {
    const values = [{ a: [1] }, [['a', [1]]], { a: { 0: 1 } }, '{"a":[1]}', { b: { a: [1] } }, []];
    expect(new Set(values.map((status) => keyOf({ variables: { status } }))).size).toBe(values.length);
  });
});
