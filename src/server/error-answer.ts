/** The one shape of every error that leaves over HTTP: `{ errors: [{ message, extensions: { code, requestId } }] }`. */
import { AuthorizationError, GatewayError, InputError, ProviderError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

/** A status and a body, ready to be sent as JSON. */
export interface ErrorAnswer {
  readonly status: number;
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
    return { ...errorAnswer(statusOf(error), error.code, error.message, requestId), isFault: false };
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

function statusOf(error: GatewayError): number {
  if (error.code === 'NOT_READY') return 503;
  if (error instanceof InputError) return 400;
  if (error instanceof AuthorizationError) return 401;
  if (error instanceof ProviderError) return 502;
  return 500;
}

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
