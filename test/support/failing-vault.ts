/** A vault over a real store whose records fail when they are told to. */
import type { Configuration } from '../../src/configuration.ts';
import { openVault, type Vault } from '../../src/open-vault.ts';
import { GatewayError, type ErrorCode } from '../../src/errors.ts';
import type { Records } from '../../src/storage/records.ts';

export interface Failure {
  readonly code: ErrorCode;
  /** Absent: every method. */
  readonly methods?: readonly (keyof Records)[];
  /** Absent: records of every kind. A commit is of all kinds in it. */
  readonly kinds?: readonly string[];
  /** Calls that pass before the first that fails. Default 0. */
  readonly after?: number;
  /** Calls that fail. Default: all, until `heal`. */
  readonly times?: number;
}

export interface FailingVault {
  readonly vault: Vault;
  readonly fail: (failure: Failure) => void;
  readonly heal: () => void;
  /** Calls that failed since the last `fail`. */
  readonly failed: () => number;
}

export const reading = ['get', 'list'] as const;
export const writing = ['create', 'compareAndSet', 'remove', 'take', 'commit'] as const;

/** Opens it as the gateway would open that of the configuration. */
export async function openFailingVault(configuration: Configuration): Promise<FailingVault> {
  const vault = await openVault(configuration, {});
  let failure: Failure | undefined;
  let calls = 0;
  let failed = 0;
  const check = (method: keyof Records, kinds: readonly string[]) => {
    if (!failure || !(failure.methods ?? [method]).includes(method)) return;
    // What a gateway says of itself is not what a test counts.
    if (kinds.every((kind) => kind === 'replica')) return;
    if (failure.kinds && !kinds.some((kind) => failure?.kinds?.includes(kind))) return;
    calls += 1;
    const { after = 0, times = Infinity, code } = failure;
    if (calls <= after || calls > after + times) return;
    failed += 1;
    throw new GatewayError(code, 'The store could not do it. Try again; the log says why.');
  };
  const guard =
    <Name extends Exclude<keyof Records, 'commit'>>(name: Name) =>
    async (...given: Parameters<Records[Name]>) => {
      check(name, [given[0]]);
      return (vault.records[name] as (...all: typeof given) => Promise<never>)(...given);
    };
  return {
    vault: {
      ...vault,
      records: {
        get: guard('get'),
        list: guard('list'),
        create: guard('create'),
        compareAndSet: guard('compareAndSet'),
        remove: guard('remove'),
        take: guard('take'),
        async commit(changes) {
          check(
            'commit',
            changes.map(({ kind }) => kind),
          );
          return vault.records.commit(changes);
        },
      },
    },
    fail(next) {
      failure = next;
      calls = 0;
      failed = 0;
    },
    heal: () => (failure = undefined),
    failed: () => failed,
  };
}
