/** The oracle once more, over the graph of the connectors that are here, with the resolvers that it is served with. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  execute,
  getNamedType,
  isListType,
  isObjectType,
  parse,
  validate,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { everyScope } from '../../../src/connection/scopes.ts';
import type { Connector } from '../../../src/connector/definition.ts';
import { loadConnectors } from '../../../src/connector/load-connectors.ts';
import { buildGraph, type Graph } from '../../../src/graph/graph.ts';
import type { ObjectDefinition } from '../../../src/notation/field.ts';
import { readOwnSdl } from '../../../src/own-sdl.ts';
import { attachResolvers } from '../../../src/resolvers/attach-resolvers.ts';
import { compileOperation } from '../../../src/resolvers/compiled/compile-operation.ts';
import { createGatewaySchema } from '../../../src/resolvers/gateway-schema.ts';
import { createListCursors } from '../../../src/resolvers/list-cursor.ts';
import type { LoadRow } from '../../../src/resolvers/loaders.ts';
import type { OpenedConnection } from '../../../src/resolvers/opened-connection.ts';
import type { OperationState } from '../../../src/resolvers/operation-state.ts';
import { PartialRows } from '../../../src/resolvers/partial-rows.ts';
import { ringOf } from '../../support/key-ring.ts';
import { Dice } from '../../support/oracle/dice.ts';
import { generateOperation } from '../../support/oracle/generated-operation.ts';
import { generateRaw, generateSource } from '../../support/oracle/provider-row.ts';
import { crm, reads } from '../../support/graph-connectors.ts';

const cases = Number(process.env['ORACLE_CASES'] ?? 1_000) / 4;
const nothing = { rooms: {} as never, feeds: {} as never, things: {} as never, research: {} as never };

describe('the graph of our connectors', () => {
  let graph: Graph;
  beforeAll(async () => {
    const folder = fileURLToPath(new URL('../../../connectors', import.meta.url));
    const { loaded } = await loadConnectors([folder], (file) => import(file));
    const connectors = [...loaded.map(({ connector }) => connector), crm(), everything];
    graph = buildGraph(connectors, createGatewaySchema(await readOwnSdl(), { connectors, ...nothing }));
    attachResolvers(graph, {
      sender: { send: () => Promise.reject(new Error('nothing is sent')), close: async () => {} },
      cursors: createListCursors(ringOf(1)),
      maxFirst: 100,
      triggers: {} as never,
    });
  });

  it('is answered as graphql-js answers, joins and wrong rows included', async () => {
    Error.stackTraceLimit = 0;
    const counted = { executed: 0, failed: 0, joined: 0 };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 800, maxLength: 4_000 }), (bytes) => compare(graph, bytes, counted)),
      { numRuns: cases, endOnFailure: true },
    );
    expect(counted.executed).toBeGreaterThan(cases / 4);
    expect(counted.failed).toBeGreaterThan(cases / 20);
    expect(counted.joined).toBeGreaterThan(cases / 20);
  });
});

/** A field of each type, and every kind of join. */
const thing: ObjectDefinition = {
  key: 'id',
  lookup: 'get_thing',
  fields: [
    { name: 'id', type: 'integer' },
    { name: 'big', type: 'integer', format: 'int64' },
    { name: 'price', type: 'number', format: 'decimal' },
    { name: 'size', type: 'number' },
    { name: 'count', type: 'integer' },
    { name: 'is_new', type: 'boolean' },
    { name: 'day', type: 'date' },
    { name: 'made_at', type: 'date_time' },
    {
      name: 'state',
      pickList: [
        ['Open', 'open'],
        ['Shut', 'shut'],
      ],
    },
    {
      name: 'level',
      type: 'integer',
      pickList: [
        ['Low', 1],
        ['High', 2],
      ],
    },
    { name: 'tags', type: 'array', of: 'string' },
    { name: 'numbers', type: 'array', of: 'integer' },
    { name: 'anything', type: 'object' },
    { name: 'place', type: 'object', properties: [{ name: 'street' }, { name: 'zip', type: 'integer' }] },
    { name: 'customer_id', references: 'crm.customer' },
    { name: 'other_ids', type: 'array', of: 'string', references: 'thing' },
    { name: 'parent', type: 'object', properties: 'thing' },
    { name: 'parts', type: 'array', of: 'object', properties: 'thing' },
  ],
};
/** Rows that name others, and little else. */
const link: ObjectDefinition = {
  fields: [
    { name: 'customer_id', references: 'crm.customer' },
    { name: 'thing_id', references: 'thing' },
    { name: 'thing_ids', type: 'array', of: 'string', references: 'thing' },
  ],
};
const everything: Connector = {
  name: 'every',
  objects: { thing, link },
  actions: {
    get_thing: reads({ input: [{ name: 'id', optional: false }], output: thing }),
    list_things: reads({ list: true, output: thing }),
    list_links: reads({ list: true, output: link }),
    page_links: reads({ paginate: { strategy: 'link' }, output: link }),
    page_things: reads({ paginate: { strategy: 'link' }, output: thing }),
  },
};

type Counted = Record<'executed' | 'failed' | 'joined', number>;

async function compare({ schema, fields }: Graph, bytes: Uint8Array, counted: Counted): Promise<void> {
  const reading = fields.filter(({ type, binding }) => type.name === 'Query' && binding.kind === 'action');
  // Half of them of the connector that has everything.
  const queries = reading
    .map(({ field }) => field.name)
    .flatMap((name) =>
      name.startsWith('every') ? [name, ...Array<string>(Math.ceil(reading.length / 3)).fill(name)] : [name],
    );
  const dice = new Dice(bytes);
  const { query, variables } = generateOperation(dice, schema, queries);
  const document = parse(query);
  if (validate(schema, document).length > 0) return;
  const sources = answerRootFields(dice, schema);
  const rows = generateJoined(dice, counted);
  const compiled = compileOperation(schema, document, null);
  for (const variableValues of variables.slice(0, 1)) {
    const run = async (ask: (args: { contextValue: unknown; rootValue: unknown }) => unknown) => {
      const result = (await ask({ contextValue: stateOf(rows), rootValue: sources })) as ExecutionResult | undefined;
      return result && write(result);
    };
    const got = await run((args) => compiled?.execute({ variableValues, ...args }));
    if (got === undefined) continue;
    const expected = await run((args) => execute({ schema, document, variableValues, ...args }));
    counted.executed += 1;
    if (expected?.includes('"errors"') === true) counted.failed += 1;
    if (got !== expected) expect({ query, got }).toEqual({ query, got: expected });
  }
}

/** The root fields give rows that are made when they are first asked for, and are the same the next time. */
function answerRootFields(dice: Dice, schema: GraphQLSchema): unknown {
  const sources = new Map<string, unknown>();
  for (const field of Object.values(schema.getQueryType()!.getFields())) {
    const named = getNamedType(field.type);
    const make = () => (isObjectType(named) ? generateSource(dice, named, 4) : generateRaw(dice, field.type, 2));
    field.resolve = (_root, _args, _state, { path: { key } }) => {
      if (!sources.has(`${key}`)) sources.set(`${key}`, isListType(field.type) ? dice.some(0, 4, make) : make());
      return sources.get(`${key}`);
    };
  }
  return {};
}

/** Rows by their key: some at once, some later, some not there, and one that cannot be loaded. */
function generateJoined(dice: Dice, counted: Counted): LoadRow {
  const rows = new Map<string, unknown>();
  return (entity, key) => {
    counted.joined += 1;
    const id = `${entity.id} ${String(key)}`;
    if (!rows.has(id)) rows.set(id, String(key) === '6' ? null : generateSource(dice, entity.type, 2));
    if (key === 5) return Promise.reject(new Error('It cannot be loaded.'));
    return key === 1 || key === '4' ? Promise.resolve(rows.get(id)) : rows.get(id);
  };
}

/** What resolvers below the root ask of an operation. */
function stateOf(loadRow: LoadRow): Partial<OperationState> {
  const opened = { run: { id: 'c1' }, requireGranted: () => {} } as unknown as OpenedConnection;
  return {
    caller: { tenant: 't', subject: 's', scopes: everyScope },
    connectionBelow: (_info, connector) => (connector.name === 'crm' ? Promise.resolve(opened) : opened),
    connectionIdBelow: () => 'c1',
    loadRow,
    partialRows: new PartialRows(),
  };
}

function write(result: ExecutionResult): string {
  return JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
