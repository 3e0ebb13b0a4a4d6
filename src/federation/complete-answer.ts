/** Makes of what was gathered what the client asked for, by the rules of GraphQL: its fields alone, nulls where they belong, errors in place. */
import { execute, GraphQLError, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { GraphQLFieldResolver, GraphQLTypeResolver } from 'graphql';
import type { Gathered } from './execute-plan.ts';
import { isData } from './entity-places.ts';

export interface AskedAnswer {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
}

/** Completes; what is said of one failure in many places is said once for each field. */
export function completeAnswer(asked: AskedAnswer, gathered: Gathered): ExecutionResult {
  const waiting = new Map<string, GraphQLError>();
  for (const error of gathered.errors) if (error.path) waiting.set(placeOf(error.path), error);
  const fieldResolver: GraphQLFieldResolver<unknown, unknown> = (source, _args, _context, info) => {
    const { key } = info.path;
    const value = isData(source) && Object.hasOwn(source, key) ? source[key] : undefined;
    if (value !== undefined && value !== null) return value;
    const error = waiting.size > 0 ? waiting.get(placeOf(pathOf(info.path))) : undefined;
    if (error) throw error;
    const failure = value === undefined && isData(source) ? gathered.lacking.get(source) : undefined;
    if (failure) throw failure;
    return null;
  };
  const result = execute({
    schema: asked.schema,
    document: asked.document,
    operationName: asked.operationName,
    variableValues: asked.variables,
    rootValue: gathered.data,
    fieldResolver,
    typeResolver,
  }) as ExecutionResult;
  const found = [...new Set([...(result.errors ?? []), ...gathered.errors])];
  const errors = oncePerField(found.filter((error) => !isConsequence(error, gathered))).map(withCode);
  return errors.length > 0 ? { ...result, errors } : result;
}

/** A null that stands where it may not, because of an error that is told by itself. */
function isConsequence(error: GraphQLError, { errors }: Gathered): boolean {
  const { path } = error;
  if (!path || errors.includes(error) || error.originalError instanceof GraphQLError) return false;
  return errors.some((each) => each !== error && path.every((key, index) => each.path?.[index] === key));
}

/** What graphql-js says of a value that is not of its type: it came from a subgraph. */
function withCode(error: GraphQLError): GraphQLError {
  if (error.extensions.code !== undefined || !error.path) return error;
  const { message, nodes, path } = error;
  return new GraphQLError(message, { nodes, path, extensions: { code: 'PROVIDER_ANSWER_INVALID' } });
}

const typeResolver: GraphQLTypeResolver<unknown, unknown> = (value) =>
  isData(value) && typeof value.__typename === 'string' ? value.__typename : undefined;

/** One request that failed leaves one field of many rows empty: that is said for the first of them. */
function oncePerField(errors: readonly GraphQLError[]): GraphQLError[] {
  const seen = new Map<Error, Set<string>>();
  return errors.filter(({ originalError, path = [] }) => {
    if (!(originalError instanceof GraphQLError)) return true;
    const fields = seen.get(originalError) ?? new Set();
    seen.set(originalError, fields);
    const field = JSON.stringify(path.filter((each) => typeof each === 'string'));
    if (fields.has(field)) return false;
    fields.add(field);
    return true;
  });
}

interface Path {
  readonly prev: Path | undefined;
  readonly key: string | number;
}

function pathOf(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let each: Path | undefined = path; each; each = each.prev) keys.unshift(each.key);
  return keys;
}

function placeOf(path: readonly (string | number)[]): string {
  return JSON.stringify(path);
}
