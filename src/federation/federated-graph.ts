/** A supergraph as the server gets it: clients' operations are planned, its subgraphs asked, and their answers put together. */
import {
  buildASTSchema,
  getOperationAST,
  isAbstractType,
  isObjectType,
  Kind,
  parse,
  print,
  type DefinitionNode,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import type { Operation } from '../resolvers/operation-context.ts';
import type { ServedGraph } from '../resolvers/served-graph.ts';
import { completeAnswer } from './complete-answer.ts';
import type { IsOfType } from './entity-places.ts';
import { errorOf, executePlan, Gathered, located } from './execute-plan.ts';
import { createFederatedSubscribe } from './federated-subscription.ts';
import { createPlanner, hasNativePlanner, type Planner, type PlanNode, type PlanOf } from './plan.ts';
import type { FederatedGraphOptions } from './reach-subgraph.ts';

/**
 * By the native planner, and where this platform has none by stitching.
 *
 * @param planner - for tests.
 * @throws Error with what is wrong with the supergraph
 */
export async function createFederatedGraph(
  options: FederatedGraphOptions,
  planner: 'native' | 'stitched' = 'native',
): Promise<ServedGraph> {
  const native = planner === 'native' && (await hasNativePlanner());
  if (native) return createPlannedGraph(options);
  const { createStitchedGraph } = await import('./stitched-graph.ts');
  return createStitchedGraph(options);
}

async function createPlannedGraph({ supergraphSdl, reach, subgraph }: FederatedGraphOptions): Promise<ServedGraph> {
  const planner = await createPlanner(supergraphSdl);
  const schema = buildASTSchema(withoutIntrospection(parse(planner.apiSdl, { noLocation: true })), {
    assumeValid: true,
    assumeValidSDL: true,
  });
  const isOfType = typeTest(schema);
  const planOf = createPlans(planner);
  const runOf = ({ context }: Operation, variables: Readonly<Record<string, unknown>>) => ({
    variables,
    context,
    isOfType,
    subgraph: (name: string) => reach(name).ask,
  });
  const execute = async (operation: Operation): Promise<ExecutionResult> => {
    const { document, operationName } = operation;
    const asked = { schema, document, operationName, variables: operation.variables };
    const definition = getOperationAST(document, operationName);
    if (!definition) return completeAnswer(asked, new Gathered());
    const coerced = getVariableValues(schema, definition.variableDefinitions ?? [], operation.variables ?? {});
    if (coerced.errors) return { errors: coerced.errors };
    const gathered = new Gathered();
    try {
      const plan = await planOf(document, definition);
      if (plan) await executePlan(plan, runOf(operation, coerced.coerced), gathered);
    } catch (error) {
      return { data: null, errors: [located(errorOf(error), undefined)] };
    }
    return completeAnswer(asked, gathered);
  };
  return {
    schema,
    supergraphSdl: () => supergraphSdl,
    execute,
    subscribe: createFederatedSubscribe({ schema, reach, planOf, runOf }),
    ...(subgraph && { subgraph }),
  };
}

function createPlans(planner: Planner): PlanOf {
  const plans = new WeakMap<OperationDefinitionNode, Promise<PlanNode | undefined>>();
  return (document, operation) => {
    let plan = plans.get(operation);
    if (!plan) plans.set(operation, (plan = planned(planner, document, operation)));
    return plan;
  };
}

/** What the schema says of itself is answered here; a plan is made of the rest, if there is any. */
async function planned(
  planner: Planner,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Promise<PlanNode | undefined> {
  const selections = operation.selectionSet.selections.filter(
    (each) => each.kind !== Kind.FIELD || !each.name.value.startsWith('__'),
  );
  if (selections.length === 0) return undefined;
  const own = { ...operation, selectionSet: { ...operation.selectionSet, selections } };
  const definitions = document.definitions.flatMap((each): DefinitionNode[] => {
    if (each.kind !== Kind.OPERATION_DEFINITION) return [each];
    return each === operation ? [own] : [];
  });
  return planner.plan(print({ ...document, definitions }), operation.name?.value);
}

/** The planner's SDL has `__schema` and `__type` as fields, which graphql-js adds itself. */
function withoutIntrospection(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.flatMap((definition): DefinitionNode[] => {
    if ('name' in definition && definition.name?.value.startsWith('__')) return [];
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return [definition];
    return [{ ...definition, fields: definition.fields?.filter(({ name }) => !name.value.startsWith('__')) ?? [] }];
  });
  return { ...document, definitions };
}

function typeTest(schema: GraphQLSchema): IsOfType {
  return (objectType, name) => {
    if (objectType === name) return true;
    const [object, type] = [schema.getType(objectType), schema.getType(name)];
    return isObjectType(object) && isAbstractType(type) && schema.isSubType(type, object);
  };
}
