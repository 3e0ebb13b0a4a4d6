/** The Federation 2 subgraph that each connector contributes. @see https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives */
import {
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { Connector } from '../connector/definition.ts';
import type { Entity } from './binding.ts';
import {
  appliedDirectives,
  federationDirectives,
  printDirectives,
  readComposedDirectives,
  type Annotated,
  type ComposedDirective,
} from './federation-directives.ts';
import { type NameRegister, sharedOwner } from './name-register.ts';
import { printFields, printType } from './print-type.ts';
import { isResolvable, type ReferenceType } from './references.ts';
import { type RootFields, type RootType, rootTypes } from './root-fields.ts';

/** What one connector, or the gateway itself, contributes to the graph. */
export interface Subgraph {
  /** Name of the connector, or `gateway`. */
  readonly name: string;
  /** Absent for the gateway's own. */
  readonly connector?: Connector;
  /** Federation 2 SDL, printed when first asked for. */
  readonly sdl: () => string;
  /** What the SDL holds, found when first asked for. */
  readonly content: () => SubgraphContent;
}

export interface SubgraphContent {
  /** Its own root fields. */
  readonly roots: readonly { readonly root: RootType; readonly fields: readonly GraphQLField<unknown, unknown>[] }[];
  /** Types that it owns, by name. */
  readonly types: readonly GraphQLNamedType[];
  /** Shared types that it uses, by name. */
  readonly shared: readonly GraphQLNamedType[];
  /** Entities of others that it refers to, by name; it knows only their keys. */
  readonly stubs: readonly Entity[];
  /** Directives of its own. */
  readonly directives: readonly ComposedDirective[];
}

/** The part of the graph that one subgraph brings. */
export interface Contribution {
  readonly name: string;
  readonly connector?: Connector;
  readonly roots: RootFields;
}

/** Makes the subgraphs; all work is left until one is asked for what it holds. */
export function makeSubgraphs(
  contributions: readonly Contribution[],
  schema: GraphQLSchema,
  entities: ReadonlyMap<string, Entity>,
  references: ReadonlyMap<GraphQLNamedType, ReferenceType>,
  register: NameRegister,
): Subgraph[] {
  const world = once(() => ({
    owned: groupByOwner(register),
    entityOf: new Map<GraphQLNamedType, Entity>([...entities.values()].map((entity) => [entity.type, entity])),
  }));
  const made = contributions.map((contribution): Subgraph => {
    const content = once(() => {
      const { owned, entityOf } = world();
      return contentOf(contribution, schema, owned.get(contribution.name) ?? [], register, entityOf);
    });
    const sdl = once(() => printSubgraph(content(), references));
    const { name, connector } = contribution;
    return connector ? { name, connector, content, sdl } : { name, content, sdl };
  });
  // A gateway without a part of its own has no subgraph.
  return made.filter(({ connector }, index) => connector || holdsAnything(contributions[index]));
}

/** `@key` for each key of a type; what cannot be looked up by it cannot be joined from elsewhere. */
function keyDirectives({ keys }: ReferenceType): string[] {
  return keys.map((key) => `@key(fields: "${key.fields}"${isResolvable(key) ? '' : ', resolvable: false'})`);
}

/** The fields that all subgraphs with a stub of the entity know. */
export function keyFields(entity: Entity): readonly GraphQLField<unknown, unknown>[] {
  return Object.values(entity.type.getFields()).filter((field) => field.name === entity.keyName);
}

function contentOf(
  { name, roots, connector }: Contribution,
  schema: GraphQLSchema,
  types: readonly GraphQLNamedType[],
  register: NameRegister,
  entityOf: ReadonlyMap<GraphQLNamedType, Entity>,
): SubgraphContent {
  const rootFields = rootTypes
    .map((root) => ({ root, fields: Object.keys(roots[root]).flatMap((field) => rootField(schema, root, field)) }))
    .filter(({ fields }) => fields.length > 0);
  const shared = new Set<GraphQLNamedType>();
  const stubs = new Set<Entity>();
  const use = (type: GraphQLNamedType): void => {
    const owner = register.owners.get(type);
    if (owner === name || isSpecifiedScalarType(type)) return;
    const entity = entityOf.get(type);
    if (owner === sharedOwner) shared.add(type);
    else if (entity) stubs.add(entity);
  };
  for (const field of rootFields.flatMap(({ fields }) => fields)) namedTypesOfField(field).forEach(use);
  for (const type of types) namedTypesOf(type).forEach(use);
  return {
    roots: rootFields,
    types: [...types].sort(byName),
    shared: [...shared].sort(byName),
    stubs: [...stubs].sort((a, b) => byName(a.type, b.type)),
    directives: connector ? readComposedDirectives(connector, register) : [],
  };
}

function rootField(schema: GraphQLSchema, root: RootType, name: string): GraphQLField<unknown, unknown>[] {
  const type = schema.getType(root) as GraphQLObjectType | undefined;
  const field = type?.getFields()[name];
  return field ? [field] : [];
}

function namedTypesOf(type: GraphQLNamedType): GraphQLNamedType[] {
  if (isObjectType(type) || isInterfaceType(type)) return Object.values(type.getFields()).flatMap(namedTypesOfField);
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => getNamedType(field.type));
  return isUnionType(type) ? [...type.getTypes()] : [];
}

function namedTypesOfField(field: GraphQLField<unknown, unknown>): GraphQLNamedType[] {
  return [getNamedType(field.type), ...field.args.map((argument) => getNamedType(argument.type))];
}

/** The SDL of what a subgraph holds. */
export function printSubgraph(
  content: SubgraphContent,
  references: ReadonlyMap<GraphQLNamedType, ReferenceType>,
): string {
  const used = new Set<string>();
  const applied = (annotated: Annotated): string[] => {
    for (const { name } of appliedDirectives(annotated)) used.add(name);
    return printDirectives(annotated);
  };
  const owned = (type: GraphQLNamedType): string[] => {
    const reference = references.get(type);
    if (reference) used.add('key');
    return [...(reference ? keyDirectives(reference) : []), ...applied(type)];
  };
  if (content.stubs.length > 0) used.add('key');
  if (content.shared.some(isObjectType)) used.add('shareable');
  const parts = [
    ...content.directives.map(({ definition }) => definition),
    ...content.roots.map(({ root, fields }) => `type ${root} ${printFields(fields, applied)}`),
    ...content.types.map((type) =>
      printType(type, { type: owned, field: (_, field) => applied(field), enumValue: (_, value) => applied(value) }),
    ),
    ...content.stubs.map((entity) => printStub(entity)),
    ...content.shared.map((type) => printType(type, { type: () => (isObjectType(type) ? ['@shareable'] : []) })),
  ];
  return `${[printLinks(used, content.directives), ...parts].join('\n\n')}\n`;
}

/** The directives that are used, imported; those of the connector's own are kept by composition. */
function printLinks(used: ReadonlySet<string>, own: readonly ComposedDirective[]): string {
  const imports = [...federationDirectives].filter((name) => used.has(name)).sort();
  if (own.length > 0) imports.unshift('composeDirective');
  const imported = imports.map((name) => `"@${name}"`).join(', ');
  return [
    'extend schema',
    `  @link(url: "${federationUrl}"${imports.length > 0 ? `, import: [${imported}]` : ''})`,
    ...own.flatMap(({ name, url }) => [
      `  @link(url: "${url}", import: ["@${name}"])`,
      `  @composeDirective(name: "@${name}")`,
    ]),
  ].join('\n');
}

/** @see https://specs.apollo.dev/federation/v2.3 */
const federationUrl = 'https://specs.apollo.dev/federation/v2.3';

function printStub(entity: Entity): string {
  const fields = keyFields(entity).map((field) => `  ${field.name}: ${String(field.type)}`);
  return `type ${entity.type.name} @key(fields: "${entity.keyName}", resolvable: false) {\n${fields.join('\n')}\n}`;
}

function groupByOwner(register: NameRegister): ReadonlyMap<unknown, GraphQLNamedType[]> {
  const groups = new Map<unknown, GraphQLNamedType[]>();
  for (const type of register.types) {
    const owner = register.owners.get(type);
    const group = groups.get(owner);
    if (group) group.push(type);
    else groups.set(owner, [type]);
  }
  return groups;
}

function holdsAnything(contribution: Contribution | undefined): boolean {
  return (
    contribution !== undefined && Object.values(contribution.roots).some((fields) => Object.keys(fields).length > 0)
  );
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function once<Value extends object | string>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= make());
}
