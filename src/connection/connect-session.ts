/** What `connect` began, until it ends: for ten minutes and for one browser. */
import { createHash, randomBytes } from 'node:crypto';
import { AuthorizationError } from '../errors.ts';
import type { RecordValue, Records, StoredRecord } from '../storage/records.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { fieldsText } from './connection-tokens.ts';
import { connectionIdentity, type OwnedConnection } from './owner.ts';
import type { KeyRing } from './seal.ts';

export interface SessionValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly connector: string;
  readonly connection: string;
  readonly returnUrl: string | null;
  /** Asked for; empty: those that the registration or the connector names. */
  readonly scopes: readonly string[];
  /** SHA-256 of what the browser holds; `null` until the first one comes. */
  readonly browser: string | null;
  /** Sealed JSON of what was entered so far; `null`: nothing. */
  readonly fields: string | null;
  /** Everything that the subject enters has been entered. */
  readonly isComplete: boolean;
  /** The browser that opened the link also finishes, without `finishConnection`. Absent: as the gateway is configured. */
  readonly finishInBrowser?: boolean;
}
export type SessionRecord = StoredRecord<SessionValue>;

export const sessionKind = 'connect_session';
export const sessionTtlMs = 10 * 60_000;

/** 256 random bits, for a link or a code. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Links and codes are looked up by their hash, so that the store does not hold them. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/**
 * Keeps what was begun.
 *
 * @param fields - what the application gave; absent: the browser is asked for all of it.
 * @returns the token of its link.
 */
export async function createSession(
  records: Records,
  keyRing: KeyRing,
  value: Pick<
    SessionValue,
    'tenant' | 'subject' | 'connector' | 'connection' | 'returnUrl' | 'scopes' | 'finishInBrowser'
  >,
  fields: Readonly<Record<string, unknown>> | undefined,
  now: number,
): Promise<string> {
  const token = randomToken();
  const id = hashToken(token);
  const indexes = { connection: value.connection };
  const draft = fields === undefined ? null : sealDraft(id, value, fields, keyRing);
  const session = { ...value, browser: null, fields: draft, isComplete: fields !== undefined };
  await records.create(sessionKind, id, session, { expiresAt: now + sessionTtlMs, indexes });
  return token;
}

/**
 * The session of a link, bound to this browser from now on if it was to none.
 *
 * @throws AuthorizationError SESSION_INVALID for an unknown or expired link, another connector's, and another browser.
 */
export async function bindSession(
  records: Records,
  connector: string,
  token: string,
  browser: string,
): Promise<SessionRecord> {
  const found = (await records.get(sessionKind, hashToken(token))) as SessionRecord | undefined;
  const binding = hashToken(browser);
  if (found?.value.connector === connector) {
    if (found.value.browser === binding) return found;
    const bound = found.value.browser === null && (await changeSession(records, found, { browser: binding }));
    if (bound) return bound;
  }
  throw invalidSession();
}

/** @returns `undefined` when it has gone another way meanwhile: to another browser, or on by another form. */
export async function changeSession(
  records: Records,
  session: SessionRecord,
  change: Partial<SessionValue>,
): Promise<SessionRecord | undefined> {
  for (let current: SessionRecord | undefined = session; current;) {
    const value = { ...current.value, ...change };
    const changed = await records.compareAndSet(sessionKind, current.id, current.version, value);
    if (changed) return changed as SessionRecord;
    current = (await records.get(sessionKind, session.id)) as SessionRecord | undefined;
    // What was only sealed anew is the session that it was.
    const { browser, isComplete } = current?.value ?? {};
    if (browser !== session.value.browser || isComplete !== session.value.isComplete) return undefined;
  }
  return undefined;
}

/** Says no more than this, whatever is wrong with the link. */
export function invalidSession(): AuthorizationError {
  return new AuthorizationError(
    'SESSION_INVALID',
    'This link to connect an account is not valid: it was used, is older than 10 minutes, or was opened in another browser. Begin again in the application.',
  );
}

/** What the draft of a session is bound to. */
export function sessionSealIdentity(id: string, session: OwnedConnection): readonly string[] {
  return [sessionKind, ...connectionIdentity(session), id, 'fields'];
}

/** What was entered in a session, sealed to it. */
export function sealDraft(
  id: string,
  session: OwnedConnection,
  fields: Readonly<Record<string, unknown>>,
  keyRing: KeyRing,
): string {
  return keyRing.seal(fieldsText(fields), sessionSealIdentity(id, session));
}

export function openDraft({ id, value }: SessionRecord, keyRing: KeyRing): Readonly<Record<string, unknown>> {
  if (value.fields === null) return {};
  return hideFields(JSON.parse(keyRing.open(value.fields, sessionSealIdentity(id, value))) as Record<string, unknown>);
}
