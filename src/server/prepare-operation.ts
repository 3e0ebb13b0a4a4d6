/** Parses and judges documents for the transports that Apollo Server does not serve, by the same rules, once per document. */
import {
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationTypeNode,
} from 'graphql';
import type { FastifyBaseLogger } from 'fastify';
import type { Caller } from '../connection/caller.ts';
import { createRecent, type Recent } from '../connection/recent.ts';
import { errorFormatter } from './format-error.ts';
import { refuseIntrospection, type Introspection } from './introspection.ts';
import { exceededLimits, type OperationLimits } from './limits.ts';
import { unknownOperationMessage } from './run-operation.ts';
import { subscriptionFault } from './subscription-fault.ts';

export interface PrepareOptions {
  readonly limits: OperationLimits;
  /** Hides what the schema holds: no suggestions in messages. */
  readonly production: boolean;
  readonly introspection: Introspection;
  readonly logger: FastifyBaseLogger;
}

export interface AskedDocument {
  readonly schema: GraphQLSchema;
  readonly query: string;
  readonly operationName: string | null | undefined;
  readonly caller: Caller;
}

/** A document that may be executed, or what is wrong with it, ready to be sent. */
export type Prepared =
  | { readonly document: DocumentNode; readonly kind: `${OperationTypeNode}` }
  | { readonly errors: readonly GraphQLFormattedError[] };

/** Valid documents that are remembered for one schema. */
const maxRemembered = 500;
/** Longer ones are judged each time: the memory of a schema stays below 8 MiB of text. */
const maxRememberedLength = 16 * 1024;

/**
 * Gives the function that prepares an operation. Documents are remembered per schema, so with its generation they go.
 */
export function createPrepare(options: PrepareOptions): (asked: AskedDocument) => Prepared {
  const { limits, logger, production } = options;
  const format = errorFormatter({ maxTokens: limits.tokens, logger, production });
  const refuse = (errors: readonly GraphQLError[]): Prepared => ({
    errors: errors.map((error) => format(error.toJSON(), error)),
  });
  const remembered = new WeakMap<GraphQLSchema, Recent<DocumentNode>>();
  return ({ schema, query, operationName, caller }) => {
    let documents = remembered.get(schema);
    if (!documents) remembered.set(schema, (documents = createRecent(maxRemembered)));
    let document = documents.get(query);
    if (!document) {
      const judged = judge(schema, query, options);
      if (Array.isArray(judged)) return refuse(judged);
      document = judged as DocumentNode;
      if (query.length <= maxRememberedLength) documents.set(query, document);
    }
    const operation = getOperationAST(document, operationName);
    if (!operation) return refuse([noSuchOperation(operationName)]);
    const refusal = options.introspection === 'with-scope' ? refuseIntrospection(document, caller) : undefined;
    return refusal?.errors ? refuse(refusal.errors) : { document, kind: operation.operation };
  };
}

/** Measured before it is validated, because some rules of validation take quadratic time. */
function judge(
  schema: GraphQLSchema,
  query: string,
  { limits, production, introspection }: PrepareOptions,
): DocumentNode | readonly GraphQLError[] {
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: limits.tokens });
  } catch (error) {
    return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
  }
  const tooLarge = exceededLimits(document, limits);
  if (tooLarge.length > 0) return tooLarge;
  const fault = subscriptionFault(schema, document);
  if (fault) return [withCode(fault, 'GRAPHQL_VALIDATION_FAILED')];
  const rules = introspection === false ? [...specifiedRules, refuseSchema] : specifiedRules;
  const errors = validate(schema, document, rules, { maxErrors: 5, hideSuggestions: production });
  return errors.length === 0 ? document : errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
}

/** Says of each error that it is about introspection, as Apollo Server's rule does, so that it gets our words. */
const refuseSchema: typeof NoSchemaIntrospectionCustomRule = (context) => {
  const reporting = Object.create(context) as typeof context;
  reporting.reportError = (error) => {
    const extensions = { ...error.extensions, validationErrorCode: 'INTROSPECTION_DISABLED' };
    context.reportError(new GraphQLError(error.message, { nodes: error.nodes, extensions }));
  };
  return NoSchemaIntrospectionCustomRule(reporting);
};

function withCode(error: unknown, code: string): GraphQLError {
  if (!(error instanceof GraphQLError)) throw error;
  const { message, nodes, source, positions, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { ...extensions, code } });
}

function noSuchOperation(name: string | null | undefined): GraphQLError {
  return new GraphQLError(unknownOperationMessage(name), { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}
