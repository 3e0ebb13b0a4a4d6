/** The route to which providers send webhooks: raw bodies, bounded in size and number, and nothing about them in the log. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebhookDoor, WebhookIntake } from '../feed/webhook-intake.ts';
import { answerTo } from './error-answer.ts';

export interface WebhookRoutesOptions {
  readonly intake: WebhookIntake;
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Requests of one address that are under way at a time; further ones are answered 429. Default 32. */
  readonly maxPerAddress?: number;
  /** The same of all addresses, answered 503. Default 256. */
  readonly maxInAll?: number;
}

/** What such a path looks like in a log: the token is as good as a password. */
export const webhookPath = '/webhooks/:token';

interface WebhookRoute {
  Params: { token: string };
}

/** Adds `/webhooks/:token`. Add it in a scope of its own: it reads bodies of every type, and as they came. */
export function addWebhookRoutes(app: FastifyInstance, options: WebhookRoutesOptions): void {
  const { intake, bodyLimitBytes = 1024 * 1024 } = options;
  const admit = createAdmission(options);
  const doors = new WeakMap<FastifyRequest, WebhookDoor>();
  readRaw(app, bodyLimitBytes);
  app.setErrorHandler((error, request, reply) => fail(error, request, reply));
  // Before the body is read: an unknown address costs one look, and is answered as any path that nobody serves.
  app.addHook<WebhookRoute>('onRequest', async (request, reply) => {
    const door = await intake.find(request.params.token);
    if (!door) return callNotFound(reply);
    reply.headers(answerHeaders);
    const refusal = admit(door.id, reply);
    if (refusal !== undefined) return sendPlain(reply, refusal, { 'retry-after': '1' });
    if (isEncoded(request)) return sendPlain(reply, 415, { 'accept-encoding': 'identity' });
    doors.set(request, door);
  });
  app.route<WebhookRoute>({
    method: ['GET', 'HEAD', 'POST'],
    url: webhookPath,
    bodyLimit: bodyLimitBytes,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { method, query, body } = request;
      const answer = await doors.get(request)!.receive({
        method,
        body: body instanceof Uint8Array ? body : new Uint8Array(),
        headers: joined(request.headers),
        params: joined(query as Readonly<Record<string, string | readonly string[]>>),
      });
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
}

/** What a provider is answered is data: no browser may show, sniff or keep it. */
const answerHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** Whatever its type says, and without one: the signature is over these bytes. */
function readRaw(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
}

type Admit = (address: string, reply: FastifyReply) => number | undefined;

/** Counts what is under way; gives the status for what is too much. */
function createAdmission({ maxPerAddress = 32, maxInAll = 256 }: WebhookRoutesOptions): Admit {
  const underWay = new Map<string, number>();
  let all = 0;
  return (address, reply) => {
    const own = underWay.get(address) ?? 0;
    if (own >= maxPerAddress) return 429;
    if (all >= maxInAll) return 503;
    // Whoever left while the address was looked up is told nothing, and never closes again.
    if (reply.raw.destroyed) return 503;
    all += 1;
    underWay.set(address, own + 1);
    // Also when the connection is cut: then no answer ever ends.
    reply.raw.once('close', () => {
      all -= 1;
      const left = underWay.get(address)! - 1;
      if (left === 0) underWay.delete(address);
      else underWay.set(address, left);
    });
    return undefined;
  };
}

/** A compressed body is not the one that was signed, or it is a bomb. No provider that we know of sends any. */
function isEncoded({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  return encoding !== '' && encoding !== 'identity';
}

/** Of a name that came several times, all values, as HTTP joins them. */
function joined(
  values: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string>> {
  // No prototype: names come from outside.
  const result = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) result[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return result;
}

function callNotFound(reply: FastifyReply): FastifyReply {
  reply.callNotFound();
  return reply;
}

function sendPlain(reply: FastifyReply, status: number, headers: Readonly<Record<string, string>>): FastifyReply {
  return reply.code(status).headers(headers).send('');
}

/** Without words, as all answers to providers. */
function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, headers = {}, isFault } = answerTo(error, request.id);
  if (isFault) request.log.error({ requestId: request.id, err: error }, 'A webhook failed');
  void reply.code(status).headers(headers).send('');
}
