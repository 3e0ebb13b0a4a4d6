/** Names what the code of a connector threw: which connector, which connection, where, and `<connector>.<code>`. */
import { GatewayError, ProviderError, type ErrorCode } from '../errors.ts';
import type { ConnectionFields, Connector } from './definition.ts';
import { redactFields, type Redact } from './redact.ts';

/** Whose code threw, and where. */
export interface FailedCode {
  readonly connector: Connector;
  /** Id of the connection; absent for a connector that needs none. */
  readonly connection: string | undefined;
  readonly raisedIn: string;
  /** Of the connection: the values of those that are not public never enter an error, and so no log. */
  readonly fields: ConnectionFields;
}

/**
 * The error as it leaves. Handlers of the connector choose code and message; what nobody foresaw becomes CONNECTOR_ERROR
 * with its cause, from which the values of the connection's fields are taken out.
 */
export function nameError(error: unknown, code: FailedCode): GatewayError {
  let handled: Handled;
  try {
    handled = isOwnError(error) ? {} : handleException(error, code.connector);
  } catch (thrown) {
    return nameHandled(thrown, {}, { ...code, raisedIn: 'exceptionHandlers' });
  }
  return nameHandled(error, handled, code);
}

function nameHandled(error: unknown, handled: Handled, { connector, connection, raisedIn, fields }: FailedCode) {
  const known = error instanceof GatewayError ? error : undefined;
  const redact = redactFields(connector, fields, 'all');
  const usual = `${connector.name}.${known ? defaultErrorCode(known.code) : 'unexpected_error'}`;
  const errorCode = redact(handled.errorCode ?? usual);
  const details = { connector: connector.name, connection, raisedIn, errorCode };
  const said = handled.message === undefined ? undefined : redact(handled.message);
  if (known) {
    // Only what the connector itself says is its own text; others of ours may name an address that was entered.
    const own = known.code === 'CONNECTOR_ERROR' ? redact : redactFields(connector, fields, 'secret');
    redactKnown(known, own, redact);
    if (said === undefined) return known.addDetails(details);
    const ErrorClass = known.constructor as typeof GatewayError;
    return new ErrorClass(known.code, said, { ...details, ...known.details, cause: known });
  }
  // The message of an error that nobody wrote for clients may hold anything, so only a handler's is shown.
  const message =
    said ??
    `${connector.title ?? connector.name}: ${raisedIn} failed in the connector's own code. The log has the cause.`;
  return new ProviderError('CONNECTOR_ERROR', message, { ...details, cause: withoutValues(error, redact) });
}

/** In place, because what else is known of an error, such as the answer behind it, is known by the error itself. */
function redactKnown(error: GatewayError, redact: Redact, redactCause: Redact): void {
  const { message, stack = '', cause, details } = error;
  if (redact(message + stack) !== message + stack) {
    Object.assign(error, { message: redact(message), stack: redact(stack) });
  }
  if (details.errorCode !== undefined) error.details = { ...details, errorCode: redact(details.errorCode) };
  if (cause === undefined) return;
  const kept = withoutValues(cause, redactCause);
  if (kept !== cause) error.cause = kept;
}

/** Where an error was raised. */
export type Place = Pick<FailedCode, 'connection' | 'raisedIn'> & { readonly connector: Pick<Connector, 'name'> };

/** Adds to an error of ours where it was raised, if it does not say so itself; gives back whatever it was given. */
export function addPlace(error: unknown, { connector, connection, raisedIn }: Place): unknown {
  if (!(error instanceof GatewayError)) return error;
  const errorCode = `${connector.name}.${defaultErrorCode(error.code)}`;
  return error.addDetails({ connector: connector.name, connection, raisedIn, errorCode });
}

/** What the connector raised by `connection.error` says all by itself. */
function isOwnError(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'CONNECTOR_ERROR' && error.details.errorCode !== undefined;
}

interface Handled {
  readonly message?: string;
  readonly errorCode?: string;
}

/** Every handler whose class matches runs, in order; a later message or code wins over an earlier one. */
function handleException(error: unknown, { name, exceptionHandlers = [] }: Connector): Handled {
  let result: Handled = {};
  for (const [errorClass, handler, code] of exceptionHandlers) {
    if (!(error instanceof errorClass)) continue;
    if (code !== null) result = { ...result, errorCode: `${name}.${code}` };
    const given: unknown = handler?.(error, code ?? name);
    if (typeof given === 'object' && given !== null)
      result = { ...result, ...textsOf(given as Readonly<Record<string, unknown>>, name) };
  }
  return result;
}

function textsOf({ message, code, errorCode }: Readonly<Record<string, unknown>>, name: string): Handled {
  return {
    ...(typeof message === 'string' && { message }),
    ...(typeof code === 'string' && { errorCode: `${name}.${code}` }),
    ...(typeof errorCode === 'string' && { errorCode }),
  };
}

/** The thrown thing itself where it holds no value of the connection's fields, else a copy without them. */
function withoutValues(thrown: unknown, redact: Redact, depth = 0): unknown {
  if (typeof thrown === 'string') return redact(thrown);
  if (!(thrown instanceof Error)) return thrown;
  const { name, message, stack = '', cause } = thrown;
  const inner = cause === undefined || depth === maxCauses ? undefined : withoutValues(cause, redact, depth + 1);
  if (inner === cause && redact(message + stack) === message + stack) return thrown;
  const copy = new Error(redact(message), inner === undefined ? undefined : { cause: inner });
  return Object.assign(copy, { name, stack: redact(stack) });
}

/** Causes may go round in a circle. */
const maxCauses = 8;

/** Codes of the second level, as connectors of all kinds share them (contracts §3.4). */
const errorCodesByCause: Partial<Record<ErrorCode, string>> = {
  PROVIDER_BAD_REQUEST: 'bad_request',
  PROVIDER_INVALID: 'bad_request',
  PROVIDER_UNAUTHORIZED: 'unauthorized',
  REAUTH_REQUIRED: 'unauthorized',
  CONNECTION_REQUIRED: 'unauthorized',
  CONNECTION_AMBIGUOUS: 'unauthorized',
  CONNECTION_NOT_FOUND: 'unauthorized',
  SCOPE_MISSING: 'permission_denied',
  PROVIDER_FORBIDDEN: 'permission_denied',
  PROVIDER_NOT_FOUND: 'not_found',
  PROVIDER_CONFLICT: 'conflict',
  PROVIDER_RATE_LIMITED: 'rate_limit',
  PROVIDER_UNAVAILABLE: 'service_error',
  PROVIDER_UNREACHABLE: 'bad_gateway',
  PROVIDER_TIMEOUT: 'request_timeout',
  OPERATION_TIMEOUT: 'request_timeout',
  PROVIDER_ANSWER_INVALID: 'invalid_response',
  PROVIDER_ANSWER_TOO_LARGE: 'invalid_response',
  PROVIDER_VALUE_INVALID: 'invalid_response',
  POLL_ANSWER_INVALID: 'invalid_response',
  POLL_CURSOR_INVALID: 'invalid_response',
  EVENT_INVALID: 'invalid_response',
  EVENT_ID_MISSING: 'invalid_response',
  EVENT_TOO_LARGE: 'invalid_response',
  CAPABILITY_ABSENT: 'not_implemented',
  INPUT_INVALID: 'invalid_value',
  INPUT_REQUIRED: 'invalid_value',
  PAGE_SIZE_INVALID: 'invalid_value',
  PAGING_BACKWARD: 'invalid_value',
  CURSOR_INVALID: 'invalid_value',
  CURSOR_FOREIGN: 'invalid_value',
  CURSOR_EXPIRED: 'invalid_value',
};

function defaultErrorCode(code: ErrorCode): string {
  return errorCodesByCause[code] ?? 'api_error';
}
