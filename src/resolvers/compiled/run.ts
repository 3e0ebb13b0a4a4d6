/** What all closures of one execution share. */
import type { FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { CollectedErrors } from './collected-errors.ts';

/** An operation, and what it was validated against and stands beside. */
export interface OperationParts {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

/** One execution of a compiled operation. */
export interface Run extends OperationParts {
  readonly contextValue: unknown;
  readonly rootValue: unknown;
  /** Coerced; variables that were neither given nor have a default are absent. */
  readonly variableValues: Readonly<Record<string, unknown>>;
  readonly errors: CollectedErrors;
}

/** What graphql-js takes for a promise. */
export function isPromise(value: unknown): value is Promise<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  return typeof (value as PromiseLike<unknown>).then === 'function';
}
