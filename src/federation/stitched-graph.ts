/** A supergraph without the native planner: stitched by @graphql-tools/federation, whose only door this is. */
import { execute, getOperationAST, print, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { GatewayError } from '../errors.ts';
import { failed } from '../resolvers/event-operation.ts';
import type { OperationContext } from '../resolvers/operation-context.ts';
import type { ServedGraph } from '../resolvers/served-graph.ts';
import { errorOf, located } from './execute-plan.ts';
import type { FederatedGraphOptions } from './reach-subgraph.ts';

/** What its executors are given. */
interface StitchedRequest {
  readonly document: DocumentNode;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly context?: OperationContext;
}

/** Slower, and without subscriptions. @throws GatewayError where the package is not installed */
export async function createStitchedGraph({
  supergraphSdl,
  reach,
  subgraph,
}: FederatedGraphOptions): Promise<ServedGraph> {
  const { getStitchedSchemaFromSupergraphSdl } = await loadStitching();
  const schema: GraphQLSchema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl,
    batch: true,
    onSubschemaConfig(config) {
      const { name } = config;
      config.executor = ((request: StitchedRequest) => askByName(reach, nameOf(name, supergraphSdl), request)) as never;
    },
  });
  return {
    schema,
    supergraphSdl: () => supergraphSdl,
    execute: async ({ document, operationName, variables, context }) =>
      execute({ schema, document, operationName, variableValues: variables, contextValue: context }),
    subscribe: (_operation, { finish }) => {
      const message = 'Subscriptions over remote subgraphs need the native planner, which this platform does not have.';
      const { errors } = failed(new GatewayError('NOT_SERVED', message));
      return Promise.resolve({ kind: 'refused', result: finish({ errors }) });
    },
    ...(subgraph && { subgraph }),
  };
}

async function askByName(
  reach: FederatedGraphOptions['reach'],
  name: string,
  { document, variables = {}, context }: StitchedRequest,
): Promise<ExecutionResult> {
  if (!context) throw new TypeError('An operation was stitched without its context.');
  const kind = getOperationAST(document)?.operation ?? 'query';
  try {
    const { data, errors } = await reach(name).ask({ operation: print(document), kind, variables, context });
    return { data: data ?? null, ...(errors && { errors: errors.map((error) => located(error, error.path)) }) };
  } catch (error) {
    return { data: null, errors: [located(errorOf(error), undefined)] };
  }
}

/** Stitching calls a subgraph by its value in `join__Graph`. */
function nameOf(value: string, supergraphSdl: string): string {
  const pattern = new RegExp(String.raw`\b${value}\s+@join__graph\(\s*name:\s*"([^"]+)"`, 'i');
  return pattern.exec(supergraphSdl)?.[1] ?? value;
}

async function loadStitching() {
  try {
    return await import('@graphql-tools/federation');
  } catch (cause) {
    const message =
      'expected the native planner of @graphql-hive/router-query-planner, which this platform does not have, or the package @graphql-tools/federation; install it.';
    throw new GatewayError('INTERNAL_ERROR', message, { cause });
  }
}
