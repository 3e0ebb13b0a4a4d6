import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { createFederatedGraph } from '../../src/federation/federated-graph.ts';
import type { SubgraphRequest } from '../../src/federation/subgraph-answer.ts';
import { composeSupergraph } from '../../src/graph/compose.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';
const supergraphSdl = composeSupergraph([
  {
    name: 'shop',
    sdl: () => `${link}type Query { items: [Item] } type Item @key(fields: "id") { id: ID! name: String }`,
  },
  {
    name: 'stock',
    sdl: () => `${link}type Query { stock: [Item] } type Item @key(fields: "id") { id: ID! count: Int }`,
  },
]);
const answers: Record<string, (request: SubgraphRequest) => unknown> = {
  shop: () => ({ items: [{ __typename: 'Item', id: '1', name: 'Cup' }] }),
  stock: ({ variables }) => ({
    _entities: (variables.representations as any[]).map(({ id }) => ({ __typename: 'Item', id, count: Number(id) })),
  }),
};
const context = {
  caller: { tenant: 't', subject: undefined, scopes: new Set<string>() },
  signal: new AbortController().signal,
  requestId: 'r',
};

describe('a supergraph, with the native planner and without it', () => {
  it.each(['native', 'stitched'] as const)('answers the same: %s', async (planner) => {
    const asked: string[] = [];
    const graph = await createFederatedGraph(
      {
        supergraphSdl,
        reach: (name) => ({
          ask: (request) => {
            asked.push(name);
            return Promise.resolve({ data: answers[name]!(request) as never });
          },
          subscribe: () => Promise.reject(new Error('Nobody subscribes.')),
        }),
      },
      planner,
    );
    const result = await graph.execute({ document: parse('{ items { name count } }'), context });
    expect(JSON.parse(JSON.stringify(result))).toEqual({ data: { items: [{ name: 'Cup', count: 1 }] } });
    expect(asked).toEqual(['shop', 'stock']);
  });
});
