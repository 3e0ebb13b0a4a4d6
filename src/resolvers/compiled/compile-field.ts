/** Compiles one field: read in place where that is all that its resolver would do, else by asking the resolver as graphql-js does. */
import {
  defaultFieldResolver,
  getArgumentValues,
  getNamedType,
  isLeafType,
  isListType,
  isNonNullType,
  TypeNameMetaFieldDef,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
} from 'graphql';
import { askResolver, directReadOf, type DirectRead } from '../direct-read.ts';
import type { Path } from './collected-errors.ts';
import { compileKept } from './kept-property.ts';
import { failField, infoOf, type AskedField, type CompiledField, type ExecuteField } from './compile-selection.ts';
import { compileCompletion, needsInfo } from './complete-value.ts';
import type { Complete, SelectionOf } from './complete-object.ts';
import { isPromise, type Run } from './run.ts';

export function compileField(asked: AskedField, selectionOf: SelectionOf): CompiledField {
  const { definition, parentType, responseName: name } = asked;
  if (definition === TypeNameMetaFieldDef) return { name, execute: () => parentType.name, kept: undefined };
  const { type } = definition;
  const direct = needsInfo(type) ? undefined : directReadOf(definition);
  const complete = compileCompletion(asked, selectionOf, direct?.isFinished === true);
  const ask = askingField(asked, complete);
  if (!direct) return { name, execute: ask, kept: undefined };
  return isOneLeaf(type)
    ? { name, execute: leafField(asked, direct, complete, ask), kept: compileKept(direct, type) }
    : { name, execute: directField(asked, direct, complete, ask), kept: undefined };
}

function isOneLeaf(type: GraphQLOutputType): boolean {
  return isLeafType(getNamedType(type)) && !isListType(isNonNullType(type) ? type.ofType : type);
}

/** Asks the field's resolver. */
function askingField(asked: AskedField, complete: Complete): ExecuteField {
  const { definition, nodes } = asked;
  const [node] = nodes;
  const resolve: GraphQLFieldResolver<unknown, unknown> = definition.resolve ?? defaultFieldResolver;
  const takesArguments = definition.args.length > 0;
  return (run, source, above) => {
    const path = pathOf(asked, above);
    const info = infoOf(asked, run, path);
    try {
      const args = takesArguments ? getArgumentValues(definition, node!, run.variableValues) : {};
      return completeField(asked, complete, run, resolve(source, args, run.contextValue, info), path, info);
    } catch (cause) {
      return failField(asked, run, path, cause);
    }
  };
}

/** Reads a field in place. */
function directField(asked: AskedField, { read }: DirectRead, complete: Complete, ask: ExecuteField): ExecuteField {
  return (run, source, above) => {
    const path = pathOf(asked, above);
    try {
      const value = read(source);
      return value === askResolver
        ? ask(run, source, above)
        : completeField(asked, complete, run, value, path, undefined);
    } catch (cause) {
      return failField(asked, run, path, cause);
    }
  };
}

/** Reads in place what has no places of its own, so that one is made only for failures and for what is waited for. */
function leafField(asked: AskedField, { read }: DirectRead, complete: Complete, ask: ExecuteField): ExecuteField {
  return (run, source, above) => {
    try {
      const value = read(source);
      if (value === askResolver) return ask(run, source, above);
      return isPromise(value)
        ? completeField(asked, complete, run, value, pathOf(asked, above), undefined)
        : complete(run, value, noPlace, undefined);
    } catch (cause) {
      return failField(asked, run, pathOf(asked, above), cause);
    }
  };
}

const noPlace: Path = { prev: undefined, key: '', typename: undefined };

function completeField(
  asked: AskedField,
  complete: Complete,
  run: Run,
  value: unknown,
  path: Path,
  info: GraphQLResolveInfo | undefined,
): unknown {
  const completed = isPromise(value)
    ? value.then((resolved) => complete(run, resolved, path, info))
    : complete(run, value, path, info);
  if (!isPromise(completed)) return completed;
  return completed.then(undefined, (cause) => failField(asked, run, path, cause));
}

function pathOf({ responseName, parentType }: AskedField, above: Path | undefined): Path {
  return { prev: above, key: responseName, typename: parentType.name };
}
