/** What happens when a field of a row is asked for: its value is coerced, or the row that it names is joined. */
import type { FieldNode, GraphQLFieldResolver, GraphQLResolveInfo } from 'graphql';
import { addPlace } from '../connector/name-error.ts';
import type { Entity, JoinBinding, PropertyBinding } from '../graph/binding.ts';
import { keptValues } from '../notation/kept-values.ts';
import { askResolver, withDirectRead } from './direct-read.ts';
import { isKey, selectsMoreThan } from './join-keys.ts';
import type { OpenedConnection } from './opened-connection.ts';
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
  const { connector, field } = binding;
  const { name } = field;
  const read = (raw: unknown, state: OperationState, info: GraphQLResolveInfo) => {
    try {
      return coerce(raw);
    } catch (error) {
      const connection = state.connectionIdBelow(info, connector);
      throw addPlace(error, { connector, connection, raisedIn: `${info.parentType.name}.${info.fieldName}` });
    }
  };
  const resolve: Resolver = (row, _args, state, info) => {
    if (Object.hasOwn(row, name)) return read(row[name], state, info);
    const partial = partialRowLacking(row, name, state.partialRows);
    if (!partial) return read(undefined, state, info);
    return whenLoaded(loadRow(partial.entity, partial.key, state, info, true), (whole) =>
      read(readOwn(whole, name), state, info),
    );
  };
  const kept = keptValues(field);
  const property = kept && { name, kept: binding.identifier ? 'id' : kept };
  return withDirectRead(resolve, (row) => readInPlace(row, name, coerce), { isFinished: true, property });
}

/** The value of a row that has one. Who lacks it, and who has one that is none, is for the resolver to say. */
function readInPlace(row: unknown, name: string, coerce: (raw: unknown) => unknown): unknown {
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, name)) return askResolver;
  try {
    return coerce((row as Row)[name]);
  } catch {
    return askResolver;
  }
}

/** Joins the row of an entity that a row names by its key, or of which it holds a part. */
export function createJoinResolver(binding: JoinBinding): Resolver {
  const { entity, field, embedded, list } = binding;
  const joinOne = embedded ? joinEmbedded : joinByKey;
  return (row, _args, state, info) => {
    if (!Object.hasOwn(row, field.name)) {
      const partial = partialRowLacking(row, field.name, state.partialRows);
      if (!partial) return null;
      return whenLoaded(loadRow(partial.entity, partial.key, state, info, true), (whole) =>
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
  if (!isKey(key)) return null;
  if (selectsOnlyKey(info, entity)) return { [entity.key.name]: key };
  return loadRow(entity, key, state, info, false);
}

/** The row at once when it was loaded before: no promise, so that graphql-js goes on without waiting. */
export function loadRow(
  entity: Entity,
  key: unknown,
  state: OperationState,
  info: GraphQLResolveInfo,
  isWhole: boolean,
): unknown {
  return whenLoaded(state.connectionBelow(info, entity.connector, scopesOf(entity, isWhole)), (opened) => {
    const row = state.loadRow(entity, key, opened as OpenedConnection, isWhole);
    if (isWhole || entity.batch?.definition.lacks === undefined) return row;
    return whenLoaded(row, (found) => {
      rememberLacks([found], entity.batch!.definition, entity, state.partialRows);
      return found;
    });
  });
}

/** What the action needs that `state.loadRow` will run. */
function scopesOf({ batch, lookup }: Entity, isWhole: boolean): readonly string[] | undefined {
  const byLookup = batch === undefined || (isWhole && batch.definition.lacks !== undefined);
  return (byLookup ? lookup : batch)?.definition.scopes;
}

function whenLoaded(value: unknown, use: (value: unknown) => unknown): unknown {
  return value instanceof Promise ? value.then(use) : use(value);
}

function readOwn(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null && Object.hasOwn(row, name) ? (row as Row)[name] : undefined;
}

/** By the nodes of documents, which live as long as Apollo Server remembers the document; each is looked at once. */
const keyOnlyNodes = new WeakMap<FieldNode, boolean>();

function selectsOnlyKey({ fieldNodes, fragments }: GraphQLResolveInfo, { keyName }: Entity): boolean {
  return fieldNodes.every((node) => {
    let isKeyOnly = keyOnlyNodes.get(node);
    if (isKeyOnly === undefined) {
      isKeyOnly = !selectsMoreThan(keyName, node.selectionSet, fragments);
      keyOnlyNodes.set(node, isKeyOnly);
    }
    return isKeyOnly;
  });
}
