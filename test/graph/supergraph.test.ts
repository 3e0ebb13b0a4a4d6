/** The supergraph that is made by construction is the one that composition makes. */
import { composeServices, sortSDL } from '@theguild/federation-composition';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { buildSchema, parse, print, validateSchema, GraphQLSchema } from 'graphql';
import { composeSubgraphs } from '../../src/graph/compose.ts';
import { buildGraph, type Graph } from '../../src/graph/graph.ts';
import { supergraphSdl } from '../../src/graph/supergraph.ts';
import { connectorSets, crm, reads, withFields, writes } from '../support/graph-connectors.ts';

const gatewayPart = buildSchema(`
  """When something happened."""
  scalar DateTime
  interface Named { name: String! }
  type Connection implements Named { name: String! since: DateTime state: State }
  type Connector implements Named { name: String! }
  union Thing = Connection | Connector
  enum State { PENDING "It works." STARTED OLD @deprecated(reason: "gone") }
  input Wanted { name: String = "x", states: [State!] = [STARTED], at: DateTime }
  type Query { connections(wanted: Wanted, first: Int = 10): [Connection!]! thing(id: ID!): Thing }
  type Mutation { disconnect(id: ID!): Boolean }
  type Subscription { connectionChanged: Connection! }
`);

describe('the supergraph', () => {
  it('is what composition makes of one connector', () => {
    expectSameAsComposed(buildGraph([crm()]));
  });

  it('is what composition makes of connectors that reference each other, with the gateway between them', () => {
    const shop = withFields([
      { name: 'customer_id', references: 'crm.customer' },
      { name: 'at', type: 'date_time' },
    ]);
    expectSameAsComposed(buildGraph([shop, crm()], gatewayPart));
  });

  it('is what composition makes of the gateway alone', () => {
    expectSameAsComposed(buildGraph([], gatewayPart));
  });

  it('is what composition makes where an entity cannot be looked up', () => {
    const note = { key: 'id', fields: [{ name: 'id' }, { name: 'text' }] };
    const notes = { name: 'notes', objects: { note }, actions: { list_notes: reads({ list: true, output: note }) } };
    expectSameAsComposed(buildGraph([notes, crm({ actions: { ...crm().actions, ping: writes() } })]));
  });

  it('is what composition makes of any connectors, and both are valid', () => {
    fc.assert(
      fc.property(connectorSets(), fc.boolean(), (connectors, withGateway) => {
        const graph = buildGraph(connectors, withGateway ? gatewayPart : undefined);
        const checked = new GraphQLSchema({ ...graph.schema.toConfig(), assumeValid: false });
        expect(validateSchema(checked).map(({ message }) => message)).toEqual([]);
        expect(composeSubgraphs(graph.subgraphs)).toEqual([]);
        expectSameAsComposed(graph);
      }),
      { numRuns: 60 },
    );
  });
});

function expectSameAsComposed(graph: Graph): void {
  const services = graph.subgraphs.map(({ name, sdl }) => ({ name, typeDefs: parse(sdl()) }));
  const composed = composeServices(services);
  expect(composed.errors?.map(({ message }) => message)).toBeUndefined();
  expect(sorted(supergraphSdl(graph))).toBe(sorted(String(composed.supergraphSdl)));
}

function sorted(sdl: string): string {
  return print(sortSDL(parse(sdl)));
}
