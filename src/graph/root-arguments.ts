/** The arguments of root fields: what the connector takes, and what the graph adds. */
import { GraphQLID, GraphQLInt, GraphQLNonNull, GraphQLString, type GraphQLArgumentConfig } from 'graphql';
import type { Connector, NotationSource } from '../connector/definition.ts';
import type { Field } from '../notation/field.ts';
import type { ArgumentsBinding } from './binding.ts';
import type { InputTypes } from './input-types.ts';
import { upperFirst } from './names.ts';
import { jsonScalar } from './scalars.ts';
import { fieldsOf, type Shape, type Shapes } from './shape.ts';

export type Arguments = Record<string, GraphQLArgumentConfig>;

/** One root field: its key in the connector, its name in the graph, and where it comes from. */
export interface RootPlace {
  readonly key: string;
  readonly name: string;
  /** e.g. `github.actions.get_issue` */
  readonly origin: string;
}

export interface ArgumentsStyle {
  /** `flat`: each field is an argument; `input`: the one argument `input` holds them. */
  readonly style: 'flat' | 'input';
  /** What the field answers; its key is asked for by ID. */
  readonly answered?: Shape;
  /** Arguments that the graph adds. */
  readonly added: Arguments;
}

/** On every root field. */
export const connectionArgument: GraphQLArgumentConfig = {
  type: GraphQLID,
  description: 'Which of your connections to use; needed only when you have several.',
};

/** On every Mutation field that writes at a provider. */
export const idempotencyKeyArgument: GraphQLArgumentConfig = {
  type: GraphQLString,
  description:
    'Names what is to be done once, best by a new UUID: who repeats it with the same key and input is told what the first ' +
    'came to, and nothing is sent again. Beats the header Idempotency-Key.',
};

/** `last` and `before` are declared so that who pages backward is told why not (PAGING_BACKWARD), as every Relay client may try. */
export const pagingArguments: Arguments = {
  first: { type: GraphQLInt, description: 'How many rows at most.' },
  after: { type: GraphQLString, description: 'The rows after this cursor.' },
  last: { type: GraphQLInt, description: 'Refused: this list is read forward only.' },
  before: { type: GraphQLString, description: 'Refused: this list is read forward only.' },
};

export const resumeArguments: Arguments = {
  after: { type: GraphQLString, description: 'The events after this cursor; absent: from now on.' },
};

/** Makes the arguments of an action or trigger, and says how they become its input. */
export function rootArguments(
  parts: { readonly connector: Connector; readonly shapes: Shapes; readonly inputs: InputTypes },
  place: RootPlace,
  asked: { readonly input?: NotationSource; readonly batch?: boolean },
  { style, answered, added }: ArgumentsStyle,
): { readonly args: Arguments; readonly binding: ArgumentsBinding } {
  const { connector, shapes, inputs } = parts;
  if (typeof asked.input === 'function') {
    const description = 'Its fields depend on the configuration of the connection.';
    const args = { input: { type: jsonScalar, description }, ...added };
    return { args, binding: { argumentStyle: 'json', input: [] } };
  }
  const shape = shapes.ofSource(asked.input);
  const input = fieldsOf(shape) ?? [];
  const key = answered?.kind === 'object' ? answered.definition.key : undefined;
  const isKey = (field: Field): boolean =>
    key !== undefined && (field.name === key || (asked.batch === true && field.type === 'array'));
  const base = upperFirst(place.name);
  const path = shape.kind === 'object' ? `${connector.name}.objects.${shape.name}.fields` : `${place.origin}.input`;
  const binding: ArgumentsBinding = { argumentStyle: style, input };
  if (style === 'flat') {
    const origins = new Map(['connection', ...Object.keys(added)].map((name) => [name, 'Plugboard itself']));
    const fields = inputs.fields(input, { base, path, isKey, word: 'argument', of: place.name, origins });
    return { args: { ...fields, ...added }, binding };
  }
  if (input.length === 0) return { args: added, binding };
  const twin =
    shape.kind === 'object'
      ? inputs.object(shape.name, shape.definition)
      : inputs.type(input, { base, path, isKey }, `${place.origin}.input`);
  return { args: twin ? { input: { type: new GraphQLNonNull(twin) }, ...added } : added, binding };
}
