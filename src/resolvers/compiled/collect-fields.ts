/** Which fields a selection asks for on one type, where it is known what each condition says. */
import {
  isAbstractType,
  Kind,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type InlineFragmentNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { OperationParts } from './run.ts';

/** What the variables of `@skip` and `@include` are, by name. */
export type Conditions = ReadonlyMap<string, boolean>;

/** The nodes of each response name, in the order in which their names come first. */
export type CollectedFields = ReadonlyMap<string, readonly FieldNode[]>;

/**
 * Collects as the specification says: a fragment counts once for a selection, at its first spread that no condition leaves
 * out.
 *
 * @see https://spec.graphql.org/September2025/#sec-Field-Collection
 */
export function collectFields(
  parts: OperationParts,
  conditions: Conditions,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): CollectedFields {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  const collect = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD && visited.has(selection.name.value)) continue;
      if (isLeftOut(selection, conditions)) continue;
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        const nodes = fields.get(name);
        if (nodes) nodes.push(selection);
        else fields.set(name, [selection]);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : spread(selection.name.value);
      if (fragment && isAbout(fragment, type, parts)) collect(fragment.selectionSet);
    }
  };
  const spread = (name: string): FragmentDefinitionNode | undefined => {
    visited.add(name);
    return parts.fragments[name];
  };
  for (const set of sets) collect(set);
  return fields;
}

/** The names of the variables on which it depends which fields an operation has; `undefined` where its fragments go in circles. */
export function conditionVariables({ operation, fragments }: OperationParts): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  const seen = new Set<string>();
  const walk = (set: SelectionSetNode, above: readonly string[]): boolean =>
    set.selections.every((selection) => {
      for (const directive of selection.directives ?? []) {
        const condition = conditionOf(directive);
        if (condition?.kind === Kind.VARIABLE) names.add(condition.name.value);
      }
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        return selection.selectionSet === undefined || walk(selection.selectionSet, above);
      }
      const name = selection.name.value;
      if (above.includes(name)) return false;
      if (seen.has(name)) return true;
      seen.add(name);
      const fragment = fragments[name];
      return fragment === undefined || walk(fragment.selectionSet, [...above, name]);
    });
  return walk(operation.selectionSet, []) ? names : undefined;
}

function conditionOf({ name, arguments: given = [] }: DirectiveNode) {
  if (name.value !== 'skip' && name.value !== 'include') return undefined;
  return given.find((argument) => argument.name.value === 'if')?.value;
}

function isLeftOut({ directives }: SelectionNode, conditions: Conditions): boolean {
  if (directives === undefined || directives.length === 0) return false;
  return directives.some((directive) => {
    const condition = conditionOf(directive);
    const leavesOut = directive.name.value === 'skip';
    if (condition?.kind === Kind.BOOLEAN) return condition.value === leavesOut;
    return condition?.kind === Kind.VARIABLE && conditions.get(condition.name.value) === leavesOut;
  });
}

function isAbout(
  { typeCondition }: FragmentDefinitionNode | InlineFragmentNode,
  type: GraphQLObjectType,
  { schema }: OperationParts,
): boolean {
  if (!typeCondition) return true;
  const wanted = schema.getType(typeCondition.name.value);
  return wanted === type || (isAbstractType(wanted) && schema.isSubType(wanted, type));
}
