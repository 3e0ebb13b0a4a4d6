/** What other subgraphs may refer to: the types with keys, and the actions that get one by each of them. */
import { GraphQLError, Kind, parse, type GraphQLObjectType, type SelectionSetNode } from 'graphql';
import type { Action, Connector } from '../connector/definition.ts';
import { findByName } from '../connector/find-by-name.ts';
import {
  resolveProperties,
  type Field,
  type KeyDefinition,
  type Notation,
  type ObjectDefinition,
} from '../notation/field.ts';
import { fieldName } from '../notation/field-name.ts';
import { didYouMean } from '../notation/nearest.ts';
import type { Entity } from './binding.ts';
import { isLoadable } from './entities.ts';
import { appliedDirectives, textArgument } from './federation-directives.ts';
import type { NameRegister } from './name-register.ts';
import { fieldsOf, Shapes } from './shape.ts';

/** A type of a connector that other subgraphs may name by a key. */
export interface ReferenceType {
  readonly connector: Connector;
  readonly type: GraphQLObjectType;
  /** Where it has a key of its own, by which it is joined. */
  readonly entity: Entity | undefined;
  /** Its own key first. */
  readonly keys: readonly ReferenceKey[];
}

export interface ReferenceKey {
  /** As `@key` has them: names in the graph. */
  readonly fields: string;
  /** Each field of the key, within which others, and where it stands in a provider's row. */
  readonly leaves: readonly KeyLeaf[];
  /** The key by which the entity is joined. */
  readonly isOwn: boolean;
  readonly lookup?: ReferenceAction;
  readonly batch?: ReferenceAction;
}

export interface KeyLeaf {
  /** Names in the graph, from outside in. */
  readonly path: readonly string[];
  /** Names of the provider. */
  readonly rowPath: readonly string[];
}

/** The action that gets one by a key, or many. */
export interface ReferenceAction {
  readonly name: string;
  readonly definition: Action;
  /** Where each input, or each property of what its list holds, is taken from in a representation. */
  readonly inputs: ReadonlyMap<string, readonly string[]>;
  /** Of a batch action, the list; its values are single ones where `isPlain`. */
  readonly list?: { readonly name: string; readonly isPlain: boolean };
  /** Whether it takes more than the key: what fields of the type `@requires` of other subgraphs. */
  readonly takesRequired: boolean;
}

/** Whether a representation by this key can be asked for. */
export function isResolvable({ lookup, batch }: ReferenceKey): boolean {
  return lookup !== undefined || batch !== undefined;
}

/** The types of one connector that have keys; reports keys of unknown fields, and actions that do not take them. */
export function referenceTypes(
  connector: Connector,
  objectType: (name: string, definition: ObjectDefinition) => GraphQLObjectType | undefined,
  entityOf: (object: string) => Entity | undefined,
  register: NameRegister,
): ReferenceType[] {
  return Object.entries(connector.objects ?? {}).flatMap(([name, definition]): ReferenceType[] => {
    const entity = entityOf(name);
    const further = definition.keys ?? [];
    if (!entity && further.length === 0) return [];
    const type = entity?.type ?? objectType(name, definition);
    if (!type) return [];
    const maker = new KeyMaker(connector, definition, type, register);
    const own = entity ? [maker.own(entity)] : [];
    const path = `${connector.name}.objects.${name}.keys`;
    const keys = further.flatMap((key, index) => maker.further(key, `${path}[${index}]`) ?? []);
    return [{ connector, type, entity, keys: [...own, ...keys] }];
  });
}

class KeyMaker {
  readonly #connector: Connector;
  readonly #definition: ObjectDefinition;
  readonly #type: GraphQLObjectType;
  readonly #register: NameRegister;

  constructor(connector: Connector, definition: ObjectDefinition, type: GraphQLObjectType, register: NameRegister) {
    this.#connector = connector;
    this.#definition = definition;
    this.#type = type;
    this.#register = register;
  }

  /** The key by which the entity is joined; that its actions take it was checked with the connector. */
  own(entity: Entity): ReferenceKey {
    const leaves = [{ path: [entity.keyName], rowPath: [entity.key.name] }];
    const key = { fields: entity.keyName, leaves, isOwn: true };
    if (!isLoadable(entity)) return key;
    const { lookup, batch } = this.#definition;
    return this.#withActions(key, { fields: entity.keyName, ...(lookup && { lookup }), ...(batch && { batch }) }, '');
  }

  further(definition: KeyDefinition, path: string): ReferenceKey | undefined {
    const { fields } = definition;
    const set = parsedFields(fields);
    const leaves = set && this.#leaves(set, this.#definition.fields, [], [], `${path}.fields`);
    if (!set) {
      const message = `expected names of fields, as @key has them; got ${JSON.stringify(fields)}.`;
      this.#register.fault('KEY_UNKNOWN', `${path}.fields`, message);
    }
    return leaves && this.#withActions({ fields, leaves, isOwn: false }, definition, path);
  }

  #leaves(
    { selections }: SelectionSetNode,
    notation: Notation,
    path: readonly string[],
    rowPath: readonly string[],
    at: string,
  ): KeyLeaf[] | undefined {
    const objects = new Map(Object.entries(this.#connector.objects ?? {}));
    const found = selections.map((selection): readonly KeyLeaf[] | undefined => {
      const name = selection.kind === Kind.FIELD ? selection.name.value : '…';
      const field = notation.find((each) => fieldName(each) === name);
      const below = field && resolveProperties(field, objects);
      const inner = selection.kind === Kind.FIELD ? selection.selectionSet : undefined;
      if (!field || field.type === 'array' || (below === undefined) !== (inner === undefined)) {
        const guess = didYouMean(name, notation.map(fieldName));
        const message = `expected names of its fields that hold one value, or of an object with some of its fields in braces${guess}; got ${JSON.stringify([...path, name].join('.'))}.`;
        this.#register.fault('KEY_UNKNOWN', at, message);
        return undefined;
      }
      const place = [
        [...path, name],
        [...rowPath, field.name],
      ] as const;
      return inner && below ? this.#leaves(inner, below, ...place, at) : [{ path: place[0], rowPath: place[1] }];
    });
    return found.includes(undefined) ? undefined : found.flatMap((each) => each ?? []);
  }

  #withActions(key: ReferenceKey, definition: KeyDefinition, path: string): ReferenceKey {
    const lookup = this.#action(key, definition, 'lookup', path);
    const batch = this.#action(key, definition, 'batch', path);
    return { ...key, ...(lookup && { lookup }), ...(batch && { batch }) };
  }

  #action(
    key: ReferenceKey,
    definition: KeyDefinition,
    kind: 'lookup' | 'batch',
    path: string,
  ): ReferenceAction | undefined {
    const found = definition[kind] === undefined ? undefined : findByName(this.#connector.actions, definition[kind]);
    if (!found) return undefined;
    const [name, action] = found;
    const shapes = new Shapes(this.#connector);
    const fields = fieldsOf(shapes.ofSource(action.input)) ?? [];
    const list = kind === 'batch' ? fields.find((field) => field.type === 'array') : undefined;
    const below = list && fieldsOf(shapes.ofField(list).shape);
    const isPlain = kind === 'batch' && below === undefined;
    const inputs = isPlain ? plainInput(key, list) : this.#inputs(below ?? fields, key, definition);
    const isTaken = (leaf: KeyLeaf) => [...inputs.values()].some((source) => isWithin(leaf.path, source));
    if (!key.leaves.every(isTaken) && !key.isOwn) {
      const wanted = key.leaves.map((leaf) => leaf.path.join('.')).join(', ');
      const message = `expected ${name} to take ${wanted} by the same names, or by \`arguments\`; it takes ${[...inputs.values()].map((each) => each.join('.')).join(', ') || 'none of them'}.`;
      this.#register.fault('LOOKUP_UNKNOWN', `${path}.${kind}`, message);
    }
    const takesRequired = [...inputs.values()].some(
      (source) => !key.leaves.some((leaf) => isWithin(leaf.path, source)),
    );
    return {
      name,
      definition: action,
      inputs,
      takesRequired,
      ...(list && { list: { name: fieldName(list), isPlain } }),
    };
  }

  /** By name, or as `arguments` says; only what the key or another subgraph gives. */
  #inputs(
    fields: Notation,
    key: ReferenceKey,
    { arguments: given = {} }: KeyDefinition,
  ): Map<string, readonly string[]> {
    const sources = [...key.leaves.map(({ path }) => path), ...this.#required()];
    const inputs = new Map<string, readonly string[]>();
    for (const field of fields) {
      const name = fieldName(field);
      const source = Object.hasOwn(given, name) ? given[name]!.split('.') : [name];
      if (sources.some((path) => isWithin(path, source))) inputs.set(name, source);
    }
    return inputs;
  }

  /** What fields of the type `@requires`, as it comes in a representation. */
  #required(): readonly (readonly string[])[] {
    return Object.values(this.#type.getFields()).flatMap((field) =>
      appliedDirectives(field).flatMap((directive) => {
        const set = directive.name === 'requires' ? parsedFields(textArgument(directive, 'fields') ?? '') : undefined;
        return (set?.selections ?? []).flatMap((each) => (each.kind === Kind.FIELD ? [[each.name.value]] : []));
      }),
    );
  }
}

function plainInput({ leaves }: ReferenceKey, list: Field | undefined): Map<string, readonly string[]> {
  const [leaf, ...others] = leaves;
  return new Map(leaf && list && others.length === 0 ? [[fieldName(list), leaf.path]] : []);
}

/** Whether one of them is the beginning of the other: what an object holds is taken with the object. */
function isWithin(path: readonly string[], source: readonly string[]): boolean {
  return source.every((name, index) => index >= path.length || path[index] === name);
}

function parsedFields(fields: string): SelectionSetNode | undefined {
  try {
    const [definition] = parse(`{ ${fields} }`, { noLocation: true }).definitions;
    return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet : undefined;
  } catch (error) {
    if (error instanceof GraphQLError) return undefined;
    throw error;
  }
}
