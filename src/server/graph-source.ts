/** Where the server gets the graph from: the newest good generation, and what went wrong with later ones. */
import { GatewayError, type Fault } from '../errors.ts';
import type { ServedGraph } from '../resolvers/executor.ts';
import type { OperationList } from './operations/operation-list.ts';

/** How the graph stands; shown by `/healthz`. */
export interface GraphStatus {
  /** A graph is there to be served. Stays true when a later load fails: the old generation keeps serving. */
  readonly ready: boolean;
  /** What is wrong with the newest definitions; empty when they are the ones being served. */
  readonly faults: readonly Fault[];
  /** When the graph that is served now was loaded. */
  readonly loadedAt: Date;
}

/** A graph that may be replaced while the server runs. */
export interface GraphSource {
  /** The generation to serve; called only when `status().ready`. */
  current(): ServedGraph;
  /** The operations that are listed, checked against the generation that is served; none without a list. */
  operations?(): OperationList | undefined;
  /** Tells of each new generation; gives the function that ends the telling. */
  onChange(listener: () => void): () => void;
  status(): GraphStatus;
}

/** One subgraph of a source alone, as if there were no others. */
export function subgraphSource(graphs: GraphSource, name: string): GraphSource {
  return {
    ...graphs,
    current() {
      const served = graphs.current().subgraph?.(name);
      if (served) return served;
      throw new GatewayError('NOT_SERVED', `The subgraph "${name}" is no longer served. Compose the supergraph anew.`);
    },
  };
}

/** A source whose graph never changes. */
export function fixedGraph(graph: ServedGraph): GraphSource {
  const status: GraphStatus = { ready: true, faults: [], loadedAt: new Date() };
  return { current: () => graph, onChange: () => () => {}, status: () => status };
}
