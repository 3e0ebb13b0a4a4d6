/** The object types that all subgraphs share. */
import { GraphQLBoolean, GraphQLNonNull, GraphQLObjectType, GraphQLString, type GraphQLNamedType } from 'graphql';
import { bind, type ChoicePart, type ConnectionPart } from './binding.ts';
import { dateTimeScalar, sharedScalars } from './scalars.ts';

const pageInfoPart = (part: ConnectionPart) => ({ kind: 'connection-part', part }) as const;

/** Where a page begins and ends, as Relay has it. @see https://relay.dev/graphql/connections.htm */
export const pageInfoType = new GraphQLObjectType({
  name: 'PageInfo',
  description: 'Where a page of a longer list begins and ends.',
  fields: {
    hasNextPage: bind(
      { type: new GraphQLNonNull(GraphQLBoolean), description: 'Whether more rows follow.' },
      pageInfoPart('hasNextPage'),
    ),
    hasPreviousPage: bind(
      { type: new GraphQLNonNull(GraphQLBoolean), description: 'Whether rows come before, as far as that is known.' },
      pageInfoPart('hasPreviousPage'),
    ),
    startCursor: bind({ type: GraphQLString, description: 'Cursor of the first row.' }, pageInfoPart('startCursor')),
    endCursor: bind(
      { type: GraphQLString, description: 'Cursor of the last row: `after` of the next page.' },
      pageInfoPart('endCursor'),
    ),
  },
});

const choicePart = (part: ChoicePart) => ({ kind: 'choice-part', part }) as const;

/** One choice of a dynamic pick list. */
export const pickListChoiceType = new GraphQLObjectType({
  name: 'PickListChoice',
  description: 'One choice of a list from which a value can be picked.',
  fields: {
    label: bind({ type: new GraphQLNonNull(GraphQLString), description: 'What is shown.' }, choicePart('label')),
    value: bind({ type: new GraphQLNonNull(GraphQLString), description: 'What is sent.' }, choicePart('value')),
    hasChildren: bind(
      {
        type: GraphQLBoolean,
        description: 'Whether it is a branch of a tree: ask again with its value as `parentId`.',
      },
      choicePart('hasChildren'),
    ),
  },
});

/** Where a content passes, as `resolvers/transfers` gives it. */
export const transferType = new GraphQLObjectType({
  name: 'Transfer',
  description:
    "A place at the gateway where one content is sent or fetched, once. It passes through with the connection's credentials.",
  fields: {
    url: { type: new GraphQLNonNull(GraphQLString) },
    method: { type: new GraphQLNonNull(GraphQLString), description: 'Method of the request: `GET` or `PUT`.' },
    expiresAt: { type: new GraphQLNonNull(dateTimeScalar) },
  },
});

/** Every type that more than one subgraph may have, by name. */
export const sharedTypes: ReadonlyMap<string, GraphQLNamedType> = new Map<string, GraphQLNamedType>(
  [...sharedScalars, pageInfoType, pickListChoiceType, transferType].map((type) => [type.name, type]),
);
