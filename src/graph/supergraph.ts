/**
 * The supergraph SDL that Apollo Router and Hive load, made by construction: every type has one owner, so nothing has to
 * be composed. A test holds it to what @theguild/federation-composition makes of the same subgraphs.
 *
 * @see https://specs.apollo.dev/join/v0.3
 */
import { isInterfaceType, isObjectType, isUnionType, type GraphQLField, type GraphQLNamedType } from 'graphql';
import type { Entity } from './binding.ts';
import { isLoadable } from './entities.ts';
import type { Graph } from './graph.ts';
import { printFields, printType } from './print-type.ts';
import { type RootType, rootTypes } from './root-fields.ts';

/** Prints the supergraph, in time linear in its size. The gateway answers for every subgraph itself, so their URLs are empty. */
export function supergraphSdl(graph: Graph): string {
  const uses = collectUses(graph);
  const roots = rootTypes.filter((root) => uses.roots[root].length > 0);
  const parts = [
    `schema\n  @link(url: "https://specs.apollo.dev/link/v1.0")\n  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)\n{\n${roots.map((root) => `  ${root.toLowerCase()}: ${root}`).join('\n')}\n}`,
    joinDefinitions,
    `enum join__Graph {\n${sortedGraphs(graph).join('\n')}\n}`,
    ...roots.map((root) => printRoot(root, uses.roots[root])),
    ...[...uses.types.values()].sort(byTypeName).map(printUse),
  ];
  return `${parts.join('\n\n')}\n`;
}

interface RootPart {
  readonly graph: string;
  readonly fields: readonly GraphQLField<unknown, unknown>[];
}

/** One type, and the subgraphs that have it. */
interface Use {
  readonly type: GraphQLNamedType;
  readonly entity?: Entity;
  /** The subgraph that has the whole type; the first of many for shared ones. */
  readonly owner: string;
  readonly graphs: string[];
}

interface Uses {
  readonly roots: Readonly<Record<RootType, RootPart[]>>;
  readonly types: ReadonlyMap<string, Use>;
}

function collectUses(graph: Graph): Uses {
  const roots: Record<RootType, RootPart[]> = { Query: [], Mutation: [], Subscription: [] };
  const types = new Map<string, Use>();
  const entityOf = new Map([...graph.entities.values()].map((entity) => [entity.type.name, entity]));
  for (const subgraph of graph.subgraphs) {
    const content = subgraph.content();
    const name = subgraph.name.toUpperCase();
    for (const { root, fields } of content.roots) roots[root].push({ graph: name, fields });
    for (const type of content.types) {
      const entity = entityOf.get(type.name);
      types.set(type.name, { type, owner: name, graphs: [name], ...(entity ? { entity } : {}) });
    }
    for (const type of content.shared) {
      const use = types.get(type.name);
      if (use) use.graphs.push(name);
      else types.set(type.name, { type, owner: name, graphs: [name] });
    }
  }
  // Only now, since the owner of a stub may come after those that refer to it.
  for (const subgraph of graph.subgraphs) {
    for (const stub of subgraph.content().stubs) types.get(stub.type.name)?.graphs.push(subgraph.name.toUpperCase());
  }
  return { roots, types };
}

function printRoot(root: RootType, parts: readonly RootPart[]): string {
  const sorted = [...parts].sort((a, b) => compare(a.graph, b.graph));
  const joined = sorted.map(({ graph }) => `@join__type(graph: ${graph})`).join(' ');
  const owner = new Map(sorted.flatMap(({ graph, fields }) => fields.map((field) => [field, graph] as const)));
  // With one subgraph there is nothing to say about a field.
  const directives = (field: GraphQLField<unknown, unknown>): string[] =>
    sorted.length > 1 ? [`@join__field(graph: ${String(owner.get(field))})`] : [];
  return `type ${root} ${joined} ${printFields([...owner.keys()], directives)}`;
}

function printUse(use: Use): string {
  const { type, entity, owner, graphs } = use;
  const sorted = [...graphs].sort(compare);
  const ofOneAlone = (field: GraphQLField<unknown, unknown>): boolean =>
    entity !== undefined && graphs.length > 1 && field.name !== entity.keyName;
  return printType(type, {
    type: () => [...sorted.map((graph) => joinType(graph, use)), ...joinedMembers(type, owner)],
    field: (_, field) => (ofOneAlone(field) ? [`@join__field(graph: ${owner})`] : []),
    enumValue: () => sorted.map((graph) => `@join__enumValue(graph: ${graph})`),
  });
}

function joinType(graph: string, { entity, owner }: Use): string {
  if (!entity) return `@join__type(graph: ${graph})`;
  const resolvable = graph === owner && isLoadable(entity) ? '' : ', resolvable: false';
  return `@join__type(graph: ${graph}, key: "${entity.keyName}"${resolvable})`;
}

function joinedMembers(type: GraphQLNamedType, graph: string): string[] {
  if (isUnionType(type))
    return type.getTypes().map((member) => `@join__unionMember(graph: ${graph}, member: "${member.name}")`);
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return type.getInterfaces().map((each) => `@join__implements(graph: ${graph}, interface: "${each.name}")`);
}

function sortedGraphs(graph: Graph): string[] {
  return graph.subgraphs
    .map(({ name }) => `  ${name.toUpperCase()} @join__graph(name: "${name}", url: "")`)
    .sort(compare);
}

function byTypeName(a: Use, b: Use): number {
  return compare(a.type.name, b.type.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As the specifications define them. @see https://specs.apollo.dev/join/v0.3 @see https://specs.apollo.dev/link/v1.0 */
const joinDefinitions = `directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet

scalar link__Import

enum link__Purpose {
  """
  \`SECURITY\` features provide metadata necessary to securely resolve fields.
  """
  SECURITY
  """
  \`EXECUTION\` features provide metadata necessary for operation execution.
  """
  EXECUTION
}`;
