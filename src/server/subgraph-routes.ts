/** Each subgraph alone at `/subgraphs/<name>`, for the routers of others: the same callers, limits and transports as `/graphql`. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import type { Caller } from '../connection/caller.ts';
import { acceptsType, namesType } from './accepted-types.ts';
import { idempotencyKeyOf } from './client-operation.ts';
import { errorAnswer } from './error-answer.ts';
import { subgraphSource, type GraphSource } from './graph-source.ts';
import { requestFromBody, type StreamRequest } from './subscriptions/stream-request.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';

export interface SubgraphRoutesOptions {
  readonly graphs: GraphSource;
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  /** Makes what runs operations over a source of graphs. */
  readonly createSubscriptions: (graphs: GraphSource) => Subscriptions;
}

export interface SubgraphRoutes {
  /** Adds `POST /subgraphs/<name>`: JSON, or events to whoever takes them. */
  readonly addRoutes: (app: FastifyInstance) => void;
  /** What takes a WebSocket at a path; `undefined` where no subgraph is. */
  readonly acceptorAt: (path: string) => AcceptSocket | undefined;
  readonly stop: (timeoutMs: number) => Promise<void>;
}

export type AcceptSocket = (request: IncomingMessage, connection: Duplex, head: Buffer) => void;

const prefix = '/subgraphs/';

/** Makes the routes; what serves a subgraph is made when it is first asked. */
export function createSubgraphRoutes(options: SubgraphRoutesOptions): SubgraphRoutes {
  const { graphs } = options;
  const made = new Map<string, Subscriptions>();
  const find = (name: string): Subscriptions | undefined => {
    if (!graphs.status().ready || !graphs.current().subgraph?.(name)) return undefined;
    const known = made.get(name) ?? options.createSubscriptions(subgraphSource(graphs, name));
    made.set(name, known);
    return known;
  };
  return {
    addRoutes: (app) => addRoute(app, options, find),
    acceptorAt: (path) => (path.startsWith(prefix) ? find(path.slice(prefix.length))?.acceptSocket : undefined),
    stop: async (timeoutMs) => {
      await Promise.all([...made.values()].map((each) => each.stop(timeoutMs)));
    },
  };
}

interface AskingRequest extends FastifyRequest {
  caller?: Caller | null;
}

function addRoute(
  app: FastifyInstance,
  { caller }: SubgraphRoutesOptions,
  find: (name: string) => Subscriptions | undefined,
): void {
  app.route<{ Params: { name: string } }>({
    method: 'POST',
    url: `${prefix}:name`,
    onRequest: async (request: AskingRequest) => {
      request.caller = await caller(request.headers);
    },
    handler: async (request, reply) => {
      const subgraph = find(request.params.name);
      if (!subgraph) {
        const message = `There is no subgraph ${JSON.stringify(request.params.name.slice(0, 60))}. Subgraphs have the names of connectors; the gateway's own is "gateway".`;
        return refuse(reply, 404, 'ROUTE_NOT_FOUND', message, request.id);
      }
      const asker = (request as AskingRequest).caller!;
      const asked = requestFromBody(request.body);
      const prepared = await subgraph.streams.prepare({ ...asked, caller: asker });
      if ('errors' in prepared) return reply.code(400).send({ errors: prepared.errors });
      const { accept } = request.headers;
      const isEvents = accept !== undefined && namesType(accept, 'text/event-stream');
      const isStreamed = isEvents && (prepared.kind === 'subscription' || !acceptsType(accept, 'application/json'));
      if (isStreamed) return subgraph.answerWithEvents(request, reply, asked, asker);
      if (prepared.kind === 'subscription') {
        const message =
          'A subscription has many answers. Accept text/event-stream, or send it over WebSocket to the same path.';
        return refuse(reply, 406, 'TRANSPORT_UNSUPPORTED', message, request.id);
      }
      const payload = await answerOnce(subgraph, asked, request, reply, asker);
      return reply.type(mediaTypeOf(accept)).send(payload);
    },
  });
}

/** The one answer of a query or mutation, as JSON text. */
function answerOnce(
  { streams }: Subscriptions,
  asked: StreamRequest,
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const refusal = (errors: readonly GraphQLFormattedError[]) => JSON.stringify({ errors });
    const { id: requestId, headers } = request;
    const stream = { ...asked, caller, requestId, headers, idempotencyKey: idempotencyKeyOf(headers), link: reply.raw };
    streams.begin(stream, {
      next: (payload) => {
        answer = payload;
        return true;
      },
      end: (ending) => resolve(ending.kind === 'complete' ? answer : refusal(ending.errors)),
    });
  });
}

/** @see https://graphql.github.io/graphql-over-http/draft/#sec-Accept */
function mediaTypeOf(accept: string | undefined): string {
  const isNew = accept !== undefined && namesType(accept, 'application/graphql-response+json');
  return `${isNew ? 'application/graphql-response+json' : 'application/json'}; charset=utf-8`;
}

function refuse(reply: FastifyReply, ...given: Parameters<typeof errorAnswer>): FastifyReply {
  const { status, body } = errorAnswer(...given);
  return reply.code(status).send(body);
}
