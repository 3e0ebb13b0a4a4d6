import { describe, expect, it } from '@jest/globals';
import { formatFault } from '../../src/errors.ts';
import { composeSubgraphs } from '../../src/graph/compose.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import { crm, withFields, writes } from '../support/graph-connectors.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';

describe('composeSubgraphs', () => {
  it('finds nothing wrong with what a graph contributes, islands that only write included', () => {
    const shop = withFields([{ name: 'customer_id', references: 'crm.customer' }]);
    const ping = { name: 'ping', actions: { send: writes() } };
    expect(composeSubgraphs(buildGraph([shop, crm(), ping]).subgraphs)).toEqual([]);
  });

  it('names the subgraph, the type and the place of a key that is no field', () => {
    expect(
      faults({
        crm: `${link}type Query { a: X }\ntype X @key(fields: "nope") { id: ID! }`,
        ok: 'type Query { b: Int }',
      }),
    ).toEqual([
      expect.stringMatching(
        /^COMPOSITION_FAILED: crm: On type "X", for @key\(fields: "nope"\): Cannot query field "nope" on type "X" .* \(line 3, column 8 of its SDL\)\.$/,
      ),
    ]);
  });

  it('names the subgraphs of an island that disagree, and no others', () => {
    const sdls = {
      one: `${link}type Query { a: X } type X { id: ID! }`,
      alone: 'type Query { b: Int }',
      two: `${link}type Query { c: X } type X { id: ID! }`,
    };
    expect(faults(sdls)).toEqual([
      expect.stringMatching(
        /^COMPOSITION_FAILED: one, two: Non-shareable field "X\.id" is resolved from multiple subgraphs/,
      ),
    ]);
  });

  it('finds two subgraphs with one root field', () => {
    expect(faults({ one: `${link}type Query { a: Int }`, two: `${link}type Query { a: Int }` })).toEqual([
      expect.stringMatching(/^COMPOSITION_FAILED: one, two: Non-shareable field "Query\.a"/),
    ]);
  });

  it('tells where a subgraph cannot be read, and judges the others all the same', () => {
    expect(faults({ torn: 'type Query {', crm: 'type Query { a: Nobody }' })).toEqual([
      'COMPOSITION_FAILED: torn: Syntax Error: Expected Name, found <EOF> (line 1, column 13 of its SDL).',
      expect.stringMatching(/^COMPOSITION_FAILED: crm: Unknown type Nobody/),
    ]);
  });
});

function faults(sdls: Readonly<Record<string, string>>): string[] {
  return composeSubgraphs(Object.entries(sdls).map(([name, sdl]) => ({ name, sdl: () => sdl }))).map(formatFault);
}
