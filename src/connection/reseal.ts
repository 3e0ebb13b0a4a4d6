/** Seals every stored secret anew under the current key, while the gateway runs. */
import { GatewayError, type ErrorCode } from '../errors.ts';
import type { Change, JsonValue, Records, RecordValue, StoredRecord } from '../storage/records.ts';
import { isSealed, type KeyRing } from './seal.ts';

/** A kind of records that hold sealed texts. */
export interface SealedKind {
  readonly kind: string;
  /** The identity that the text at `path` (`tokens.refreshToken`, `keys.0`) was sealed with; `undefined`: it is no secret of ours. */
  readonly identityOf: (record: StoredRecord, path: string) => readonly string[] | undefined;
}

export interface ResealProgress {
  readonly kind: string;
  /** Records looked at so far, of all kinds. */
  readonly read: number;
  /** Records written anew. */
  readonly resealed: number;
  /** Records of which a secret could not be opened, so that its old key cannot go yet. */
  readonly failed: readonly { readonly kind: string; readonly id: string; readonly code: ErrorCode }[];
}

export interface ResealOptions {
  readonly kinds: readonly SealedKind[];
  /** Hears after every page. */
  readonly onProgress?: (progress: ResealProgress) => void;
  readonly signal?: AbortSignal;
  /** Records that are written in one transaction; readers wait for no longer than that takes. Default 50. */
  readonly pageSize?: number;
}

/**
 * Rewraps what was sealed with an older key. Each record changes by compare-and-set, so that a token which is refreshed
 * meanwhile stays; who holds the record's older version reads again. What is done stays done: after a stop or a crash
 * the next run goes on. Once it ends with none failed, and no process seals with an older key, the old keys may go.
 *
 * @throws the reason of `signal`; what the store throws.
 */
export async function resealAll(records: Records, ring: KeyRing, options: ResealOptions): Promise<ResealProgress> {
  const { kinds, onProgress, signal, pageSize = 50 } = options;
  const failed: { kind: string; id: string; code: ErrorCode }[] = [];
  let progress: ResealProgress = { kind: '', read: 0, resealed: 0, failed };
  for (const sealedKind of kinds) {
    const { kind } = sealedKind;
    for (let after = ''; ;) {
      signal?.throwIfAborted();
      const page = await records.list(kind, {}, { limit: pageSize, ...(after ? { after } : {}) });
      const outcomes = await resealPage(records, ring, sealedKind, page);
      failed.push(...outcomes.failed);
      progress = { kind, read: progress.read + page.length, resealed: progress.resealed + outcomes.resealed, failed };
      onProgress?.(progress);
      after = page.at(-1)?.id ?? '';
      if (page.length < pageSize) break;
    }
  }
  return progress;
}

interface Outcomes {
  readonly resealed: number;
  readonly failed: readonly { readonly kind: string; readonly id: string; readonly code: ErrorCode }[];
}

async function resealPage(
  records: Records,
  ring: KeyRing,
  sealedKind: SealedKind,
  page: readonly StoredRecord[],
): Promise<Outcomes> {
  const changes: (Change & { readonly change: 'compareAndSet' })[] = [];
  const failed: Outcomes['failed'][number][] = [];
  for (const record of page) {
    const { kind, id, version } = record;
    const value = rewrap(record, ring, sealedKind);
    if (value instanceof GatewayError) failed.push({ kind, id, code: value.code });
    else if (value) changes.push({ change: 'compareAndSet', kind, id, version, value });
  }
  if (changes.length === 0) return { resealed: 0, failed };
  const result = await records.commit(changes);
  if (result.committed) return { resealed: changes.length, failed };
  // Somebody wrote one of them just now, so each goes by itself.
  let resealed = 0;
  for (const { kind, id } of changes) {
    const outcome = await resealOne(records, ring, sealedKind, id);
    if (outcome instanceof GatewayError) failed.push({ kind, id, code: outcome.code });
    else if (outcome) resealed += 1;
  }
  return { resealed, failed };
}

/** Whether it had to be written; it may have been removed, or sealed anew by its writer. */
async function resealOne(
  records: Records,
  ring: KeyRing,
  sealedKind: SealedKind,
  id: string,
): Promise<boolean | GatewayError> {
  for (;;) {
    const record = await records.get(sealedKind.kind, id);
    const value = record && rewrap(record, ring, sealedKind);
    if (!record || !value) return false;
    if (value instanceof GatewayError) return value;
    if (await records.compareAndSet(sealedKind.kind, id, record.version, value)) return true;
  }
}

/** The value with its older secrets under the current key; `undefined` when there is none; the error of one that does not open. */
function rewrap(
  record: StoredRecord,
  ring: KeyRing,
  { identityOf }: SealedKind,
): RecordValue | GatewayError | undefined {
  let isChanged = false;
  const walk = (value: JsonValue | undefined, path: string): JsonValue | undefined => {
    if (typeof value === 'string') {
      const identity = isSealed(value) ? identityOf(record, path) : undefined;
      if (!identity || !ring.needsReseal(value)) return value;
      isChanged = true;
      return ring.seal(ring.open(value, identity), identity);
    }
    if (typeof value !== 'object' || value === null) return value;
    const below = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`);
    if (isList(value)) return value.map((item, index) => walk(item, below(index)) ?? null);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, below(key))]));
  };
  try {
    const value = walk(record.value, '');
    return isChanged ? (value as RecordValue) : undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
