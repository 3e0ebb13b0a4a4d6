/** `plugboard store`: moves what a store keeps to another one, e.g. from the embedded store to PostgreSQL and back. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { GatewayError } from '../errors.ts';
import type { MovedCounts } from '../storage/move-store.ts';
import type { Store } from '../storage/store.ts';
import { examples } from './examples.ts';
import type { Terminal } from './terminal.ts';

interface MigrateFlags {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

export function addStoreCommand(program: Command, terminal: Terminal): void {
  program
    .command('store')
    .summary('move a store to another place')
    .description('The store keeps connections, registrations, keys and the events of feeds.')
    .command('migrate')
    .summary('move everything to an empty store, of the same sort or the other')
    .description(
      'Stop every gateway first: what they write meanwhile would be lost. Secrets stay sealed, so the sealing keys stay the same. When this is stopped it goes on where it was; at the end it compares, and marks the old store so that no gateway starts on it. Then name the new place in `store` or PLUGBOARD_STORE and start the gateways.',
    )
    .requiredOption('--from <store>', 'file of the embedded store, or postgres:// URL')
    .requiredOption('--to <store>', 'the same; it has to be empty')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(['plugboard store migrate --from plugboard.sqlite --to "postgres://user:password@host/database"']),
    )
    .action((flags: MigrateFlags) => migrate(flags, terminal));
}

async function migrate({ from, to, json = false }: MigrateFlags, terminal: Terminal): Promise<void> {
  const [source, target] = [placeOf(from), placeOf(to)];
  if (source === target) throw new GatewayError('STORE_NOT_EMPTY', 'A store cannot be moved to where it is.');
  // Loaded here: the other commands need no store.
  const [{ openStoreAt }, { moveStore }, { readReplicas }] = await Promise.all([
    import('../open-vault.ts'),
    import('../storage/move-store.ts'),
    import('../replicas.ts'),
  ]);
  await refuseAbsent(source);
  const stores: Store[] = [];
  try {
    for (const place of [source, target]) stores.push(await openStoreAt(place));
    const [old, fresh] = stores as [Store, Store];
    for (const store of stores) refuseRunning(await readReplicas(store.records));
    const counts = await moveStore(old, fresh, {
      source: createHash('sha256').update(source).digest('hex'),
      onProgress: ({ table, moved, total }) => json || terminal.progress(`${table}: ${moved} of ${total}`),
    });
    tell(counts, terminal, json);
  } finally {
    for (const store of stores) await store.close();
  }
}

function placeOf(given: string): string {
  return /^postgres(ql)?:/.test(given) ? given : resolve(given);
}

/** Opening a file that is not there would make an empty store of it. */
async function refuseAbsent(place: string): Promise<void> {
  if (/^postgres(ql)?:/.test(place)) return;
  const { access } = await import('node:fs/promises');
  await access(place).catch(() => {
    throw new GatewayError('STORE_UNAVAILABLE', `There is no store at ${place} to be moved.`);
  });
}

function refuseRunning(replicas: readonly { readonly host: string; readonly processId: number }[]): void {
  if (replicas.length === 0) return;
  const who = replicas.map(({ host, processId }) => `process ${processId} on ${host}`).join(', ');
  throw new GatewayError(
    'STORE_IN_USE',
    `Gateways still run on it: ${who}. Stop them first, for what they write meanwhile would be lost; one that was killed counts for half a minute.`,
  );
}

function tell(counts: MovedCounts, terminal: Terminal, json: boolean): void {
  if (json) return terminal.line(JSON.stringify({ moved: counts }));
  for (const [table, count] of Object.entries(counts)) terminal.line(`${table}: ${count} rows, as many as there were`);
  terminal.line('Everything was moved. Name the new place in `store` or PLUGBOARD_STORE, and start the gateways.');
}
