/** Compiles what is asked of one object type: a closure for each field, and one walk over them. */
import {
  isNonNullType,
  locatedError,
  responsePathAsArray,
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
} from 'graphql';
import type { Path } from './collected-errors.ts';
import { isRow, keepProperty, type KeptProperty } from './kept-property.ts';
import { isPromise, type Run } from './run.ts';

/** What is asked of an object. */
export interface CompiledSelection {
  readonly fields: readonly CompiledField[];
  /** Whether any of them is read of rows. */
  readonly readsRows: boolean;
  /** Makes the object that is filled. */
  readonly begin: () => Record<string, unknown>;
}

/** One field of the answer. */
export interface CompiledField {
  /** Its response name. */
  readonly name: string;
  readonly execute: ExecuteField;
  /** What is taken of a row as it is; absent: `execute` has to be called. */
  readonly kept: KeptProperty | undefined;
}

/** Gives the completed value of a field, or a promise of it. @param path - of the object that has the field */
export type ExecuteField = (run: Run, source: unknown, path: Path | undefined) => unknown;

/** A field as an operation asks for it. */
export interface AskedField {
  readonly responseName: string;
  readonly nodes: readonly FieldNode[];
  readonly parentType: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
}

/** Puts the fields of a selection together. */
export function makeSelection(fields: readonly CompiledField[]): CompiledSelection {
  return { fields, readsRows: fields.some(({ kept }) => kept !== undefined), begin: beginning(fields) };
}

/**
 * A copy of an object that has all names: the engine then knows its shape. Names that every object has, such as
 * `__proto__`, are properties of its own before they are set.
 */
function beginning(fields: readonly CompiledField[]): CompiledSelection['begin'] {
  const blank: Record<string, unknown> = {};
  for (const { name } of fields) {
    Object.defineProperty(blank, name, { value: null, writable: true, enumerable: true, configurable: true });
    // Once it has seen values of each kind, the engine makes room for all of them, instead of a new shape for each.
    for (const value of [1, 0.5, true, 'text', null]) blank[name] = value;
  }
  return () => ({ ...blank });
}

/** Executes all fields of an object; a promise only where one of them is waited for. */
export function executeSelection(
  { fields, readsRows, begin }: CompiledSelection,
  run: Run,
  source: unknown,
  path: Path | undefined,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const values = begin();
  const isRead = readsRows && isRow(source);
  let isWaiting = false;
  try {
    for (let index = 0; index < fields.length; index++) {
      const { name, execute, kept } = fields[index]!;
      let value: unknown = isRead && kept !== undefined ? keepProperty(kept, source) : undefined;
      if (value === undefined) {
        value = execute(run, source, path);
        if (isPromise(value)) isWaiting = true;
      }
      values[name] = value;
    }
  } catch (error) {
    if (!isWaiting) throw error;
    // The others may fail too, and nobody else would hear of it.
    return settle(values).finally(() => {
      throw error;
    });
  }
  return isWaiting ? settle(values) : values;
}

/** Executes the fields of a mutation one after the other. */
export function executeSerially(
  { fields, begin }: CompiledSelection,
  run: Run,
  source: unknown,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const values = begin();
  const executeFrom = (index: number): Record<string, unknown> | Promise<Record<string, unknown>> => {
    for (let place = index; place < fields.length; place++) {
      const { name, execute } = fields[place]!;
      const value = execute(run, source, undefined);
      if (isPromise(value)) {
        return value.then((completed) => {
          values[name] = completed;
          return executeFrom(place + 1);
        });
      }
      values[name] = value;
    }
    return values;
  };
  return executeFrom(0);
}

async function settle(values: Record<string, unknown>): Promise<Record<string, unknown>> {
  const completed = await Promise.all(Object.values(values));
  for (const [index, name] of Object.keys(values).entries()) values[name] = completed[index];
  return values;
}

/** What a failed field is: `null` where it may be, else the failure of the object around it. @throws GraphQLError */
export function failField({ nodes, definition }: AskedField, run: Run, path: Path, cause: unknown): null {
  return failPlace(nodes, isNonNullType(definition.type), run, path, cause);
}

/** The same of any place, such as an item of a list. */
export function failPlace(
  nodes: readonly FieldNode[],
  isRequired: boolean,
  run: Run,
  path: Path,
  cause: unknown,
): null {
  const error = locatedError(cause, nodes, responsePathAsArray(path));
  if (isRequired) throw error;
  run.errors.add(error, path);
  return null;
}

/** What resolvers are told of the field. */
export function infoOf({ definition, nodes, parentType }: AskedField, run: Run, path: Path): GraphQLResolveInfo {
  return {
    fieldName: definition.name,
    fieldNodes: nodes,
    returnType: definition.type,
    parentType,
    path,
    schema: run.schema,
    fragments: run.fragments,
    rootValue: run.rootValue,
    operation: run.operation,
    variableValues: run.variableValues,
  };
}
