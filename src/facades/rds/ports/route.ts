/** One call of a port's interface: which connector it is for, for whom, and what its failures are called. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Connector } from '../../../connector/definition.ts';
import type { RunnableAction } from '../../../connector/run-action.ts';
import { readContent } from '../../../connector/run-content.ts';
import type { Content } from '../../../content.ts';
import { AuthorizationError, GatewayError, InputError } from '../../../errors.ts';
import { connectorNameOf } from '../../../importers/rds/service-name.ts';
import { signalOf } from '../../call-signal.ts';
import { askAll, askOne, findCapability, open, type Asking } from '../ask-capability.ts';
import type { RdsDesk } from '../desk.ts';
import { badRequest, notFound, RdsRefusal, unauthorized } from '../failure.ts';
import { readJsonBody } from './json-body.ts';
import { portUser } from './port-user.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a call is answered from. */
export interface PortCall {
  readonly params: Readonly<Record<string, string>>;
  readonly body: Values;
  /** One answer of a capability; `null` where there is no such thing. @throws RdsRefusal 404 where the port has it not. */
  readonly ask: (capability: string, input: Values) => Promise<any>;
  /** All rows of one. */
  readonly askAll: (capability: string, input: Values) => Promise<readonly any[]>;
  /** A content as text; empty where the port gives none, or more than 1 MiB of it. */
  readonly fetchText: (capability: string, input: Values) => Promise<string>;
}

/** Texts of files in JSON are for small ones: larger ones are fetched as what they are. */
const maxTextBytes = 1024 * 1024;

export interface PortAnswer {
  readonly status?: number;
  readonly body?: unknown;
}

/** @param url - below `/ports/:port`. */
export function addPortCall(
  app: FastifyInstance,
  desk: RdsDesk,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  answer: (call: PortCall) => Promise<PortAnswer>,
): void {
  app.route<{ Params: Record<string, string> }>({
    method,
    url: `/ports/:port${url}`,
    exposeHeadRoute: false,
    async handler(request, reply) {
      const { status = 200, body } = await answering(request, reply, async () => {
        const connector = findPort(desk, request.params['port']!);
        return answer(await openCall(desk, connector, request, reply));
      });
      return reply.code(status).send(body);
    },
  });
}

/**
 * Does what a call asks for, and gives its failure the name that RDS has for it. What is left of a request that nobody reads is
 * read to its end or to a limit; beyond, the connection is closed (`server/unread-body`).
 */
export async function answering<T>({ raw }: FastifyRequest, reply: FastifyReply, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalOf(error);
  } finally {
    if (!raw.complete) reply.header('connection', 'close');
  }
}

async function openCall(
  desk: RdsDesk,
  connector: Connector,
  request: FastifyRequest<{ Params: Record<string, string> }>,
  reply: FastifyReply,
): Promise<PortCall> {
  const body = await readJsonBody(request);
  const asking: Asking = { ...(await portUser(desk, connector, body['userId'])), connector, signal: signalOf(reply) };
  const find = (name: string) => findAction(desk, connector, name);
  return {
    params: request.params,
    body,
    ask: async (capability, input) => askOne(desk.served(), asking, find(capability), input),
    askAll: async (capability, input) => askAll(desk.served(), asking, find(capability), input),
    async fetchText(capability, input) {
      const action = findCapability(desk.served(), connector, capability);
      if (!action) return '';
      const { run } = await open(desk.served(), asking, action);
      return textOf(await readContent(action, run, await action.coerceInput(run, input)));
    },
  };
}

async function textOf(content: Content): Promise<string> {
  const chunks: Uint8Array[] = [];
  let left = maxTextBytes;
  for await (const chunk of content) {
    left -= chunk.length;
    // To leave the loop lets go of the rest.
    if (left < 0) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws RdsRefusal 404 */
export function findAction({ served }: RdsDesk, connector: Connector, capability: string): RunnableAction {
  const action = findCapability(served(), connector, capability);
  if (action) return action;
  throw notFound(`${connector.title ?? connector.name} does not have the capability "${capability}".`);
}

/**
 * By the name of a connector, with `port-` before it or without, or by that of a service whose address is configured.
 *
 * @throws RdsRefusal 404
 */
export function findPort({ served }: RdsDesk, port: string): Connector {
  const { connectors } = served();
  const name = port.toLowerCase().replace(/^port-/, '');
  const names = [port, name.replaceAll('-', '_'), connectorNameOf(`port-${name}`)];
  const found = names.find((each) => connectors.has(each));
  if (found !== undefined) return connectors.get(found)!;
  throw notFound('There is no port of that name here.');
}

/** A text that a call cannot do without. @throws RdsRefusal 400 */
export function textIn(body: Values, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw badRequest(`${name}: expected a text.`);
}

/** What a port of RDS answers where its provider or its token fails: the provider's own status, and 401 without a token. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.code === 'INTERNAL_ERROR') return error;
  const { http } = error.details;
  if (error instanceof AuthorizationError) return unauthorized(error.message);
  if (error instanceof InputError) {
    return error.code === 'BODY_TOO_LARGE'
      ? new RdsRefusal(413, 'RequestEntityTooLarge', error.message)
      : badRequest(error.message);
  }
  // A connector may say on purpose what its provider says by a status.
  const said = error.details.errorCode?.split('.').at(-1) ?? '';
  const status = http?.status ?? statuses[said] ?? 0;
  const name = exceptions[status];
  return name === undefined ? error : new RdsRefusal(status, name, error.message);
}

const statuses: Readonly<Record<string, number>> = {
  bad_request: 400,
  invalid_value: 400,
  unauthorized: 401,
  permission_denied: 403,
  not_found: 404,
  conflict: 409,
};

/** How RDS' framework calls them. */
const exceptions: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  422: 'UnprocessableEntity',
  429: 'TooManyRequests',
};
