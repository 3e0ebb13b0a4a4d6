/** `plugboard`: what a person types, and the exit code that comes back. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { DefinitionError, formatFault, GatewayError } from '../errors.ts';
import { addCheckCommand } from './check.ts';
import { addConnectCommand } from './connect.ts';
import { addDevCommand } from './dev.ts';
import { addKeysCommand } from './keys.ts';
import { addRotateCommand } from './rotate-keys.ts';
import { addExecCommand, addInfoCommand } from './exec.ts';
import { addPrintCommand } from './print.ts';
import { examples } from './examples.ts';
import { addServeCommand } from './serve.ts';
import { addStartCommand } from './start.ts';
import { addStoreCommand } from './store.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** 0: done; 1: something is wrong with definitions, configuration or address; 2: the command was not understood. */
export type ExitCode = 0 | 1 | 2;

/**
 * Runs one command and resolves when it has ended; `start` and `dev` end when they are told to stop.
 *
 * @param args - without `node` and the file.
 */
export async function runCommand(args: readonly string[], terminal: Terminal = createTerminal()): Promise<ExitCode> {
  const program = createProgram(terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return terminal.failed ? 1 : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof DefinitionError) {
      for (const fault of error.faults) terminal.error(formatFault(fault));
      terminal.error(error.faults.length === 1 ? '1 fault.' : `${error.faults.length} faults.`);
      return 1;
    }
    if (error instanceof GatewayError) {
      terminal.error(`${error.code}: ${error.message}`);
      return 1;
    }
    throw error;
  }
}

function createProgram(terminal: Terminal): Command {
  const { version } = createRequire(import.meta.url)('plugboard/package.json') as { version: string };
  const program = new Command('plugboard')
    .description('One GraphQL endpoint over every API that your users connect.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.write(text), writeErr: (text) => terminal.writeError(text) })
    .showHelpAfterError('(plugboard --help tells the commands)');
  program.configureHelp({ showGlobalOptions: true });
  addStartCommand(program, terminal);
  addServeCommand(program, terminal);
  addDevCommand(program, terminal);
  addCheckCommand(program, terminal);
  addPrintCommand(program, terminal);
  addInfoCommand(program, terminal);
  addExecCommand(program, terminal);
  addConnectCommand(program, terminal);
  addRotateCommand(addKeysCommand(program, terminal), terminal);
  addStoreCommand(program, terminal);
  // Commands made by `.command()` inherit the settings above; the example comes last in every help text.
  program.addHelpText('after', examples(['plugboard start --demo', 'plugboard check', 'plugboard print supergraph']));
  return program;
}
