/** Errors as connctd's clients read them: `{ status, error, description, more_info }`, the status a text. */
import {
  AuthorizationError,
  CallerError,
  GatewayError,
  InputError,
  ProviderError,
  type ErrorCode,
} from '../../errors.ts';

export interface ConnctdFailure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly status: string;
    readonly error: string;
    readonly description: string;
    readonly more_info: string;
  };
  /** The cause belongs in the log. */
  readonly isFault: boolean;
}

/** A refusal of the facade itself, in connctd's words. */
export class ConnctdRefusal extends Error {
  readonly status: 400 | 404 | 409 | 500;
  readonly error: string;

  constructor(status: ConnctdRefusal['status'], error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

export function badRequest(error: string, description: string): ConnctdRefusal {
  return new ConnctdRefusal(400, error, description);
}
export function notFound(error: string, description: string): ConnctdRefusal {
  return new ConnctdRefusal(404, error, description);
}
export function conflict(error: string, description: string): ConnctdRefusal {
  return new ConnctdRefusal(409, error, description);
}

/** Turns whatever a route or Fastify threw into an answer; only our own words reach the client. */
export function connctdFailure(error: unknown, requestId: string): ConnctdFailure {
  const moreInfo = `request ${requestId}`;
  if (error instanceof ConnctdRefusal) return failure(error.status, error.error, error.message, moreInfo);
  if (error instanceof GatewayError && error.code !== 'INTERNAL_ERROR') {
    const name = names[error.code] ?? error.code;
    return { ...failure(statusOf(error), name, error.message, moreInfo), headers: headersOf(error) };
  }
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return failure(statusCode, 'BODY_INVALID', 'The request cannot be read: send one JSON object, in UTF-8.', moreInfo);
  }
  const description = 'Plugboard failed. Whoever runs it finds the cause in the log, under this request.';
  return { ...failure(500, 'INTERNAL_ERROR', description, moreInfo), isFault: true };
}

function failure(status: number, error: string, description: string, moreInfo: string): ConnctdFailure {
  const body = { status: String(status), error, description, more_info: moreInfo };
  return { status, headers: {}, body, isFault: false };
}

/** connctd knows 400, 401, 403, 404, 409, 500 and 503. */
function statusOf(error: GatewayError): number {
  const known = statuses[error.code];
  if (known !== undefined) return known;
  if (error instanceof CallerError) return 403;
  if (error instanceof InputError) return 400;
  if (error instanceof AuthorizationError) return 409;
  return error instanceof ProviderError ? 503 : 500;
}

const statuses: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  NOT_READY: 503,
  STORE_UNAVAILABLE: 503,
  ISSUER_UNAVAILABLE: 503,
  CONNECTION_NOT_FOUND: 404,
  REGISTRATION_CONFIGURED: 409,
  CONNECTION_TEST_FAILED: 400,
  THING_NOT_FOUND: 404,
  THING_DESCRIBED: 409,
};

/** What connctd calls them; all others go by our own names. */
const names: Partial<Record<ErrorCode, string>> = {
  CONNECTION_EXISTS: 'CONNECTOR_CLIENT_EXISTS',
  CONNECTION_NOT_FOUND: 'CONNECTOR_CLIENT_DOESNT_EXIST',
  REGISTRATION_CONFIGURED: 'CONNECTOR_INSTANCE_EXISTS',
  REGISTRATION_REQUIRED: 'CONNECTOR_INSTANCE_DOESNT_EXIST',
  THING_NOT_FOUND: 'THING_DOESNT_EXIST',
};

/** RFC 6750 §3 and RFC 9110 §10.2.3. */
function headersOf({ code, details: { scope, retryAfterMs } }: GatewayError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (code === 'UNAUTHENTICATED') headers['www-authenticate'] = 'Bearer realm="plugboard"';
  if (scope !== undefined) {
    headers['www-authenticate'] = `Bearer realm="plugboard", error="insufficient_scope", scope="${scope}"`;
  }
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000));
  return headers;
}
