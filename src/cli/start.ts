/** `plugboard start`: serves the gateway until it is told to stop. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Configuration } from '../configuration.ts';
import { isRemoteSource } from '../federation/settings.ts';
import { createGateway, type GatewayOptions } from '../gateway.ts';
import { keyFileOf } from '../open-vault.ts';
import { counted } from './counted.ts';
import { examples } from './examples.ts';
import { startDemo } from './demo.ts';
import { loadProject, usualOperationList } from './load-project.ts';
import type { Serving } from './serving.ts';
import type { Terminal } from './terminal.ts';
import { untilStopped } from './until-stopped.ts';

export interface ServeFlags {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly demo?: boolean;
  readonly insecureDev?: boolean;
  readonly store?: string;
  readonly queue?: string;
  readonly operations?: 'any' | 'only';
  readonly operationsList?: string;
  readonly supergraph?: string;
}

export function addStartCommand(program: Command, terminal: Terminal): void {
  addServeOptions(program.command('start'))
    .summary('serve the gateway')
    .description('Serves the connectors of this project as one GraphQL endpoint until SIGINT or SIGTERM.')
    .addHelpText(
      'after',
      examples(['plugboard start', 'plugboard start --demo', 'PORT=8080 plugboard start --config my.config.ts']),
    )
    .action(async (flags: ServeFlags) => {
      const serving = await serve(flags, terminal);
      const { project, gateway } = serving;
      // Without a file there is nothing to be read again, and the signal means what it always does.
      if (project && keyFileOf(project.configuration, process.env) !== undefined) {
        process.on('SIGHUP', () => void gateway.readKeysAgain());
      }
      await untilStopped(serving.close, terminal);
    });
}

/** The options that `start` and `dev` share, with the environment variables that operators know. */
export function addServeOptions(command: Command): Command {
  // The demo has a configuration of its own: another one would be ignored.
  return addProjectOptions(command).addOption(
    new Option(
      '--demo',
      'serve the sample connector over a demo provider that starts with it; needs no account',
    ).conflicts('config'),
  );
}

/** The options of whatever serves a project. */
export function addProjectOptions(command: Command): Command {
  return command
    .option('--insecure-dev', 'ask nobody for credentials and need no key; on loopback only, for your own machine')
    .addOption(configOption())
    .option('--store <file>', 'file of the embedded store; PLUGBOARD_KEY seals what is secret in it')
    .option(
      '--supergraph <place>',
      'file or URL of a supergraph to serve instead of a graph of our own (docs/federation.md)',
    )
    .option('--queue <url>', 'where replicas on PostgreSQL hand out polls: redis://… (default: the store itself)')
    .addOption(
      new Option('--operations <which>', 'answer any operation, or only those of the list (default: any)')
        .choices(['any', 'only'])
        .env('PLUGBOARD_OPERATIONS'),
    )
    .addOption(
      new Option('--operations-list <path>', 'folder of .graphql files, or JSON file of ids and documents').env(
        'PLUGBOARD_OPERATIONS_LIST',
      ),
    )
    .addOption(new Option('--host <address>', 'address to listen on (default: 127.0.0.1)').env('HOST'))
    .addOption(new Option('--port <number>', 'port to listen on (default: 4000)').env('PORT').argParser(parsePort));
}

export function configOption(): Option {
  return new Option('--config <file>', 'configuration file (default: plugboard.config.ts, if there is one)').env(
    'CONFIG_PATH',
  );
}

/** Starts the gateway of a project, or the demo, and says where it is. */
export async function serve(
  flags: ServeFlags,
  terminal: Terminal,
  options: Pick<GatewayOptions, 'logFaults' | 'onlySubgraph'> = {},
): Promise<Serving> {
  const given: Configuration = {
    ...(flags.host && { host: flags.host }),
    ...(flags.port !== undefined && { port: flags.port }),
    ...(flags.store !== undefined && { store: flags.store }),
    ...(flags.queue !== undefined && { queue: flags.queue }),
  };
  if (flags.demo) return startDemo({ ...given, ...operationsGiven(flags, {}, '.') }, terminal);
  const project = await loadProject({ config: flags.config, mayBeEmpty: flags.supergraph !== undefined });
  const { loaded, warnings } = await project.loadConnectors();
  for (const warning of warnings) terminal.warn(`warning: ${warning.path}: ${warning.message}`);
  const configuration: Configuration = {
    ...project.configuration,
    ...given,
    ...operationsGiven(flags, project.configuration, project.root),
    ...(flags.insecureDev && { insecureDev: true }),
    ...(flags.supergraph !== undefined && { supergraph: placeOf(flags.supergraph) }),
  };
  if (configuration.insecureDev) terminal.warn('INSECURE: nobody is asked for credentials. Only for your own machine.');
  const connectors = loaded.map(({ connector }) => connector);
  const gateway = await createGateway({ ...options, connectors, configuration });
  const { url } = await gateway.listen();
  const { onlySubgraph: name } = options;
  const served =
    name === undefined
      ? `${counted(loaded.length, 'connector')} at ${url}/graphql`
      : `the subgraph of ${name} at ${url}/subgraphs/${name}`;
  terminal.line(`Plugboard serves ${served}`);
  return { gateway, project: { ...project, configuration }, url, close: gateway.close };
}

/** Paths of flags are relative to where one is. */
function placeOf(supergraph: string): string {
  return isRemoteSource(supergraph) ? supergraph : resolve(supergraph);
}

/** The operations of the configuration, with what the flags say instead. Paths of flags are relative to where one is. */
function operationsGiven(
  { operations: which, operationsList }: ServeFlags,
  { operations }: Configuration,
  root: string,
): Pick<Configuration, 'operations'> {
  if (which === undefined && operationsList === undefined) return {};
  const only = which === undefined ? operations?.only : which === 'only';
  const given = operationsList === undefined ? operations?.list : resolve(operationsList);
  const list = given ?? (only ? resolve(root, usualOperationList) : undefined);
  return { operations: { ...operations, ...(only !== undefined && { only }), ...(list !== undefined && { list }) } };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text.trim() !== '') return port;
  throw new InvalidArgumentError('expected a port, a whole number from 0 to 65535.');
}
