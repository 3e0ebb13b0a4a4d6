/** Carries out the plan of one operation: asks subgraphs, and puts their answers together; whatever fails, fails its own part. */
import { GraphQLError, Kind, parse, type DefinitionNode, type OperationDefinitionNode } from 'graphql';
import { GatewayError, ProviderError } from '../errors.ts';
import type { OperationContext } from '../resolvers/operation-context.ts';
import {
  mergeInto,
  placesAt,
  representationOf,
  rewritten,
  isData,
  type Data,
  type IsOfType,
  type Place,
} from './entity-places.ts';
import type { BatchFetchNode, EntityAlias, FetchNode, PathSegment, PlanNode } from './plan.ts';
import type { AskSubgraph, SubgraphAnswer, SubgraphError } from './subgraph-answer.ts';

export interface PlanExecution {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: OperationContext;
  readonly subgraph: (name: string) => AskSubgraph;
  readonly isOfType: IsOfType;
}

/** What came together, and what failed. */
export class Gathered {
  /** By response names, with more than was asked for. */
  readonly data: Data;
  /** Errors with their place in the answer. */
  readonly errors: GraphQLError[] = [];
  /** Why objects lack fields: the request that would have brought them failed. */
  readonly lacking = new WeakMap<object, GraphQLError>();

  constructor(data: Data = {}) {
    this.data = data;
  }
}

/** Runs a plan over what is gathered already; it never rejects. */
export async function executePlan(node: PlanNode, execution: PlanExecution, gathered: Gathered): Promise<void> {
  switch (node.kind) {
    case 'Sequence':
      for (const each of node.nodes) await executePlan(each, execution, gathered);
      return;
    case 'Parallel':
      await Promise.all(node.nodes.map((each) => executePlan(each, execution, gathered)));
      return;
    case 'Condition': {
      const clause = execution.variables[node.condition] === true ? node.ifClause : node.elseClause;
      if (clause) await executePlan(clause, execution, gathered);
      return;
    }
    case 'Flatten':
      return fetchBelow(node.node, node.path, execution, gathered);
    case 'Fetch':
      return fetchRoot(node, execution, gathered);
    case 'BatchFetch':
      return fetchEntities(node, node.entityBatch.aliases, execution, gathered);
    case 'Subscription':
    case 'Defer':
      throw new GatewayError('INTERNAL_ERROR', `A plan has a step that is not executed here: ${node.kind}.`);
  }
}

async function fetchBelow(
  node: PlanNode,
  path: readonly PathSegment[],
  execution: PlanExecution,
  gathered: Gathered,
): Promise<void> {
  if (node.kind !== 'Fetch') {
    throw new GatewayError(
      'INTERNAL_ERROR',
      `A plan has a step that is not executed here: ${node.kind} below Flatten.`,
    );
  }
  const alias: EntityAlias = {
    alias: '_entities',
    representationsVariableName: 'representations',
    paths: [path],
    requires: node.requires ?? [],
    ...(node.inputRewrites && { inputRewrites: node.inputRewrites }),
    ...(node.outputRewrites && { outputRewrites: node.outputRewrites }),
  };
  await fetchEntities(node, [alias], execution, gathered);
}

async function fetchRoot(node: FetchNode, execution: PlanExecution, gathered: Gathered): Promise<void> {
  try {
    const { data, errors = [] } = await ask(node, {}, execution);
    if (isData(data)) mergeInto(gathered.data, rewritten(data, node.outputRewrites) as Data);
    for (const error of errors) gathered.errors.push(located(error, error.path ?? []));
    // An answer without data is that of each field that it would have had.
    if (!isData(data)) failRoots(node, errors[0] ?? noData(node), gathered, errors.length > 0);
  } catch (error) {
    failRoots(node, errorOf(error), gathered, false);
  }
}

/** @param isTold - the failure is among the errors already, without a place. */
function failRoots(node: FetchNode, error: SubgraphError, gathered: Gathered, isTold: boolean): void {
  if (isTold) gathered.errors.pop();
  for (const name of responseNames(node.operation)) gathered.errors.push(located(error, [name]));
}

/** All entities of one request, each asked for once. */
async function fetchEntities(
  node: FetchNode | BatchFetchNode,
  aliases: readonly EntityAlias[],
  execution: PlanExecution,
  gathered: Gathered,
): Promise<void> {
  const batches = aliases.map((alias) => ({ alias, ...collect(alias, execution, gathered) }));
  if (batches.every(({ representations }) => representations.length === 0)) return;
  const variables = Object.fromEntries(
    batches.map(({ alias, representations }) => [alias.representationsVariableName, representations]),
  );
  try {
    const answer = await ask(node, variables, execution);
    for (const batch of batches) spread(batch, node.serviceName, answer, gathered);
    const places = new Set(aliases.map(({ alias }) => alias));
    for (const error of answer.errors ?? []) {
      if (!places.has(String(error.path?.[0]))) gathered.errors.push(located(error, batches[0]?.places[0]?.[0]?.path));
    }
  } catch (error) {
    for (const { places } of batches) lack(places.flat(), errorOf(error), gathered);
  }
}

interface Batch {
  readonly alias: EntityAlias;
  readonly representations: readonly Data[];
  /** Where each stands: the same entity may stand in many places. */
  readonly places: readonly (readonly Place[])[];
}

function collect(alias: EntityAlias, { isOfType }: PlanExecution, { data }: Gathered): Omit<Batch, 'alias'> {
  const known = new Map<string, Place[]>();
  const representations: Data[] = [];
  for (const place of alias.paths.flatMap((path) => placesAt(data, path))) {
    const representation = representationOf(place.object, alias.requires, alias.inputRewrites, isOfType);
    if (!representation) continue;
    const identity = JSON.stringify(representation);
    const places = known.get(identity);
    if (places) places.push(place);
    else {
      known.set(identity, [place]);
      representations.push(representation);
    }
  }
  return { representations, places: [...known.values()] };
}

/** Puts the entities of an answer where they belong. */
function spread(
  { alias: { alias, outputRewrites }, representations, places }: Batch,
  serviceName: string,
  { data, errors = [] }: SubgraphAnswer,
  gathered: Gathered,
): void {
  if (representations.length === 0) return;
  const entities = isData(data) ? data[alias] : undefined;
  const own = errors.filter(({ path }) => path?.[0] === alias);
  for (const error of own) {
    const [, index, ...rest] = error.path ?? [];
    const place = typeof index === 'number' ? places[index]?.[0] : places[0]?.[0];
    gathered.errors.push(located(error, [...(place?.path ?? []), ...rest]));
  }
  if (Array.isArray(entities) && entities.length === representations.length) {
    for (const [index, entity] of entities.entries()) {
      if (!isData(entity)) continue;
      const values = rewritten(entity, outputRewrites) as Data;
      // Each place has objects of its own: what is below them may be completed differently.
      for (const [place, { object }] of places[index]!.entries()) {
        mergeInto(object, place === 0 ? values : structuredClone(values));
      }
    }
    return;
  }
  const count = Array.isArray(entities) ? `${entities.length}` : 'none';
  const message = `Subgraph "${serviceName}": expected ${representations.length} entities for as many representations; got ${count}.`;
  const failure = errors[0] ?? errorOf(new ProviderError('PROVIDER_ANSWER_INVALID', message));
  if (errors.length === 0 || Array.isArray(entities)) lack(places.flat(), failure, gathered);
}

function lack(places: readonly Place[], error: SubgraphError, { lacking }: Gathered): void {
  const failure = located(error, undefined);
  for (const { object } of places) lacking.set(object, failure);
}

function ask(
  node: FetchNode | BatchFetchNode,
  representations: Readonly<Record<string, unknown>>,
  { variables, context, subgraph }: PlanExecution,
): Promise<SubgraphAnswer> {
  const used = (node.variableUsages ?? []).filter((name) => Object.hasOwn(variables, name));
  return subgraph(node.serviceName)({
    operation: node.operation,
    kind: node.operationKind ?? 'query',
    variables: { ...Object.fromEntries(used.map((name) => [name, variables[name]])), ...representations },
    context,
  });
}

function noData({ serviceName }: FetchNode): SubgraphError {
  const message = `Subgraph "${serviceName}": expected data or errors; got neither.`;
  return errorOf(new ProviderError('PROVIDER_ANSWER_INVALID', message));
}

export function errorOf(error: unknown): SubgraphError {
  const originalError = error instanceof Error ? error : new Error('A subgraph failed.', { cause: error });
  const extensions = originalError instanceof GatewayError ? originalError.extensions : {};
  return { message: originalError.message, extensions, originalError };
}

export function located(
  { message, extensions, originalError }: SubgraphError,
  path: readonly (string | number)[] | undefined,
): GraphQLError {
  return new GraphQLError(message, { extensions, originalError, path: path && path.length > 0 ? path : undefined });
}

const operations = new Map<string, readonly string[]>();
const maxKeptOperations = 1_000;

/** Response names of the root fields of an operation that a plan has. */
function responseNames(operation: string): readonly string[] {
  const known = operations.get(operation);
  if (known) return known;
  if (operations.size >= maxKeptOperations) operations.clear();
  const isOperation = (each: DefinitionNode): each is OperationDefinitionNode =>
    each.kind === Kind.OPERATION_DEFINITION;
  const selections =
    parse(operation, { noLocation: true }).definitions.find(isOperation)?.selectionSet.selections ?? [];
  const names = selections.flatMap((each) => (each.kind === Kind.FIELD ? [(each.alias ?? each.name).value] : []));
  operations.set(operation, names);
  return names;
}
