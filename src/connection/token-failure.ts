/** Why a token request failed, in a few kinds that each have a reaction of their own. */
import { AuthorizationError, GatewayError, ProviderError, type ErrorCode, type ErrorDetails } from '../errors.ts';

/**
 * `grant`: the code or refresh token is no good any more, the subject connects again · `client`: the provider does not
 * accept the registration, the operator mends it · `request`: it does not accept what was asked for, the author or the
 * operator mends it · `denied`, `expired`, `pending`, `slow_down`: of the device flow · `passing`: everything else; the
 * same request may succeed later.
 */
export type TokenFailureKind =
  'grant' | 'client' | 'request' | 'denied' | 'expired' | 'pending' | 'slow_down' | 'passing';

/** Travels inside `connection/` only; `tokenFailureError` makes the error that leaves. */
export class TokenFailure extends Error {
  readonly kind: TokenFailureKind;
  /** The `error` of the answer, when it is one that the standards know. */
  readonly error: string | undefined;
  readonly status: number | undefined;
  /** What the server asked for by `Retry-After`. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: TokenFailureKind, message: string, details: TokenFailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TokenFailure';
    this.kind = kind;
    this.error = details.error;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface TokenFailureDetails {
  readonly error?: string | undefined;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * What an OAuth `error` means: RFC 6749 §5.2, RFC 8628 §3.5, and what providers say instead.
 *
 * @returns the kind, and the error itself when it is a known word; anything else may hold what must not be shown.
 */
export function readOAuthError(error: string, status: number): { kind: TokenFailureKind; error: string | undefined } {
  const kind = Object.hasOwn(kinds, error) ? kinds[error]! : undefined;
  if (kind === undefined) return { kind: 'passing', error: undefined };
  // A server that is overloaded says so by its status, whatever stands in the body.
  return { kind: (status === 429 || status >= 500) && kind !== 'slow_down' ? 'passing' : kind, error };
}

const kinds: Readonly<Record<string, TokenFailureKind>> = {
  invalid_grant: 'grant',
  // GitHub's words, which come with 200.
  bad_refresh_token: 'grant',
  bad_verification_code: 'grant',
  incorrect_client_credentials: 'client',
  redirect_uri_mismatch: 'request',
  invalid_client: 'client',
  unauthorized_client: 'client',
  invalid_request: 'request',
  invalid_scope: 'request',
  invalid_target: 'request',
  unsupported_grant_type: 'request',
  unsupported_token_type: 'request',
  access_denied: 'denied',
  authorization_pending: 'pending',
  slow_down: 'slow_down',
  expired_token: 'expired',
  temporarily_unavailable: 'passing',
  server_error: 'passing',
};

/** Who is told, and whose request it was. */
export interface FailedTokenRequest {
  /** The provider's title. */
  readonly title: string;
  readonly connector: string;
  readonly connection?: string | undefined;
}

/** The error that leaves. Nothing of the provider's answer is in it but its status and a known word. */
export function tokenFailureError(failure: TokenFailure, request: FailedTokenRequest): GatewayError {
  const { title, connector, connection } = request;
  const { kind, status, retryAfterMs } = failure;
  const said = failure.error === undefined ? '' : ` (${failure.error})`;
  const details: ErrorDetails & { cause: unknown } = {
    connector,
    ...(connection === undefined ? undefined : { connection }),
    ...(status === undefined ? undefined : { http: { status } }),
    ...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
    cause: failure,
  };
  switch (kind) {
    case 'grant':
      return new AuthorizationError(
        'REAUTH_REQUIRED',
        `${title} no longer accepts what this connection was authorized with${said}. Connect it again.`,
        { ...details, connect: { connector } },
      );
    case 'client':
      return new AuthorizationError(
        'REGISTRATION_REFUSED',
        `${title} does not accept the client of this gateway${said}. The operator checks client id, client secret and the way the client proves itself in the registration of ${connector}.`,
        details,
      );
    case 'request':
      return new AuthorizationError(
        'REGISTRATION_REFUSED',
        `${title} does not accept what was asked for${said}. The operator checks scopes, redirect URI and grant in the registration of ${connector}.`,
        details,
      );
    case 'denied':
      return new AuthorizationError('CONNECTION_DENIED', `The connection to ${title} was not allowed${said}.`, details);
    case 'expired':
      return new AuthorizationError(
        'AUTHORIZATION_FLOW_UNKNOWN',
        `The time to connect ${title} is over${said}. Begin again.`,
        details,
      );
    case 'pending':
    case 'slow_down':
    case 'passing':
      break;
  }
  const { cause } = failure;
  if (cause instanceof GatewayError && !(cause instanceof ProviderError)) return cause;
  return new ProviderError(
    cause instanceof ProviderError && cause.code !== 'OUTCOME_UNKNOWN' ? cause.code : codeOf(status),
    `The authorization server of ${title} gave no token: ${failure.message}. What was there before is kept; try again later.`,
    details,
  );
}

function codeOf(status: number | undefined): ErrorCode {
  if (status === 429) return 'PROVIDER_RATE_LIMITED';
  return status !== undefined && status < 500 ? 'PROVIDER_ANSWER_INVALID' : 'PROVIDER_UNAVAILABLE';
}
