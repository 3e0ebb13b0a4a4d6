/** Gives every field of the graph its resolver, from what the field means (`graph/binding`). */
import type { GraphQLFieldResolver } from 'graphql';
import { coerceOptions, prepareAction, type RunnableAction, type RunOptions } from '../connector/run-action.ts';
import { prepareTrigger, type RunnableTrigger } from '../connector/run-trigger.ts';
import type { Binding, ChoicePart, ConnectionPart, PropertyBinding, TriggerBinding } from '../graph/binding.ts';
import type { Graph } from '../graph/graph.ts';
import { compileOutputField } from '../notation/coerce.ts';
import type { Field } from '../notation/field.ts';
import { withScope } from './check-scopes.ts';
import { createActionResolver } from './action-resolver.ts';
import { createCapabilityResolver, type CapabilityResolverOptions } from './capability-resolver.ts';
import { createFindCapability, type FindCapability } from './capability-action.ts';
import { createJoinResolver, createPropertyResolver } from './entity-resolver.ts';
import { readingSource } from './direct-read.ts';
import { eventParts } from './event-parts.ts';
import type { EntityActions } from './loaders.ts';
import { createPickListResolver } from './pick-list-resolver.ts';
import type { ListEdge, RelayConnection } from './relay-connection.ts';
import { createEventResolver, createTriggerSubscriber, type TriggerRooms } from './trigger-resolver.ts';

export interface AttachOptions extends RunOptions, CapabilityResolverOptions {
  readonly triggers: TriggerRooms;
}

type Resolver = GraphQLFieldResolver<any, any>;

/**
 * Attaches resolvers to all fields of a graph, once, at start.
 *
 * @returns the prepared actions that load entities.
 */
export function attachResolvers(graph: Graph, options: AttachOptions): EntityActions {
  const prepared = new Map<string, RunnableAction>();
  const prepare: Prepare = (connector, name) => {
    const key = `${connector.name}.${name}`;
    const action = prepared.get(key) ?? prepareAction(connector, name, options);
    prepared.set(key, action);
    return action;
  };
  const findCapability = createFindCapability(graph.implementations, options);
  for (const { field, binding } of graph.fields) {
    field.resolve = createResolver(binding, prepare, findCapability, options);
    if (binding.kind === 'trigger') {
      field.subscribe = withScope(createSubscriber(binding, options), 'subscribe', binding.connector.name);
    }
  }
  return (entity, kind) => {
    const action = entity[kind];
    return action && prepare(entity.connector, action.name);
  };
}

type Prepare = (connector: RunnableAction['connector'], name: string) => RunnableAction;

function createResolver(
  binding: Binding,
  prepare: Prepare,
  findCapability: FindCapability,
  options: AttachOptions,
): Resolver | undefined {
  switch (binding.kind) {
    case 'action': {
      const { connector, action } = binding;
      const resolve = createActionResolver(binding, prepare(connector, action.name), options);
      return withScope(resolve, action.definition.readOnly === true ? 'read' : 'write', connector.name);
    }
    case 'capability':
      return createCapabilityResolver(binding.capability, findCapability, options);
    case 'pickList':
      return withScope(createPickListResolver(binding, options), 'read', binding.connector.name);
    case 'property':
      return createPropertyResolver(binding, compileProperty(binding, options));
    case 'join':
      return createJoinResolver(binding);
    case 'connection-part':
      return connectionParts[binding.part];
    case 'choice-part':
      return choiceParts[binding.part];
    case 'trigger':
      return createEventResolver(binding);
    case 'event-part':
      return eventParts[binding.part];
  }
}

function compileProperty({ connector, field, identifier }: PropertyBinding, options: AttachOptions) {
  // A key is an ID in the graph, so text, whatever its type in the notation; an integer of any size can be one.
  const shown: Field = identifier ? { ...field, type: 'string', format: undefined, pickList: undefined } : field;
  return compileOutputField(shown, coerceOptions(connector, options.timeZone));
}

const connectionParts = readingSource<Record<ConnectionPart, Resolver>>({
  edges: (connection: RelayConnection) => connection.edges.map((edge) => ({ edge, connection })),
  nodes: (connection: RelayConnection) => connection.edges.map((edge) => edge.node),
  pageInfo: (connection: RelayConnection) => connection,
  totalCount: (connection: RelayConnection) => connection.totalCount,
  cursor: ({ edge, connection }: EdgeOfConnection) => connection.cursorOf(edge),
  node: ({ edge }: EdgeOfConnection) => edge.node,
  hasNextPage: (connection: RelayConnection) => connection.hasNextPage(),
  hasPreviousPage: (connection: RelayConnection) => connection.hasPreviousPage,
  startCursor: (connection: RelayConnection) => cursorAt(connection, 0),
  endCursor: (connection: RelayConnection) => cursorAt(connection, -1),
});

interface EdgeOfConnection {
  readonly edge: ListEdge;
  readonly connection: RelayConnection;
}

function cursorAt(connection: RelayConnection, index: number): string | null {
  const edge = connection.edges.at(index);
  return edge ? connection.cursorOf(edge) : null;
}

/** Choices are rows of a pick list: `[label, value, parent, hasChildren]`. */
const choiceParts = readingSource<Record<ChoicePart, Resolver>>({
  label: (choice: readonly unknown[]) => String(choice[0]),
  value: (choice: readonly unknown[]) => String(choice[1]),
  hasChildren: (choice: readonly unknown[]) => choice[3] ?? null,
});

function createSubscriber(binding: TriggerBinding, { triggers, ...options }: AttachOptions): Resolver {
  const { connector, trigger } = binding;
  let runnable: RunnableTrigger | undefined;
  const prepare = (): RunnableTrigger => (runnable ??= prepareTrigger(connector, trigger.name, options));
  return createTriggerSubscriber(binding, prepare, triggers);
}
