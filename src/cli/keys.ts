/** `plugboard keys`: makes, lists and revokes the API keys of tenants. */
import type { Command } from 'commander';
import { createApiKeys, type ApiKey, type NewApiKey } from '../connection/api-keys.ts';
import { localTenant } from '../connection/caller.ts';
import type { Records } from '../storage/records.ts';
import { examples } from './examples.ts';
import { loadProject } from './load-project.ts';
import { configOption } from './start.ts';
import type { Terminal } from './terminal.ts';

/** Opens the records of a project and closes them when the work is done; tests bring their own. */
export type WithRecords = (config: string | undefined, work: (records: Records) => Promise<void>) => Promise<void>;

interface KeysFlags {
  readonly config?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

interface CreateFlags extends KeysFlags {
  readonly name: string;
  readonly scopes: string;
}

/** Adds the command, and gives it back for further subcommands. */
export function addKeysCommand(program: Command, terminal: Terminal, withRecords: WithRecords = inProject): Command {
  const keys = program
    .command('keys')
    .summary('make, list and revoke API keys')
    .description('API keys by which applications ask this gateway. They belong to a tenant and carry scopes.')
    .addHelpText(
      'after',
      examples([
        'plugboard keys create --name backend --scopes plugboard.read,plugboard.write:github,plugboard.subjects',
        'plugboard keys list --tenant acme',
        'plugboard keys revoke 0123456789abcdef0123',
      ]),
    );
  withKeysOptions(keys.command('create'))
    .summary('make a key and show it, once')
    .requiredOption(
      '--name <name>',
      'what the key is for; two keys of one name may live, so that one replaces the other',
    )
    .requiredOption('--scopes <scopes>', 'what it may do, by commas or spaces, e.g. plugboard.read:github')
    .action(({ config, ...flags }: CreateFlags) => withRecords(config, (records) => create(records, flags, terminal)));
  withKeysOptions(keys.command('list'))
    .summary('list the keys of a tenant, without their secrets')
    .action(({ config, ...flags }: KeysFlags) => withRecords(config, (records) => list(records, flags, terminal)));
  withKeysOptions(keys.command('revoke'))
    .summary('end a key, and the tokens that were issued for it, within seconds')
    .argument('<id>', 'the id of the key, as `list` shows it')
    .action((id: string, { config, ...flags }: KeysFlags) =>
      withRecords(config, (records) => revoke(records, id, flags, terminal)),
    );
  return keys;
}

function withKeysOptions(command: Command): Command {
  return command
    .option('--tenant <tenant>', 'whose keys', localTenant)
    .option('--json', 'print JSON')
    .addOption(configOption());
}

async function create(
  records: Records,
  { tenant, name, scopes, json }: CreateFlags,
  terminal: Terminal,
): Promise<void> {
  const wanted = scopes.split(/[\s,]+/).filter((scope) => scope !== '');
  const key = await createApiKeys(records).create({ tenant, name, scopes: wanted });
  if (json) return terminal.line(JSON.stringify(key));
  terminal.line(key.text);
  for (const line of describeNew(key)) terminal.warn(line);
}

/** Beside the result, on standard error: the key alone can be piped into a file. */
function describeNew({ id, tenant, name, scopes }: NewApiKey): string[] {
  return [
    `This is the API key "${name}" of tenant "${tenant}". It is shown this once: only its hash is kept.`,
    `It may: ${scopes.join(', ') || 'nothing'}`,
    `Send it as \`Authorization: Bearer <key>\`. At /oauth2/token its client id is ${id}, and its client secret what follows pb_${id}_.`,
  ];
}

async function list(records: Records, { tenant, json }: KeysFlags, terminal: Terminal): Promise<void> {
  const keys = await createApiKeys(records).list(tenant);
  if (json) return terminal.line(JSON.stringify(keys));
  if (keys.length === 0) return terminal.line(`Tenant "${tenant}" has no API keys.`);
  for (const key of keys) terminal.line(describe(key));
}

function describe({ id, prefix, name, scopes, createdAt, revokedAt }: ApiKey): string {
  const state = revokedAt === null ? 'live' : `revoked ${dateOf(revokedAt)}`;
  return [id, `${prefix}_…`, name, state, `made ${dateOf(createdAt)}`, scopes.join(',') || '(no scopes)'].join('  ');
}

async function revoke(records: Records, id: string, { tenant, json }: KeysFlags, terminal: Terminal): Promise<void> {
  const key = await createApiKeys(records).revoke(tenant, id);
  terminal.line(json ? JSON.stringify(key) : `revoked ${key.prefix}_… "${key.name}" of tenant "${tenant}"`);
}

function dateOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

async function inProject(config: string | undefined, work: (records: Records) => Promise<void>): Promise<void> {
  const project = await loadProject({ config });
  // Loaded here: the other commands need no store.
  const { openStore } = await import('./open-store.ts');
  const store = await openStore(project.configuration);
  try {
    await work(store.records);
  } finally {
    await store.close();
  }
}
