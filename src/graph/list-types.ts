/** The types of a list with pages. @see https://relay.dev/graphql/connections.htm */
import {
  getNamedType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
  isScalarType,
  type GraphQLFieldConfig,
  type GraphQLOutputType,
} from 'graphql';
import type { Connector } from '../connector/definition.ts';
import { bind, type ConnectionPart } from './binding.ts';
import type { NameRegister } from './name-register.ts';
import { pageInfoType } from './shared-types.ts';

/** Makes `<Node>Connection` and `<Node>Edge`, once for each type of node. */
export class ListTypes {
  readonly #connector: Connector;
  readonly #register: NameRegister;
  readonly #made = new Map<string, GraphQLObjectType>();

  constructor(connector: Connector, register: NameRegister) {
    this.#connector = connector;
    this.#register = register;
  }

  /** The type of a page; where a node is any JSON, its types belong to the root field and begin with `rootName`. */
  connection(node: GraphQLOutputType, rootName: string, origin: string): GraphQLObjectType {
    const named = getNamedType(node);
    const base = isScalarType(named) ? rootName : named.name;
    const known = this.#made.get(base);
    if (known) return known;
    const edge = this.#type(`${base}Edge`, origin, 'One row, and its place in the list.', {
      cursor: part('cursor', new GraphQLNonNull(GraphQLString), 'Give it as `after` to go on behind this row.'),
      node: part('node', node, 'The row.'),
    });
    const connection = this.#type(`${base}Connection`, origin, 'A page of a longer list.', {
      edges: part('edges', new GraphQLList(edge), 'The rows with their cursors.'),
      nodes: part('nodes', new GraphQLList(node), 'The rows alone.'),
      pageInfo: part('pageInfo', new GraphQLNonNull(pageInfoType), 'Where this page begins and ends.'),
      totalCount: part('totalCount', GraphQLInt, 'How many rows there are in all, where the provider tells.'),
    });
    this.#made.set(base, connection);
    return connection;
  }

  /** A type whose name is taken is made all the same, so that the other faults are found; the graph fails at its end. */
  #type(
    name: string,
    origin: string,
    description: string,
    fields: Record<string, GraphQLFieldConfig<unknown, unknown>>,
  ): GraphQLObjectType {
    const create = (): GraphQLObjectType => new GraphQLObjectType({ name, description, fields });
    return this.#register.type(name, origin, this.#connector.name, create) ?? create();
  }
}

function part(
  part: ConnectionPart,
  type: GraphQLOutputType,
  description: string,
): GraphQLFieldConfig<unknown, unknown> {
  return bind({ type, description }, { kind: 'connection-part', part });
}
