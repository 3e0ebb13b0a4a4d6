/** Starts the HTTP server on a free port of 127.0.0.1 and stops it after the test. */
import { afterEach } from '@jest/globals';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { fixedGraph } from '../../src/server/graph-source.ts';
import type { GraphSource } from '../../src/server/graph-source.ts';
import { createHttpServer } from '../../src/server/http-server.ts';
import type { HttpServer, HttpServerOptions } from '../../src/server/http-server.ts';
import type { ServedGraph } from '../../src/resolvers/executor.ts';

export interface RunningServer extends HttpServer {
  readonly url: string;
  /** Everything that was logged so far, one JSON object a line. */
  readonly log: () => string;
  /** Sends one operation as JSON. */
  readonly ask: (query: string, more?: { variables?: object; headers?: Record<string, string> }) => Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

const running = new Set<HttpServer>();
afterEach(async () => {
  await Promise.all([...running].map((server) => server.close()));
  running.clear();
});

/** Starts a server over one graph, or over a source of graphs. */
export async function runServer(
  graph: ServedGraph | GraphSource,
  options: Partial<HttpServerOptions> = {},
): Promise<RunningServer> {
  const graphs = 'current' in graph ? graph : fixedGraph(graph);
  const { logger, log } = collectingLogger();
  const server = await createHttpServer({ graphs, logger, port: 0, explorer: false, stopTimeoutMs: 2_000, ...options });
  running.add(server);
  const { url } = await server.listen();
  return {
    ...server,
    url,
    log,
    ask: (query, { variables, headers } = {}) =>
      fetchJson(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      }),
  };
}

/** Fetches and reads the answer as JSON; it fails when the answer is not JSON. */
export async function fetchJson(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

function collectingLogger(): { logger: FastifyBaseLogger; log: () => string } {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  return { logger, log: () => lines.join('') };
}

/** A source whose graph the test replaces by `publish`. */
export function changingGraph(first?: ServedGraph): GraphSource & {
  publish: (graph: ServedGraph) => void;
  fail: (message: string) => void;
} {
  let graph = first;
  let loadedAt = new Date();
  let faults: { code: 'CONNECTOR_INVALID'; path: string; message: string }[] = [];
  const listeners = new Set<() => void>();
  return {
    current: () => {
      if (!graph) throw new Error('No graph was published.');
      return graph;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    status: () => ({ ready: graph !== undefined, faults, loadedAt }),
    publish: (next) => {
      graph = next;
      faults = [];
      loadedAt = new Date();
      for (const listener of listeners) listener();
    },
    fail: (message) => {
      faults = [{ code: 'CONNECTOR_INVALID', path: 'github', message }];
    },
  };
}
