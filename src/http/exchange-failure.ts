/** Why an exchange with a provider failed, in our words, and the error that it becomes. */
import { GatewayError, InputError, ProviderError } from '../errors.ts';
import type { CallContext } from './wire.ts';

/**
 * `unreachable`: no connection · `cut`: the connection ended too early · `timeout`: of this request · `overdue`: the operation
 * that it belongs to · `too_large`, `invalid`: the answer · `refused`: the address · `request`: what a connector built ·
 * `content`: one that a client sends · `cancelled`: by the client or by our end.
 */
export type FailureKind =
  | 'unreachable'
  | 'cut'
  | 'timeout'
  | 'overdue'
  | 'too_large'
  | 'invalid'
  | 'refused'
  | 'request'
  | 'content'
  | 'cancelled';

/** Travels inside `http/` only; `failureError` makes the error that leaves. */
export class ExchangeFailure extends Error {
  readonly kind: FailureKind;
  /** Another try may succeed: the connection failed, not what was said over it. */
  readonly isTransient: boolean;

  constructor(kind: FailureKind, message: string, cause?: unknown, isTransient = false) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.isTransient = isTransient;
  }
}

/** Time limits of one exchange, for messages. */
export interface TimeLimits {
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxHeaderBytes: number;
}

/** Reads an error of the wire (of undici, of Node's sockets, resolver and TLS). */
export function readWireError(cause: Error, wasSent: boolean, limits: TimeLimits): ExchangeFailure {
  if (cause instanceof ExchangeFailure) return cause;
  if (cause instanceof InputError) return new ExchangeFailure('content', cause.message, cause);
  const {
    code = '',
    message = '',
    name,
  } = cause as { readonly code?: string; readonly message?: string; readonly name?: string };
  const kept = (kind: FailureKind, reason: string, isTransient = false): ExchangeFailure =>
    new ExchangeFailure(kind, reason, cause, isTransient);
  switch (code) {
    case 'ADDRESS_REFUSED':
      return kept('refused', 'it is not at a public address');
    case 'UND_ERR_CONNECT_TIMEOUT':
      return kept('timeout', `no connection was made within ${limits.connectTimeoutMs} ms`, true);
    case 'UND_ERR_HEADERS_TIMEOUT':
      return kept('timeout', `the answer did not begin within ${limits.firstByteTimeoutMs} ms`);
    case 'UND_ERR_BODY_TIMEOUT':
      return kept('timeout', `the answer paused for ${limits.idleTimeoutMs} ms`);
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'HPE_HEADER_OVERFLOW':
      return kept('too_large', `has headers of more than ${limits.maxHeaderBytes} bytes`);
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return kept('request', message);
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return kept('cancelled', 'the gateway is stopping');
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return kept('invalid', 'has another length than it announced');
    case 'HPE_INVALID_EOF_STATE':
    case 'HPE_CLOSED_CONNECTION':
      return kept('cut', 'the connection was cut inside the answer', true);
    case 'ENOTFOUND':
      return kept('unreachable', 'its name could not be resolved');
    case 'ECONNREFUSED':
      return kept('unreachable', 'the connection was refused', true);
    default:
      // Some faults of the parser have no code.
      if (name === 'HTTPParserError') return kept('invalid', 'is no HTTP/1.1');
      return readOtherError(kept, code, wasSent);
  }
}

function readOtherError(
  kept: (kind: FailureKind, reason: string, isTransient?: boolean) => ExchangeFailure,
  code: string,
  wasSent: boolean,
): ExchangeFailure {
  if (wasSent) return kept('cut', 'the connection was cut before the answer was complete', true);
  if (/CERT|SELF_SIGNED|ISSUER|^ERR_TLS|^ERR_SSL|^EPROTO/.test(code)) {
    return kept('unreachable', `no trusted TLS connection could be made (${code})`);
  }
  return kept('unreachable', `no connection could be made${code === '' ? '' : ` (${code})`}`, true);
}

/** What is known of the exchange when it failed. */
export interface FailedExchange {
  /** Where it went: scheme, host and port. */
  readonly origin: string;
  /** At least the head of the request, or of one before it, may have reached the provider. */
  readonly wasSent: boolean;
  /** Status of the answer, 0 when none had come. */
  readonly status: number;
  /** The call may have changed something at the provider, so that nobody may repeat it blindly. */
  readonly isWriting: boolean;
}

/**
 * Makes the error that leaves `send`.
 *
 * A writing request whose answer is lost (cut or out of time after it was sent) is OUTCOME_UNKNOWN. An answer that came
 * and breaks our limits keeps its own code, because it says more; `details.http.status` then tells what the provider did.
 */
export function failureError(failure: ExchangeFailure, exchange: FailedExchange, context: CallContext): GatewayError {
  const { origin, status } = exchange;
  const { title = context.connector } = context;
  const options = {
    ...(status === 0 ? undefined : { http: { status } }),
    cause: failure.cause ?? failure,
  };
  const reason = failure.message;
  switch (failure.kind) {
    case 'refused':
      return new GatewayError(
        'ADDRESS_REFUSED',
        `${title} may not be asked at ${origin}: ${reason}. Nothing was sent there. An operator who trusts this origin names it in allowedPrivateOrigins.`,
        options,
      );
    case 'request':
      return new GatewayError('REQUEST_INVALID', `A request to ${title} cannot be sent: ${reason}.`, options);
    case 'content':
      return failure.cause as InputError;
    case 'cancelled':
      return new GatewayError(
        'REQUEST_CANCELLED',
        `The request to ${title} at ${origin} was stopped: ${reason}.`,
        options,
      );
    case 'too_large':
      return new ProviderError('PROVIDER_ANSWER_TOO_LARGE', `The answer of ${title} at ${origin} ${reason}.`, options);
    case 'invalid':
      return new ProviderError('PROVIDER_ANSWER_INVALID', `The answer of ${title} at ${origin} ${reason}.`, options);
    case 'cut':
    case 'timeout':
    case 'overdue':
    case 'unreachable':
      break;
  }
  if (exchange.isWriting && exchange.wasSent) {
    return new ProviderError(
      'OUTCOME_UNKNOWN',
      `A writing request was sent to ${title} at ${origin}, and ${reason}. It may have been carried out: look before you repeat it.`,
      options,
    );
  }
  if (failure.kind === 'overdue') {
    return new InputError('OPERATION_TIMEOUT', `The request to ${title} at ${origin} was stopped: ${reason}.`, options);
  }
  return failure.kind === 'timeout'
    ? new ProviderError('PROVIDER_TIMEOUT', `${title} was asked at ${origin}, but ${reason}.`, options)
    : new ProviderError('PROVIDER_UNREACHABLE', `${title} could not be asked at ${origin}: ${reason}.`, options);
}
