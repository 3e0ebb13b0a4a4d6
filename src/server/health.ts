/** Tells orchestrators how the gateway is, and gives the supergraph to other routers. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../connection/caller.ts';
import { requireScope } from '../resolvers/check-scopes.ts';
import type { ServedGraph } from '../resolvers/executor.ts';
import { errorAnswer } from './error-answer.ts';
import type { GraphSource } from './graph-source.ts';
import type { Introspection } from './introspection.ts';

export interface HealthOptions {
  readonly graphs: GraphSource;
  /** True from the moment when the server begins to stop. */
  readonly isDraining: () => boolean;
  /** Whether the store does not answer just now. Default: there is none to ask. */
  readonly isStoreAway?: (() => boolean) | undefined;
  /** Faults are told in full, and without their text in production. */
  readonly production: boolean;
  /** Whether `/supergraph.graphql` is served: it shows what introspection shows. */
  readonly introspection: Introspection;
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
}

/**
 * Adds the routes.
 *
 * - `/healthz`: 200 while the process answers; `degraded` with the faults when the newest definitions are not served, and while the
 *   store is away.
 * - `/readyz`: 200 when requests should come here, 503 before the first graph, while the store is away and while stopping.
 * - `/supergraph.graphql`: SDL of the join specification, with an ETag.
 */
export function addHealthRoutes(app: FastifyInstance, options: HealthOptions): void {
  const { graphs, isDraining, production, isStoreAway = () => false } = options;
  app.get('/healthz', () => {
    const { ready, faults, loadedAt } = graphs.status();
    return {
      status: faults.length > 0 || isStoreAway() ? 'degraded' : 'ok',
      store: isStoreAway() ? 'away' : 'ok',
      graph: ready ? { loadedAt: loadedAt.toISOString() } : null,
      faults: production ? faults.map(({ code, path }) => ({ code, path })) : faults,
    };
  });
  const reasonToStayAway = () => {
    if (isDraining()) return 'stopping';
    if (!graphs.status().ready) return 'no graph yet';
    return isStoreAway() ? 'the store does not answer' : undefined;
  };
  app.get('/readyz', (_request, reply) => {
    const reason = reasonToStayAway();
    if (reason) void reply.code(503);
    return reason ? { ready: false, reason } : { ready: true };
  });
  const onRequest = async ({ headers }: FastifyRequest): Promise<void> => {
    if (options.introspection === 'with-scope') requireScope(await options.caller(headers), 'introspect');
  };
  app.get('/supergraph.graphql', { onRequest }, (request, reply) => {
    if (!options.introspection) {
      const message = 'The supergraph is not shown by this gateway. Set `introspection: true` to serve it.';
      const { status, body } = errorAnswer(404, 'NOT_SERVED', message, request.id);
      return reply.code(status).send(body);
    }
    if (!graphs.status().ready) {
      const message = 'The gateway has no graph to serve yet. Ask again later.';
      const { status, body } = errorAnswer(503, 'NOT_READY', message, request.id);
      return reply.code(status).send(body);
    }
    const { sdl, etag } = printed(graphs.current());
    void reply.header('etag', etag).header('cache-control', 'no-cache');
    const known = request.headers['if-none-match'];
    if (known?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) return reply.code(304).send();
    return reply.type('application/graphql; charset=utf-8').send(sdl);
  });
}

interface PrintedGraph {
  readonly sdl: string;
  readonly etag: string;
}

const printedGraphs = new WeakMap<ServedGraph, PrintedGraph>();

function printed(graph: ServedGraph): PrintedGraph {
  const known = printedGraphs.get(graph);
  if (known) return known;
  const sdl = graph.supergraphSdl();
  const fresh = { sdl, etag: `"${createHash('sha256').update(sdl).digest('base64url')}"` };
  printedGraphs.set(graph, fresh);
  return fresh;
}
