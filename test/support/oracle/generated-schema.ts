/** Schemas whose types, arguments and resolvers are generated, for the oracle of the compiled executor. */
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLError,
  GraphQLFloat,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  Kind,
  type GraphQLArgumentConfig,
  type GraphQLFieldConfig,
  type GraphQLFieldResolver,
  type GraphQLInputType,
  type GraphQLOutputType,
} from 'graphql';
import { withDirectRead } from '../../../src/resolvers/direct-read.ts';
import type { Dice } from './dice.ts';

/** Refuses odd numbers both ways, and gives nothing for 4. */
const evenScalar = new GraphQLScalarType({
  name: 'Even',
  serialize: even,
  parseValue: even,
  parseLiteral: (node) => even(node.kind === Kind.INT ? Number(node.value) : 1),
});

function even(value: unknown): unknown {
  if (value === 4) return undefined;
  if (typeof value === 'number' && value % 2 === 0) return value;
  throw new GraphQLError(`Even: ${String(value)} is odd.`, { extensions: { code: 'ODD' } });
}

const jsonScalar = new GraphQLScalarType({ name: 'Json' });

const colour = new GraphQLEnumType({
  name: 'Colour',
  values: { RED: { value: 1 }, GREEN: { value: 'g' }, BLUE: {} },
});

const filter: GraphQLInputObjectType = new GraphQLInputObjectType({
  name: 'Filter',
  fields: () => ({
    text: { type: GraphQLString, defaultValue: 'any' },
    limit: { type: new GraphQLNonNull(GraphQLInt), defaultValue: 3 },
    colours: { type: new GraphQLList(new GraphQLNonNull(colour)) },
    even: { type: evenScalar },
    and: { type: filter },
    or: { type: new GraphQLList(new GraphQLNonNull(filter)) },
  }),
});

const inputTypes: readonly GraphQLInputType[] = [
  GraphQLInt,
  GraphQLString,
  GraphQLBoolean,
  colour,
  filter,
  new GraphQLList(GraphQLInt),
  new GraphQLList(new GraphQLList(new GraphQLNonNull(colour))),
  evenScalar,
  GraphQLID,
  jsonScalar,
];
const leafTypes = [GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean, GraphQLID, colour, evenScalar, jsonScalar];

const defaults = new Map<GraphQLInputType, unknown>([
  [GraphQLInt, 7],
  [GraphQLString, null],
  [colour, 'g'],
  [filter, { text: 'default', limit: 1 }],
]);

/** A schema of four object types, an interface and a union. */
export function generateSchema(dice: Dice): GraphQLSchema {
  const objects: GraphQLObjectType[] = [];
  // The interface's one field is on each object that has it.
  const shared: GraphQLFieldConfig<unknown, unknown> = { type: GraphQLString };
  const named = new GraphQLInterfaceType({
    name: 'Named',
    fields: { shared },
    ...(dice.chance(50) && { resolveType }),
  });
  const either = new GraphQLUnionType({
    name: 'Either',
    types: () => objects.slice(0, 2),
    ...(dice.chance(70) && { resolveType }),
  });
  const outputs = (): GraphQLOutputType =>
    dice.oneOf([...leafTypes, ...leafTypes, ...objects, ...objects, named, either]);
  for (const name of ['Apple', 'Pear', 'Plum', 'Fig']) {
    const isNamed = name !== 'Fig';
    objects.push(
      new GraphQLObjectType({
        name,
        interfaces: isNamed ? [named] : [],
        ...(dice.chance(30) && { isTypeOf: isTypeOf(name, dice) }),
        fields: () => ({
          ...(isNamed && { shared: { ...shared, resolve: sharedResolver } }),
          ...generateFields(dice, outputs),
        }),
      }),
    );
  }
  const root = (name: string) => new GraphQLObjectType({ name, fields: () => generateFields(dice, outputs) });
  const schema = new GraphQLSchema({
    query: root('Query'),
    mutation: root('Mutation'),
    types: [...objects, named, either],
  });
  return schema;
}

const sharedResolver = withDirectRead(
  (source: any) => source.shared,
  (source: any) => source.shared,
);

function resolveType(value: any): any {
  return value.later ? Promise.resolve(value.kind) : value.kind;
}

function isTypeOf(name: string, dice: Dice): (value: any) => boolean | Promise<boolean> {
  const isLater = dice.chance(30);
  return (value) => {
    const isIt = value?.kind === name;
    return isLater ? Promise.resolve(isIt) : isIt;
  };
}

function generateFields(
  dice: Dice,
  outputs: () => GraphQLOutputType,
): Record<string, GraphQLFieldConfig<unknown, unknown>> {
  const fields = dice.some(2, 6, (index) => {
    const takes = dice.chance(30);
    const args = takes ? Object.fromEntries(dice.some(1, 2, (place) => [`a${place}`, generateArgument(dice)])) : {};
    return [`f${index}`, { type: wrap(dice, outputs(), 2), args, ...resolverOf(dice, `f${index}`, takes) }];
  });
  return Object.fromEntries(fields);
}

function generateArgument(dice: Dice): GraphQLArgumentConfig {
  const type = dice.oneOf(inputTypes);
  const isRequired = dice.chance(30);
  const defaultValue = dice.chance(40) ? defaults.get(type) : undefined;
  const config = { type: isRequired ? new GraphQLNonNull(type) : type };
  return defaultValue === undefined || (isRequired && defaultValue === null) ? config : { ...config, defaultValue };
}

function wrap(dice: Dice, type: GraphQLOutputType, most: number): GraphQLOutputType {
  const required = dice.chance(25) ? new GraphQLNonNull(type as never) : type;
  if (most === 0 || !dice.chance(30)) return required;
  return wrap(dice, new GraphQLList(required), most - 1);
}

type Resolver = GraphQLFieldResolver<any, any>;

/** Fields are read by graphql-js's own resolver, in place, at once, later, or in vain. */
function resolverOf(dice: Dice, name: string, takesArguments: boolean): { resolve?: Resolver } {
  const read: Resolver = (source) => source?.[name];
  const shows: Resolver = (source, args, context, info) => {
    context.seen.push([pathText(info.path), JSON.stringify(args), info.fieldNodes.length, String(info.returnType)]);
    return source?.[name];
  };
  const later: Resolver = async (source, args, context, info) => {
    for (let ticks = name.length + Object.keys(args).length; ticks > 0; ticks--) await Promise.resolve();
    return shows(source, args, context, info);
  };
  const fails: Resolver = (_source, args) => {
    throw Object.assign(new Error(`${name} fails with ${JSON.stringify(args)}`), { extensions: { code: 'FAILED' } });
  };
  if (takesArguments) return { resolve: dice.oneOf([shows, later]) };
  return dice.oneOf<{ resolve?: Resolver }>([
    {},
    {},
    {},
    {
      resolve: withDirectRead(
        (source) => source[name],
        (source: any) => source[name],
      ),
    },
    { resolve: read },
    { resolve: shows },
    { resolve: later },
    { resolve: fails },
    { resolve: async (...asked) => fails(...asked) },
  ]);
}

function pathText(path: { readonly prev: any; readonly key: string | number } | undefined): string {
  return path ? `${pathText(path.prev)}/${path.key}` : '';
}
