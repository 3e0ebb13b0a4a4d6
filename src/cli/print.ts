/** `plugboard print`: the graph as SDL. */
import { Argument, type Command } from 'commander';
import { printSchema } from 'graphql';
import { DefinitionError } from '../errors.ts';
import { describeGraph } from '../gateway.ts';
import { supergraphSdl } from '../graph/supergraph.ts';
import { examples } from './examples.ts';
import { loadProject } from './load-project.ts';
import { configOption } from './start.ts';
import type { Terminal } from './terminal.ts';

interface PrintFlags {
  readonly config?: string;
}

export function addPrintCommand(program: Command, terminal: Terminal): void {
  program
    .command('print')
    .summary('print the graph as SDL')
    .description(
      'Prints the API schema that clients see, the subgraph of one connector, or the supergraph that other routers load.',
    )
    .addArgument(new Argument('<what>', 'what to print').choices(['schema', 'subgraph', 'supergraph']))
    .argument('[connector]', 'for subgraph: name of the connector, or `gateway`')
    .addOption(configOption())
    .addHelpText(
      'after',
      examples([
        'plugboard print schema',
        'plugboard print subgraph github',
        'plugboard print supergraph > supergraph.graphql',
      ]),
    )
    .action(async (what: string, connector: string | undefined, flags: PrintFlags, command: Command) => {
      if (what !== 'subgraph' && connector !== undefined) {
        const message = `error: too many arguments for 'print ${what}'. Expected none after it; got '${connector}'.`;
        command.error(message, { code: 'commander.excessArguments', exitCode: 2 });
      }
      terminal.write(`${(await print(what, connector, flags)).trimEnd()}\n`);
    });
}

async function print(what: string, connector: string | undefined, flags: PrintFlags): Promise<string> {
  const project = await loadProject(flags);
  const { loaded } = await project.loadConnectors();
  const graph = await describeGraph(loaded.map((entry) => entry.connector));
  if (what === 'schema') return printSchema(graph.schema);
  if (what === 'supergraph') return supergraphSdl(graph);
  const subgraph = graph.subgraphs.find(({ name }) => name === connector);
  if (subgraph) return subgraph.sdl();
  const known = graph.subgraphs.map(({ name }) => name).join(', ');
  const message = `expected the name of a connector, one of ${known}; got ${connector === undefined ? 'nothing' : JSON.stringify(connector)}.`;
  throw new DefinitionError([{ code: 'CONNECTOR_UNKNOWN', path: 'print subgraph', message }]);
}
