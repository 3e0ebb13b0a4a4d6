/** New credentials that wait for the application to confirm them with `finishConnection` (safety O3). */
import { AuthorizationError } from '../errors.ts';
import type { RecordValue, Records } from '../storage/records.ts';
import { hashToken, randomToken } from './connect-session.ts';
import type { ConnectionValue } from './connection-record.ts';
import type { KeyRing } from './seal.ts';

/** The parts of a connection that new credentials change; sealed parts are sealed for the connection already. */
export type NewCredentials = Partial<ConnectionValue>;

interface FinishValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly connection: string;
  /** Sealed JSON of `NewCredentials`. */
  readonly credentials: string;
}

const finishKind = 'finish_code';
const finishTtlMs = 10 * 60_000;

/** Parks new credentials. @returns the code that the browser carries to the application. */
export async function parkCredentials(
  records: Records,
  keyRing: KeyRing,
  owner: Pick<FinishValue, 'tenant' | 'subject' | 'connection'>,
  credentials: NewCredentials,
  now: number,
): Promise<string> {
  const code = randomToken();
  const id = hashToken(code);
  const { tenant, subject, connection } = owner;
  const sealed = keyRing.seal(JSON.stringify(credentials), identity(id));
  const value: FinishValue = { tenant, subject, connection, credentials: sealed };
  await records.create(finishKind, id, value, { expiresAt: now + finishTtlMs, indexes: { connection } });
  return code;
}

/**
 * Takes parked credentials, once.
 *
 * @param isOwner - whether the caller may finish for this owner; if not, the code stays as it was.
 * @throws AuthorizationError FINISH_CODE_INVALID, the same for an unknown, used, expired and foreign code.
 */
export async function takeCredentials(
  records: Records,
  keyRing: KeyRing,
  code: string,
  isOwner: (owner: Pick<FinishValue, 'tenant' | 'subject'>) => boolean,
): Promise<{ readonly connection: string; readonly credentials: NewCredentials }> {
  const id = hashToken(code);
  const found = await records.get(finishKind, id);
  const taken = found && isOwner(found.value as FinishValue) ? await records.take(finishKind, id) : undefined;
  if (!taken) {
    throw new AuthorizationError(
      'FINISH_CODE_INVALID',
      'code: expected the one that the browser brought to the return URL, within 10 minutes, once, for the same subject. Begin again with `connect`.',
    );
  }
  const { connection, credentials } = taken.value as FinishValue;
  return { connection, credentials: JSON.parse(keyRing.open(credentials, identity(id))) as NewCredentials };
}

function identity(id: string): readonly string[] {
  return [finishKind, id, 'credentials'];
}
