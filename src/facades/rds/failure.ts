/** Errors as RDS' services answer them: `{ error, http_code, description }`, the error being the name of an exception. */
import { GatewayError } from '../../errors.ts';

export interface RdsFailure {
  readonly status: number;
  readonly body: { readonly error: string; readonly http_code: number; readonly description: string };
  /** The cause belongs in the log. */
  readonly isFault: boolean;
}

/** A refusal of the facade itself, by the name that RDS has for it. */
export class RdsRefusal extends Error {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

export function badRequest(description: string): RdsRefusal {
  return new RdsRefusal(400, 'BadRequest', description);
}
export function unauthorized(description: string): RdsRefusal {
  return new RdsRefusal(401, 'Unauthorized', description);
}
export function notFound(description: string): RdsRefusal {
  return new RdsRefusal(404, 'NotFound', description);
}
export function conflict(description: string): RdsRefusal {
  return new RdsRefusal(409, 'Conflict', description);
}

/** What RDS leaves uncaught: 500 with the name of the exception, by which its clients tell what happened. */
export function raised(
  exception:
    | 'Exception'
    | 'InternalServerError'
    | 'NotImplementedError'
    | 'ServiceNotExistsError'
    | 'ServiceNotFoundError'
    | 'UserExistsAlreadyError'
    | 'UserNotExistsError'
    | 'UserNotFoundError',
  description: string,
): RdsRefusal {
  return new RdsRefusal(500, exception, description);
}

/** Turns whatever a route or Fastify threw into an answer; only our own words reach the client. */
export function rdsFailure(error: unknown): RdsFailure {
  if (error instanceof RdsRefusal) return failure(error.status, error.error, error.message);
  if (error instanceof GatewayError && error.code !== 'INTERNAL_ERROR') {
    return failure(isLater(error) ? 503 : 500, error.name, error.message);
  }
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return failure(statusCode, 'BadRequest', 'The request cannot be read: send JSON, in UTF-8.');
  }
  const description = 'Plugboard failed. Whoever runs it finds the cause in the log, under this request.';
  return { ...failure(500, 'Exception', description), isFault: true };
}

function isLater({ code }: GatewayError): boolean {
  return code === 'NOT_READY' || code === 'TRANSFER_LIMIT';
}

function failure(status: number, error: string, description: string): RdsFailure {
  return { status, body: { error, http_code: status, description }, isFault: false };
}
