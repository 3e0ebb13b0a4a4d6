/** `plugboard keys rotate`: seals every stored secret anew under the current sealing key, while the gateway runs. */
import type { Command } from 'commander';
import type { ResealProgress } from '../connection/reseal.ts';
import { GatewayError } from '../errors.ts';
import type { Vault } from '../open-vault.ts';
import type { Replica } from '../replicas.ts';
import { examples } from './examples.ts';
import { loadProject } from './load-project.ts';
import { configOption } from './start.ts';
import type { Terminal } from './terminal.ts';

/** Opens the vault of a project and closes it when the work is done; tests bring their own. */
export type WithVault = (config: string | undefined, work: (vault: Vault) => Promise<void>) => Promise<void>;

interface RotateFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** @param keys - the command `keys`. */
export function addRotateCommand(keys: Command, terminal: Terminal, withVault: WithVault = inProject): void {
  keys
    .command('rotate')
    .summary('seal every stored secret anew under the current sealing key')
    .description(
      'Sealing keys stand in a file (PLUGBOARD_KEY_FILE) or in PLUGBOARD_KEY, the current one first. Put a new key before the old one, for every gateway: a file is read anew while they run, else restart them. They seal with it once all know it. Then run this, and take the old key away. Gateways go on serving meanwhile; what was done stays done if this is stopped.',
    )
    .option('--json', 'print JSON')
    .addOption(configOption())
    .addHelpText(
      'after',
      examples([
        'PLUGBOARD_KEY_FILE=/run/secrets/plugboard-keys plugboard keys rotate',
        'PLUGBOARD_KEY="$NEW,$OLD" plugboard keys rotate',
      ]),
    )
    .action(({ config, json }: RotateFlags) => withVault(config, (vault) => rotate(vault, terminal, json ?? false)));
}

/** What one run came to. */
interface Rotation {
  readonly key: string;
  /** Ids of the other keys of the ring. */
  readonly olderKeys: readonly string[];
  readonly records: number;
  readonly resealed: number;
  readonly failed: ResealProgress['failed'];
  /** Nothing is sealed with another key than the current one, and nobody seals with one. */
  readonly isComplete: boolean;
}

async function rotate({ records, keyRing, sealingKeys }: Vault, terminal: Terminal, json: boolean): Promise<void> {
  // Loaded here: the other commands need none of the rooms that seal.
  const [
    { resealAll },
    { sealedKinds },
    { webhookSealedKind },
    { outcomeSealedKind },
    { transferSealedKind },
    { readReplicas },
  ] = await Promise.all([
    import('../connection/reseal.ts'),
    import('../connection/sealed-kinds.ts'),
    import('../feed/webhook-record.ts'),
    import('../outcome/outcome-record.ts'),
    import('../transfers/transfer-record.ts'),
    import('../replicas.ts'),
  ]);
  const waiting = sealingKeys.waiting();
  if (waiting !== undefined) throw notKnownError(waiting, await readReplicas(records));
  const run = () =>
    resealAll(records, keyRing, {
      kinds: [...sealedKinds, webhookSealedKind, outcomeSealedKind, transferSealedKind],
      onProgress: ({ read, resealed, kind }) =>
        json || terminal.progress(`${kind}: ${read} records read, ${resealed} sealed anew`),
    });
  const first = await run();
  // A second look finds what a gateway has sealed with an older key meanwhile: it was not restarted yet.
  const second = await run();
  const [key = '', ...olderKeys] = keyRing.keyIds;
  const { read, failed } = second;
  const isComplete = failed.length === 0 && second.resealed === 0;
  const resealed = first.resealed + second.resealed;
  tell({ key, olderKeys, records: read, resealed, failed, isComplete }, terminal, json);
}

/** What is sealed with a key that a gateway does not know is lost to it. */
function notKnownError(key: string, replicas: readonly Replica[]): GatewayError {
  const lacking = replicas.filter(({ keys }) => !keys.includes(key));
  const who = lacking.map(({ host, processId }) => `process ${processId} on ${host}`).join(', ');
  return new GatewayError(
    'SEAL_KEY_UNKNOWN',
    `Nothing was sealed anew: the key ${key} is not known to every gateway that runs. Give it, before the old one, to ${who}, and rotate again.`,
  );
}

function tell(rotation: Rotation, terminal: Terminal, json: boolean): void {
  const { key, olderKeys, records, resealed, failed, isComplete } = rotation;
  if (json) terminal.line(JSON.stringify(rotation));
  else terminal.line(`${resealed} of ${records} records were sealed anew under the key ${key}.`);
  for (const { kind, id, code } of failed) terminal.error(`${code}: a secret of the ${kind} ${id} cannot be opened.`);
  if (failed.length > 0) {
    terminal.error(
      'Keep the older keys: these secrets need theirs. Add the key that they were sealed with, or remove the records.',
    );
  } else if (!isComplete) {
    terminal.error(
      'A gateway still seals with an older key. It has the new one first within ten seconds, or is to be restarted with it; then rotate again, and keep the older keys until then.',
    );
  } else if (!json) {
    const gone =
      olderKeys.length > 0 ? `the older keys (${olderKeys.join(', ')}) can be removed` : 'it is the only key';
    terminal.line(`Every stored secret is sealed with the key ${key}: ${gone}.`);
  }
}

async function inProject(config: string | undefined, work: (vault: Vault) => Promise<void>): Promise<void> {
  const project = await loadProject({ config });
  const { openVault } = await import('../open-vault.ts');
  const vault = await openVault(project.configuration);
  try {
    await work(vault);
  } finally {
    await vault.close();
  }
}
