/** What a row says of the rows that it joins, and what an operation asks of those. */
import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';
import { GatewayError } from '../errors.ts';

/** The keys that a row names in a field: one, several in a list, or none. */
export function joinKeys(row: unknown, name: string): readonly unknown[] {
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, name)) return [];
  const value = (row as Readonly<Record<string, unknown>>)[name];
  return Array.isArray(value) ? value.filter(isKey) : isKey(value) ? [value] : [];
}

/** Whether a value can be the key of a row: providers say "none" in three ways. */
export function isKey(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Whether a selection asks for more than the key, which the naming row has already. */
export function selectsMoreThan(
  keyName: string,
  selectionSet: SelectionSetNode | undefined,
  fragments: GraphQLResolveInfo['fragments'],
): boolean {
  return (selectionSet?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value !== keyName && selection.name.value !== '__typename';
    if (selection.kind === Kind.INLINE_FRAGMENT) return selectsMoreThan(keyName, selection.selectionSet, fragments);
    const fragment = fragments[selection.name.value];
    if (!fragment) throw new GatewayError('INTERNAL_ERROR', 'A fragment of a validated operation is missing.');
    return selectsMoreThan(keyName, fragment.selectionSet, fragments);
  });
}
