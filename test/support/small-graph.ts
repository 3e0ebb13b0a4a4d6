/** A tiny graph, executed by graphql-js, for tests of the server. */
import { buildSchema, execute, GraphQLError } from 'graphql';
import type { ExecutionResult } from 'graphql';
import type { Operation, OperationContext, ServedGraph } from '../../src/resolvers/executor.ts';

export interface SmallGraph extends ServedGraph {
  /** Every operation that reached the executor, the latest last. */
  readonly executed: Operation[];
}

type Resolver = (args: Record<string, unknown>, context: OperationContext) => unknown;

const sdl = /* GraphQL */ `
  type Query {
    greeting(name: String = "you"): String
    count(of: Int!): Int
    generation: String
    slow: String
    broken: String
    deliberate: String
    item: Item
    secretField: String
    search(filter: Filter): String
  }
  type Item {
    id: ID
    name: String
    item: Item
    items(first: Int): [Item]
  }
  input Filter {
    secretTitle: String
  }
  type Mutation {
    rename(name: String!): String
  }
  type Subscription {
    renamed(of: ID): String
  }
`;

/** Gives a graph whose fields answer as `resolvers` say; the others have small answers of their own. */
export function smallGraph(generation = 'first', resolvers: Record<string, Resolver> = {}): SmallGraph {
  const schema = buildSchema(sdl);
  const executed: Operation[] = [];
  const rootValue: Record<string, Resolver> = {
    greeting: ({ name }) => `Hello ${String(name)}`,
    count: ({ of }) => of,
    generation: () => generation,
    broken: () => {
      throw new Error('password=hunter2 at /srv/secret/path.ts:12');
    },
    deliberate: () => {
      throw new GraphQLError('GitHub answered 404: no such issue.', {
        extensions: { code: 'PROVIDER_NOT_FOUND', connector: 'github', http: { status: 404 } },
      });
    },
    item: () => ({ id: 1, name: 'one' }),
    rename: ({ name }) => name,
    ...resolvers,
  };
  return {
    schema,
    executed,
    supergraphSdl: () => sdl,
    execute: async (operation): Promise<ExecutionResult> => {
      executed.push(operation);
      const { document, operationName, variables, context } = operation;
      return execute({ schema, document, operationName, variableValues: variables, rootValue, contextValue: context });
    },
    // `feedingGraph` has some.
    subscribe: () => Promise.reject(new Error('There is nothing to subscribe to.')),
  };
}
