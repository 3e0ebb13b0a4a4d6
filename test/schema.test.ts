import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { checkGeneratedFiles } from '../src/cli/generated-files.ts';
import { loadConnectors } from '../src/connector/load-connectors.ts';
import { formatFault } from '../src/errors.ts';
import { describeGraph } from '../src/gateway.ts';
import { composeSubgraphs } from '../src/graph/compose.ts';
import type { Graph } from '../src/graph/graph.ts';

const below = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

describe('schema/', () => {
  let graph: Graph;
  beforeAll(async () => {
    const { loaded } = await loadConnectors([below('connectors')], (file) => import(file));
    graph = await describeGraph(loaded.map(({ connector }) => connector));
  });

  it('holds what the connectors generate now (`npm run schema` writes it)', async () => {
    expect((await checkGeneratedFiles(below('schema'), graph)).map(formatFault)).toEqual([]);
  });

  it('composes', () => {
    expect(composeSubgraphs(graph.subgraphs).map(formatFault)).toEqual([]);
  });
});
