/** New credentials that wait for the application to confirm them with `finishConnection` (safety O3). */
import { AuthorizationError } from '../errors.ts';
import type { Change, RecordValue, Records, StoredRecord } from '../storage/records.ts';
import { hashToken, randomToken } from './connect-session.ts';
import type { ConnectionValue } from './connection-record.ts';
import type { OwnedConnection, Owner } from './owner.ts';

/** The parts of a connection that new credentials change; sealed parts are sealed for the connection already. */
export type NewCredentials = Partial<ConnectionValue>;

interface FinishValue extends RecordValue, OwnedConnection {
  readonly credentials: NewCredentials;
  /** The code is good until then; milliseconds since 1970. */
  readonly finishBy: number;
}

/** New credentials that wait, or have waited too long. */
export interface ParkedCredentials {
  readonly record: StoredRecord;
  readonly owned: OwnedConnection;
  readonly credentials: NewCredentials;
  readonly finishBy: number;
}

/** Kind of the record. */
export const finishKind = 'finish_code';
const finishTtlMs = 10 * 60_000;
/** So long the tokens of one that nobody finished are there to be taken back (`discarding`). */
const unfinishedTtlMs = 24 * 60 * 60_000;

/** The change that parks new credentials, and the code that the browser carries to the application. */
export function parkCredentials(
  owned: OwnedConnection,
  credentials: NewCredentials,
  now: number,
): { readonly code: string; readonly change: Change } {
  const code = randomToken();
  const id = hashToken(code);
  const { tenant, subject, connector, connection } = owned;
  const finishBy = now + finishTtlMs;
  const value: FinishValue = { tenant, subject, connector, connection, credentials, finishBy };
  const expiresAt = finishBy + unfinishedTtlMs;
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
  now: number,
  isOwner: (owner: Owner) => boolean,
): Promise<ParkedCredentials> {
  const record = await records.get(finishKind, hashToken(code));
  const parked = record && toParked(record);
  if (!parked || parked.finishBy <= now || !isOwner(parked.owned)) throw invalidCode();
  return parked;
}

/** All that are parked for a connection; a change that removes it removes them, and its tokens are taken back. */
export async function listCredentials(records: Records, connection: string): Promise<readonly ParkedCredentials[]> {
  // Each is one sign-in of the subject: a page is all.
  return (await records.list(finishKind, { connection }, { limit: 1_000 })).map(toParked);
}

/** Those that nobody finished in time, of all tenants: some at a time, the next call gives others. */
export async function listUnfinished(records: Records, now: number): Promise<readonly ParkedCredentials[]> {
  const unfinished: ParkedCredentials[] = [];
  for (let after: string | undefined; ;) {
    const page = await records.list(finishKind, {}, { limit: 200, ...(after === undefined ? {} : { after }) });
    unfinished.push(...page.map(toParked).filter(({ finishBy }) => finishBy <= now));
    after = page.at(-1)?.id;
    if (page.length < 200 || unfinished.length >= 200) return unfinished;
  }
}

/** What a record of `finishKind` holds. */
export function toParked(record: StoredRecord): ParkedCredentials {
  const { credentials, finishBy, ...owned } = record.value as FinishValue;
  return { record, owned, credentials, finishBy };
}

/** Says no more than this, whatever is wrong with the code. */
export function invalidCode(): AuthorizationError {
  return new AuthorizationError(
    'FINISH_CODE_INVALID',
    'code: expected the one that the browser brought to the return URL, within 10 minutes, once, for the same subject. Begin again with `connect`.',
  );
}
