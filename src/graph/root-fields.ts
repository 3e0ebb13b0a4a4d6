/** The root fields of one connector: its reading and writing actions, its triggers and its dynamic pick lists. */
import {
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
  type GraphQLArgumentConfig,
  type GraphQLFieldConfig,
  type GraphQLOutputType,
} from 'graphql';
import type { Action, Connector, NotationSource, Trigger } from '../connector/definition.ts';
import { camelCase, pascalCase } from '../notation/field-name.ts';
import type { Field } from '../notation/field.ts';
import { labelize } from '../notation/labelize.ts';
import { type ArgumentsBinding, bind, type EventPart, type OutputBinding } from './binding.ts';
import { deprecationReason, describeRootField } from './descriptions.ts';
import type { Entities } from './entities.ts';
import type { EnumTypes } from './enum-types.ts';
import type { InputTypes } from './input-types.ts';
import type { ListTypes } from './list-types.ts';
import type { NameOrigins, NameRegister } from './name-register.ts';
import { isReading, rootFieldName, upperFirst } from './names.ts';
import type { OutputTypes } from './output-types.ts';
import { pickListParameters } from './pick-list-parameters.ts';
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
  readonly enums: EnumTypes;
  readonly inputs: InputTypes;
  readonly outputs: OutputTypes;
  readonly lists: ListTypes;
  readonly entities: Entities;
  readonly origins: RootOrigins;
}

type Arguments = Record<string, GraphQLArgumentConfig>;
type FieldConfig = GraphQLFieldConfig<any, any>;

/** Makes the root fields of one connector, in the order in which it declares them. */
export function rootFields(parts: ConnectorParts): RootFields {
  const made: RootFields = { Query: {}, Mutation: {}, Subscription: {} };
  const { connector } = parts;
  const add = (root: RootType, name: string, origin: string, key: string, make: () => FieldConfig): void => {
    if (pascalCase(key) === '' && !parts.register.claim(new Map(), 'root field', '', origin)) return;
    if (parts.register.claim(parts.origins[root], 'root field', name, origin)) made[root][name] = make();
  };
  for (const [key, action] of Object.entries(connector.actions ?? {})) {
    const name = rootFieldName(connector, key, action, isReading(action));
    const origin = `${connector.name}.actions.${key}`;
    add(isReading(action) ? 'Query' : 'Mutation', name, origin, key, () =>
      actionField(parts, key, action, name, origin),
    );
  }
  for (const [key, trigger] of Object.entries(connector.triggers ?? {})) {
    const name = rootFieldName(connector, key, trigger, false);
    const origin = `${connector.name}.triggers.${key}`;
    add('Subscription', name, origin, key, () => triggerField(parts, key, trigger, name, origin));
  }
  for (const [key, pickList] of Object.entries(connector.pickLists ?? {})) {
    if (typeof pickList !== 'function') continue;
    const name = rootFieldName(connector, key, undefined, false);
    const origin = `${connector.name}.pickLists.${key}`;
    add('Query', name, origin, key, () => pickListField(parts, key, origin));
  }
  return made;
}

function actionField(parts: ConnectorParts, key: string, action: Action, name: string, origin: string): FieldConfig {
  const { connector, shapes, outputs, entities, lists } = parts;
  const output = shapes.ofSource(action.output);
  const shape = action.paginate ? 'connection' : action.list === true || action.batch === true ? 'list' : 'one';
  const row = outputs.ofShape(output, `${upperFirst(name)}Result`, `${origin}.output`);
  const input = inputArguments(parts, action, output, name, origin, action.paginate ? pagingArguments : {});
  const type =
    shape === 'connection'
      ? lists.connection(row, upperFirst(name), origin)
      : shape === 'list'
        ? new GraphQLList(row)
        : row;
  return rootField(parts, key, action, type, input.args, {
    kind: 'action',
    connector,
    action: { name: key, definition: action },
    ...input.binding,
    output: outputBinding(shape, output, entities, connector),
  });
}

function triggerField(parts: ConnectorParts, key: string, trigger: Trigger, name: string, origin: string): FieldConfig {
  const { connector, shapes, outputs, entities, register } = parts;
  const output = shapes.ofSource(trigger.output);
  const eventName = `${upperFirst(name)}Event`;
  const node = outputs.ofShape(output, `${eventName}Node`, `${origin}.output`);
  const event = register.type(eventName, origin, connector.name, () => eventType(eventName, node));
  const input = inputArguments(parts, { ...trigger, readOnly: true }, { kind: 'json' }, name, origin, resumeArguments);
  return rootField(parts, key, trigger, new GraphQLNonNull(event ?? jsonScalar), input.args, {
    kind: 'trigger',
    connector,
    trigger: { name: key, definition: trigger },
    ...input.binding,
    output: outputBinding('one', output, entities, connector),
  });
}

function pickListField(parts: ConnectorParts, key: string, origin: string): FieldConfig {
  const { connector, register } = parts;
  const parameters = new Map<string, string>();
  const args: Arguments = {};
  const origins: NameOrigins = new Map([['connection', 'Plugboard itself']]);
  for (const parameter of pickListParameters(connector, key)) {
    const name = camelCase(parameter);
    if (!register.claim(origins, 'argument', name, `${origin}.${parameter}`)) continue;
    parameters.set(name, parameter);
    args[name] = { type: GraphQLString };
  }
  const type = new GraphQLList(new GraphQLNonNull(pickListChoiceType));
  const presented = { title: `Choices of ${labelize(key).toLowerCase()}` };
  return rootField(parts, key, presented, type, args, { kind: 'pickList', connector, name: key, parameters });
}

function rootField(
  { connector }: ConnectorParts,
  key: string,
  presented: Parameters<typeof describeRootField>[2],
  type: GraphQLOutputType,
  args: Arguments,
  binding: Parameters<typeof bind>[1],
): FieldConfig {
  const reason = deprecationReason(presented.deprecated);
  const config: FieldConfig = {
    type,
    args: { ...args, connection: connectionArgument },
    description: describeRootField(connector, key, presented),
    ...(reason === undefined ? {} : { deprecationReason: reason }),
  };
  return bind(config, binding);
}

const connectionArgument: GraphQLArgumentConfig = {
  type: GraphQLID,
  description: 'Which of your connections to use; needed only when you have several.',
};

/** `last` and `before` are declared so that a client that pages backward is told why not (PAGING_BACKWARD), instead of an unknown argument. */
const pagingArguments: Arguments = {
  first: { type: GraphQLInt, description: 'How many rows at most.' },
  after: { type: GraphQLString, description: 'The rows after this cursor.' },
  last: { type: GraphQLInt, description: 'Refused: this list is read forward only.' },
  before: { type: GraphQLString, description: 'Refused: this list is read forward only.' },
};

const resumeArguments: Arguments = {
  after: { type: GraphQLString, description: 'The events after this cursor; absent: from now on.' },
};

/** The arguments of a root field: flat for what reads, one `input` for what writes. */
function inputArguments(
  { connector, shapes, inputs }: ConnectorParts,
  asked: { readonly input?: NotationSource; readonly readOnly?: boolean; readonly batch?: boolean },
  output: Shape,
  name: string,
  origin: string,
  added: Arguments,
): { args: Arguments; binding: ArgumentsBinding } {
  if (typeof asked.input === 'function') {
    const description = 'Its fields depend on the configuration of the connection.';
    return {
      args: { input: { type: jsonScalar, description }, ...added },
      binding: { argumentStyle: 'json', input: [] },
    };
  }
  const shape = shapes.ofSource(asked.input);
  const fields = fieldsOf(shape) ?? [];
  const key = output.kind === 'object' ? output.definition.key : undefined;
  const isKey = (field: Field): boolean =>
    key !== undefined && (field.name === key || (asked.batch === true && field.type === 'array'));
  const base = upperFirst(name);
  const path = shape.kind === 'object' ? `${connector.name}.objects.${shape.name}.fields` : `${origin}.input`;
  if (asked.readOnly === true) {
    const taken = new Map(['connection', ...Object.keys(added)].map((each) => [each, 'Plugboard itself']));
    const configs = inputs.fields(fields, { base, path, isKey, word: 'argument', of: name, origins: taken });
    return {
      args: { ...configs, ...added },
      binding: { argumentStyle: 'flat', input: fields },
    };
  }
  const twin =
    shape.kind === 'object'
      ? inputs.object(shape.name, shape.definition)
      : fields.length > 0
        ? inputs.type(fields, { base, path, isKey }, `${origin}.input`)
        : undefined;
  const args: Arguments = twin ? { input: { type: new GraphQLNonNull(twin) }, ...added } : added;
  return { args, binding: { argumentStyle: 'input', input: fields } };
}

function outputBinding(
  shape: OutputBinding['shape'],
  output: Shape,
  entities: Entities,
  connector: Connector,
): OutputBinding {
  const notation = fieldsOf(output);
  const entity = output.kind === 'object' ? entities.of(connector, output.name) : undefined;
  return { shape, ...(notation ? { notation } : {}), ...(entity ? { entity } : {}) };
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
