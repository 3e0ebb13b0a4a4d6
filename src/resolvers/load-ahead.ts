/**
 * Joins of whole lists: the rows that the rows of an answer name are loaded together before graphql-js looks at the rows one by one.
 *
 * It then finds them without waiting; waiting row by row costs graphql-js some eight promises each. What cannot be loaded
 * ahead, or fails, is loaded again by the field itself, which then says why.
 */
import {
  getNamedType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type SelectionSetNode,
} from 'graphql';
import { bindingOf, type JoinBinding } from '../graph/binding.ts';
import { joinKeys, selectsMoreThan } from './join-keys.ts';
import type { OperationState } from './operation-state.ts';

/** Loads what these rows name, as far as the operation asks for it; `undefined` when there is nothing to wait for. */
export type LoadAhead = (
  rows: readonly unknown[],
  state: OperationState,
  info: GraphQLResolveInfo,
) => Promise<void> | undefined;

/** Makes the function for one root field; it looks at each document once. */
export function createLoadAhead(): LoadAhead {
  // The nodes of a document are the same as long as Apollo Server remembers it.
  const known = new WeakMap<FieldNode, readonly JoinBinding[]>();
  return (rows, state, info) => {
    const [node] = info.fieldNodes;
    if (!node || info.fieldNodes.length > 1) return undefined;
    let joins = known.get(node);
    if (!joins) known.set(node, (joins = joinsOf(node.selectionSet, getNamedType(info.returnType), info)));
    if (joins.length === 0) return undefined;
    return load(joins, rows, state, info);
  };
}

async function load(
  joins: readonly JoinBinding[],
  rows: readonly unknown[],
  state: OperationState,
  info: GraphQLResolveInfo,
): Promise<void> {
  try {
    await Promise.all(joins.map((join) => loadJoin(join, rows, state, info)));
  } catch {
    // The field that needs the row asks again, gets the same failure, and fails alone.
  }
}

async function loadJoin(
  { entity, field }: JoinBinding,
  rows: readonly unknown[],
  state: OperationState,
  info: GraphQLResolveInfo,
): Promise<void> {
  const opened = await state.connectionBelow(info, entity.connector);
  const keys = rows.flatMap((row) => joinKeys(row, field.name));
  await state.loadRows(entity, keys, opened);
}

/** The joins by key that stand directly in a selection of rows; those below a directive may not be asked for after all. */
function joinsOf(set: SelectionSetNode | undefined, type: GraphQLNamedType, info: GraphQLResolveInfo): JoinBinding[] {
  if (!set || !isObjectType(type)) return [];
  return set.selections.flatMap((selection): JoinBinding[] => {
    if (selection.directives?.length) return [];
    if (selection.kind === Kind.INLINE_FRAGMENT) return joinsOf(selection.selectionSet, type, info);
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      return joinsOf(info.fragments[selection.name.value]?.selectionSet, type, info);
    }
    const field = type.getFields()[selection.name.value];
    const binding = field && bindingOf(field);
    if (!binding) return [];
    if (binding.kind === 'connection-part') return joinsOf(selection.selectionSet, getNamedType(field.type), info);
    if (binding.kind !== 'join' || binding.embedded) return [];
    return selectsMoreThan(binding.entity.keyName, selection.selectionSet, info.fragments) ? [binding] : [];
  });
}
