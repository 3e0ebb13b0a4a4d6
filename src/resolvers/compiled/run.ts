/** What all closures of one execution share. */
import type { FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { CollectedErrors } from './collected-errors.ts';

/** An operation, and what it was validated against and stands beside. */
export interface OperationParts {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

/** One execution of a compiled operation. */
export class Run implements OperationParts {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: OperationParts['fragments'];
  readonly contextValue: unknown;
  readonly rootValue: unknown;
  /** Coerced; variables that were neither given nor have a default are absent. */
  readonly variableValues: Readonly<Record<string, unknown>>;
  readonly errors = new CollectedErrors();

  constructor(parts: OperationParts, contextValue: unknown, rootValue: unknown, variableValues: Run['variableValues']) {
    this.schema = parts.schema;
    this.operation = parts.operation;
    this.fragments = parts.fragments;
    this.contextValue = contextValue;
    this.rootValue = rootValue;
    this.variableValues = variableValues;
  }
}

/** What graphql-js takes for a promise. */
export function isPromise(value: unknown): value is Promise<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  return typeof (value as PromiseLike<unknown>).then === 'function';
}
