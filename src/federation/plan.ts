/** How an operation is spread over subgraphs: the native planner of Hive Router, whose only door this is. */
import type { QueryPlanner } from '@graphql-hive/router-query-planner';
import type { DocumentNode, OperationDefinitionNode } from 'graphql';

/** One request to one subgraph. With `requires` it asks for entities. */
export interface FetchNode {
  readonly kind: 'Fetch';
  readonly serviceName: string;
  readonly variableUsages?: readonly string[];
  readonly operationKind?: 'query' | 'mutation' | 'subscription';
  readonly operation: string;
  readonly requires?: readonly Required[];
  readonly inputRewrites?: readonly Rewrite[];
  readonly outputRewrites?: readonly Rewrite[];
}

/** One request for entities of several kinds, each under an alias of its own. */
export interface BatchFetchNode extends Omit<FetchNode, 'kind' | 'requires'> {
  readonly kind: 'BatchFetch';
  readonly entityBatch: { readonly aliases: readonly EntityAlias[] };
}

export interface EntityAlias {
  readonly alias: string;
  readonly representationsVariableName: string;
  readonly paths: readonly (readonly PathSegment[])[];
  readonly requires: readonly Required[];
  readonly inputRewrites?: readonly Rewrite[];
  readonly outputRewrites?: readonly Rewrite[];
}

export type PlanNode =
  | FetchNode
  | BatchFetchNode
  | { readonly kind: 'Sequence' | 'Parallel'; readonly nodes: readonly PlanNode[] }
  | { readonly kind: 'Flatten'; readonly path: readonly PathSegment[]; readonly node: PlanNode }
  | {
      readonly kind: 'Condition';
      readonly condition: string;
      readonly ifClause?: PlanNode;
      readonly elseClause?: PlanNode;
    }
  | { readonly kind: 'Subscription'; readonly primary: Omit<FetchNode, 'kind'> }
  | { readonly kind: 'Defer' };

/** `@`: each of a list. */
export type PathSegment = { readonly Field: string } | { readonly TypeCondition: readonly string[] } | '@';

/** What is sent of an entity. */
export type Required =
  | { readonly kind: 'InlineFragment'; readonly typeCondition: string; readonly selections: readonly Required[] }
  | {
      readonly kind: 'Field';
      readonly name: string;
      readonly alias?: string;
      readonly selections?: readonly Required[];
    }
  | { readonly kind: 'FragmentSpread' };

/** What is changed on the way, such as the type by which an `@interfaceObject` is asked for. */
export interface Rewrite {
  readonly ValueSetter?: { readonly path: readonly RewriteSegment[]; readonly setValueTo: string };
  readonly KeyRenamer?: { readonly path: readonly RewriteSegment[]; readonly renameKeyTo: string };
}
export type RewriteSegment = { readonly TypenameEquals: readonly string[] } | { readonly Key: string };

export interface Planner {
  /** SDL of what clients see. */
  readonly apiSdl: string;
  /** The plan of one operation; `undefined` where nothing has to be asked. */
  readonly plan: (operation: string, operationName: string | undefined) => Promise<PlanNode | undefined>;
}

/** The plan of an operation of a document; documents are remembered by whoever validated them. */
export type PlanOf = (document: DocumentNode, operation: OperationDefinitionNode) => Promise<PlanNode | undefined>;

/** @throws Error with what is wrong with the supergraph, or that there is no native planner for this platform. */
export async function createPlanner(supergraphSdl: string): Promise<Planner> {
  const { QueryPlanner: Native } = await import('@graphql-hive/router-query-planner');
  const planner: QueryPlanner = new Native(supergraphSdl);
  const noLabels = new Set<string>();
  return {
    apiSdl: planner.consumerSchema,
    plan: async (operation, operationName) => {
      const { node } = await planner.planAsync(operation, operationName, noLabels, 0);
      return node as PlanNode | undefined;
    },
  };
}

/** Whether there is a native planner for this platform. */
export async function hasNativePlanner(): Promise<boolean> {
  try {
    await import('@graphql-hive/router-query-planner');
    return true;
  } catch {
    return false;
  }
}
