/** Judges all subgraphs together, as any Federation 2 router would; for `plugboard check`, never on the start path. */
import { composeServices } from '@theguild/federation-composition';
import { GraphQLError, isTypeDefinitionNode, parse, type DocumentNode, type SourceLocation } from 'graphql';
import { DefinitionError, type Fault } from '../errors.ts';
import { rootTypes } from './root-fields.ts';
import { sharedTypes } from './shared-types.ts';
import type { Subgraph } from './subgraph.ts';

/**
 * Composes the subgraphs and tells what is wrong with them.
 *
 * Off-the-shelf composition grows with the square to the cube of the subgraphs that share `Query`, so each island is
 * composed alone: the subgraphs that share a type or a root field, directly or through others. What only the shared types
 * of Plugboard have in common cannot disturb each other.
 *
 * @returns one fault for each error; `path` is the subgraph, or all of its island where the error belongs to no single one.
 */
export function composeSubgraphs(subgraphs: readonly Pick<Subgraph, 'name' | 'sdl'>[]): Fault[] {
  const { services, faults } = parseAll(subgraphs);
  return [...faults, ...islandsOf(services).flatMap(composeIsland)];
}

/**
 * Composes all of them together into a supergraph: for few, such as remote subgraphs beside what is in this process.
 *
 * @throws DefinitionError COMPOSITION_FAILED, one fault for each error, which names the subgraph, the type and the field.
 */
export function composeSupergraph(subgraphs: readonly Pick<Subgraph, 'name' | 'sdl'>[]): string {
  const { services, faults } = parseAll(subgraphs);
  if (faults.length > 0) throw new DefinitionError(faults);
  const { errors = [], supergraphSdl } = composeServices(services);
  if (supergraphSdl !== undefined) return supergraphSdl;
  throw new DefinitionError(errors.map((error) => faultOf(error, services)));
}

interface Service {
  readonly name: string;
  readonly typeDefs: DocumentNode;
}

function composeIsland(island: readonly Service[]): Fault[] {
  const hasQuery = island.some(({ typeDefs }) => namesIn(typeDefs).some((name) => name.startsWith('Query.')));
  // What only writes is a part of a graph, though none by itself.
  const services = hasQuery ? [...island] : [...island, { name: 'plugboard__query', typeDefs: anyQuery }];
  const { errors = [] } = composeServices(services);
  return errors.map((error) => faultOf(error, island));
}

function parseAll(subgraphs: readonly Pick<Subgraph, 'name' | 'sdl'>[]) {
  const faults: Fault[] = [];
  const services = subgraphs.flatMap(({ name, sdl }): Service[] => {
    try {
      return [{ name, typeDefs: parse(sdl()) }];
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      faults.push(failure(name, error.message, error.locations?.[0]));
      return [];
    }
  });
  return { services, faults };
}

function faultOf({ message, locations, extensions }: GraphQLError, composed: readonly Service[]): Fault {
  const named = extensions.subgraphName;
  if (typeof named !== 'string') return failure(composed.map(({ name }) => name).join(', '), message);
  return failure(named, message.replace(`[${named}] `, ''), locations?.[0]);
}

function failure(path: string, message: string, location?: SourceLocation): Fault {
  const place = location ? ` (line ${location.line}, column ${location.column} of its SDL)` : '';
  return { code: 'COMPOSITION_FAILED', path, message: `${message.replace(/\.$/, '')}${place}.` };
}

const anyQuery = parse('type Query { _empty: Boolean }');

/** The connected components of the subgraphs, where two are connected by a name that both define. */
function islandsOf(services: readonly Service[]): Service[][] {
  const namesOf = new Map(services.map((service) => [service, namesIn(service.typeDefs)]));
  const definers = new Map<string, Service[]>();
  for (const [service, names] of namesOf) {
    for (const name of names) {
      const others = definers.get(name);
      if (others) others.push(service);
      else definers.set(name, [service]);
    }
  }
  const reached = new Set<Service>();
  return services.flatMap((start) => {
    if (reached.has(start)) return [];
    reached.add(start);
    const island = [start];
    for (const service of island) {
      for (const name of namesOf.get(service) ?? []) {
        for (const other of definers.get(name) ?? []) {
          if (reached.has(other)) continue;
          reached.add(other);
          island.push(other);
        }
        // All of them are on the island now; to look again would take time with the square of their number.
        definers.delete(name);
      }
    }
    return [island];
  });
}

/** The types of a subgraph, and its root fields as `Query.field`; without the types that Plugboard itself shares. */
function namesIn({ definitions }: DocumentNode): string[] {
  return definitions.flatMap((definition) => {
    if (!isTypeDefinitionNode(definition)) return [];
    const name = definition.name.value;
    if (!rootNames.has(name)) return sharedTypes.has(name) ? [] : [name];
    const fields = 'fields' in definition ? (definition.fields ?? []) : [];
    return fields.map((field) => `${name}.${field.name.value}`);
  });
}

const rootNames: ReadonlySet<string> = new Set(rootTypes);
