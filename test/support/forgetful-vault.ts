/** A vault over a real store that can forget whose records are: to show that a test of isolation would notice. */
import type { Configuration } from '../../src/configuration.ts';
import { ownerName } from '../../src/connection/owner.ts';
import { openVault, type Vault } from '../../src/open-vault.ts';
import type { StoredRecord } from '../../src/storage/records.ts';

/** Which part of an owner is forgotten. */
export type Forgotten = 'tenant' | 'subject';

export interface ForgetfulVault {
  readonly vault: Vault;
  /** From now on every record that is read has this part of the owner that asks. `undefined`: it is an honest store. */
  readonly forget: (part: Forgotten | undefined) => void;
  /** Who asks from now on. */
  readonly asks: (who: { readonly tenant: string; readonly subject: string }) => void;
}

/** What has an owner and is shown to it. */
const ownedKinds: ReadonlySet<string> = new Set(['connection', 'registration', 'feed']);

/** Opens it as the gateway would open that of the configuration. */
export async function openForgetfulVault(configuration: Configuration): Promise<ForgetfulVault> {
  const vault = await openVault(configuration, {});
  const { records } = vault;
  let forgotten: Forgotten | undefined;
  let asking = { tenant: '', subject: '' };
  const forgettingOf = (kind: string) => (ownedKinds.has(kind) ? forgotten : undefined);
  const asOwn = (record: StoredRecord, part: Forgotten): StoredRecord => {
    const { value } = record;
    if (value[part] === null || value[part] === undefined) return record;
    return { ...record, value: { ...value, [part]: asking[part] } };
  };
  return {
    vault: {
      ...vault,
      records: {
        ...bindAll(records),
        async get(kind, id) {
          const part = forgettingOf(kind);
          const record = await records.get(kind, id);
          return part && record ? asOwn(record, part) : record;
        },
        async list(kind, where, options) {
          const part = forgettingOf(kind);
          if (!part) return records.list(kind, where, options);
          const { [part]: asked, ...others } = where;
          // The tenant's own connections are asked for by the same index, as those of no subject.
          const isShared = part === 'subject' && asked === ownerName(null);
          const found = await records.list(kind, asked === undefined || isShared ? where : others, options);
          return found.map((record) => asOwn(record, part));
        },
      },
    },
    forget: (part) => void (forgotten = part),
    asks: (who) => void (asking = who),
  };
}

function bindAll<T extends object>(methods: T): T {
  const bound = Object.entries(methods).map(([name, method]: [string, unknown]) => [
    name,
    typeof method === 'function' ? (method.bind(methods) as unknown) : method,
  ]);
  return Object.fromEntries(bound) as T;
}
