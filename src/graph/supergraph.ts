/**
 * The supergraph SDL that Apollo Router and Hive load, made by construction: every type has one owner, so nothing has to
 * be composed. A test holds it to what @theguild/federation-composition makes of the same subgraphs.
 *
 * @see https://specs.apollo.dev/join/v0.3
 */
import {
  isEnumType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLNamedType,
} from 'graphql';
import {
  appliedDirectives,
  federationDirectives,
  hasDirective,
  isCompletedElsewhere,
  printDirectives,
  textArgument,
  type Annotated,
  type ComposedDirective,
} from './federation-directives.ts';
import type { Graph } from './graph.ts';
import { printFields, printType } from './print-type.ts';
import { isResolvable, type ReferenceType } from './references.ts';
import { type RootType, rootTypes } from './root-fields.ts';

/** Prints the supergraph, in time linear in its size. The gateway answers for every subgraph itself, so their URLs are empty. */
export function supergraphSdl(graph: Graph): string {
  const uses = collectUses(graph);
  const roots = rootTypes.filter((root) => uses.roots[root].length > 0);
  const parts = [
    `schema\n${printLinks(uses)}\n{\n${roots.map((root) => `  ${root.toLowerCase()}: ${root}`).join('\n')}\n}`,
    joinDefinitions,
    ...features.flatMap(({ name, definition }) => (uses.applied.has(name) ? [definition] : [])),
    ...uses.directives.map(({ definition }) => definition),
    `enum join__Graph {\n${sortedGraphs(graph).join('\n')}\n}`,
    ...roots.map((root) => printRoot(root, uses.roots[root])),
    ...[...uses.types.values()].sort(byTypeName).map(printUse),
  ];
  return `${parts.join('\n\n')}\n`;
}

function printLinks({ applied, directives }: Uses): string {
  return [
    '  @link(url: "https://specs.apollo.dev/link/v1.0")',
    '  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)',
    ...features.flatMap(({ name, link }) => (applied.has(name) ? [`  @link(${link})`] : [])),
    ...directives.map(({ name, url }) => `  @link(url: "${url}", import: ["@${name}"])`),
  ].join('\n');
}

interface RootPart {
  readonly graph: string;
  readonly fields: readonly GraphQLField<unknown, unknown>[];
}

/** One type, and the subgraphs that have it. */
interface Use {
  readonly type: GraphQLNamedType;
  readonly reference?: ReferenceType;
  /** The subgraph that has the whole type; the first of many for shared ones. */
  readonly owner: string;
  readonly graphs: string[];
}

interface Uses {
  readonly roots: Readonly<Record<RootType, RootPart[]>>;
  readonly types: ReadonlyMap<string, Use>;
  /** Of the connectors' own, those that are kept. */
  readonly directives: readonly ComposedDirective[];
  /** Names of the directives that stand anywhere. */
  readonly applied: ReadonlySet<string>;
}

function collectUses(graph: Graph): Uses {
  const roots: Record<RootType, RootPart[]> = { Query: [], Mutation: [], Subscription: [] };
  const types = new Map<string, Use>();
  for (const subgraph of graph.subgraphs) {
    const content = subgraph.content();
    const name = subgraph.name.toUpperCase();
    for (const { root, fields } of content.roots) roots[root].push({ graph: name, fields });
    for (const type of content.types) {
      const reference = graph.references.get(type);
      types.set(type.name, { type, owner: name, graphs: [name], ...(reference ? { reference } : {}) });
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
  const directives = graph.subgraphs.flatMap((subgraph) => subgraph.content().directives);
  return { roots, types, directives, applied: appliedIn(graph) };
}

function appliedIn({ subgraphs }: Graph): ReadonlySet<string> {
  const applied = new Set<string>();
  const add = (annotated: Annotated) => appliedDirectives(annotated).forEach(({ name }) => applied.add(name));
  for (const subgraph of subgraphs) {
    const { roots, types } = subgraph.content();
    for (const { fields } of roots) fields.forEach(add);
    for (const type of types) {
      add(type);
      if (isObjectType(type) || isInterfaceType(type)) Object.values(type.getFields()).forEach(add);
      if (isEnumType(type)) type.getValues().forEach(add);
    }
  }
  return applied;
}

/** What of federation's directives stands in a supergraph as it is, and the connectors' own. */
function kept(annotated: Annotated): string[] {
  return printDirectives(
    annotated,
    (name) => !federationDirectives.has(name) || features.some((each) => each.name === name),
  );
}

function printRoot(root: RootType, parts: readonly RootPart[]): string {
  const sorted = [...parts].sort((a, b) => compare(a.graph, b.graph));
  const joined = sorted.map(({ graph }) => `@join__type(graph: ${graph})`).join(' ');
  const owner = new Map(sorted.flatMap(({ graph, fields }) => fields.map((field) => [field, graph] as const)));
  // With one subgraph there is nothing to say about a field.
  const directives = (field: GraphQLField<unknown, unknown>): string[] =>
    joinField(field, { isOfOne: sorted.length > 1, owner: String(owner.get(field)) });
  return `type ${root} ${joined} ${printFields([...owner.keys()], directives)}`;
}

function printUse(use: Use): string {
  const { type, reference, owner, graphs } = use;
  const sorted = [...graphs].sort(compare);
  const ofOneAlone = (field: GraphQLField<unknown, unknown>): boolean =>
    reference !== undefined && graphs.length > 1 && field.name !== reference.entity?.keyName;
  return printType(type, {
    type: () => [...sorted.flatMap((graph) => joinTypes(graph, use)), ...joinedMembers(type, owner), ...kept(type)],
    field: (_, field) => joinField(field, { isOfOne: ofOneAlone(field), owner }),
    // Its other half is in a subgraph that is not here.
    isPrinted: (field) => !isCompletedElsewhere(field),
    enumValue: (_, value) => [...sorted.map((graph) => `@join__enumValue(graph: ${graph})`), ...kept(value)],
  });
}

/** Which subgraph a field is of where there are several, and what was taken over from another. */
function joinField(
  field: GraphQLField<unknown, unknown>,
  { isOfOne, owner }: { readonly isOfOne: boolean; readonly owner: string },
): string[] {
  const overriding = appliedDirectives(field).find(({ name }) => name === 'override');
  const from = overriding && textArgument(overriding, 'from');
  const joined = from === undefined ? `graph: ${owner}` : `graph: ${owner}, override: ${JSON.stringify(from)}`;
  return [...(isOfOne || from !== undefined ? [`@join__field(${joined})`] : []), ...kept(field)];
}

function joinTypes(graph: string, { type, reference, owner }: Use): string[] {
  const isInterface = hasDirective(type, 'interfaceObject') ? ', isInterfaceObject: true' : '';
  if (!reference) return [`@join__type(graph: ${graph}${isInterface})`];
  const { keys, entity } = reference;
  if (graph !== owner) return [`@join__type(graph: ${graph}, key: "${entity?.keyName}", resolvable: false)`];
  return keys.map((key) => {
    const resolvable = isResolvable(key) ? '' : ', resolvable: false';
    return `@join__type(graph: ${graph}, key: "${key.fields}"${resolvable}${isInterface})`;
  });
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

/** Directives of federation that stand in a supergraph as they are. @see https://specs.apollo.dev/tag/v0.3 @see https://specs.apollo.dev/inaccessible/v0.2 */
const features = [
  {
    name: 'tag',
    link: 'url: "https://specs.apollo.dev/tag/v0.3"',
    definition:
      'directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA',
  },
  {
    name: 'inaccessible',
    link: 'url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY',
    definition:
      'directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION',
  },
] as const;
