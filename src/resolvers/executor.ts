/** What the server needs to answer an operation: a schema that validates, and functions that execute and subscribe. */
import {
  createSourceEventStream,
  getOperationAST,
  GraphQLError,
  Kind,
  type DefinitionNode,
  type DocumentNode,
  type ExecutionResult,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { Connections } from '../connection/connections.ts';
import { InputError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { supergraphSdl } from '../graph/supergraph.ts';
import { createOperationBudget, type OperationBudget } from '../http/budget.ts';
import { attachResolvers, type AttachOptions } from './attach-resolvers.ts';
import { createExecute } from './compiled/create-execute.ts';
import { failed } from './event-operation.ts';
import { EventStream } from './event-stream.ts';
import type { Operation, OperationContext } from './operation-context.ts';
import { createOperationState, type OperationState } from './operation-state.ts';
import type { ServedGraph } from './served-graph.ts';
import { createServedSubgraphs, createServedWhole } from './served-subgraphs.ts';
import { createSharedSubscriptions } from './shared-subscriptions.ts';
import type { SubscribeResult, SubscriptionOptions } from './subscription.ts';

export type { Operation, OperationContext } from './operation-context.ts';
export type { ServedGraph } from './served-graph.ts';

export interface ExecutorOptions extends AttachOptions {
  /** Requests that all fields of one operation may send, or of one event of a subscription. Default 1 000. */
  readonly maxRequestsPerOperation?: number | undefined;
}

/** Makes a graph executable: attaches the resolvers once, then executes each operation with a state of its own. */
export function createExecutor(graph: Graph, connections: Connections, options: ExecutorOptions): ServedGraph {
  const entityActions = attachResolvers(graph, options);
  let sdl: string | undefined;
  const createBudget = () => createOperationBudget(options.maxRequestsPerOperation);
  const stateOf: StateOf = (context, budget) => createOperationState(context, connections, entityActions, budget);
  const serve = (schema: GraphQLSchema) => serveSchema(schema, stateOf, createBudget);
  return {
    ...serve(graph.schema),
    supergraphSdl: () => (sdl ??= supergraphSdl(graph)),
    subgraph: createServedSubgraphs(graph, options, serve),
    whole: createServedWhole(graph, options, serve),
  };
}

type StateOf = (context: OperationContext, budget: OperationBudget) => OperationState;

function serveSchema(
  schema: GraphQLSchema,
  stateOf: StateOf,
  createBudget: () => OperationBudget,
): Omit<ServedGraph, 'supergraphSdl'> {
  const execute = createExecute(schema);
  const argumentsOf = ({ document, operationName, variables }: Omit<Operation, 'context'>, state: OperationState) => ({
    document,
    operationName,
    variableValues: variables,
    contextValue: state,
  });
  const share = createSharedSubscriptions((operation, rootValue) =>
    execute({ ...argumentsOf(operation, stateOf(operation.context, createBudget())), rootValue }),
  );
  const subscribe = async (operation: Operation, settings: SubscriptionOptions): Promise<SubscribeResult> => {
    const { context, after } = operation;
    refuseConditions(operation);
    const state: OperationState = { ...stateOf(context, createBudget()), resumeAfter: after };
    const stream = await createSourceEventStream({ schema, ...argumentsOf(operation, state) });
    if (!(stream instanceof EventStream)) return refused(stream as ExecutionResult, settings);
    if (context.signal.aborted) {
      stream.feed.release();
      return refused(failed(context.signal.reason), settings);
    }
    const subscription = share(operation, stream, settings);
    // Once it has begun, whoever carries it says when it ends.
    context.signal.addEventListener('abort', subscription.discard, { once: true });
    return { kind: 'accepted', subscription };
  };
  return {
    schema,
    execute: async (operation) => {
      const budget = createBudget();
      const result = await execute(argumentsOf(operation, stateOf(operation.context, budget)));
      if (!operation.tellsUpstream) return result;
      return { ...result, extensions: { ...result.extensions, upstream: budget.report() } };
    },
    subscribe: (operation, settings) =>
      subscribe(operation, settings).catch((error: unknown) => refused(failed(error), settings)),
  };
}

/** What the root field refuses has no data (GraphQL §6.2.3.1). */
function refused({ errors }: ExecutionResult, { finish }: SubscriptionOptions): SubscribeResult {
  return { kind: 'refused', result: finish({ errors }) };
}

/** A root field that is left out would leave nothing to subscribe to. @see https://spec.graphql.org/September2025/#sec-Single-Root-Field */
function refuseConditions({ document, operationName }: Operation): void {
  const operation = getOperationAST(document, operationName);
  if (!operation || !holdsConditions(operation.selectionSet, document)) return;
  const message =
    'The root field of a subscription takes neither @skip nor @include: without it there is nothing to be told of.';
  throw new GraphQLError(message, { originalError: new InputError('INPUT_INVALID', message) });
}

/** Fragments of the root are looked into, each once. */
function holdsConditions(
  { selections }: SelectionSetNode,
  document: DocumentNode,
  visited: Set<string> = new Set(),
): boolean {
  return selections.some((selection) => {
    if (selection.directives?.some(({ name }) => conditions.has(name.value))) return true;
    if (selection.kind === Kind.FIELD) return false;
    if (selection.kind === Kind.INLINE_FRAGMENT) return holdsConditions(selection.selectionSet, document, visited);
    const { value } = selection.name;
    if (visited.has(value)) return false;
    visited.add(value);
    const isSpread = (each: DefinitionNode): each is FragmentDefinitionNode =>
      each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === value;
    const fragment = document.definitions.find(isSpread);
    return fragment !== undefined && holdsConditions(fragment.selectionSet, document, visited);
  });
}

const conditions: ReadonlySet<string> = new Set(['skip', 'include']);
