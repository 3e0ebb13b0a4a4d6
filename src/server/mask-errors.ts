/** Lets deliberate errors through to the client and hides all others behind a request id. */
import type { FastifyBaseLogger } from 'fastify';
import { GraphQLError, Kind } from 'graphql';
import type { ExecutionResult } from 'graphql';
import { errorCodes, GatewayError } from '../errors.ts';
import { describeFailure } from './describe-failure.ts';
import { internalErrorMessage } from './error-answer.ts';

/**
 * Goes over the errors of one execution.
 *
 * Deliberate: errors with a code of `errors.ts`, and what graphql-js says about the client's variables. All others are
 * replaced by INTERNAL_ERROR with the request id, at the same path; the log gets the cause under that id.
 */
export function maskErrors(result: ExecutionResult, requestId: string, log: FailureLog): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => maskError(error, requestId, log)) };
}

/** Where causes are told. */
export interface FailureLog {
  readonly logger: FastifyBaseLogger;
  /** The log holds no text that a connector's author wrote. */
  readonly production: boolean;
}

function maskError(error: GraphQLError, requestId: string, log: FailureLog): GraphQLError {
  const { code } = error.extensions ?? {};
  if (typeof code === 'string' && code !== 'INTERNAL_ERROR' && Object.hasOwn(errorCodes, code)) {
    if (code === 'CONNECTOR_ERROR') logConnectorFailure(error, requestId, log);
    if (/^(?:STORE|SEAL)_/.test(code)) {
      const failure = describeFailure(error.originalError ?? error);
      log.logger.error({ ...placeOf(error), requestId, failure }, 'The store, or what is sealed in it, failed a field');
    }
    return keepHttpInside(error);
  }
  if (code === undefined && isAboutVariables(error)) return error;
  const cause = error.originalError ?? error;
  if (cause instanceof GatewayError && code === undefined && cause.code !== 'INTERNAL_ERROR') {
    return replace(error, error.message, { code: cause.code });
  }
  const failure = describeFailure(cause);
  log.logger.error({ ...placeOf(error), requestId, failure }, 'A field failed with an error that nobody foresaw');
  return replace(error, internalErrorMessage(requestId), { code: 'INTERNAL_ERROR', requestId });
}

/** Its author has to read what it says; the values of the connection were taken out when `nameError` said where it was raised. */
function logConnectorFailure(error: GraphQLError, requestId: string, { logger, production }: FailureLog): void {
  const wording = production || error.extensions['raisedIn'] === undefined ? 'engine' : 'author';
  const failure = describeFailure(error.originalError ?? error, wording);
  logger.error({ ...placeOf(error), requestId, failure }, 'The code of a connector failed');
}

function placeOf({ path, extensions }: GraphQLError) {
  return { path, connector: extensions['connector'], raisedIn: extensions['raisedIn'] };
}

/** Apollo Server gives such errors BAD_USER_INPUT; the message repeats the client's own value. */
function isAboutVariables(error: GraphQLError): boolean {
  return error.path === undefined && error.nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION;
}

function replace(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  return new GraphQLError(message, { nodes: error.nodes, path: error.path, extensions });
}

/**
 * Apollo Server takes `extensions.http.status` of any error as the status of the whole answer, and removes it.
 * Ours is the provider's status and belongs to the field: a `headers` key that is no Map makes Apollo leave it alone,
 * and JSON leaves the key out.
 */
function keepHttpInside(error: GraphQLError): GraphQLError {
  const { http } = error.extensions;
  if (typeof http === 'object' && http !== null) error.extensions['http'] = { ...http, headers: undefined };
  return error;
}
