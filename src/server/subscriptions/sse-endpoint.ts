/** GraphQL over server-sent events at `/graphql/stream`, for programs and for the EventSource of browsers. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../connection/caller.ts';
import { acceptsType } from '../accepted-types.ts';
import type { CallerWatch } from './caller-watch.ts';
import { idempotencyKeyOf } from '../client-operation.ts';
import { errorAnswer } from '../error-answer.ts';
import { itsTurn } from '../response-turn.ts';
import { createFrames, EventStream, hasLeft } from './event-stream.ts';
import type { OperationStreams } from './operation-stream.ts';
import type { Origin } from '../origin-guard.ts';
import type { Places } from './places.ts';
import type { StreamCookie } from './stream-cookie.ts';
import { createSharedClock } from './shared-clock.ts';
import { requestFromBody, requestFromSearch, type StreamRequest } from './stream-request.ts';
import type { SubscriptionSettings } from './subscription-settings.ts';
import { originRefused } from './upgrade.ts';

export interface SseEndpointOptions {
  readonly streams: OperationStreams;
  readonly settings: SubscriptionSettings;
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly callerWatch: CallerWatch;
  readonly places: Places;
  readonly originOf: (headers: IncomingHttpHeaders) => Origin;
  readonly cookie: StreamCookie;
}

export interface SseEndpoint {
  /** Adds `GET` and `POST /graphql/stream`, and `/graphql/stream/token` for the cookie of an EventSource. */
  readonly addRoutes: (app: FastifyInstance) => void;
  /** Streams the answers of one operation that was sent elsewhere. */
  readonly answer: (
    request: FastifyRequest,
    reply: FastifyReply,
    asked: StreamRequest,
    caller: Caller,
  ) => Promise<FastifyReply>;
  /**
   * Ends subscriptions without `complete`, so that they are resumed; those whose clients do not read are cut soon after.
   * What is answered once is answered.
   */
  readonly stop: () => void;
}

interface AskingRequest extends FastifyRequest {
  /** Who asks, and by what: its own headers, or those in the cookie. */
  asker?: { readonly caller: Caller; readonly credentials: IncomingHttpHeaders } | null;
}

/** Makes the endpoint; nothing runs while no stream is open. */
export function createSseEndpoint(options: SseEndpointOptions): SseEndpoint {
  const open = new Set<EventStream>();
  const clock = createSharedClock(open, options.settings.keepAliveMs);
  const frameOf = createFrames();

  async function answer(
    request: AskingRequest,
    reply: FastifyReply,
    asked: StreamRequest,
    caller: Caller,
  ): Promise<FastifyReply> {
    // Behind another stream on its connection it takes no place and polls nothing.
    await itsTurn(reply.raw);
    // It may have gone while it was asked who it is.
    if (hasLeft(reply.raw)) return reply.hijack();
    const giveBack = options.places.take(caller);
    if (!giveBack) return refuse(reply, 429, 'SUBSCRIPTION_LIMIT', tooMany, request.id);
    reply.hijack();
    const stream: EventStream = new EventStream({
      response: reply.raw,
      headers: { ...(reply.getHeaders() as Record<string, string>), ...crossOrigin(request, options) },
      settings: options.settings,
      frameOf,
      onClose: () => {
        open.delete(stream);
        endWatch();
        giveBack();
      },
    });
    open.add(stream);
    clock.start();
    const endWatch = options.callerWatch.watch(request.asker?.credentials ?? request.headers, caller, () =>
      stream.fail([{ message: 'Who asked may not ask any more. Authorize again.', extensions: unauthenticated }]),
    );
    const after = lastEventId(request.headers);
    const idempotencyKey = idempotencyKeyOf(request.headers);
    const streamed = {
      ...asked,
      after,
      caller,
      requestId: request.id,
      headers: request.headers,
      idempotencyKey,
      link: reply.raw,
    };
    stream.serve(options.streams.begin(streamed, stream));
    return reply;
  }

  return {
    answer,
    addRoutes: (app) => addRoutes(app, options, answer),
    stop() {
      const left = [...open].filter((stream) => stream.leave());
      setTimeout(() => left.forEach((stream) => stream.cut()), options.settings.closeGraceMs).unref();
    },
  };
}

const unauthenticated = { code: 'UNAUTHENTICATED' };
const tooMany =
  'The subject has as many sockets and event streams open as it may. Close some, or let several operations share one WebSocket.';

function addRoutes(app: FastifyInstance, options: SseEndpointOptions, answer: SseEndpoint['answer']): void {
  const { originOf, cookie, streams } = options;
  app.decorateRequest('asker', null);
  app.addHook('onRequest', async (request: AskingRequest, reply) => {
    const origin = originOf(request.headers);
    if (origin === 'foreign') return refuse(reply, 403, 'ORIGIN_REFUSED', originRefused, request.id);
    const credentials = credentialsOf(request, origin, cookie);
    request.asker = { credentials, caller: await options.caller(credentials) };
    return undefined;
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql/stream',
    exposeHeadRoute: false,
    handler: async (request: AskingRequest, reply) => {
      if (!acceptsType(request.headers.accept, 'text/event-stream')) {
        const message = 'Here answers are streams of events. Send Accept: text/event-stream, or ask at /graphql.';
        return refuse(reply, 406, 'NOT_ACCEPTABLE', message, request.id);
      }
      const { caller } = request.asker!;
      if (request.method === 'POST') return answer(request, reply, requestFromBody(request.body), caller);
      const asked = requestFromSearch(searchOf(request.url));
      const prepared = await streams.prepare({ ...asked, caller });
      if ('kind' in prepared && prepared.kind === 'mutation') {
        const message = 'A GET asks for queries and subscriptions only. Send mutations by POST.';
        return refuse(reply.header('allow', 'POST'), 405, 'METHOD_NOT_ALLOWED', message, request.id);
      }
      return answer(request, reply, asked, caller);
    },
  });
  app.post('/graphql/stream/token', async (request: AskingRequest, reply) => {
    return reply.code(204).header('set-cookie', cookie.make(request.headers, request.asker!.caller)).send();
  });
  app.delete('/graphql/stream/token', async (_request, reply) =>
    reply.code(204).header('set-cookie', cookie.clear()).send(),
  );
}

/**
 * Its own headers; only where it has none, and a browser says that the page is ours or allowed, those in the cookie: a GET
 * is what any page can make a browser send.
 */
function credentialsOf(request: FastifyRequest, origin: Origin, cookie: StreamCookie): IncomingHttpHeaders {
  const { headers, method } = request;
  if (method !== 'GET' || headers.authorization !== undefined || origin === 'none') return headers;
  return cookie.read(headers.cookie) ?? headers;
}

/** Pages of allowed origins may read what they were let in for. */
function crossOrigin({ headers }: FastifyRequest, { originOf }: SseEndpointOptions): Record<string, string> {
  if (headers.origin === undefined || originOf(headers) !== 'allowed') return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': headers.origin,
    'access-control-allow-credentials': 'true',
  };
}

function lastEventId({ 'last-event-id': id }: IncomingHttpHeaders): string | undefined {
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function searchOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}

function refuse(reply: FastifyReply, ...given: Parameters<typeof errorAnswer>): FastifyReply {
  const { status, body } = errorAnswer(...given);
  return reply.code(status).send(body);
}
