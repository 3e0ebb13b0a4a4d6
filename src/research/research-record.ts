/** A research context as it is kept, and the numbers that are given to new ones. */
import { randomUUID } from 'node:crypto';
import { ownerName, type Owner } from '../connection/owner.ts';
import type { Change, JsonValue, RecordValue, Records, StoredRecord } from '../storage/records.ts';
import type { ResearchContext, ResearchPort, ResearchState } from './research.ts';

export interface ResearchValue extends RecordValue, Owner {
  /** Within its tenant, from 0. */
  readonly number: number;
  /** Within its owner, from 0. */
  readonly index: number;
  readonly name: string | null;
  readonly state: ResearchState;
  /** Lists of `ResearchPort`. */
  readonly imports: JsonValue;
  readonly exports: JsonValue;
}
export type ResearchRecord = StoredRecord<ResearchValue>;

export const researchKind = 'research';
/** How many a tenant has had. They are never removed, so no number is given twice. */
const countKind = 'research_count';

export function readContext({ id, value, createdAt, updatedAt }: ResearchRecord): ResearchContext {
  return {
    id,
    number: value.number,
    index: value.index,
    subject: value.subject,
    name: value.name,
    state: value.state,
    imports: value.imports as unknown as readonly ResearchPort[],
    exports: value.exports as unknown as readonly ResearchPort[],
    createdAt,
    updatedAt,
  };
}

/** Of one owner, by their index. */
export async function listRecords(records: Records, owner: Owner): Promise<readonly ResearchRecord[]> {
  const where = { tenant: owner.tenant, subject: ownerName(owner.subject) };
  const all: ResearchRecord[] = [];
  const limit = 1_000;
  for (;;) {
    const page = (await records.list(researchKind, where, { limit, after: all.at(-1)?.id })) as ResearchRecord[];
    all.push(...page);
    if (page.length < limit) break;
  }
  // The index only finds; whose it is the value says.
  return all.filter(({ value }) => isOf(value, owner)).sort((one, other) => one.value.index - other.value.index);
}

/** Whoever's it is. */
export async function findByNumber(
  records: Records,
  tenant: string,
  number: number,
): Promise<ResearchRecord | undefined> {
  const found = await records.list(researchKind, { tenant, number: String(number) }, { limit: 1 });
  return found[0] as ResearchRecord | undefined;
}

export function isOf(value: Owner, owner: Owner): boolean {
  return value.tenant === owner.tenant && value.subject === owner.subject;
}

/**
 * Keeps a new one with the next numbers: both are counted on in the same step, so that of several at the same instant each
 * has its own.
 */
export async function addRecord(
  records: Records,
  owner: Owner,
  given: Pick<ResearchValue, 'name' | 'imports' | 'exports'>,
): Promise<ResearchRecord> {
  for (;;) {
    const count = await records.get(countKind, owner.tenant);
    const number = (count?.value['next'] as number | undefined) ?? 0;
    const index = (await listRecords(records, owner)).length;
    const { tenant, subject } = owner;
    const value: ResearchValue = { tenant, subject, number, index, state: 'CREATED', ...given };
    const result = await records.commit([
      countOn(tenant, count, number + 1),
      {
        change: 'create',
        kind: researchKind,
        id: randomUUID(),
        value,
        indexes: { tenant, subject: ownerName(subject), number: String(number) },
        uniqueKey: JSON.stringify([tenant, subject, index]),
      },
    ]);
    if (result.committed) return result.records[1] as ResearchRecord;
  }
}

function countOn(tenant: string, count: StoredRecord | undefined, next: number): Change {
  const place = { kind: countKind, id: tenant, value: { next } };
  return count ? { change: 'compareAndSet', version: count.version, ...place } : { change: 'create', ...place };
}
