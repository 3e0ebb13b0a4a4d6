/** The root fields of one connector: its reading and writing actions, its triggers and its dynamic pick lists. */
import {
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
  type GraphQLFieldConfig,
  type GraphQLOutputType,
} from 'graphql';
import type { Action, Connector, Presentation, Trigger } from '../connector/definition.ts';
import { camelCase } from '../notation/field-name.ts';
import { labelize } from '../notation/labelize.ts';
import { type ActionBinding, bind, type Binding, type EventPart, type OutputBinding } from './binding.ts';
import { deprecationReason, describeRootField } from './descriptions.ts';
import type { Entities } from './entities.ts';
import { readDirectives, withDirectives } from './federation-directives.ts';
import type { InputTypes } from './input-types.ts';
import type { ListTypes } from './list-types.ts';
import type { NameOrigins, NameRegister } from './name-register.ts';
import { isReading, rootFieldName, upperFirst } from './names.ts';
import type { OutputTypes } from './output-types.ts';
import { pickListParameters } from './pick-list-parameters.ts';
import {
  type Arguments,
  connectionArgument,
  idempotencyKeyArgument,
  pagingArguments,
  resumeArguments,
  rootArguments,
  type RootPlace,
} from './root-arguments.ts';
import { dateTimeScalar, jsonScalar } from './scalars.ts';
import { pickListChoiceType } from './shared-types.ts';
import { fieldsOf, type Shape, type Shapes } from './shape.ts';

/** The three root types, and the order in which they are printed. */
export const rootTypes = ['Query', 'Mutation', 'Subscription'] as const;
export type RootType = (typeof rootTypes)[number];

/** Root fields of one subgraph. */
export type RootFields = Readonly<Record<RootType, Record<string, GraphQLFieldConfig<any, any>>>>;

/** Who made which root field. */
export type RootOrigins = Readonly<Record<RootType, NameOrigins>>;

/** What the root fields of a connector are made with. */
export interface ConnectorParts {
  readonly connector: Connector;
  readonly register: NameRegister;
  readonly shapes: Shapes;
  readonly inputs: InputTypes;
  readonly outputs: OutputTypes;
  readonly lists: ListTypes;
  readonly entities: Entities;
  readonly origins: RootOrigins;
}

type FieldConfig = GraphQLFieldConfig<any, any>;

/** Makes the root fields of one connector, in the order in which it declares them. */
export function rootFields(parts: ConnectorParts): RootFields {
  const made: RootFields = { Query: {}, Mutation: {}, Subscription: {} };
  const { connector, register, origins } = parts;
  const add = (root: RootType, place: RootPlace, make: () => FieldConfig): void => {
    if (!register.claim(origins[root], 'root field', place.name, place.origin)) return;
    made[root][place.name] = make();
  };
  for (const [key, action] of Object.entries(connector.actions ?? {})) {
    const name = rootFieldName(connector, key, action, isReading(action));
    const place = { key, name, origin: `${connector.name}.actions.${key}` };
    add(isReading(action) ? 'Query' : 'Mutation', place, () => actionField(parts, place, action));
  }
  for (const [key, trigger] of Object.entries(connector.triggers ?? {})) {
    const name = rootFieldName(connector, key, trigger, false);
    const place = { key, name, origin: `${connector.name}.triggers.${key}` };
    add('Subscription', place, () => triggerField(parts, place, trigger));
  }
  for (const [key, pickList] of Object.entries(connector.pickLists ?? {})) {
    if (typeof pickList !== 'function') continue;
    const name = rootFieldName(connector, key, undefined, false);
    const place = { key, name, origin: `${connector.name}.pickLists.${key}` };
    add('Query', place, () => pickListField(parts, place));
  }
  return made;
}

function actionField(parts: ConnectorParts, place: RootPlace, action: Action): FieldConfig {
  const { connector, shapes, outputs, lists } = parts;
  const typeName = upperFirst(place.name);
  const output = shapes.ofSource(action.output);
  const row = outputs.ofShape(output, `${typeName}Result`, `${place.origin}.output`);
  const { args, binding } = rootArguments(parts, place, action, {
    style: isReading(action) ? 'flat' : 'input',
    answered: output,
    added: addedArguments(action),
  });
  const bound = (shape: OutputBinding['shape']): ActionBinding => ({
    kind: 'action',
    connector,
    action: { name: place.key, definition: action },
    ...binding,
    output: { shape, ...outputBinding(parts, output) },
  });
  if (action.paginate) {
    return rootField(parts, place, action, lists.connection(row, typeName, place.origin), args, bound('connection'));
  }
  if (action.list === true || action.batch === true) {
    return rootField(parts, place, action, new GraphQLList(row), args, bound('list'));
  }
  return rootField(parts, place, action, row, args, bound('one'));
}

function addedArguments(action: Action): Arguments {
  if (action.paginate) return pagingArguments;
  return isReading(action) ? {} : { idempotencyKey: idempotencyKeyArgument };
}

function triggerField(parts: ConnectorParts, place: RootPlace, trigger: Trigger): FieldConfig {
  const { connector, shapes, outputs, register } = parts;
  const output = shapes.ofSource(trigger.output);
  const eventName = `${upperFirst(place.name)}Event`;
  const node = outputs.ofShape(output, `${eventName}Node`, `${place.origin}.output`);
  const event = register.type(eventName, place.origin, connector.name, () => eventType(eventName, node));
  const { args, binding } = rootArguments(parts, place, trigger, { style: 'flat', added: resumeArguments });
  return rootField(parts, place, trigger, new GraphQLNonNull(event ?? jsonScalar), args, {
    kind: 'trigger',
    connector,
    trigger: { name: place.key, definition: trigger },
    ...binding,
    output: { shape: 'one', ...outputBinding(parts, output) },
  });
}

function pickListField(parts: ConnectorParts, place: RootPlace): FieldConfig {
  const { connector, register } = parts;
  const parameters = new Map<string, string>();
  const args: Arguments = {};
  const origins: NameOrigins = new Map([['connection', 'Plugboard itself']]);
  for (const parameter of pickListParameters(connector, place.key)) {
    const name = camelCase(parameter);
    if (!register.claim(origins, 'argument', name, `${place.origin}.${parameter}`, place.name)) continue;
    parameters.set(name, parameter);
    args[name] = { type: GraphQLString };
  }
  const type = new GraphQLList(new GraphQLNonNull(pickListChoiceType));
  const presented = { title: `Choices of ${labelize(place.key).toLowerCase()}` };
  return rootField(parts, place, presented, type, args, { kind: 'pickList', connector, name: place.key, parameters });
}

function rootField(
  { connector, register }: ConnectorParts,
  { key, origin }: RootPlace,
  presented: Presentation,
  type: GraphQLOutputType,
  args: Arguments,
  binding: Binding,
): FieldConfig {
  const reason = deprecationReason(presented.deprecated);
  const config: FieldConfig = {
    type,
    args: { ...args, connection: connectionArgument },
    description: describeRootField(connector, key, presented),
    ...(reason === undefined ? {} : { deprecationReason: reason }),
  };
  const directives = readDirectives(presented.directives, 'root field', { connector, origin }, register);
  return withDirectives(bind(config, binding), directives);
}

function outputBinding({ entities, connector }: ConnectorParts, output: Shape): Omit<OutputBinding, 'shape'> {
  const notation = fieldsOf(output);
  const entity = output.kind === 'object' ? entities.of(connector, output.name) : undefined;
  return { ...(notation ? { notation } : {}), ...(entity ? { entity } : {}) };
}

function eventType(name: string, node: GraphQLOutputType): GraphQLObjectType {
  const part = (part: EventPart, type: GraphQLOutputType, description: string): FieldConfig =>
    bind({ type, description }, { kind: 'event-part', part });
  return new GraphQLObjectType({
    name,
    description: 'One event, and its place in the feed.',
    fields: {
      id: part('id', new GraphQLNonNull(GraphQLID), 'The same for the same event, however often it is delivered.'),
      cursor: part('cursor', new GraphQLNonNull(GraphQLString), 'Give it as `after` to go on behind this event.'),
      occurredAt: part('occurredAt', dateTimeScalar, 'When it happened, where the provider tells.'),
      receivedAt: part('receivedAt', new GraphQLNonNull(dateTimeScalar), 'When Plugboard heard of it.'),
      node: part('node', node, 'What happened.'),
    },
  });
}
