/** The one shape of every error that leaves over HTTP: `{ errors: [{ message, extensions: { code, requestId } }] }`. */
import { AuthorizationError, CallerError, GatewayError, InputError, ProviderError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

/** A status and a body, ready to be sent as JSON. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: { readonly errors: readonly [{ readonly message: string; readonly extensions: object }] };
}

/** An error of the door itself, made from a code and a sentence; without id where there is no request yet. */
export function errorAnswer(status: number, code: ErrorCode, message: string, requestId?: string): ErrorAnswer {
  return { status, body: { errors: [{ message, extensions: { code, requestId } }] } };
}

/** What a client may read of a fault that is ours; the log has the cause under the same id. */
export function internalErrorMessage(requestId: string): string {
  return `Plugboard failed. The log has the cause under request id ${requestId}.`;
}

/**
 * Turns whatever a route or Fastify threw into an answer.
 *
 * Our own errors keep their code and message, Fastify's get ours, everything else is masked: `isFault` says that the
 * cause belongs in the log.
 */
export function answerTo(error: unknown, requestId: string): ErrorAnswer & { readonly isFault: boolean } {
  if (error instanceof GatewayError && error.code !== 'INTERNAL_ERROR') {
    return { ...answerOf(error, requestId), isFault: false };
  }
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? fastifyErrors[code] : undefined;
  if (known) return { ...errorAnswer(known.status, known.code, known.message, requestId), isFault: false };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const message = 'The request cannot be read. See docs/errors.md for what the gateway takes.';
    return { ...errorAnswer(statusCode, 'BODY_INVALID', message, requestId), isFault: false };
  }
  return { ...errorAnswer(500, 'INTERNAL_ERROR', internalErrorMessage(requestId), requestId), isFault: true };
}

function answerOf(error: GatewayError, requestId: string): ErrorAnswer {
  const { scope, retryAfterMs } = error.details;
  const { status, body } = errorAnswer(statusOf(error), error.code, error.message, requestId);
  const [{ message, extensions }] = body.errors;
  const headers: Record<string, string> = {};
  // RFC 6750 §3: how one says who one is, and what is missing. Why credentials were refused is not told.
  if (error.code === 'UNAUTHENTICATED') headers['www-authenticate'] = 'Bearer realm="plugboard"';
  if (scope !== undefined) {
    headers['www-authenticate'] = `Bearer realm="plugboard", error="insufficient_scope", scope="${scope}"`;
  }
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000));
  return { status, headers, body: { errors: [{ message, extensions: { ...extensions, scope } }] } };
}

function statusOf(error: GatewayError): number {
  const known = statuses[error.code];
  if (known !== undefined) return known;
  if (persisted.has(error.code)) return 200;
  if (error instanceof CallerError) return 403;
  if (error instanceof InputError) return 400;
  if (error instanceof AuthorizationError) return 401;
  if (error instanceof ProviderError) return 502;
  return 500;
}

/** Where the code says more than the class. */
const statuses: Partial<Record<ErrorCode, number>> = {
  // What may be otherwise a moment later.
  NOT_READY: 503,
  STORE_UNAVAILABLE: 503,
  ISSUER_UNAVAILABLE: 503,
  TRANSFER_LIMIT: 429,
  TRANSFER_UNKNOWN: 404,
  BODY_TOO_LARGE: 413,
  UNAUTHENTICATED: 401,
};

/** Of the protocol of Apollo's clients, which read the status as Apollo Server gives it. */
const persisted: ReadonlySet<ErrorCode> = new Set(['PERSISTED_QUERY_NOT_FOUND', 'PERSISTED_QUERY_NOT_SUPPORTED']);

/** Fastify's own refusals in our words. https://fastify.dev/docs/latest/Reference/Errors/ */
const fastifyErrors: Record<string, { status: number; code: ErrorCode; message: string }> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'BODY_TOO_LARGE',
    message: 'The body is larger than the limit of the gateway. Send less at once, or raise `limits.bodyBytes`.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
    message: 'The gateway reads bodies of Content-Type application/json only. Send the request as JSON.',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    status: 400,
    code: 'BODY_INVALID',
    message: 'The body is not valid JSON. Send one JSON object, in UTF-8.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    status: 400,
    code: 'BODY_INVALID',
    message: 'The body is empty, but its Content-Type is application/json. Send one JSON object.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'BODY_INVALID',
    message: 'The body is not as long as its Content-Length says. Send it again.',
  },
  FST_ERR_BAD_URL: {
    status: 400,
    code: 'BODY_INVALID',
    message: 'The path of the request is not a valid URL path.',
  },
};
