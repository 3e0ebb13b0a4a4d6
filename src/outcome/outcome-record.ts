/** What is kept of a mutation that came with an idempotency key. What it was given and what it answered are sealed. */
import { createHash } from 'node:crypto';
import type { KeyRing } from '../connection/seal.ts';
import type { SealedKind } from '../connection/reseal.ts';
import { toJsonValue } from '../connector/json-value.ts';
import { Mismatch } from '../notation/mismatch.ts';
import type { JsonValue, RecordValue, StoredRecord } from '../storage/records.ts';

/** A mutation as its client asked for it. */
export interface KeyedMutation {
  readonly tenant: string;
  readonly subject: string | undefined;
  /** The client's key. */
  readonly key: string;
  /** Which field of the operation it is, where one key came for all of them; absent: the key was given to this field. */
  readonly path: string | undefined;
  /** `<connector>.<action>` */
  readonly operation: string;
  /** Id of the connection; absent for a connector that needs none. */
  readonly connection: string | undefined;
  /** As the client gave it. */
  readonly input: unknown;
}

/** `RUNNING`: somebody works on it, or died while doing so. `UNKNOWN`: it failed after something may have been carried out. */
export type OutcomeState = 'RUNNING' | 'DONE' | 'UNKNOWN';

export interface OutcomeValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly operation: string;
  readonly state: OutcomeState;
  /** Which run it is: the fence of its lease. */
  readonly run: number;
  /** Digest of what it was asked to do; sealed, because a short input could be guessed from it. */
  readonly asked: string;
  /** JSON of what the provider answered; sealed. `null`: not there yet, or not kept. */
  readonly answer: string | null;
}

export type OutcomeRecord = StoredRecord<OutcomeValue>;

/** Kind of the record. */
export const outcomeKind = 'outcome';

/** An answer of more characters of JSON is not kept. */
const maxAnswerLength = 1024 * 1024;
const maxDepth = 100;

/** Id of its record: the same on every replica for the same key of the same subject. */
export function outcomeId({ tenant, subject, key, path }: KeyedMutation): string {
  return digest([tenant, subject ?? null, key, path ?? null]);
}

/** Digest of what a mutation was asked to do. */
export function askedDigest({ operation, connection, input }: KeyedMutation): string {
  return digest([operation, connection ?? null, input]);
}

/** The value of a run that begins. */
export function runningValue(id: string, mutation: KeyedMutation, run: number, ring: KeyRing): OutcomeValue {
  const { tenant, subject = null, operation } = mutation;
  const asked = ring.seal(askedDigest(mutation), sealIdentity(id, { tenant, subject }, 'asked'));
  return { tenant, subject, operation, state: 'RUNNING', run, asked, answer: null };
}

/** Whether a record is of the same thing that is to be done. @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN */
export function isSameMutation({ id, value }: OutcomeRecord, mutation: KeyedMutation, ring: KeyRing): boolean {
  return ring.open(value.asked, sealIdentity(id, value, 'asked')) === askedDigest(mutation);
}

/** The sealed answer; `null` when it is too large, or JSON cannot say it. */
export function sealAnswer(id: string, value: OutcomeValue, answer: unknown, ring: KeyRing): string | null {
  try {
    const text = JSON.stringify(toJsonValue(answer, maxDepth));
    return text.length > maxAnswerLength ? null : ring.seal(text, sealIdentity(id, value, 'answer'));
  } catch (error) {
    if (error instanceof Mismatch) return null;
    throw error;
  }
}

/** What was sealed. @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN */
export function openAnswer(id: string, value: OutcomeValue, answer: string, ring: KeyRing): JsonValue {
  return JSON.parse(ring.open(answer, sealIdentity(id, value, 'answer'))) as JsonValue;
}

/** For sealing anew. */
export const outcomeSealedKind: SealedKind = {
  kind: outcomeKind,
  identityOf: ({ id, value }, path) =>
    path === 'asked' || path === 'answer' ? sealIdentity(id, value as OutcomeValue, path) : undefined,
};

function sealIdentity(
  id: string,
  { tenant, subject }: Pick<OutcomeValue, 'tenant' | 'subject'>,
  part: 'asked' | 'answer',
): readonly string[] {
  return [outcomeKind, tenant, subject === null ? 'tenant' : `subject ${subject}`, id, part];
}

/** Keys of objects in one order, so that the same input gives the same text. */
function digest(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts, (_key, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(text).digest('base64url');
}
