/** Compiles an operation to a tree of closures that answers as graphql-js does, which is its oracle and its fallback. */
import {
  getVariableValues,
  isObjectType,
  Kind,
  OperationTypeNode,
  TypeNameMetaFieldDef,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { CollectedErrors } from './collected-errors.ts';
import { collectFields, conditionVariables, type Conditions } from './collect-fields.ts';
import { compileField } from './compile-field.ts';
import {
  executeSelection,
  executeSerially,
  makeSelection,
  type CompiledField,
  type CompiledSelection,
} from './compile-selection.ts';
import type { SelectionOf } from './complete-object.ts';
import { isPromise, Run, type OperationParts } from './run.ts';

/** What one execution is given. */
export interface ExecutionArguments {
  readonly contextValue: unknown;
  readonly rootValue?: unknown;
  /** As the client sent them. */
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface CompiledOperation {
  /** As graphql-js's `execute`; `undefined`: with these variables it is not compiled, and graphql-js has to be asked. */
  readonly execute: (args: ExecutionArguments) => ExecutionResult | Promise<ExecutionResult> | undefined;
  /** How many fields were compiled so far. */
  readonly size: () => number;
}

/** Fields of one operation; more would cost more memory than their speed is worth. */
const maxFields = 10_000;
/** Ways in which the conditions of one operation may come out. */
const maxVariants = 16;
/** graphql-js stops there too. */
const maxCoercionErrors = 50;

/** `undefined`: what is no plain operation on data, such as introspection, or none that the document has. */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): CompiledOperation | undefined {
  const parts = partsOf(schema, document, operationName);
  const names = parts && conditionVariables(parts);
  if (!parts || !names) return undefined;
  const variants = new Map<string, Variant | undefined>();
  let size = 0;
  const variantOf = (variables: Run['variableValues']): Variant | undefined => {
    const conditions = conditionsOf(names, variables);
    if (!conditions) return undefined;
    const key = [...conditions.values()].map(Number).join('');
    if (variants.has(key)) return variants.get(key);
    if (variants.size === maxVariants) return undefined;
    const variant = compileVariant(parts, conditions);
    variants.set(key, variant);
    size += variant?.size ?? 0;
    return variant;
  };
  // Only without conditions it is known at once.
  if (names.size === 0 && !variantOf({})) return undefined;
  const definitions = parts.operation.variableDefinitions ?? [];
  return {
    size: () => size,
    execute({ contextValue, rootValue, variableValues: given }) {
      const variables = getVariableValues(schema, definitions, given ?? {}, { maxErrors: maxCoercionErrors });
      if (!variables.coerced) return { errors: variables.errors };
      const { coerced: variableValues } = variables;
      const variant = variantOf(variableValues);
      return variant && execute(variant, new Run(parts, contextValue, rootValue, variableValues));
    },
  };
}

function execute({ operation: kind, root }: Variant, run: Run): ExecutionResult | Promise<ExecutionResult> {
  const { errors } = run;
  const fail = (error: unknown): ExecutionResult => {
    errors.add(error as GraphQLError, undefined);
    return respond(null, errors);
  };
  try {
    const data =
      kind === OperationTypeNode.MUTATION
        ? executeSerially(root, run, run.rootValue)
        : executeSelection(root, run, run.rootValue, undefined);
    return isPromise(data) ? data.then((completed) => respond(completed, errors), fail) : respond(data, errors);
  } catch (error) {
    return fail(error);
  }
}

function respond(data: ExecutionResult['data'], { all: errors }: CollectedErrors): ExecutionResult {
  return errors.length === 0 ? { data } : { errors, data };
}

/** An operation, where it is known what its conditions say. */
interface Variant {
  readonly operation: OperationDefinitionNode['operation'];
  readonly root: CompiledSelection;
  readonly size: number;
}

function compileVariant(parts: OperationParts, conditions: Conditions): Variant | undefined {
  let size = 0;
  const { operation, selectionSet } = parts.operation;
  const rootType = parts.schema.getRootType(operation);
  if (!rootType) return undefined;
  try {
    return { operation, root: compile(rootType, [selectionSet]), size };
  } catch (error) {
    if (error === notCompiled) return undefined;
    throw error;
  }

  function compile(parentType: GraphQLObjectType, sets: Parameters<typeof collectFields>[3]): CompiledSelection {
    const fields: CompiledField[] = [];
    for (const [responseName, nodes] of collectFields(parts, conditions, parentType, sets)) {
      size += 1;
      const definition = definitionOf(parentType, nodes[0]!);
      if (size > maxFields || !definition) throw notCompiled;
      fields.push(compileField({ responseName, nodes, parentType, definition }, selectionOf(nodes)));
    }
    return makeSelection(fields);
  }

  function selectionOf(nodes: readonly FieldNode[]): SelectionOf {
    const sets = nodes.flatMap((node) => node.selectionSet ?? []);
    return (type) => {
      const types = isObjectType(type) ? [type] : parts.schema.getPossibleTypes(type);
      return new Map(types.map((each) => [each, compile(each, sets)]));
    };
  }
}

const notCompiled = new Error('Not compiled.');

/** What the schema says of itself is asked of graphql-js. */
function definitionOf(type: GraphQLObjectType, { name }: FieldNode): GraphQLField<unknown, unknown> | undefined {
  return name.value === TypeNameMetaFieldDef.name ? TypeNameMetaFieldDef : type.getFields()[name.value];
}

function partsOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationParts | undefined {
  const fragments = Object.create(null) as Record<string, FragmentDefinitionNode>;
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  const asked = operations.filter(({ name }) => (operationName ?? name?.value) === name?.value);
  return asked.length === 1 ? { schema, fragments, operation: asked[0]! } : undefined;
}

/** `undefined`: one of them is not said, which graphql-js reports. */
function conditionsOf(names: ReadonlySet<string>, variables: Run['variableValues']): Conditions | undefined {
  const conditions = new Map<string, boolean>();
  for (const name of names) {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (typeof value !== 'boolean') return undefined;
    conditions.set(name, value);
  }
  return conditions;
}
