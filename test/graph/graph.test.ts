import { describe, expect, it } from '@jest/globals';
import { buildSchema, graphqlSync, printType, type GraphQLNamedType, type GraphQLObjectType } from 'graphql';
import type { Connector } from '../../src/connector/definition.ts';
import { buildGraph, type Graph } from '../../src/graph/graph.ts';
import { fieldTypes, type Field } from '../../src/notation/field.ts';
import { crm, reads, withFields, writes } from '../support/graph-connectors.ts';

describe('a field of the notation', () => {
  const row: Field[] = [
    { name: 'a_string' },
    { name: 'an_integer', type: 'integer' },
    { name: 'an_int64', type: 'integer', format: 'int64' },
    { name: 'a_number', type: 'number' },
    { name: 'a_decimal', type: 'number', format: 'decimal' },
    { name: 'a_boolean', type: 'boolean' },
    { name: 'a_date_time', type: 'date_time' },
    { name: 'a_timestamp', type: 'timestamp' },
    { name: 'a_date', type: 'date' },
    { name: 'any', type: 'object' },
    { name: 'strings', type: 'array', of: 'string' },
    { name: 'anything', type: 'array' },
    { name: 'place', type: 'object', properties: [{ name: 'zip-code' }] },
    { name: 'lines', type: 'array', of: 'object', properties: [{ name: 'text', optional: false }] },
    {
      name: 'state',
      pickList: [
        ['Open', 'open'],
        ['Not planned yet', 'notPlanned'],
      ],
    },
    { name: 'tags', type: 'array', of: 'string', pickList: [['A', 'a']] },
    {
      name: 'sign',
      pickList: [
        ['Less', '<'],
        ['More', '>'],
      ],
    },
    { name: '+1', type: 'integer', label: 'Thumbs up', hint: 'How many.' },
    { name: 'old', deprecated: 'Use state.' },
    { name: 'renamed', graphqlName: 'newName' },
  ];

  it('covers every type of the notation', () => {
    const named = new Set(row.flatMap(({ type = 'string', of }) => [type, of]));
    // A content is no part of a row: it stands by itself, below.
    expect(fieldTypes.filter((type) => !named.has(type))).toEqual(['stream']);
  });

  it('has the content of a file as what is sent beside an operation, and as the place where it is fetched', () => {
    const content = { name: 'content', type: 'stream', optional: false } as const;
    const execute = () => null;
    const graph = buildGraph([
      {
        name: 'shop',
        actions: {
          download: { readOnly: true, input: [{ name: 'path' }], output: [content], execute },
          upload: { input: [content], output: [{ name: 'path' }], execute },
        },
      },
    ]);
    expect(sdlOf(graph, 'ShopDownloadResult', 'ShopUploadInput')).toBe(`\
type ShopDownloadResult {
  content: Transfer
}

input ShopUploadInput {
  content: Upload!
}`);
  });

  it('has its type in the answers, where everything may be absent', () => {
    const graph = buildGraph([withFields(row)]);
    expect(sdlOf(graph, 'ShopThing', 'ShopThingPlace', 'ShopThingLines', 'ShopThingState', 'ShopThingTags')).toBe(`\
type ShopThing {
  aString: String
  anInteger: Int
  anInt64: BigInt
  aNumber: Float
  aDecimal: Decimal
  aBoolean: Boolean
  aDateTime: DateTime
  aTimestamp: DateTime
  aDate: Date
  any: JSON
  strings: [String]
  anything: [JSON]
  place: ShopThingPlace
  lines: [ShopThingLines]
  state: ShopThingState
  tags: [ShopThingTags]

  """One of \`<\` (Less), \`>\` (More)."""
  sign: String

  """
  Thumbs up.

  How many.
  """
  plus1: Int
  old: String @deprecated(reason: "Use state.")
  newName: String
}

type ShopThingPlace {
  zipCode: String
}

type ShopThingLines {
  text: String
}

enum ShopThingState {
  OPEN

  """Not planned yet"""
  NOT_PLANNED
}

enum ShopThingTags {
  A
}`);
  });

  it('has its type in the input, where what is required and has no default must be given', () => {
    const input: Field[] = [
      ...row.slice(10),
      { name: 'must', optional: false },
      { name: 'must_old', optional: false, deprecated: true },
      { name: 'size', type: 'integer', optional: false, default: '3' },
      { name: 'loose', type: 'boolean', default: 'yes' },
      {
        name: 'kind',
        pickList: [
          ['A', 'a'],
          ['B', 'b'],
        ],
        default: 'b',
      },
    ];
    const graph = buildGraph([withFields([{ name: 'id' }], { actions: { create_thing: writes({ input }) } })]);
    expect(sdlOf(graph, 'ShopCreateThingInput', 'ShopCreateThingLinesInput')).toBe(`\
input ShopCreateThingInput {
  strings: [String!]
  anything: [JSON!]
  place: ShopCreateThingPlaceInput
  lines: [ShopCreateThingLinesInput!]
  state: ShopCreateThingState
  tags: [ShopCreateThingTags!]

  """One of \`<\` (Less), \`>\` (More)."""
  sign: String

  """
  Thumbs up.

  How many.
  """
  plus1: Int
  old: String @deprecated(reason: "Use state.")
  newName: String
  must: String!
  mustOld: String!
  size: Int = 3
  loose: Boolean
  kind: ShopCreateThingKind = B
}

input ShopCreateThingLinesInput {
  text: String!
}`);
  });

  it('is a choice of an enum that all fields share where the pick list has a name', () => {
    const pickLists = { states: [['Open', 'open']] as const };
    const graph = buildGraph([
      withFields(
        [
          { name: 'a', pickList: 'states' },
          { name: 'b', pickList: 'states' },
        ],
        { pickLists },
      ),
    ]);
    expect(sdlOf(graph, 'ShopThing')).toBe('type ShopThing {\n  a: ShopStates\n  b: ShopStates\n}');
  });

  it('keeps the original value of a choice', () => {
    const graph = buildGraph([withFields([{ name: 'state', pickList: [['Open', 'is-open']] }])]);
    const state = graph.schema.getType('ShopThingState') as unknown as { serialize(value: unknown): unknown };
    expect(state.serialize('is-open')).toBe('IS_OPEN');
  });

  it('takes one of two arguments where a toggle is another way to say it', () => {
    const toggleField: Field = { name: 'list_name', type: 'string' };
    const input: Field[] = [{ name: 'list_id', optional: false, toggleHint: 'By name', toggleField }];
    const graph = buildGraph([withFields([{ name: 'id' }], { actions: { get_thing: reads({ input }) } })]);
    expect(rootOf(graph, 'Query', 'shopThing')).toBe(
      'shopThing(listId: String, listName: String, connection: ID): JSON',
    );
  });
});

describe('a root field', () => {
  it('takes the fields of a reading action as arguments, and any of a writing one as input', () => {
    const input: Field[] = [{ name: 'full_name', optional: false }];
    const actions = { get_x: reads({ input }), do_x: writes({ input }), ping: writes() };
    const graph = buildGraph([{ name: 'shop', actions }]);
    expect(rootOf(graph, 'Query', 'shopX')).toBe('shopX(fullName: String!, connection: ID): JSON');
    expect(rootOf(graph, 'Mutation', 'shopDoX')).toBe(
      'shopDoX(input: ShopDoXInput!, idempotencyKey: String, connection: ID): JSON',
    );
    expect(rootOf(graph, 'Mutation', 'shopPing')).toBe('shopPing(idempotencyKey: String, connection: ID): JSON');
  });

  it('takes the input type of a named object, whose key is an ID', () => {
    const base = crm();
    const { customer } = base.objects ?? {};
    const graph = buildGraph([
      crm({
        objects: base.objects,
        actions: { ...base.actions, create_customer: writes({ input: customer, output: customer }) },
      }),
    ]);
    expect(rootOf(graph, 'Mutation', 'crmCreateCustomer')).toBe(
      'crmCreateCustomer(input: CrmCustomerInput!, idempotencyKey: String, connection: ID): CrmCustomer',
    );
    expect(sdlOf(graph, 'CrmCustomerInput')).toBe('input CrmCustomerInput {\n  id: ID\n  fullName: String\n}');
  });

  it('asks for the key of what it answers by ID, and for the keys of a batch', () => {
    const graph = buildGraph([crm()]);
    expect(rootOf(graph, 'Query', 'crmCustomer')).toBe('crmCustomer(id: ID!, connection: ID): CrmCustomer');
    expect(rootOf(graph, 'Query', 'crmCustomersById')).toBe(
      'crmCustomersById(ids: [ID!]!, connection: ID): [CrmCustomer]',
    );
  });

  it('is a Relay connection where the action pages, and a plain list where it gives one', () => {
    const base = crm();
    const { customer } = base.objects ?? {};
    const actions = {
      ...base.actions,
      list_customers: reads({ paginate: { strategy: 'link' }, output: customer }),
      search_customers: reads({ paginate: { strategy: 'link' }, output: customer }),
      list_names: reads({ list: true, output: [{ name: 'name' }] }),
    };
    const graph = buildGraph([crm({ objects: base.objects, actions })]);
    const paging = 'first: Int, after: String, last: Int, before: String, connection: ID';
    expect(rootOf(graph, 'Query', 'crmCustomers')).toBe(`crmCustomers(${paging}): CrmCustomerConnection`);
    expect(rootOf(graph, 'Query', 'crmSearchCustomers')).toBe(`crmSearchCustomers(${paging}): CrmCustomerConnection`);
    expect(rootOf(graph, 'Query', 'crmNames')).toBe('crmNames(connection: ID): [CrmNamesResult]');
    expect(fieldsOf(graph, 'CrmCustomerConnection')).toEqual([
      'edges: [CrmCustomerEdge]',
      'nodes: [CrmCustomer]',
      'pageInfo: PageInfo!',
      'totalCount: Int',
    ]);
    expect(fieldsOf(graph, 'CrmCustomerEdge')).toEqual(['cursor: String!', 'node: CrmCustomer']);
    expect(fieldsOf(graph, 'PageInfo')).toEqual([
      'hasNextPage: Boolean!',
      'hasPreviousPage: Boolean!',
      'startCursor: String',
      'endCursor: String',
    ]);
  });

  it('is JSON where only the connection knows the notation', () => {
    const dynamic = (): Field[] => [];
    const actions = {
      get_row: reads({ input: dynamic, output: dynamic }),
      list_rows: reads({ paginate: { strategy: 'page' }, output: dynamic }),
      put_row: writes({ input: dynamic }),
    };
    const graph = buildGraph([{ name: 'sheet', actions }]);
    expect(rootOf(graph, 'Query', 'sheetRow')).toBe('sheetRow(input: JSON, connection: ID): JSON');
    expect(rootOf(graph, 'Mutation', 'sheetPutRow')).toBe(
      'sheetPutRow(input: JSON, idempotencyKey: String, connection: ID): JSON',
    );
    expect(fieldsOf(graph, 'SheetRowsConnection')[1]).toBe('nodes: [JSON]');
  });

  it('is a subscription to the events of a trigger', () => {
    const triggers = {
      new_thing: { input: [{ name: 'since', type: 'date_time' as const }], output: [{ name: 'text' }] },
    };
    const graph = buildGraph([{ name: 'shop', triggers }]);
    expect(rootOf(graph, 'Subscription', 'shopNewThing')).toBe(
      'shopNewThing(since: DateTime, after: String, connection: ID): ShopNewThingEvent!',
    );
    expect(fieldsOf(graph, 'ShopNewThingEvent')).toEqual([
      'id: ID!',
      'cursor: String!',
      'occurredAt: DateTime',
      'receivedAt: DateTime!',
      'node: ShopNewThingEventNode',
    ]);
  });

  it('lists the choices of a dynamic pick list, with the parameters that its fields give it', () => {
    const pickLists = { labels: () => [], folders: () => [], states: [['Open', 'open']] as const };
    const input: Field[] = [
      { name: 'label', pickList: 'labels', pickListParams: { repository_name: 'repository' } },
      { name: 'folder', pickList: 'folders', controlType: 'tree' },
    ];
    const graph = buildGraph([{ name: 'shop', pickLists, actions: { get_x: reads({ input }) } }]);
    expect(rootOf(graph, 'Query', 'shopLabels')).toBe(
      'shopLabels(repositoryName: String, connection: ID): [PickListChoice!]',
    );
    expect(rootOf(graph, 'Query', 'shopFolders')).toBe(
      'shopFolders(parentId: String, connection: ID): [PickListChoice!]',
    );
    expect(Object.keys(graph.schema.getQueryType()?.getFields() ?? {})).toEqual(['shopX', 'shopLabels', 'shopFolders']);
  });

  it('is always described, without the markup of forms', () => {
    const actions = {
      get_x: reads(),
      get_y: reads({
        title: 'Get the Y',
        description: 'Gets <b>it</b>',
        help: { body: 'More.', learnMoreUrl: 'https://example.com' },
      }),
    };
    const graph = buildGraph([{ name: 'shop', title: 'The Shop', actions }]);
    const fields = graph.schema.getQueryType()?.getFields();
    expect(fields?.shopX?.description).toBe('Get x (The Shop).');
    expect(fields?.shopY?.description).toBe('Get the Y (The Shop).\n\nGets it\n\nMore.\n\nMore: https://example.com');
  });
});

describe('a graph', () => {
  it('says of every field of the connectors what it means', () => {
    const graph = buildGraph([crm(), withFields([{ name: 'customer_id', references: 'crm.customer' }])]);
    const meanings = graph.fields.map(({ type, field, binding }) => `${type.name}.${field.name} ${binding.kind}`);
    expect(meanings).toEqual([
      'CrmCustomer.id property',
      'CrmCustomer.fullName property',
      'ShopThing.customerId property',
      'ShopThing.customer join',
      'Query.crmCustomer action',
      'Query.crmCustomersById action',
      'Query.shopThing action',
    ]);
    expect(graph.fields.find(({ field }) => field.name === 'crmCustomer')?.binding).toMatchObject({
      kind: 'action',
      action: { name: 'get_customer' },
      argumentStyle: 'flat',
      input: [{ name: 'id' }],
      output: { shape: 'one', entity: { id: 'crm.customer', keyName: 'id' } },
    });
  });

  it('gives each entity the actions that load it, with the input that takes the key', () => {
    const entity = buildGraph([crm()]).entities.get('crm.customer');
    expect(entity?.lookup).toMatchObject({ name: 'get_customer', argument: { name: 'id' } });
    expect(entity?.batch).toMatchObject({ name: 'get_customers_by_id', argument: { name: 'ids' } });
  });

  it('holds the own part of the gateway with its resolvers, and one of each shared scalar', () => {
    const own = buildSchema(
      'scalar DateTime type Thing { at: DateTime } type Query { things(since: DateTime): [Thing!]! }',
    );
    const things = own.getQueryType()?.getFields().things;
    if (things) things.resolve = () => [{ at: new Date(0) }];
    const graph = buildGraph([crm()], own);
    expect(graphqlSync({ schema: graph.schema, source: '{ things { at } }' })).toEqual({
      data: { things: [{ at: '1970-01-01T00:00:00.000Z' }] },
    });
    expect(graph.subgraphs.map(({ name }) => name)).toEqual(['crm', 'gateway']);
  });

  it('has something to ask even where nothing can be read', () => {
    const graph = buildGraph([{ name: 'shop', actions: { ping: writes() } }]);
    expect(rootOf(graph, 'Query', '_empty')).toBe('_empty: Boolean');
    expect(graph.subgraphs.map(({ name }) => name)).toEqual(['shop', 'gateway']);
  });

  it('is made of a hundred connectors with twenty root fields each, every one of them in it', () => {
    const connectors = Array.from({ length: 100 }, (_, index): Connector => {
      const names = Array.from({ length: 20 }, (_, action) => [`get_thing_${action}`, reads()] as const);
      return { name: `connector_${index}`, actions: Object.fromEntries(names) };
    });
    expect(Object.keys(buildGraph(connectors).schema.getQueryType()?.getFields() ?? {})).toHaveLength(2000);
  });
});

function sdlOf(graph: Graph, ...names: readonly string[]): string {
  return names
    .map((name) => printType(graph.schema.getType(name) as GraphQLNamedType).replace(/ +$/gm, ''))
    .join('\n\n');
}

function rootOf(graph: Graph, root: string, name: string): string {
  const field = (graph.schema.getType(root) as GraphQLObjectType).getFields()[name];
  const args = field?.args.map((argument) => `${argument.name}: ${String(argument.type)}`).join(', ');
  return `${String(field?.name)}${args ? `(${args})` : ''}: ${String(field?.type)}`;
}

function fieldsOf(graph: Graph, name: string): string[] {
  const fields = (graph.schema.getType(name) as GraphQLObjectType).getFields();
  return Object.values(fields).map((field) => `${field.name}: ${String(field.type)}`);
}
