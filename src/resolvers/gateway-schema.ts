/** The gateway's own part of the graph: made from `schema/gateway.graphql`, the one place that knows @graphql-tools/schema. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { withGatewayScopes } from './check-scopes.ts';
import { createGatewayResolvers, type GatewayKnowledge } from './gateway-resolvers.ts';

/** An executable schema of the gateway's own types and root fields. @param sdl - the text of `schema/gateway.graphql` */
export function createGatewaySchema(sdl: string, knowledge: GatewayKnowledge): GraphQLSchema {
  return makeExecutableSchema({ typeDefs: sdl, resolvers: withGatewayScopes(createGatewayResolvers(knowledge)) });
}
