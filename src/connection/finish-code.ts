/** New credentials that wait for the application to confirm them with `finishConnection` (safety O3). */
import { AuthorizationError } from '../errors.ts';
import type { Change, RecordValue, Records, StoredRecord } from '../storage/records.ts';
import { hashToken, randomToken } from './connect-session.ts';
import type { ConnectionValue } from './connection-record.ts';

/** The parts of a connection that new credentials change; sealed parts are sealed for the connection already. */
export type NewCredentials = Partial<ConnectionValue>;

interface FinishValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly connection: string;
  readonly credentials: NewCredentials;
}

/** Kind of the record. */
export const finishKind = 'finish_code';
const finishTtlMs = 10 * 60_000;

/** The change that parks new credentials, and the code that the browser carries to the application. */
export function parkCredentials(
  owner: Pick<FinishValue, 'tenant' | 'subject' | 'connection'>,
  credentials: NewCredentials,
  now: number,
): { readonly code: string; readonly change: Change } {
  const code = randomToken();
  const id = hashToken(code);
  const { tenant, subject, connection } = owner;
  const value: FinishValue = { tenant, subject, connection, credentials };
  const expiresAt = now + finishTtlMs;
  return { code, change: { change: 'create', kind: finishKind, id, value, expiresAt, indexes: { connection } } };
}

/**
 * Parked credentials, still parked: whoever keeps them takes `record` away in the same step.
 *
 * @param isOwner - whether the caller may finish for this owner.
 * @throws AuthorizationError FINISH_CODE_INVALID, the same for an unknown, used, expired and foreign code.
 */
export async function findCredentials(
  records: Records,
  code: string,
  isOwner: (owner: Pick<FinishValue, 'tenant' | 'subject'>) => boolean,
): Promise<{ readonly record: StoredRecord; readonly connection: string; readonly credentials: NewCredentials }> {
  const record = await records.get(finishKind, hashToken(code));
  if (!record || !isOwner(record.value as FinishValue)) throw invalidCode();
  const { connection, credentials } = record.value as FinishValue;
  return { record, connection, credentials };
}

/** All that are parked for a connection; a change that removes it removes them, and its tokens are taken back. */
export async function listCredentials(
  records: Records,
  connection: string,
): Promise<readonly { readonly record: StoredRecord; readonly credentials: NewCredentials }[]> {
  // They live for ten minutes, and each is one sign-in of the subject: a page is all.
  const parked = await records.list(finishKind, { connection }, { limit: 1_000 });
  return parked.map((record) => ({ record, credentials: (record.value as FinishValue).credentials }));
}

/** Says no more than this, whatever is wrong with the code. */
export function invalidCode(): AuthorizationError {
  return new AuthorizationError(
    'FINISH_CODE_INVALID',
    'code: expected the one that the browser brought to the return URL, within 10 minutes, once, for the same subject. Begin again with `connect`.',
  );
}
