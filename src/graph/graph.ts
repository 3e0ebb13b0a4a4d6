/** All local connectors and the gateway's own part as one schema, joined by construction (design §5). */
import {
  GraphQLBoolean,
  GraphQLObjectType,
  GraphQLSchema,
  isObjectType,
  type GraphQLField,
  type GraphQLNamedType,
} from 'graphql';
import type { Connector } from '../connector/definition.ts';
import { DefinitionError } from '../errors.ts';
import { type Binding, bindingOf, type Entity } from './binding.ts';
import { capabilityBindings } from './capability-bindings.ts';
import type { Capability } from '../connector/capability.ts';
import { capabilityDirective, readCapabilities } from './capabilities.ts';
import { checkReferences } from './check-references.ts';
import { Entities } from './entities.ts';
import { EnumTypes } from './enum-types.ts';
import { federationDirectives, readComposedDirectives } from './federation-directives.ts';
import { findImplementations, type Implementations } from './implementations.ts';
import { InputTypes } from './input-types.ts';
import { ListTypes } from './list-types.ts';
import { gatewayName, NameRegister } from './name-register.ts';
import { OutputTypes } from './output-types.ts';
import { ownPart } from './own-part.ts';
import { referenceTypes, type ReferenceType } from './references.ts';
import { rootFields, type RootFields, type RootOrigins, rootTypes } from './root-fields.ts';
import { Shapes } from './shape.ts';
import { shownSchema } from './shown-schema.ts';
import { makeSubgraphs, type Subgraph } from './subgraph.ts';

/** What the gateway serves. */
export interface Graph {
  /** What clients see. Without resolvers for the connectors' fields; `fields` says what each means. */
  readonly schema: GraphQLSchema;
  /** The same with what only other subgraphs see; the same object where there is no such thing. */
  readonly whole: GraphQLSchema;
  /** One for each connector, and the gateway's own as the last. */
  readonly subgraphs: readonly Subgraph[];
  /** By `connector.object`. */
  readonly entities: ReadonlyMap<string, Entity>;
  /** What other subgraphs may refer to, by its type in `whole`. */
  readonly references: ReadonlyMap<GraphQLNamedType, ReferenceType>;
  /** What several connectors can do alike, as the gateway's own part says it. */
  readonly capabilities: readonly Capability[];
  /** Which connector does it, and how. */
  readonly implementations: Implementations;
  /** Every field that has a meaning of its own, so that nobody has to walk the schema. */
  readonly fields: readonly BoundField[];
}

export interface BoundField {
  readonly type: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  readonly binding: Binding;
}

export interface GraphOptions {
  /**
   * Some connectors are left out for faults of their own: references to a connector that is not here are no fault, and
   * lead nowhere. Such a graph is judged, never served.
   */
  readonly isPartial?: boolean;
}

/**
 * Makes the graph of all connectors, in time linear in their size.
 *
 * @param connectors - as `defineConnector` gives them.
 * @param own - the gateway's own part, with its resolvers.
 * @throws DefinitionError with every fault of all connectors at once: references to nothing, names that GraphQL cannot
 *   say, and two things with one name; both are named.
 */
export function buildGraph(
  connectors: readonly Connector[],
  own?: GraphQLSchema,
  { isPartial = false }: GraphOptions = {},
): Graph {
  const register = new NameRegister();
  const origins: RootOrigins = { Query: new Map(), Mutation: new Map(), Subscription: new Map() };
  reportEqualNames(connectors, register);

  // 1. What others can refer to, in every connector.
  const makers = connectors.map((connector) => makersOf(connector, register, () => entities));
  const outputsOf = new Map(makers.map((maker) => [maker.connector, maker.outputs]));
  const entities: Entities = new Entities(
    connectors,
    register,
    (connector, name, definition) => outputsOf.get(connector)?.object(name, definition),
    isPartial,
  );

  // 2. The root fields, and the types that they ask for. The list of types grows while their fields are made.
  const contributions = makers.map((maker) => ({
    name: maker.connector.name,
    connector: maker.connector,
    roots: rootFields({ ...maker, register, entities, origins }),
  }));
  const capabilities = own ? readCapabilities(own) : [];
  const bindings = capabilityBindings(capabilities);
  const gateway = { name: gatewayName, roots: own ? ownPart(own, register, origins, bindings) : emptyRoots() };
  for (const type of register.types) if ('getFields' in type) type.getFields();
  checkReferences(connectors, entities);
  const references = makers.flatMap(({ connector, outputs }) => {
    readComposedDirectives(connector, register);
    const typeOf = outputs.object.bind(outputs);
    return referenceTypes(connector, typeOf, (object) => entities.all.get(`${connector.name}.${object}`), register);
  });
  const referenceOf = new Map<GraphQLNamedType, ReferenceType>(references.map((each) => [each.type, each]));
  const implementations = findImplementations(own ? connectors : [], capabilities, register);
  if (register.faults.length > 0) throw new DefinitionError(register.faults);

  // 3. One schema of all.
  const all = [...contributions, gateway];
  if (all.every(({ roots }) => isEmpty(roots.Query))) gateway.roots.Query._empty = nothing;
  const whole = makeSchema(
    all.map(({ roots }) => roots),
    register,
    own,
  );
  const schema = shownSchema(whole);
  return {
    schema,
    whole,
    subgraphs: makeSubgraphs(all, whole, entities.all, referenceOf, register),
    entities: entities.all,
    references: referenceOf,
    capabilities,
    implementations,
    fields: schema === whole ? boundFields(schema) : [...boundFields(schema), ...boundFields(whole)],
  };
}

/** GraphQL wants one Query field at least. */
const nothing = { type: GraphQLBoolean, description: 'There is nothing to read: no connector has a reading action.' };

/** What makes the types of one connector. */
function makersOf(connector: Connector, register: NameRegister, entities: () => Entities) {
  const shapes = new Shapes(connector);
  const enums = new EnumTypes(connector, register);
  const inputs = new InputTypes(connector, register, shapes, enums);
  const outputs = new OutputTypes(connector, register, shapes, enums, entities);
  return { connector, shapes, inputs, outputs, lists: new ListTypes(connector, register) };
}

/** Names of subgraphs are written in capitals in the supergraph, so they must differ in more than that. */
function reportEqualNames(connectors: readonly Connector[], register: NameRegister): void {
  const seen = new Map([[gatewayName.toUpperCase(), gatewayName]]);
  for (const { name } of connectors) {
    const other = seen.get(name.toUpperCase());
    if (other !== undefined) {
      const message =
        other === gatewayName
          ? 'expected another name; this one stands for the gateway itself.'
          : `expected a name of its own; ${JSON.stringify(other)} is another connector.`;
      register.fault('CONNECTOR_DUPLICATE', name, message);
    }
    seen.set(name.toUpperCase(), name);
  }
}

function makeSchema(
  parts: readonly RootFields[],
  register: NameRegister,
  own: GraphQLSchema | undefined,
): GraphQLSchema {
  const [query, mutation, subscription] = rootTypes.map((name) => {
    const fields = Object.assign({}, ...parts.map((part) => part[name])) as RootFields[typeof name];
    return isEmpty(fields) ? undefined : new GraphQLObjectType({ name, fields });
  });
  return new GraphQLSchema({
    query,
    mutation,
    subscription,
    types: register.types,
    // What the gateway's own SDL says of itself by directives is nothing to clients.
    ...(own ? { directives: own.getDirectives().filter(({ name }) => isForClients(name)) } : {}),
    // It is valid by construction, and a test holds it to that; to judge 20 000 root fields at start takes as long as to make them.
    assumeValid: true,
  });
}

function isForClients(directive: string): boolean {
  return directive !== capabilityDirective && !federationDirectives.has(directive);
}

function boundFields(schema: GraphQLSchema): BoundField[] {
  const bound: BoundField[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const binding = bindingOf(field);
      if (binding) bound.push({ type, field, binding });
    }
  }
  return bound;
}

function emptyRoots(): RootFields {
  return { Query: {}, Mutation: {}, Subscription: {} };
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
