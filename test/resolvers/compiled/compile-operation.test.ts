import { describe, expect, it } from '@jest/globals';
import { buildSchema, execute, parse, validate, type ExecutionResult } from 'graphql';
import { compileOperation } from '../../../src/resolvers/compiled/compile-operation.ts';

const schema = buildSchema(`
  input Filter { text: String = "any" limit: Int! = 3 and: Filter or: [Filter!] }
  type Node { id: ID! name: String next: Node nodes: [Node!] table: [[Int]] strict: String! }
  type Query { node: Node nodes: [Node] echo(text: String, filter: Filter, limit: Int = 7): String }
  type Mutation { first: String second: String }
`);

const node = (depth = 0): object => ({
  id: '1',
  name: 'one',
  strict: 'strict',
  table: [[1, 2], null, [], [3]],
  next: () => node(depth + 1),
  nodes: () => (depth > 2 ? [] : [node(depth + 1), node(depth + 1)]),
});
const echo = (args: unknown) => JSON.stringify(args);
const root = { node, nodes: () => [node(), null, node()], echo };

/** What both say; the compiled executor first. */
async function ask(query: string, variableValues?: Record<string, unknown>, rootValue: object = root) {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const compiled = compileOperation(schema, document, null);
  const got = await compiled?.execute({ contextValue: {}, rootValue, variableValues });
  const expected = await execute({ schema, document, rootValue, variableValues, contextValue: {} });
  expect(shown(got)).toEqual(shown(expected));
  return got;
}

const shown = (result: ExecutionResult | undefined) => result && (JSON.parse(JSON.stringify(result)) as unknown);

describe('a compiled operation', () => {
  it.each([
    ['lists in lists', '{ node { table } }'],
    [
      'aliases that mean something to JavaScript',
      '{ __proto__: node { constructor: id toJSON: name then: id __proto__: name } }',
    ],
    ['the name of a type', '{ __typename node { __typename t: __typename } }'],
    ['a field that is asked for twice', '{ node { id next { id } } node { next { name } } }'],
    ['text that looks like code', String.raw`{ echo(text: "\"); process.exit(); (\"${'${process.exit()}'}") }`],
    ['recursive inputs', '{ echo(filter: { and: { and: { or: [{ text: null }, { limit: 1 }] } } }) }'],
  ])('answers %s as graphql-js does', async (_what, query) => {
    const result = await ask(query);
    expect(result?.errors).toBeUndefined();
  });

  it('keeps what is asked for as __proto__ in the text of its answer', async () => {
    const result = await ask('{ __proto__: echo(limit: 1) }');
    expect(JSON.stringify(result)).toBe(
      JSON.stringify({ data: JSON.parse('{"__proto__":"{\\"limit\\":1}"}') as unknown }),
    );
  });

  it.each([
    [{}, '{"limit":7}'],
    [{ limit: null }, '{"limit":null}'],
    [{ text: 'given', filter: {} }, '{"text":"given","filter":{"text":"any","limit":3},"limit":7}'],
    [{ filter: { and: { and: { text: null } } } }, undefined],
  ])('takes omitted and null variables and defaults apart: %j', async (variables, echoed) => {
    const query =
      'query ($text: String, $filter: Filter, $limit: Int) { echo(text: $text, filter: $filter, limit: $limit) }';
    const result = await ask(query, variables);
    if (echoed !== undefined) expect(result?.data).toEqual({ echo: echoed });
  });

  it('refuses a variable of another type in the words of graphql-js', async () => {
    const result = await ask('query ($limit: Int) { echo(limit: $limit) }', { limit: 'many' });
    expect(result).toEqual({
      errors: [expect.objectContaining({ message: expect.stringContaining('Int cannot represent non-integer value') })],
    });
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('spreads a fragment twice under two conditions (%s, %s)', async (one, other) => {
    const query = `query ($one: Boolean!, $other: Boolean!) {
      node { ...Some @include(if: $one) name ...Some @skip(if: $other) ... @include(if: $other) { next { id } } }
    }
    fragment Some on Node { id next { name } }`;
    const result = await ask(query, { one, other });
    expect(Object.keys(result?.data?.['node'] as object)).toContain('name');
  });

  it('answers 50 nested levels', async () => {
    const result = await ask(`{ node { ${'next { '.repeat(50)} id ${'}'.repeat(50)} } }`);
    expect(JSON.stringify(result).length).toBeGreaterThan(400);
  });

  it('makes the nearest place null that may be null, and tells of each error once', async () => {
    const failing = {
      id: '1',
      strict: null,
      nodes: [{ id: null }, { id: '2' }],
      next: { strict: new Error('It fails.') },
    };
    const result = await ask('{ node { id nodes { id } next { strict } } n: node { strict } }', undefined, {
      node: failing,
    });
    expect(shown(result)).toEqual({
      data: { node: { id: '1', nodes: null, next: null }, n: null },
      errors: [
        expect.objectContaining({ path: ['node', 'nodes', 0, 'id'] }),
        expect.objectContaining({ path: ['node', 'next', 'strict'], message: 'It fails.' }),
        expect.objectContaining({ path: ['n', 'strict'] }),
      ],
    });
  });

  it('answers at once where nothing is waited for', () => {
    const compiled = compileOperation(schema, parse('{ nodes { id name next { id } } }'), null);
    expect(compiled?.execute({ contextValue: {}, rootValue: root })).not.toBeInstanceOf(Promise);
  });

  it('executes the fields of a mutation one after the other', async () => {
    const order: string[] = [];
    const slowly = async (name: string) => {
      order.push(`${name} begins`);
      await new Promise((resolve) => void setImmediate(resolve));
      order.push(`${name} ends`);
      return name;
    };
    const rootValue = { first: () => slowly('first'), second: () => slowly('second') };
    const compiled = compileOperation(schema, parse('mutation { second first }'), null);
    const result = await compiled?.execute({ contextValue: {}, rootValue });
    expect(result?.data).toEqual({ second: 'second', first: 'first' });
    expect(order).toEqual(['second begins', 'second ends', 'first begins', 'first ends']);
  });

  it('hears of promises beside an item that fails at once', async () => {
    const late = async () => {
      await Promise.resolve();
      throw new Error('Too late.');
    };
    // Jest fails the test for a rejection that nobody hears of.
    const result = await compileOperation(schema, parse('{ node { nodes { id } } }'), null)?.execute({
      contextValue: {},
      rootValue: { node: { nodes: [{ id: late }, { id: null }, late()] } },
    });
    await new Promise((resolve) => void setImmediate(resolve));
    expect(result?.data).toEqual({ node: { nodes: null } });
    expect(result?.errors).toHaveLength(1);
  });
});

describe('graphql-js is left', () => {
  const compile = (query: string, name: string | null = null) => compileOperation(schema, parse(query), name);

  it('what the schema says of itself', () => {
    expect(compile('{ __schema { queryType { name } } }')).toBeUndefined();
    expect(compile('{ node { id } __type(name: "Node") { name } }')).toBeUndefined();
  });

  it('what a document does not have, or has more than once', () => {
    expect(compile('query One { node { id } }', 'Two')).toBeUndefined();
    expect(compile('query One { node { id } } query Two { node { id } }')).toBeUndefined();
    expect(compile('query One { node { id } } query Two { node { id } }', 'Two')).toBeDefined();
  });

  it('fragments that double at each link, in no more time than their text', () => {
    const links = Array.from({ length: 40 }, (_, link) => {
      return `fragment F${link} on Node { a: next { ...F${link + 1} } b: next { ...F${link + 1} } }`;
    });
    expect(compile(`{ node { ...F0 } } ${links.join(' ')} fragment F40 on Node { id }`)).toBeUndefined();
  });

  it('fragments that go in circles', () => {
    expect(
      compile('{ node { ...A } } fragment A on Node { next { ...B } } fragment B on Node { next { ...A } }'),
    ).toBeUndefined();
  });

  it('conditions that are not said, and more ways to say them than are kept', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const declared = names.map((name) => `$${name}: Boolean = null`).join(' ');
    const asked = names.map((name) => `${name}: id @include(if: $${name})`).join(' ');
    const compiled = compile(`query (${declared}) { node { name ${asked} } }`);
    const run = (variableValues: object) =>
      compiled?.execute({ contextValue: {}, rootValue: root, variableValues: variableValues as never });
    expect(run({})).toBeUndefined();
    const answered = Array.from({ length: 32 }, (_, bits) => {
      return run(Object.fromEntries(names.map((name, index) => [name, (bits & (1 << index)) > 0]))) !== undefined;
    });
    expect(answered).toEqual([...Array<boolean>(16).fill(true), ...Array<boolean>(16).fill(false)]);
    expect(compiled!.size()).toBeLessThan(16 * 7);
  });
});
