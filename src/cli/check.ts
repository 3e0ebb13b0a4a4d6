/** `plugboard check`: judges definitions, names, composition and, if asked, the generated files. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Configuration } from '../configuration.ts';
import { importedNames } from '../import-connectors.ts';
import { createConfiguredConnections } from '../connection/configured-connections.ts';
import { readConfiguredRegistrations } from '../connection/configured-registrations.ts';
import type { Connector } from '../connector/definition.ts';
import { DefinitionError, type Fault } from '../errors.ts';
import { describeGraph } from '../gateway.ts';
import { listOperations, operationsOf } from '../server/operations/operation-settings.ts';
import type { Graph } from '../graph/graph.ts';
import { readDocuments } from '../server/operations/read-documents.ts';
import { counted } from './counted.ts';
import { examples } from './examples.ts';
import { checkGeneratedFiles, writeGeneratedFiles } from './generated-files.ts';
import { readProject } from './load-project.ts';
import { configOption } from './start.ts';
import type { Terminal } from './terminal.ts';

interface CheckFlags {
  readonly config?: string;
  readonly generated?: boolean;
  readonly write?: boolean;
}

export function addCheckCommand(program: Command, terminal: Terminal): void {
  program
    .command('check')
    .summary('judge connectors, configuration and composition')
    .description(
      'Judges every connector, the configuration and the composition of all subgraphs, and tells all faults at once.',
    )
    .addOption(configOption())
    .option(
      '--generated',
      'also compare schema/supergraph.graphql and schema/subgraphs with what would be generated now',
    )
    .option('--write', 'write those files')
    .addHelpText('after', examples(['plugboard check', 'plugboard check --generated', 'plugboard check --write']))
    .action((flags: CheckFlags) => check(flags, terminal));
}

async function check(flags: CheckFlags, terminal: Terminal): Promise<void> {
  const project = await readProject({ config: flags.config });
  terminal.progress('Loading connectors');
  const { loaded, warnings, faults: loadFaults } = await project.readConnectors();
  for (const warning of warnings) terminal.warn(`warning: ${warning.path}: ${warning.message}`);
  const connectors = loaded.map(({ connector }) => connector);
  const isPartial = loadFaults.length > 0;
  terminal.progress('Building the graph');
  // What has faults is left out, so that every later step can tell those of the rest.
  const faults = [...project.faults, ...loadFaults];
  const graph = await collect(faults, () => describeGraph(connectors, { isPartial }));
  faults.push(...(await checkConfigured(project.configuration, connectors, isPartial)));
  if (graph && !isPartial) await collect(faults, () => checkOperations(project.configuration, graph));
  if (graph) {
    terminal.progress(`Composing ${counted(graph.subgraphs.length, 'subgraph')}`);
    // Loaded here, because it takes longer to load than all that `start` needs besides Apollo Server.
    const { composeSubgraphs } = await import('../graph/compose.ts');
    faults.push(...composeSubgraphs(graph.subgraphs));
  }
  if (!graph || faults.length > 0) throw new DefinitionError(faults);
  const folder = join(project.root, 'schema');
  if (flags.write) {
    for (const path of await writeGeneratedFiles(folder, graph)) terminal.line(`wrote ${join('schema', path)}`);
  } else if (flags.generated) {
    const stale = await checkGeneratedFiles(folder, graph);
    if (stale.length > 0) throw new DefinitionError(stale);
  }
  terminal.line(`ok: ${summary(graph, connectors.length)} compose.`);
}

/** The faults of the connections and registrations that are configured. */
async function checkConfigured(
  { connections = [], registrations = [], imports }: Configuration,
  connectors: readonly Connector[],
  isPartial: boolean,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  // Nobody is asked what it imports.
  const awaited = importedNames(imports);
  await collect(faults, () => createConfiguredConnections(connectors, connections, process.env, awaited));
  await collect(faults, () =>
    readConfiguredRegistrations({ connectors, configured: registrations, environment: process.env, awaited }),
  );
  if (!isPartial) return faults;
  // A connector that is left out may be the one that is named.
  const names = new Set(connectors.map(({ name }) => name));
  return faults.filter(({ path }) => {
    const [, list, index] = /^(connections|registrations)\[(\d+)\]\.connector$/.exec(path) ?? [];
    const entry = (list === 'connections' ? connections : registrations)[Number(index)];
    return list === undefined || (entry && names.has(entry.connector));
  });
}

/** Those of the list, if there is one. */
async function checkOperations(configuration: Configuration, { schema }: Graph): Promise<void> {
  const { list } = operationsOf(configuration);
  if (list !== undefined) listOperations(await readDocuments(list), { schema }, configuration);
}

async function collect<T>(faults: Fault[], make: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}

function summary(graph: Graph, connectorCount: number): string {
  const fields = graph.fields.filter(({ binding }) => binding.kind === 'action' || binding.kind === 'trigger');
  return [
    counted(connectorCount, 'connector'),
    counted(fields.length, 'root field'),
    counted(graph.entities.size, 'entity', 'entities'),
  ].join(', ');
}
