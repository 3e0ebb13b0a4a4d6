/** `plugboard serve`: serves the subgraph of one connector alone, for the router of somebody else. */
import type { Command } from 'commander';
import { examples } from './examples.ts';
import { addProjectOptions, serve, type ServeFlags } from './start.ts';
import type { Terminal } from './terminal.ts';
import { untilStopped } from './until-stopped.ts';

export function addServeCommand(program: Command, terminal: Terminal): void {
  addProjectOptions(program.command('serve'))
    .summary('serve the subgraph of one connector')
    .description(
      'Serves one connector of this project as a Federation 2 subgraph, with `_service` and `_entities`, until SIGINT or SIGTERM.',
    )
    .argument('<connector>', 'name of the connector; `gateway` for what Plugboard itself contributes')
    .addHelpText('after', examples(['plugboard serve github', 'plugboard serve github --port 4001']))
    .action(async (onlySubgraph: string, flags: ServeFlags) => {
      const serving = await serve(flags, terminal, { onlySubgraph });
      await untilStopped(serving.close, terminal);
    });
}
