/** Runs one validated operation on the graph that it was validated against. */
import { GraphQLError } from 'graphql';
import type { DocumentNode, ExecutionResult, OperationTypeNode } from 'graphql';
import type { ServedGraph } from '../resolvers/executor.ts';
import type { ClientOperation } from './client-operation.ts';
import { maskErrors, type FailureLog } from './mask-errors.ts';

/** An operation as the client asked for it. */
export interface AskedOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  /** Undefined when the document has no such operation, or several and none was named. */
  readonly kind: `${OperationTypeNode}` | undefined;
  readonly client: ClientOperation;
  /** It wants to know what providers were asked. */
  readonly tellsUpstream?: boolean;
}

/**
 * Executes within the time limit and masks what nobody foresaw.
 *
 * Never rejects: an executor that fails as a whole gives `data: null` and one error.
 */
export async function runOperation(
  graph: ServedGraph,
  { document, operationName, variables = noVariables, kind, client, tellsUpstream = false }: AskedOperation,
  timeLimitMs: number,
  log: FailureLog,
): Promise<ExecutionResult> {
  if (!kind) return unknownOperation(operationName);
  if (kind === 'subscription') return subscriptionOverHttp();
  const operation = { document, operationName: operationName ?? null, variables, context: client, tellsUpstream };
  try {
    const result = await client.within(timeLimitMs, () => graph.execute(operation));
    return maskErrors(result, client.requestId, log);
  } catch (error) {
    const originalError = error instanceof Error ? error : new Error('Execution failed.', { cause: error });
    const errors = [new GraphQLError(originalError.message, { originalError })];
    return maskErrors({ data: null, errors }, client.requestId, log);
  }
}

const noVariables: Readonly<Record<string, unknown>> = Object.freeze({});

/** Apollo Server gives it the code OPERATION_RESOLUTION_FAILURE. */
function unknownOperation(name: string | null | undefined): ExecutionResult {
  return { errors: [new GraphQLError(unknownOperationMessage(name))] };
}

/** What is said of a document that has no operation to run. */
export function unknownOperationMessage(name: string | null | undefined): string {
  return name
    ? `The document has no operation named "${name}". Send the name of one that it has as operationName.`
    : 'The document has several operations, or none. Send one, or name the one to run as operationName.';
}

/** Apollo Server takes the status of its answer from `http`. */
function subscriptionOverHttp(): ExecutionResult {
  const message =
    'A subscription has many answers, and this request asks for one. Send it over WebSocket (graphql-transport-ws) to ' +
    '/graphql, or as POST or GET to /graphql/stream for server-sent events (Accept: text/event-stream).';
  const extensions = { code: 'TRANSPORT_UNSUPPORTED', http: { status: 406 } };
  return { errors: [new GraphQLError(message, { extensions })] };
}
