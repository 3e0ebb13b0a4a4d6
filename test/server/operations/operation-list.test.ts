import { describe, expect, it } from '@jest/globals';
import { DefinitionError, formatFault } from '../../../src/errors.ts';
import { defaultLimits } from '../../../src/server/limits.ts';
import { checkOperationList, hashOf } from '../../../src/server/operations/operation-list.ts';
import { smallGraph } from '../../support/small-graph.ts';

const { schema } = smallGraph();
const options = { limits: { ...defaultLimits, depth: 3 }, production: false, introspection: true } as const;

function listOf(texts: Readonly<Record<string, string>>, more: object = {}) {
  const documents = Object.entries(texts).map(([id, text]) => ({ id, text, place: `list[${id}]` }));
  return checkOperationList({ source: 'list', documents, faults: [] }, schema, { ...options, ...more });
}

function faultsOf(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults.map(formatFault);
    throw error;
  }
  return [];
}

describe('a list of operations', () => {
  it('finds each by its id and by its hash, and knows the texts that are on it', () => {
    const list = listOf({ greet: '{ greeting }', rename: 'mutation { rename(name: "x") }' });
    expect(list.find('greet')).toBe('{ greeting }');
    expect(list.find(hashOf('{ greeting }'))).toBe('{ greeting }');
    expect(list.has('{ greeting }')).toBe(true);
    expect([list.find('__proto__'), list.find(''), list.find(hashOf('{greeting}'))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(list.has('{ greeting } ')).toBe(false);
  });

  it('tells every fault of every operation at once', () => {
    const faults = faultsOf(() =>
      listOf({
        broken: '{ greeting',
        unknown: '{ nothing greting }',
        deep: '{ item { item { item { name } } } }',
        good: '{ greeting }',
        two: 'subscription { renamed other: renamed }',
        [hashOf('{ greeting }')]: '{ generation }',
      }),
    );
    expect(faults).toEqual([
      'OPERATION_LIST_INVALID: list[broken]:1:11: Syntax Error: Expected Name, found <EOF>.',
      'OPERATION_LIST_INVALID: list[unknown]:1:3: Cannot query field "nothing" on type "Query".',
      'OPERATION_LIST_INVALID: list[unknown]:1:11: Cannot query field "greting" on type "Query". Did you mean "greeting"?',
      expect.stringMatching(
        /^OPERATION_LIST_INVALID: list\[deep\]:1:1: The operation is 4 levels deep; the limit is 3\./,
      ),
      expect.stringMatching(/^OPERATION_LIST_INVALID: list\[two\]/),
      expect.stringMatching(/its own; this one is the SHA-256 of the document at list\[good\]\.$/),
    ]);
  });

  it('adds the faults of the reading', () => {
    const read = {
      source: 'list',
      documents: [{ id: 'x', text: '{ nothing }', place: 'x' }],
      faults: [{ code: 'OPERATION_LIST_INVALID', path: 'y', message: 'unreadable.' } as const],
    };
    expect(faultsOf(() => checkOperationList(read, schema, options))).toHaveLength(2);
  });

  it('may ask for the schema unless the gateway never shows it', () => {
    const texts = { schema: '{ __schema { queryType { name } } }' };
    expect(faultsOf(() => listOf(texts))).toEqual([]);
    expect(faultsOf(() => listOf(texts, { introspection: false }))).not.toEqual([]);
  });
});
