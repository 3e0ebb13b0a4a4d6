/** `plugboard check`: judges definitions, names, composition and, if asked, the generated files. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { DefinitionError } from '../errors.ts';
import { describeGraph } from '../gateway.ts';
import { createConfiguredConnections } from '../connection/configured-connections.ts';
import { readConfiguredRegistrations } from '../connection/registrations.ts';
import { examples } from './examples.ts';
import { checkGeneratedFiles, writeGeneratedFiles } from './generated-files.ts';
import { loadProject } from './load-project.ts';
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
  const project = await loadProject({ config: flags.config });
  terminal.progress('Loading connectors');
  const { loaded, warnings } = await project.loadConnectors();
  for (const warning of warnings) terminal.warn(`warning: ${warning.path}: ${warning.message}`);
  const connectors = loaded.map(({ connector }) => connector);
  terminal.progress('Building the graph');
  const graph = await describeGraph(connectors);
  const { connections, registrations } = project.configuration;
  createConfiguredConnections(connectors, connections, process.env);
  readConfiguredRegistrations({ connectors, configured: registrations, environment: process.env });
  terminal.progress(`Composing ${graph.subgraphs.length} subgraphs`);
  // Loaded here, because it takes longer to load than all that `start` needs besides Apollo Server.
  const { composeSubgraphs } = await import('../graph/compose.ts');
  const faults = composeSubgraphs(graph.subgraphs);
  if (faults.length > 0) throw new DefinitionError(faults);
  const folder = join(project.root, 'schema');
  if (flags.write) {
    for (const path of await writeGeneratedFiles(folder, graph)) terminal.line(`wrote ${join('schema', path)}`);
  } else if (flags.generated) {
    const stale = await checkGeneratedFiles(folder, graph);
    if (stale.length > 0) throw new DefinitionError(stale);
  }
  const fields = graph.fields.filter(({ binding }) => binding.kind === 'action' || binding.kind === 'trigger').length;
  terminal.line(`ok: ${connectors.length} connectors, ${fields} root fields, ${graph.entities.size} entities compose.`);
}
