/** Parses and judges documents for the transports that Apollo Server does not serve, by the same rules, once per document. */
import {
  GraphQLError,
  getOperationAST,
  type DocumentNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationTypeNode,
} from 'graphql';
import type { FastifyBaseLogger } from 'fastify';
import type { Caller } from '../connection/caller.ts';
import { createRecent, type Recent } from '../connection/recent.ts';
import { errorFormatter } from './format-error.ts';
import { refuseIntrospection } from './introspection.ts';
import { judgeDocument, type JudgeOptions } from './judge-document.ts';
import type { RefuseUnlisted } from './operations/document-lock.ts';
import { unknownOperationMessage } from './run-operation.ts';

export interface PrepareOptions extends JudgeOptions {
  readonly logger: FastifyBaseLogger;
  /** Asked about each document before it is judged. Absent: all may be asked. */
  readonly refuseUnlisted?: RefuseUnlisted | undefined;
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
      const unlisted = options.refuseUnlisted?.(query);
      if (unlisted) return refuse([unlisted]);
      const judged = judgeDocument(schema, query, options);
      if ('errors' in judged) return refuse(judged.errors);
      ({ document } = judged);
      if (query.length <= maxRememberedLength) documents.set(query, document);
    }
    const operation = getOperationAST(document, operationName);
    if (!operation) return refuse([noSuchOperation(operationName)]);
    const refusal = refuseIntrospection(document, caller, options.introspection);
    return refusal?.errors ? refuse(refusal.errors) : { document, kind: operation.operation };
  };
}

function noSuchOperation(name: string | null | undefined): GraphQLError {
  return new GraphQLError(unknownOperationMessage(name), { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}
