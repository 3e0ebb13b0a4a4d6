/** Compiles what becomes of a value whose type has fields: the object, or one of the objects that an abstract type stands for. */
import {
  defaultTypeResolver,
  GraphQLError,
  isObjectType,
  type GraphQLAbstractType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
} from 'graphql';
import { inspect } from 'graphql/jsutils/inspect.js';
import type { Path } from './collected-errors.ts';
import { executeSelection, type AskedField, type CompiledSelection } from './compile-selection.ts';
import { isRow } from './kept-property.ts';
import { isPromise, type Run } from './run.ts';

/**
 * Gives what stands in the answer, or a promise of it.
 *
 * @param info - of the field; absent where the type needs none (`needsInfo`).
 * @throws whatever fails the place.
 */
export type Complete = (run: Run, value: unknown, path: Path, info: GraphQLResolveInfo | undefined) => unknown;

/** What is asked of each object type that a type may be. */
export type SelectionOf = (type: GraphQLObjectType | GraphQLAbstractType) => Selections;
type Selections = ReadonlyMap<GraphQLObjectType, CompiledSelection>;

export function completeObject(asked: AskedField, type: GraphQLObjectType, selectionOf: SelectionOf): Complete {
  const selection = selectionOf(type).get(type)!;
  const isChecked = type.isTypeOf !== undefined && type.isTypeOf !== null;
  return (run, value, path, info) => {
    if (value === null || value === undefined) return null;
    if (!isRow(value) && value instanceof Error) throw value;
    if (isChecked) return executeIfOfType(asked, type, selection, run, value, path, info!);
    return executeSelection(selection, run, value, path);
  };
}

export function completeAbstract(asked: AskedField, type: GraphQLAbstractType, selectionOf: SelectionOf): Complete {
  const selections = selectionOf(type);
  return (run, value, path, info) => {
    if (value === null || value === undefined) return null;
    if (value instanceof Error) throw value;
    const execute = (name: unknown): unknown => {
      const concrete = concreteType(asked, type, name, value, run);
      return executeIfOfType(asked, concrete, selections.get(concrete)!, run, value, path, info!);
    };
    const name: unknown = (type.resolveType ?? defaultTypeResolver)(value, run.contextValue, info!, type);
    return isPromise(name) ? name.then(execute) : execute(name);
  };
}

function executeIfOfType(
  { nodes }: AskedField,
  type: GraphQLObjectType,
  selection: CompiledSelection,
  run: Run,
  value: unknown,
  path: Path,
  info: GraphQLResolveInfo,
): unknown {
  const execute = (isOfType: unknown): unknown => {
    if (isOfType) return executeSelection(selection, run, value, path);
    throw new GraphQLError(`Expected value of type "${type.name}" but got: ${inspect(value)}.`, { nodes });
  };
  const isOfType: unknown = type.isTypeOf ? type.isTypeOf(value, run.contextValue, info) : true;
  return isPromise(isOfType) ? isOfType.then(execute) : execute(isOfType);
}

/** The type of that name, if it can stand for the abstract one; graphql-js's words. @throws GraphQLError */
function concreteType(
  { nodes, parentType, definition }: AskedField,
  abstract: GraphQLAbstractType,
  name: unknown,
  value: unknown,
  { schema }: Run,
): GraphQLObjectType {
  const place = `for field "${parentType.name}.${definition.name}"`;
  const must = `Abstract type "${abstract.name}" must resolve to an Object type at runtime ${place}`;
  if (name === null || name === undefined) {
    const advice = `Either the "${abstract.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`;
    throw new GraphQLError(`${must}. ${advice}`, { nodes });
  }
  if (isObjectType(name)) {
    throw new GraphQLError(
      'Support for returning GraphQLObjectType from resolveType was removed in graphql-js@16.0.0 please return type name instead.',
    );
  }
  if (typeof name !== 'string') {
    throw new GraphQLError(`${must} with value ${inspect(value)}, received "${inspect(name)}".`);
  }
  const type = schema.getType(name);
  const was = `Abstract type "${abstract.name}" was resolved to a`;
  if (!type) throw new GraphQLError(`${was} type "${name}" that does not exist inside the schema.`, { nodes });
  if (!isObjectType(type)) throw new GraphQLError(`${was} non-object type "${name}".`, { nodes });
  if (schema.isSubType(abstract, type)) return type;
  const message = `Runtime Object type "${type.name}" is not a possible type for "${abstract.name}".`;
  throw new GraphQLError(message, { nodes });
}
