/** `plugboard info` and `plugboard exec`: one connector as Lumos' command line shows and runs it, without a server. */
import type { Command } from 'commander';
import type { Configuration } from '../configuration.ts';
import { DefinitionError, InputError } from '../errors.ts';
import { createGateway, type InjectedRequest } from '../gateway.ts';
import { examples } from './examples.ts';
import { loadProject } from './load-project.ts';
import { configOption } from './start.ts';
import type { Terminal } from './terminal.ts';

interface Flags {
  readonly config?: string;
  readonly json?: string;
}

export function addInfoCommand(program: Command, terminal: Terminal): void {
  program
    .command('info')
    .summary('tell what a connector can do, as Lumos has it')
    .description('Prints the capabilities of a connector with the JSON schemas of their requests and answers.')
    .argument('<connector>', 'name of the connector')
    .option('--json <text>', 'accepted, as by the command line of Lumos, and without effect')
    .addOption(configOption())
    .addHelpText('after', examples(['plugboard info github']))
    .action(async (connector: string, flags: Flags) => {
      terminal.line(await askGateway(flags, connector, { method: 'GET', url: `/lumos/${connector}/info` }));
    });
}

export function addExecCommand(program: Command, terminal: Terminal): void {
  program
    .command('exec')
    .summary('run a capability of a connector, as Lumos has it')
    .description(
      'Runs one capability once and prints its envelope. The connection is the configured one, unless the request brings `auth`.',
    )
    .argument('<connector>', 'name of the connector')
    .argument('<capability>', 'e.g. list-accounts')
    .requiredOption('--json <text>', 'the request: { "request": {…}, "auth": …, "page": …, "include_raw_data": … }')
    .addOption(configOption())
    .addHelpText('after', examples([`plugboard exec github list-accounts --json '{"request": {}}'`]))
    .action(async (connector: string, capability: string, flags: Flags) => {
      const url = `/lumos/${connector}/${encodeURIComponent(capability)}`;
      const text = await askGateway(flags, connector, { method: 'POST', url, body: flags.json ?? '' });
      terminal.line(text);
    });
}

/** Asks a gateway that listens nowhere and keeps nothing, so that nobody has to be asked for credentials. */
async function askGateway(flags: Flags, connector: string, request: InjectedRequest): Promise<string> {
  const project = await loadProject({ config: flags.config });
  const { loaded } = await project.loadConnectors();
  const connectors = loaded.map((entry) => entry.connector);
  const { host: _host, issuers: _issuers, store: _store, production: _production, ...given } = project.configuration;
  const configuration: Configuration = {
    ...given,
    insecureDev: true,
    logLevel: 'silent',
    explorer: false,
  };
  const gateway = await createGateway({ connectors, configuration });
  try {
    const { status, text } = await gateway.inject(request);
    if (status === 200) return text;
    if (status !== 404) throw new InputError('INPUT_INVALID', `${status}: ${text}`);
    const known = connectors.map(({ name }) => name).join(', ') || '(none)';
    const message = `expected a connector, one of ${known}, and a capability of Lumos; got ${JSON.stringify(request.url)}.`;
    throw new DefinitionError([{ code: 'CONNECTOR_UNKNOWN', path: connector, message }]);
  } finally {
    await gateway.close();
  }
}
