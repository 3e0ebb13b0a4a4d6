/** Says what a client reads of an error that Apollo Server reports. */
import type { FastifyBaseLogger } from 'fastify';
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import { errorCodes } from '../errors.ts';
import { tooManyTokens } from './limits.ts';

/** What Apollo Server says about the client's request, and what it means; `docs/errors.md` prints this list too. */
export const requestCodes = {
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED:
    'The document asks for what the schema does not have, or for it in a way that it does not have.',
  BAD_USER_INPUT: 'A variable is absent, or not of the type that the operation declares.',
  OPERATION_RESOLUTION_FAILURE:
    'The document has no operation of the name that was given, or several and none was named.',
  BAD_REQUEST:
    'The request is no GraphQL request over HTTP: its method, its headers or the shape of its body are not as they must be.',
} as const satisfies Record<string, string>;

interface FormatOptions {
  readonly maxTokens: number;
  readonly logger: FastifyBaseLogger;
  /** Leaves out suggestions, which tell names of the schema. */
  readonly production: boolean;
}

/**
 * Gives the last step of every error: ours and those about the client's request pass, in our words where they have a
 * code of ours; all others are hidden. Errors of fields were masked before (`maskErrors`), where the request id was known.
 */
export function errorFormatter({ maxTokens, logger, production }: FormatOptions) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const code = formatted.extensions?.['code'];
    if (typeof code === 'string' && Object.hasOwn(errorCodes, code)) return formatted;
    if (typeof code !== 'string' || !Object.hasOwn(requestCodes, code)) {
      logger.error({ err: error }, 'A request failed with an error that nobody foresaw');
      return { message: 'Plugboard failed.', extensions: { code: 'INTERNAL_ERROR' } };
    }
    const { originalError } = error instanceof GraphQLError ? error : {};
    // Apollo Server takes what stands for the document for a fault of validation.
    if (originalError instanceof GraphQLError && refusedBefore.has(originalError.extensions['code'])) {
      return originalError.toJSON();
    }
    if (code === 'GRAPHQL_PARSE_FAILED' && tokenLimit.test(formatted.message)) {
      return tooManyTokens(maxTokens).toJSON();
    }
    if (formatted.extensions?.['validationErrorCode'] === 'INTROSPECTION_DISABLED') {
      return { ...formatted, message: 'Introspection is off on this gateway. Set `introspection: true` to allow it.' };
    }
    return production ? { ...formatted, message: formatted.message.replace(suggestion, '') } : formatted;
  };
}

const refusedBefore: ReadonlySet<unknown> = new Set(['OPERATION_TOO_LARGE', 'OPERATION_NOT_LISTED']);
const tokenLimit = /^Syntax Error: Document contains more tha[nt] \d+ tokens/;
const suggestion = / ?Did you mean(.+?)\?$/;
