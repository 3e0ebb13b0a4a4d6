/** Connections as the store has them: every look-up carries the tenant and the subject (safety A3). */
import { randomUUID } from 'node:crypto';
import type { Change, Records } from '../storage/records.ts';
import type { Caller } from './caller.ts';
import { connectionChange, type OnConnectionChange } from './connection-change.ts';
import { ownerName } from './owner.ts';
import { rememberBriefly } from './recent.ts';
import { connectionKey, connectionKind, type ConnectionRecord, type ConnectionValue } from './connection-record.ts';

export interface StoredConnections {
  /** One by id; `undefined` when there is none, and when it is somebody else's. */
  readonly find: (caller: Caller, id: string) => Promise<ConnectionRecord | undefined>;
  /** One by id, whoever's it is: for those who have been given the right to it otherwise. */
  readonly read: (id: string) => Promise<ConnectionRecord | undefined>;
  /** The subject's own and the tenant's, of one connector or of all, in the order of their ids. */
  readonly list: (caller: Caller, connector?: string) => Promise<readonly ConnectionRecord[]>;
  /** The same for one connector, possibly as it was up to a second ago: what every operation asks. */
  readonly listRecent: (caller: Caller, connector: string) => Promise<readonly ConnectionRecord[]>;
  /** All of a tenant for one connector, whoever's they are, in the order of their ids. */
  readonly listOfTenant: (tenant: string, connector: string) => Promise<readonly ConnectionRecord[]>;
  /**
   * @param beside - is made in the same step, or neither is.
   * @returns `undefined` when the owner has one of that connector and label; `stale` when what is beside cannot be made.
   */
  readonly create: <Beside extends Change | undefined = undefined>(
    id: string,
    value: ConnectionValue,
    beside?: Beside,
  ) => Promise<ConnectionRecord | undefined | (Beside extends Change ? 'stale' : never)>;
  /** Changes exactly that version. @returns `undefined` when it was changed meanwhile, or removed. */
  readonly change: (
    record: ConnectionRecord,
    change: Partial<ConnectionValue>,
  ) => Promise<ConnectionRecord | undefined>;
  /** To be called when one was changed, or removed, by another way than this: it is told, and looked up anew. */
  readonly wasChanged: (before: ConnectionRecord, after: ConnectionRecord | undefined) => void;
}

export interface StoredConnectionsOptions {
  readonly records: Records;
  /** Hears of what is made, changed and removed here. */
  readonly onConnectionChange?: OnConnectionChange;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export function createStoredConnections(options: StoredConnectionsOptions): StoredConnections {
  const { records, onConnectionChange = () => {}, now = Date.now } = options;
  const recent = rememberBriefly<readonly ConnectionRecord[]>();
  const own = (caller: Caller, connector: string | undefined, subject: string) =>
    listAll(records, { tenant: caller.tenant, subject, ...(connector !== undefined && { connector }) });
  const list = async (caller: Caller, connector?: string) => {
    const lists = await Promise.all([
      caller.subject === undefined ? [] : own(caller, connector, ownerName(caller.subject)),
      own(caller, connector, ownerName(null)),
    ]);
    // The index only finds; whose it is the value says, which its secrets are bound to.
    return lists.flat().filter((record) => isUsableBy(record, caller));
  };
  const written = (before: ConnectionRecord | undefined, after: ConnectionRecord | undefined) => {
    recent.forget();
    const change = connectionChange(before, after, now());
    if (change) onConnectionChange(change);
    return after;
  };
  return {
    async find(caller, id) {
      const record = (await records.get(connectionKind, id)) as ConnectionRecord | undefined;
      return record && isUsableBy(record, caller) ? record : undefined;
    },
    read: async (id) => (await records.get(connectionKind, id)) as ConnectionRecord | undefined,
    list,
    listRecent: (caller, connector) =>
      recent.get(JSON.stringify([caller.tenant, caller.subject, connector]), () => list(caller, connector)),
    listOfTenant: async (tenant, connector) => {
      const all = await listAll(records, { tenant, connector });
      return all.filter(({ value }) => value.tenant === tenant && value.connector === connector);
    },
    async create(id, value, beside) {
      const result = await records.commit([
        {
          change: 'create',
          kind: connectionKind,
          id,
          value,
          uniqueKey: connectionKey(value),
          indexes: { tenant: value.tenant, subject: ownerName(value.subject), connector: value.connector },
        },
        ...(beside ? [beside] : []),
      ]);
      if (result.committed) return written(undefined, result.records[0] as ConnectionRecord);
      return (result.failed === 0 ? undefined : 'stale') as never;
    },
    async change(record, change) {
      const value = { ...record.value, ...change };
      const changed = await records.compareAndSet(connectionKind, record.id, record.version, value);
      if (changed) return written(record, changed as ConnectionRecord);
      // Whoever changed it meanwhile has told of it.
      recent.forget();
      return undefined;
    },
    wasChanged: (before, after) => void written(before, after),
  };
}

export function newConnectionId(): string {
  return randomUUID();
}

function isUsableBy({ value }: ConnectionRecord, caller: Caller): boolean {
  return value.tenant === caller.tenant && (value.subject === null || value.subject === caller.subject);
}

async function listAll(records: Records, where: Readonly<Record<string, string>>): Promise<ConnectionRecord[]> {
  const all: ConnectionRecord[] = [];
  const limit = 1_000;
  for (;;) {
    const page = (await records.list(connectionKind, where, { limit, after: all.at(-1)?.id })) as ConnectionRecord[];
    all.push(...page);
    if (page.length < limit) return all;
  }
}
