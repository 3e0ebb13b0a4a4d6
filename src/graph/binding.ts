/** What each field of the graph means: kept beside the field, read by the resolvers, which attach functions accordingly. */
import type { GraphQLField, GraphQLFieldConfig, GraphQLObjectType } from 'graphql';
import type { Action, Connector, Trigger } from '../connector/definition.ts';
import type { Field, Notation, ObjectDefinition, Objects } from '../notation/field.ts';
import type { Capability } from '../connector/capability.ts';

export type Binding =
  | ActionBinding
  | TriggerBinding
  | PickListBinding
  | CapabilityBinding
  | PropertyBinding
  | JoinBinding
  | PartBinding<'connection-part', ConnectionPart>
  | PartBinding<'event-part', EventPart>
  | PartBinding<'choice-part', ChoicePart>;

/** A root field that runs an action. */
export interface ActionBinding extends ArgumentsBinding {
  readonly kind: 'action';
  readonly connector: Connector;
  readonly action: { readonly name: string; readonly definition: Action };
  readonly output: OutputBinding;
}

/** A Subscription field. */
export interface TriggerBinding extends ArgumentsBinding {
  readonly kind: 'trigger';
  readonly connector: Connector;
  readonly trigger: { readonly name: string; readonly definition: Trigger };
  /** What the `node` of an event is. */
  readonly output: OutputBinding;
}

/** A Query field that lists the choices of a dynamic pick list. */
export interface PickListBinding {
  readonly kind: 'pickList';
  readonly connector: Connector;
  readonly name: string;
  /** The parameters of the pick list, by argument name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A field that asks whichever connector the connection is of. */
export interface CapabilityBinding {
  readonly kind: 'capability';
  readonly capability: Capability;
}

/** The row's `field.name`, coerced. */
export interface PropertyBinding {
  readonly kind: 'property';
  readonly connector: Connector;
  readonly field: Field;
  readonly objects: Objects;
  /** The value is a key or a reference: an ID in the graph, so a string on the wire whatever its notation type. */
  readonly identifier: boolean;
}

/** A row of another object, found by the key that the row's `field.name` holds. */
export interface JoinBinding {
  readonly kind: 'join';
  /** The connector that has the field; `entity.connector` has the row. */
  readonly connector: Connector;
  readonly field: Field;
  readonly objects: Objects;
  readonly entity: Entity;
  /** The row holds (a part of) the joined row itself instead of its key: what it has is taken, the rest is loaded by its key. */
  readonly embedded: boolean;
  /** The row holds a list of keys, or of embedded rows. */
  readonly list: boolean;
}

/** A field of a type that the graph itself adds. */
export interface PartBinding<Kind extends string, Part extends string> {
  readonly kind: Kind;
  readonly part: Part;
}
/** Fields of `…Connection`, `…Edge` and `PageInfo`. */
export type ConnectionPart =
  | 'edges'
  | 'nodes'
  | 'pageInfo'
  | 'totalCount'
  | 'cursor'
  | 'node'
  | 'hasNextPage'
  | 'hasPreviousPage'
  | 'startCursor'
  | 'endCursor';
/** Fields of `…Event`. */
export type EventPart = 'id' | 'cursor' | 'occurredAt' | 'receivedAt' | 'node';
/** Fields of `PickListChoice`. */
export type ChoicePart = 'label' | 'value' | 'hasChildren';

/** How the arguments of a root field become the input of the connector. */
export interface ArgumentsBinding {
  /** `flat`: each argument is a field; `input`: the one argument `input` holds them; `json`: `input` is passed as it is, its notation being known only to the connection. */
  readonly argumentStyle: 'flat' | 'input' | 'json';
  /** What the input is coerced by, keyed by its names in the graph; without `connection` and what paging adds. Empty for `json`. */
  readonly input: Notation;
}

/** What the connector's answer is. */
export interface OutputBinding {
  /** `one` row, a plain `list`, or a Relay `connection`. */
  readonly shape: 'one' | 'list' | 'connection';
  /** Absent: any JSON. */
  readonly notation?: Notation;
  /** The rows are (parts of) rows of this entity. */
  readonly entity?: Entity;
}

/** An object with a key. */
export interface Entity {
  /** `connector.object` */
  readonly id: string;
  readonly connector: Connector;
  readonly object: string;
  readonly definition: ObjectDefinition;
  readonly type: GraphQLObjectType;
  readonly key: Field;
  /** Name of the key's field in the graph. */
  readonly keyName: string;
  readonly lookup?: EntityAction;
  readonly batch?: EntityAction;
}

/** The action that gets an entity by its key, or many by their keys. */
export interface EntityAction {
  readonly name: string;
  readonly definition: Action;
  /** The input field that takes the key, or the list of keys. */
  readonly argument: Field;
}

/** What a field means; `undefined` for the fields of the gateway's own part, which bring their resolvers. */
export function bindingOf(field: GraphQLField<unknown, unknown>): Binding | undefined {
  return field.extensions.plugboard as Binding | undefined;
}

/** Gives a field its meaning. */
export function bind(
  config: GraphQLFieldConfig<unknown, unknown>,
  binding: Binding,
): GraphQLFieldConfig<unknown, unknown> {
  config.extensions = { plugboard: binding };
  return config;
}
