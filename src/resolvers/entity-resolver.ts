/** What happens when a field of a row is asked for: its value is coerced, or the row that it names is joined. */
import {
  Kind,
  type FieldNode,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type SelectionSetNode,
} from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Entity, JoinBinding, PropertyBinding } from '../graph/binding.ts';
import type { OperationState } from './operation-state.ts';
import { partialRowLacking, rememberLacks } from './partial-rows.ts';

type Row = Readonly<Record<string, unknown>>;
type Resolver = GraphQLFieldResolver<Row, OperationState>;

/**
 * Reads one value of a row. What a partial row lacks is taken from the whole row, loaded by its key.
 *
 * @param coerce - the provider's value as the graph says it; throws a ProviderError that names the field.
 */
export function createPropertyResolver(binding: PropertyBinding, coerce: (raw: unknown) => unknown): Resolver {
  const { name } = binding.field;
  return (row, _args, state, info) => {
    if (Object.hasOwn(row, name)) return coerce(row[name]);
    const partial = partialRowLacking(row, name, state.partialRows);
    if (!partial) return coerce(undefined);
    return loadRow(partial.entity, partial.key, state, info, true).then((whole) => coerce(readOwn(whole, name)));
  };
}

/** Joins the row of an entity that a row names by its key, or of which it holds a part. */
export function createJoinResolver(binding: JoinBinding): Resolver {
  const { entity, field, embedded, list } = binding;
  const joinOne = embedded ? joinEmbedded : joinByKey;
  return (row, _args, state, info) => {
    if (!Object.hasOwn(row, field.name)) {
      const partial = partialRowLacking(row, field.name, state.partialRows);
      if (!partial) return null;
      return loadRow(partial.entity, partial.key, state, info, true).then((whole) =>
        joinValue(readOwn(whole, field.name)),
      );
    }
    return joinValue(row[field.name]);

    function joinValue(value: unknown): unknown {
      if (!list) return joinOne(entity, value, state, info);
      return Array.isArray(value) ? value.map((item) => joinOne(entity, item, state, info)) : null;
    }
  };
}

/** The row holds a part of the joined row: fields that are in it cost no call. */
function joinEmbedded(entity: Entity, value: unknown, state: OperationState): unknown {
  if (typeof value !== 'object' || value === null) return null;
  const key = readOwn(value, entity.key.name);
  if (key !== undefined && key !== null) state.partialRows.set(value, { entity, key });
  return value;
}

/** The row holds the key. Where nothing but the key is asked for, no call is made. */
function joinByKey(entity: Entity, key: unknown, state: OperationState, info: GraphQLResolveInfo): unknown {
  if (key === undefined || key === null || key === '') return null;
  if (selectsOnlyKey(info, entity)) return { [entity.key.name]: key };
  return loadRow(entity, key, state, info, false);
}

async function loadRow(
  entity: Entity,
  key: unknown,
  state: OperationState,
  info: GraphQLResolveInfo,
  isWhole: boolean,
): Promise<unknown> {
  const opened = await state.connectionBelow(info, entity.connector);
  const row = await state.loadRow(entity, key, opened, isWhole);
  if (!isWhole && entity.batch) rememberLacks([row], entity.batch.definition, entity, state.partialRows);
  return row;
}

function readOwn(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null && Object.hasOwn(row, name) ? (row as Row)[name] : undefined;
}

/** Elements of a list share their field nodes, so each selection is looked at once. */
const keyOnlySelections = new WeakMap<readonly FieldNode[], boolean>();

function selectsOnlyKey(info: GraphQLResolveInfo, entity: Entity): boolean {
  let isKeyOnly = keyOnlySelections.get(info.fieldNodes);
  if (isKeyOnly === undefined) {
    isKeyOnly = info.fieldNodes.every((node) => namesOnly(node.selectionSet, entity.keyName, info));
    keyOnlySelections.set(info.fieldNodes, isKeyOnly);
  }
  return isKeyOnly;
}

function namesOnly(selectionSet: SelectionSetNode | undefined, keyName: string, info: GraphQLResolveInfo): boolean {
  return (selectionSet?.selections ?? []).every((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value === keyName || selection.name.value === '__typename';
    if (selection.kind === Kind.INLINE_FRAGMENT) return namesOnly(selection.selectionSet, keyName, info);
    const fragment = info.fragments[selection.name.value];
    if (!fragment) throw new GatewayError('INTERNAL_ERROR', 'A fragment of a validated operation is missing.');
    return namesOnly(fragment.selectionSet, keyName, info);
  });
}
