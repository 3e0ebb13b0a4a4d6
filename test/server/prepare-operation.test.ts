import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { insecureCaller, type Caller } from '../../src/connection/caller.ts';
import { defaultLimits } from '../../src/server/limits.ts';
import { createDocumentLock } from '../../src/server/operations/document-lock.ts';
import { createPrepare, type PrepareOptions } from '../../src/server/prepare-operation.ts';
import { smallGraph } from '../support/small-graph.ts';

describe('preparing an operation', () => {
  const { schema } = smallGraph();
  const asked = { schema, query: '{ greeting }', operationName: undefined, caller: insecureCaller };
  const prepareWith = (options: Partial<PrepareOptions> = {}) =>
    createPrepare({
      limits: defaultLimits,
      production: false,
      introspection: true,
      logger: pino({ level: 'silent' }),
      ...options,
    });

  it('parses and judges each document once per schema', () => {
    const prepare = prepareWith();
    const documentOf = (more: object = {}) => {
      const prepared = prepare({ ...asked, ...more });
      if ('errors' in prepared) throw new Error(JSON.stringify(prepared.errors));
      return prepared.document;
    };
    const first = documentOf();
    expect(documentOf()).toBe(first);
    expect(documentOf({ schema: smallGraph().schema })).not.toBe(first);
    for (let index = 0; index < 500; index += 1) documentOf({ query: `{ greeting(name: "${index}") }` });
    expect(documentOf()).not.toBe(first);
    const long = { query: `{ greeting } # ${'x'.repeat(20_000)}` };
    expect(documentOf(long)).not.toBe(documentOf(long));
  });

  it('says which kind the named operation is of', () => {
    const prepare = prepareWith();
    const query = 'query Q { greeting } mutation M { rename(name: "x") } subscription S { renamed }';
    expect(['Q', 'M', 'S', 'X'].map((operationName) => prepare({ ...asked, query, operationName }))).toMatchObject([
      { kind: 'query' },
      { kind: 'mutation' },
      { kind: 'subscription' },
      { errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] },
    ]);
  });

  it('shows the schema to whom it may', () => {
    const query = '{ __schema { queryType { name } } }';
    const reader: Caller = { ...insecureCaller, scopes: new Set(['plugboard.read']) };
    const inspector: Caller = { ...insecureCaller, scopes: new Set(['plugboard.introspect']) };
    const codes = (introspection: PrepareOptions['introspection'], caller: Caller) => {
      const prepared = prepareWith({ introspection })({ ...asked, query, caller });
      return 'errors' in prepared ? prepared.errors.map(({ extensions }) => extensions?.['code']) : 'shown';
    };
    expect(codes(true, reader)).toBe('shown');
    expect(codes('with-scope', inspector)).toBe('shown');
    expect(codes('with-scope', reader)).toEqual(['FORBIDDEN']);
    expect(codes(false, inspector)).toEqual(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_VALIDATION_FAILED']);
  });

  it('is a second lock of a list of operations', () => {
    const graphs = { operations: () => ({ find: () => undefined, has: (text: string) => text === '{ greeting }' }) };
    const prepare = prepareWith({ refuseUnlisted: createDocumentLock(graphs, { only: true }) });
    expect('document' in prepare(asked)).toBe(true);
    for (const query of ['{ greeting } ', '{ generation }', '{ broken']) {
      expect(prepare({ ...asked, query })).toMatchObject({
        errors: [{ extensions: { code: 'OPERATION_NOT_LISTED' } }],
      });
    }
    const withoutList = prepareWith({ refuseUnlisted: createDocumentLock({}, { only: true }) });
    expect(withoutList(asked)).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_NOT_LISTED' } }] });
    expect(createDocumentLock(graphs, { only: false })).toBeUndefined();
  });

  it('answers as POST /graphql does, to whatever is wrong', async () => {
    const prepared = prepareWith()({ ...asked, query: '{ greeting nothing secretFeild count(of: "x") }' });
    expect('errors' in prepared && prepared.errors.map(({ message }) => message)).toEqual([
      'Cannot query field "nothing" on type "Query".',
      'Cannot query field "secretFeild" on type "Query". Did you mean "secretField"?',
      'Int cannot represent non-integer value: "x"',
    ]);
  });
});
