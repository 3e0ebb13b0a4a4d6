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
import { isPromise, type Run } from './run.ts';

/** What is asked of an object: its fields by their response names. */
export interface CompiledSelection {
  readonly names: readonly string[];
  readonly fields: readonly ExecuteField[];
  /** An object with all names, of which each answer is a copy: the engine then knows its shape. */
  readonly blank: Readonly<Record<string, unknown>>;
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
export function makeSelection(fields: ReadonlyMap<string, ExecuteField>): CompiledSelection {
  const blank: Record<string, unknown> = {};
  for (const name of fields.keys()) {
    // Own, also where it is `__proto__`.
    Object.defineProperty(blank, name, { value: null, writable: true, enumerable: true, configurable: true });
  }
  return { names: [...fields.keys()], fields: [...fields.values()], blank };
}

/** Executes all fields of an object; a promise only where one of them is waited for. */
export function executeSelection(
  { names, fields, blank }: CompiledSelection,
  run: Run,
  source: unknown,
  path: Path | undefined,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const values = { ...blank };
  let isWaiting = false;
  try {
    for (let index = 0; index < fields.length; index++) {
      const value = fields[index]!(run, source, path);
      values[names[index]!] = value;
      if (isPromise(value)) isWaiting = true;
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
  { names, fields, blank }: CompiledSelection,
  run: Run,
  source: unknown,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const values = { ...blank };
  const executeFrom = (index: number): Record<string, unknown> | Promise<Record<string, unknown>> => {
    for (let place = index; place < fields.length; place++) {
      const value = fields[place]!(run, source, undefined);
      if (isPromise(value)) {
        return value.then((completed) => {
          values[names[place]!] = completed;
          return executeFrom(place + 1);
        });
      }
      values[names[place]!] = value;
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
