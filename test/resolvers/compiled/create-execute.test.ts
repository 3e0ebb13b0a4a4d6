import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { buildSchema, parse, type DocumentNode } from 'graphql';
import { createExecute } from '../../../src/resolvers/compiled/create-execute.ts';

const schema = buildSchema('type Query { one: String two: String three: String }');
const rootValue = { one: '1', two: '2', three: '3' };
/** Whoever compiles asks for the root type once, graphql-js for each execution. */
const compiling = jest.spyOn(schema, 'getRootType');
afterEach(() => void compiling.mockClear());

function executing(maxFields?: number) {
  const execute = createExecute(schema, maxFields);
  return (document: DocumentNode, rest: object = {}) => execute({ document, rootValue, contextValue: {}, ...rest });
}

describe('operations of a generation', () => {
  it('are compiled once for each document', () => {
    const run = executing();
    const document = parse('query A { one } query B { two }');
    for (let turn = 0; turn < 3; turn++) {
      expect(run(document, { operationName: 'A' })).toEqual({ data: { one: '1' } });
      expect(run(document, { operationName: 'B' })).toEqual({ data: { two: '2' } });
    }
    expect(compiling).toHaveBeenCalledTimes(2);
  });

  it('are compiled anew by another generation', () => {
    const document = parse('{ one }');
    void executing()(document);
    void executing()(document);
    expect(compiling).toHaveBeenCalledTimes(2);
  });

  it('leave when there are too many of them, those first that were not asked for longest', () => {
    const run = executing(70);
    const [first, second, third, fourth] = [1, 2, 3, 4].map((count) => parse(`{ ${'one '.repeat(count)} }`)) as [
      DocumentNode,
      DocumentNode,
      DocumentNode,
      DocumentNode,
    ];
    for (const document of [first, second, third, first, fourth]) void run(document);
    expect(compiling).toHaveBeenCalledTimes(4);
    for (const document of [first, third, fourth]) void run(document);
    expect(compiling).toHaveBeenCalledTimes(4);
    void run(second);
    expect(compiling).toHaveBeenCalledTimes(5);
  });

  it('are left to graphql-js as a whole when one field cannot be compiled', async () => {
    const run = executing();
    const document = parse('{ one __schema { queryType { name } } }');
    expect(await run(document)).toEqual({ data: { one: '1', __schema: { queryType: { name: 'Query' } } } });
    expect(await run(document, { operationName: 'None' })).toEqual({
      errors: [expect.objectContaining({ message: 'Unknown operation named "None".' })],
    });
  });

  it('are answered by graphql-js where a condition is not said', async () => {
    const document = parse('query ($is: Boolean = false) { one two @include(if: $is) }');
    expect(await executing()(document, { variableValues: { is: null } })).toEqual({
      data: null,
      errors: [expect.objectContaining({ message: 'Argument "if" of non-null type "Boolean!" must not be null.' })],
    });
    expect(await executing()(document, { variableValues: { is: true } })).toEqual({ data: { one: '1', two: '2' } });
  });
});
