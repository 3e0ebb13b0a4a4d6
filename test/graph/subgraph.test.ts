import { describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { buildGraph } from '../../src/graph/graph.ts';
import { crm, reads, withFields, writes } from '../support/graph-connectors.ts';

describe('the SDL of a subgraph', () => {
  it('has the root fields, the entities with their key, and stubs of what it refers to', () => {
    const fields = [
      { name: 'id', hint: 'Says "hi".' },
      { name: 'customer_id', references: 'crm.customer' },
      { name: 'at', type: 'date_time' as const },
      { name: 'state', pickList: [['Open', 'open']] as const },
    ];
    const thing = { key: 'id', lookup: 'get_thing', title: 'A thing of the shop', fields };
    const shop = {
      name: 'shop',
      objects: { thing },
      actions: {
        get_thing: reads({ input: [{ name: 'id', optional: false }], output: thing }),
        list_things: reads({
          paginate: { strategy: 'page' },
          output: thing,
          input: [{ name: 'size', type: 'integer', default: 5, hint: 'How "big".' }],
        }),
        drop: writes({ deprecated: 'Do "not".' }),
      },
      pickLists: { folders: () => [] },
    };
    expect(buildGraph([shop, crm()]).subgraphs[0]?.sdl()).toBe(`\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

type Query {
  """Get thing (Shop)."""
  shopThing(
    id: ID!
    """Which of your connections to use; needed only when you have several."""
    connection: ID
  ): ShopThing
  """List things (Shop)."""
  shopThings(
    """How "big"."""
    size: Int = 5
    """How many rows at most."""
    first: Int
    """The rows after this cursor."""
    after: String
    """Refused: this list is read forward only."""
    last: Int
    """Refused: this list is read forward only."""
    before: String
    """Which of your connections to use; needed only when you have several."""
    connection: ID
  ): ShopThingConnection
  """Choices of folders (Shop)."""
  shopFolders(
    """Which of your connections to use; needed only when you have several."""
    connection: ID
  ): [PickListChoice!]
}

type Mutation {
  """Drop (Shop)."""
  shopDrop(
    """
    Names what is to be done once, best by a new UUID: who repeats it with the same key and input is told what the first came to, and nothing is sent again. Beats the header Idempotency-Key.
    """
    idempotencyKey: String
    """Which of your connections to use; needed only when you have several."""
    connection: ID
  ): JSON @deprecated(reason: "Do \\"not\\".")
}

"""A thing of the shop"""
type ShopThing @key(fields: "id") {
  """Says "hi"."""
  id: ID!
  customerId: ID
  """What \`customerId\` names."""
  customer: CrmCustomer
  at: DateTime
  state: ShopThingState
}

"""A page of a longer list."""
type ShopThingConnection {
  """The rows with their cursors."""
  edges: [ShopThingEdge]
  """The rows alone."""
  nodes: [ShopThing]
  """Where this page begins and ends."""
  pageInfo: PageInfo!
  """How many rows there are in all, where the provider tells."""
  totalCount: Int
}

"""One row, and its place in the list."""
type ShopThingEdge {
  """Give it as \`after\` to go on behind this row."""
  cursor: String!
  """The row."""
  node: ShopThing
}

enum ShopThingState {
  OPEN
}

type CrmCustomer @key(fields: "id", resolvable: false) {
  id: ID!
}

"""A moment, as RFC 3339: \`2026-01-31T09:30:00Z\`. Answers are in UTC."""
scalar DateTime

"""Any JSON value."""
scalar JSON @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc8259")

"""Where a page of a longer list begins and ends."""
type PageInfo @shareable {
  """Whether more rows follow."""
  hasNextPage: Boolean!
  """Whether rows come before, as far as that is known."""
  hasPreviousPage: Boolean!
  """Cursor of the first row."""
  startCursor: String
  """Cursor of the last row: \`after\` of the next page."""
  endCursor: String
}

"""One choice of a list from which a value can be picked."""
type PickListChoice @shareable {
  """What is shown."""
  label: String!
  """What is sent."""
  value: String!
  """
  Whether it is a branch of a tree: ask again with its value as \`parentId\`.
  """
  hasChildren: Boolean
}
`);
  });

  it('imports only the directives that it uses', () => {
    const [first] = buildGraph([withFields([{ name: 'x' }])]).subgraphs;
    expect(first?.sdl()).toMatch(
      /^extend schema\n {2}@link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.3"\)\n/,
    );
  });

  it('says of an entity that cannot be looked up that it is not resolvable', () => {
    const note = { key: 'note_id', fields: [{ name: 'note_id' }] };
    const notes = { name: 'notes', objects: { note }, actions: { list_notes: reads({ list: true, output: note }) } };
    expect(buildGraph([notes]).subgraphs[0]?.sdl()).toContain(
      'type NotesNote @key(fields: "noteId", resolvable: false) {\n  noteId: ID!\n}',
    );
  });

  it('holds what the gateway contributes itself, with interfaces and unions', () => {
    const own = buildSchema(`
      interface Named { name: String }
      type Connector implements Named { name: String state(old: Boolean = true): String @deprecated(reason: "gone") }
      union Any = Connector
      type Query { any: Any }
    `);
    expect(buildGraph([], own).subgraphs.at(-1)?.sdl()).toBe(`\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3")

type Query {
  any: Any
}

union Any = Connector

type Connector implements Named {
  name: String
  state(old: Boolean = true): String @deprecated(reason: "gone")
}

interface Named {
  name: String
}
`);
  });

  it('is the same in whatever order the objects are declared', () => {
    const { objects, actions } = crm();
    const note = { fields: [{ name: 'text' }] };
    const both = { ...actions, get_note: reads({ output: note }) };
    const one = buildGraph([crm({ objects: { ...objects, note }, actions: both })]);
    const two = buildGraph([crm({ objects: { note, ...objects }, actions: both })]);
    expect(one.subgraphs[0]?.sdl()).toBe(two.subgraphs[0]?.sdl());
  });
});
