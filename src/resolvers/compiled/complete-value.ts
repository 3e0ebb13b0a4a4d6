/** Compiles what becomes of the value of a field, by its type. Wherever a message is graphql-js's, its words are too. */
import {
  GraphQLBoolean,
  GraphQLError,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLLeafType,
  type GraphQLOutputType,
} from 'graphql';
import { inspect } from 'graphql/jsutils/inspect.js';
import type { Path } from './collected-errors.ts';
import { completeAbstract, completeObject, type Complete, type SelectionOf } from './complete-object.ts';
import { failPlace, type AskedField } from './compile-selection.ts';
import { isPromise } from './run.ts';

/** Compiles the completion of a field. @param isFinished - see `DirectRead` */
export function compileCompletion(asked: AskedField, selectionOf: SelectionOf, isFinished: boolean): Complete {
  return compileType(asked.definition.type);

  function compileType(type: GraphQLOutputType): Complete {
    if (isNonNullType(type)) return required(asked, compileType(type.ofType));
    if (isListType(type)) return list(asked, type.ofType, compileType(type.ofType));
    if (isLeafType(type)) return leaf(type, isFinished);
    return isObjectType(type) ? completeObject(asked, type, selectionOf) : completeAbstract(asked, type, selectionOf);
  }
}

/** Whether completing a value of the type asks code that is told of its field. */
export function needsInfo(type: GraphQLOutputType): boolean {
  if (isNonNullType(type) || isListType(type)) return needsInfo(type.ofType);
  return isAbstractType(type) || (isObjectType(type) && type.isTypeOf !== undefined && type.isTypeOf !== null);
}

function required({ parentType, definition }: AskedField, complete: Complete): Complete {
  return (run, value, path, info) => {
    const completed = complete(run, value, path, info);
    if (completed !== null) return completed;
    throw new Error(`Cannot return null for non-nullable field ${parentType.name}.${definition.name}.`);
  };
}

function list(asked: AskedField, itemType: GraphQLOutputType, complete: Complete): Complete {
  const { nodes, parentType, definition } = asked;
  const isItemRequired = isNonNullType(itemType);
  return (run, value, path, info) => {
    if (value === null || value === undefined) return null;
    if (!Array.isArray(value) && value instanceof Error) throw value;
    if (typeof value !== 'object' || typeof (value as Iterable<unknown>)[Symbol.iterator] !== 'function') {
      const message = `Expected Iterable, but did not find one for field "${parentType.name}.${definition.name}".`;
      throw new GraphQLError(message);
    }
    let isWaiting = false;
    const completeItem = (item: unknown, index: number): unknown => {
      const itemPath: Path = { prev: path, key: index, typename: undefined };
      try {
        const completed = isPromise(item)
          ? item.then((resolved) => complete(run, resolved, itemPath, info))
          : complete(run, item, itemPath, info);
        if (!isPromise(completed)) return completed;
        isWaiting = true;
        return completed.then(undefined, (cause) => failPlace(nodes, isItemRequired, run, itemPath, cause));
      } catch (cause) {
        return failPlace(nodes, isItemRequired, run, itemPath, cause);
      }
    };
    const completed = mapItems(value as Iterable<unknown>, completeItem);
    return isWaiting ? Promise.all(completed) : completed;
  };
}

/** Holes are `undefined`. */
function mapItems(items: Iterable<unknown>, map: (item: unknown, index: number) => unknown): unknown[] {
  const mapped: unknown[] = [];
  try {
    if (Array.isArray(items)) {
      for (let index = 0; index < items.length; index++) mapped.push(map(items[index], index));
    } else for (const item of items) mapped.push(map(item, mapped.length));
  } catch (error) {
    // Nobody waits for the others any more, and a rejection that nobody hears of would end the process.
    const rest: readonly unknown[] = Array.isArray(items) ? items.slice(mapped.length + 1) : [];
    for (const other of [...mapped, ...rest]) if (isPromise(other)) other.then(ignore, ignore);
    throw error;
  }
  return mapped;
}

function ignore(): void {}

function leaf(type: GraphQLLeafType, isFinished: boolean): Complete {
  const isFinal = finalValues.get(type) ?? (isFinished && !isEnumType(type) ? isPlain : undefined);
  return (_run, value) => {
    if (isFinal?.(value) === true) return value;
    if (value === null || value === undefined) return null;
    if (value instanceof Error) throw value;
    const serialized: unknown = type.serialize(value);
    if (serialized !== null && serialized !== undefined) return serialized;
    const call = `${inspect(type)}.serialize(${inspect(value)})`;
    throw new Error(`Expected \`${call}\` to return non-nullable value, returned: ${inspect(serialized)}`);
  };
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** The values that the scalars of the specification give back as they are. */
const finalValues: ReadonlyMap<GraphQLLeafType, (value: unknown) => boolean> = new Map<
  GraphQLLeafType,
  (value: unknown) => boolean
>([
  [GraphQLString, (value) => typeof value === 'string'],
  [GraphQLID, (value) => typeof value === 'string'],
  [GraphQLBoolean, (value) => typeof value === 'boolean'],
  [GraphQLInt, (value) => typeof value === 'number' && value === (value | 0)],
  [GraphQLFloat, (value) => Number.isFinite(value)],
]);
