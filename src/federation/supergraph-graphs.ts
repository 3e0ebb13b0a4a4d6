/** The subgraphs that a supergraph names, and where it says that they are. */
import { GraphQLError, Kind, parse, type DocumentNode } from 'graphql';
import { DefinitionError } from '../errors.ts';

/** Name of each subgraph → its URL; empty where the supergraph has none. @throws DefinitionError SUPERGRAPH_INVALID */
export function graphsOf(sdl: string, path: string): ReadonlyMap<string, string> {
  const graphs = new Map<string, string>();
  for (const definition of parsed(sdl, path).definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const { name, directives = [] } of definition.values ?? []) {
      const given = directives.find((each) => each.name.value === 'join__graph')?.arguments ?? [];
      const valueOf = (argument: string) => {
        const value = given.find((each) => each.name.value === argument)?.value;
        return value?.kind === Kind.STRING ? value.value : undefined;
      };
      graphs.set(valueOf('name') ?? name.value, valueOf('url') ?? '');
    }
  }
  if (graphs.size > 0) return graphs;
  throw invalid(
    path,
    'expected the SDL of a supergraph, with an enum join__Graph of its subgraphs; got another document.',
  );
}

function parsed(sdl: string, path: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { line = 1, column = 1 } = error.locations?.[0] ?? {};
    throw invalid(
      path,
      `expected the SDL of a supergraph; line ${line}, column ${column} is none: ${error.message.replace(/\.$/, '')}.`,
    );
  }
}

export function invalid(path: string, message: string): DefinitionError {
  return new DefinitionError([{ code: 'SUPERGRAPH_INVALID', path, message }]);
}
