/** The one-time URLs of contents: `GET` streams one from its provider, `PUT` streams one to it. Whoever holds one may use it, once. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../connection/caller.ts';
import { CallerError, GatewayError, InputError } from '../errors.ts';
import { contentHeaders } from '../http/content-headers.ts';
import { incomingContent } from '../http/incoming-content.ts';
import { transferPath, unknownTransfer } from '../transfers/create-transfers.ts';
import type { FoundTransfer, Transfers } from '../transfers/transfers.ts';
import { answerTo, errorAnswer } from './error-answer.ts';
import type { FileLimits } from '../transfers/file-limits.ts';
import type { Admit } from '../transfers/transfer-admission.ts';
import { isWhole } from './unread-body.ts';

export interface TransferRoutesOptions {
  /** As they are served at the time. */
  readonly transfers: Pick<Transfers, 'find'>;
  /** Says who asks, where a request says it. */
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly limits: FileLimits;
  readonly admit: Admit;
}

/** What such a path looks like in a log: the token is as good as the file. */
export const loggedTransferPath = `${transferPath}:token`;

interface TransferRoute {
  Params: { token: string };
}

/** Adds `/transfers/:token`. Add it in a scope of its own: bodies of every type are left unread. */
export function addTransferRoutes(app: FastifyInstance, options: TransferRoutesOptions): void {
  const { transfers, limits, admit } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.setErrorHandler((error, request, reply) => fail(error, request, reply));
  app.route<TransferRoute>({
    method: ['GET', 'PUT'],
    url: loggedTransferPath,
    exposeHeadRoute: false,
    config: { takesContent: true },
    handler: async (request, reply) => {
      const found = await transfers.find(request.params.token);
      if (!found || !(await isMeant(found, request, options))) throw unknownTransfer();
      if (found.method !== request.method) return refuseMethod(found, request, reply);
      const leave = admit(found.tenant);
      const signal = signalOf(reply, limits.transferMs);
      reply.raw.once('close', leave);
      return found.method === 'GET' ? download(found, reply, signal) : upload(found, request, reply, signal, limits);
    },
  });
}

/** Who says who it is must be the one for whom the URL was made; a link that is opened in a browser says nothing. */
async function isMeant(
  found: FoundTransfer,
  { headers }: FastifyRequest,
  { caller }: TransferRoutesOptions,
): Promise<boolean> {
  if (headers.authorization === undefined && headers['x-external-subject-id'] === undefined) return true;
  try {
    return found.isOf(await caller(headers));
  } catch (error) {
    if (error instanceof CallerError || error instanceof InputError) return false;
    throw error;
  }
}

/** Without taking it: programs that look at links ask in other ways. */
function refuseMethod({ method }: FoundTransfer, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = `This URL takes ${method}; got ${request.method}. It can still be used.`;
  const { status, body } = errorAnswer(405, 'METHOD_NOT_ALLOWED', message, request.id);
  return reply
    .code(status)
    .headers({ ...answerHeaders, allow: method })
    .send(body);
}

async function download(found: FoundTransfer, reply: FastifyReply, signal: AbortSignal): Promise<FastifyReply> {
  const content = await found.fetch(signal);
  // A source that fails from here on destroys the connection: nobody takes a part for the whole.
  return reply.code(200).headers(contentHeaders(content)).send(content.open());
}

async function upload(
  found: FoundTransfer,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
  { maxUploadBytes, idleMs }: FileLimits,
): Promise<FastifyReply> {
  const { headers } = request;
  refuseParts(headers);
  const length = headers['content-length'];
  const size = length === undefined ? undefined : Number(length);
  const facts = { size, mediaType: headers['content-type'] };
  const incoming = incomingContent(request.raw, facts, { maxBytes: maxUploadBytes, idleMs });
  try {
    await found.send(incoming.content, signal);
  } catch (error) {
    throw incoming.failure() ?? error;
  }
  endUnread(request, reply);
  return reply.code(204).headers(answerHeaders).send();
}

/** What comes is the content itself, whole (RFC 9110 §14.5). */
function refuseParts(headers: IncomingHttpHeaders): void {
  if (headers['content-range'] !== undefined) {
    throw new InputError('BODY_INVALID', 'A content is sent whole, without Content-Range. Send all of it at once.');
  }
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== '' && encoding !== 'identity') {
    throw new InputError('BODY_INVALID', 'A content is sent as it is, without Content-Encoding.');
  }
}

function signalOf({ raw }: FastifyReply, timeMs: number): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => raw.writableFinished || gone.abort());
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new GatewayError('REQUEST_CANCELLED', `The content did not pass within ${timeMs} ms.`));
  }, timeMs);
  raw.once('close', () => clearTimeout(timer));
  return AbortSignal.any([gone.signal, late.signal]);
}

const answerHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** What is left of a content that nobody reads is read to its end or to a limit; beyond, the connection is closed (`unread-body`). */
function endUnread(request: FastifyRequest, reply: FastifyReply): void {
  if (!isWhole(request.raw)) reply.header('connection', 'close');
}

function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  endUnread(request, reply);
  const { status, headers = {}, body, isFault } = answerTo(error, request.id);
  if (isFault) request.log.error({ requestId: request.id, err: error }, 'A content failed to pass');
  void reply
    .code(status)
    .headers({ 'content-type': 'application/json; charset=utf-8', ...headers, ...answerHeaders })
    .removeHeader('content-disposition')
    .removeHeader('content-length')
    .send(body);
}
