/** One call of connctd's interface: who may make it, and what it answers. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../../connection/caller.ts';
import { forbidden, hasScope, type connctdScopes } from '../../connection/scopes.ts';
import { signalOf } from '../call-signal.ts';
import type { FacadeRooms } from '../facade.ts';
import { badRequest } from './failure.ts';

export type ConnctdScope = (typeof connctdScopes)[number];

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`. */
  readonly url: string;
  readonly scope: ConnctdScope;
  /** It is made for an end user, whom `X-External-Subject-Id` or the token names. */
  readonly needsSubject?: boolean;
}

export interface Asked {
  readonly caller: Caller;
  /** Whom it is made for; `''` where the call is for none. */
  readonly subject: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** Aborted when the client has gone or the call took too long. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const callerOf = new WeakMap<FastifyRequest, Caller>();

/** Adds a route. Caller, scope and subject are judged before any body is read. */
export function addCall(
  app: FastifyInstance,
  rooms: FacadeRooms,
  call: Call,
  answer: (asked: Asked) => Promise<Answer>,
): void {
  app.route<{ Params: Record<string, string>; Querystring: Record<string, unknown> }>({
    method: call.method,
    url: call.url,
    exposeHeadRoute: false,
    async onRequest(request) {
      const caller = await rooms.caller(request.headers, { namingScope: call.scope });
      if (!hasScope(caller.scopes, call.scope)) throw forbidden(call.scope);
      if (call.needsSubject && caller.subject === undefined) {
        throw badRequest('SUBJECT_MISSING', 'Name the user for whom you ask in the header X-External-Subject-Id.');
      }
      callerOf.set(request, caller);
    },
    async handler(request, reply) {
      const { status, headers, body } = await answer({
        // `onRequest` has set it.
        caller: callerOf.get(request)!,
        subject: callerOf.get(request)!.subject ?? '',
        params: request.params,
        query: request.query,
        body: request.body,
        signal: signalOf(reply),
      });
      return reply
        .code(status)
        .headers(headers ?? {})
        .send(body);
    },
  });
}

/** The body as an object. @throws ConnctdRefusal 400 */
export function objectOf(body: unknown, name = 'The body'): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw badRequest('BODY_INVALID', `${name}: expected a JSON object.`);
}
