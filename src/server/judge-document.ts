/** Parses, measures and validates a document, by the rules that Apollo Server follows for `/graphql`. */
import {
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import type { Introspection } from './introspection.ts';
import { exceededLimits, type OperationLimits } from './limits.ts';
import { subscriptionFault } from './subscription-fault.ts';

export interface JudgeOptions {
  readonly limits: OperationLimits;
  /** Hides what the schema holds: no suggestions in messages. */
  readonly production: boolean;
  readonly introspection: Introspection;
}

/** A document that may be executed, or everything that is wrong with it. */
export type JudgedDocument = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

/** Measures a document before it is validated, because some rules of validation take quadratic time. */
export function judgeDocument(
  schema: GraphQLSchema,
  query: string,
  { limits, production, introspection }: JudgeOptions,
): JudgedDocument {
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: limits.tokens });
  } catch (error) {
    return { errors: [withCode(error, 'GRAPHQL_PARSE_FAILED')] };
  }
  const tooLarge = exceededLimits(document, limits);
  if (tooLarge.length > 0) return { errors: tooLarge };
  const fault = subscriptionFault(schema, document);
  if (fault) return { errors: [withCode(fault, 'GRAPHQL_VALIDATION_FAILED')] };
  const rules = introspection === false ? [...specifiedRules, refuseSchema] : specifiedRules;
  const errors = validate(schema, document, rules, { maxErrors: 5, hideSuggestions: production });
  if (errors.length === 0) return { document };
  return { errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) };
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
