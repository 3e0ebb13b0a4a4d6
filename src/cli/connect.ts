/** `plugboard connect`: connects an account at a running gateway, in the person's browser, and waits until it works. */
import { Option, InvalidArgumentError, type Command } from 'commander';
import { connectAccount, type Connected, type ConnectingRun } from './connect-account.ts';
import { examples } from './examples.ts';
import { createGatewayClient } from './gateway-client.ts';
import { openBrowser } from './open-browser.ts';
import type { Terminal } from './terminal.ts';

interface ConnectFlags {
  readonly url: URL;
  readonly key?: string;
  readonly subject?: string;
  readonly field?: Readonly<Record<string, string>>;
  readonly scope?: readonly string[];
  readonly label?: string;
  readonly returnUrl: URL;
  readonly open: boolean;
  readonly json?: boolean;
}

/** What tests bring of their own. */
export type ConnectTools = Partial<Pick<ConnectingRun, 'open' | 'intervalMs' | 'timeLimitMs' | 'signal'>>;

export function addConnectCommand(program: Command, terminal: Terminal, tools: ConnectTools = {}): void {
  program
    .command('connect')
    .summary('connect an account at a running gateway')
    .description(
      'Begins to connect an account, opens the link in your browser (or prints it), waits until the connection works, and shows it.',
    )
    .argument('<connector>', 'name of the connector, e.g. github')
    .addOption(
      new Option('--url <url>', 'where the gateway is')
        .default(new URL('http://127.0.0.1:4000'), 'http://127.0.0.1:4000')
        .argParser(parseUrl),
    )
    .addOption(new Option('--key <key>', 'API key or token, where the gateway asks for one').env('PLUGBOARD_API_KEY'))
    .option('--subject <subject>', 'for whom, where the key may name subjects')
    .option(
      '--field <name=value>',
      'what the connector asks for; secrets are better entered in the browser',
      parseField,
    )
    .option('--scope <scope>', 'an OAuth scope beside those that the connector always asks for', collect)
    .option('--label <label>', 'tells several connections of one connector apart')
    .addOption(
      new Option('--return-url <url>', 'where this command listens if the gateway wants the connection to be finished')
        .default(new URL('http://127.0.0.1:4180/connected'), 'http://127.0.0.1:4180/connected')
        .argParser(parseLoopbackUrl),
    )
    .option('--no-open', 'print the link only')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples([
        'plugboard connect my_calendar',
        'plugboard connect my_locker --field user=ada --field pin=1815',
        'PLUGBOARD_API_KEY=pb_… plugboard connect github --url https://api.example.com --subject alice --scope repo',
      ]),
    )
    .action((connector: string, flags: ConnectFlags) => connect(connector, flags, terminal, tools));
}

async function connect(connector: string, flags: ConnectFlags, terminal: Terminal, tools: ConnectTools): Promise<void> {
  const { url, key, subject, field, scope, label, returnUrl } = flags;
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop);
  try {
    const connected = await connectAccount({
      connector,
      client: createGatewayClient({ url, key, subject }),
      input: { fields: field, scopes: scope, label },
      returnUrl,
      open: flags.open && process.stdout.isTTY ? openBrowser : undefined,
      say: (text) => terminal.warn(text),
      intervalMs: 1_000,
      timeLimitMs: 5 * 60_000,
      signal: stopping.signal,
      ...tools,
    });
    show(connected, flags.json ?? false, terminal);
  } finally {
    process.off('SIGINT', stop);
  }
}

function show({ id, state, identity, reason }: Connected, isJson: boolean, terminal: Terminal): void {
  if (isJson) terminal.line(JSON.stringify({ id, state, identity, reason }));
  if (state !== 'STARTED') {
    terminal.error(`not connected (${state})${reason === null ? '' : `: ${reason}`}`);
  } else if (!isJson) {
    terminal.line(`connected${identity === null ? '' : ` as ${identity}`}: ${id}`);
  }
}

function parseUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:/i.test(text)) return new URL(text);
  throw new InvalidArgumentError('expected a URL, e.g. http://127.0.0.1:4000.');
}

function parseLoopbackUrl(text: string): URL {
  const url = parseUrl(text);
  if (url.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname) && url.port !== '') return url;
  throw new InvalidArgumentError('expected a URL with a port of this machine, e.g. http://127.0.0.1:4180/connected.');
}

function parseField(text: string, earlier: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected name=value.');
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}
