/** What happens when another subgraph asks for entities by what it knows of them (`Query._entities`). */
import type { GraphQLNamedType, GraphQLResolveInfo } from 'graphql';
import { describe } from '../connector/check-keys.ts';
import type { Connector } from '../connector/definition.ts';
import { prepareAction, type RunnableAction, type RunOptions } from '../connector/run-action.ts';
import { InputError } from '../errors.ts';
import { isResolvable, type ReferenceKey, type ReferenceType } from '../graph/references.ts';
import { loadRow } from './entity-resolver.ts';
import type { OperationState } from './operation-state.ts';
import { createReferenceLoader, valueAt, type LoadReference, type Representation } from './reference-loader.ts';

/** Gives the row of one representation. */
export type ResolveReference = (
  representation: unknown,
  type: ReferenceType,
  state: OperationState,
  info: GraphQLResolveInfo,
) => unknown;

/** Makes the function; actions are prepared when they are first asked for. */
export function createReferenceResolver(options: RunOptions): ResolveReference {
  const prepared = new Map<string, RunnableAction>();
  const prepare = (connector: Connector, name: string): RunnableAction => {
    const id = `${connector.name}.${name}`;
    const known = prepared.get(id) ?? prepareAction(connector, name, options);
    prepared.set(id, known);
    return known;
  };
  const loaders = new WeakMap<OperationState, Map<ReferenceKey, Promise<LoadReference>>>();
  return async (given, type, state, info) => {
    const representation = given as Representation;
    const key = keyOf(representation, type);
    const action = (key.batch ?? key.lookup)!;
    const { entity, connector } = type;
    if (key.isOwn && entity && !requiresMore(action.takesRequired, key, representation)) {
      return loadRow(entity, valueAt(representation, key.leaves[0]!.path), state, info, false);
    }
    let ofState = loaders.get(state);
    if (!ofState) loaders.set(state, (ofState = new Map()));
    let loader = ofState.get(key);
    if (!loader) {
      const opening = Promise.resolve(state.connectionBelow(info, connector, action.definition.scopes));
      loader = opening.then((opened) =>
        createReferenceLoader({
          type,
          key,
          opened,
          partialRows: state.partialRows,
          prepare: ({ name }) => prepare(connector, name),
        }),
      );
      ofState.set(key, loader);
    }
    return (await loader)(representation);
  };
}

/** Reads a list of representations: each gives its type, or why it names nothing here. */
export function typeOfRepresentation(
  representation: unknown,
  types: ReadonlyMap<string, ReferenceType>,
): ReferenceType | InputError {
  const name = valueAt(representation, ['__typename']);
  const type = typeof name === 'string' ? types.get(name) : undefined;
  if (type) return type;
  const known = [...types.keys()].join(', ');
  return new InputError(
    'REFERENCE_INVALID',
    `A representation must be an object whose __typename is one of ${known}; got ${describe(name)}.`,
  );
}

/** The names of types by which they are asked for. */
export function typesByName(types: readonly ReferenceType[]): ReadonlyMap<string, ReferenceType> {
  return new Map(types.map((type) => [(type.type as GraphQLNamedType).name, type]));
}

/** The first key of the type that can be asked for and is there whole. @throws InputError REFERENCE_INVALID */
function keyOf(representation: Representation, { type, keys }: ReferenceType): ReferenceKey {
  const resolvable = keys.filter(isResolvable);
  const isThere = (value: unknown) =>
    (typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean';
  const found = resolvable.find(({ leaves }) => leaves.every(({ path }) => isThere(valueAt(representation, path))));
  if (found) return found;
  const expected = resolvable.map(({ fields }) => `{ ${fields} }`).join(' or ');
  const message = `A representation of ${type.name} must hold ${expected}, with a value in each field; it holds ${describe(Object.keys(representation))}.`;
  throw new InputError('REFERENCE_INVALID', message);
}

/** Whether another subgraph sent more than the key, and the action takes it. */
function requiresMore(takesRequired: boolean, key: ReferenceKey, representation: Representation): boolean {
  if (!takesRequired) return false;
  const own = new Set(['__typename', ...key.leaves.map(({ path }) => path[0])]);
  return Object.keys(representation).some((name) => !own.has(name));
}
