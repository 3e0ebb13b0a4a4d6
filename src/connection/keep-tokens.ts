/** Keeps what a renewal gave, or that it failed, in the record of its connection. */
import { GatewayError } from '../errors.ts';
import { connectionChange } from './connection-change.ts';
import { rebound } from './connection-binding.ts';
import { disconnected, fieldsOf, mergeAcquired } from './connection-fields.ts';
import { connectionKind, sealingTarget, type ConnectionRecord, type ConnectionValue } from './connection-record.ts';
import { mayTakeBack } from './discarding.ts';
import { isSameGrant, openTokens, tokenPart } from './connection-tokens.ts';
import type { OpenedRecord, RefreshDesk, Renewed, Work } from './refresh-desk.ts';
import { isLostOwn } from './renewal-mark.ts';

/**
 * Saves new tokens by compare-and-set, and tries until the store takes them: they exist nowhere else.
 *
 * @param onUnsaved - hears of every try that the store refused.
 * @returns what is kept then: these, or those that somebody else put there meanwhile.
 * @throws AuthorizationError CONNECTION_NOT_FOUND when the connection was removed; the new tokens are revoked then.
 */
export async function untilSaved(
  work: Work,
  renewed: Renewed,
  onUnsaved: (error: unknown) => void,
): Promise<OpenedRecord> {
  const { desk } = work;
  for (let delayMs = desk.limits.saveAgainMs; ; delayMs = Math.min(delayMs * 2, desk.limits.maxSaveAgainMs)) {
    try {
      return await save(work, renewed);
    } catch (error) {
      // The tokens exist nowhere but here: only what is kept for good, or is somebody else's now, ends this.
      if (!isPassing(error)) throw error;
      onUnsaved(error);
      await desk.pause(delayMs);
    }
  }
}

async function save(work: Work, renewed: Renewed): Promise<OpenedRecord> {
  const { desk, target, opened } = work;
  for (let current = opened.record; ;) {
    const { id, value, version } = current;
    const isCured = (value.state === 'ERROR' && value.failures > 0) || isLostOwn(work, value);
    const next: ConnectionValue = {
      ...value,
      ...tokenPart(sealingTarget(current), renewed, desk.keyRing),
      ...(await acquiredPart(current, renewed.extra, work)),
      ...(isCured ? { state: 'STARTED', reason: null } : undefined),
    };
    const saved = (await desk.records.compareAndSet(connectionKind, id, version, next)) as ConnectionRecord | undefined;
    if (saved) {
      tell(desk, current, saved);
      return { record: saved, tokens: renewed.tokens };
    }
    const found = (await desk.records.get(connectionKind, id)) as ConnectionRecord | undefined;
    if (!found) {
      await revokeQuietly(work, renewed);
      throw disconnected(target.connectionId, target.connector);
    }
    // Somebody else's change of the record is kept; somebody else's tokens win over ours.
    const tokens = openTokens(found, desk.keyRing);
    if (!isSameGrant(tokens, opened.tokens)) {
      const renewedGrant = { tokens: renewed.tokens, identity: value.identity };
      const living = tokens ? [{ tokens, identity: found.value.identity }] : [];
      const { revokeReplaced: rule = 'other-account' } = target.authorization;
      if (mayTakeBack(renewedGrant, living, rule)) await revokeQuietly(work, renewed);
      return { record: found, tokens };
    }
    current = found;
  }
}

async function acquiredPart(
  record: ConnectionRecord,
  extra: Readonly<Record<string, unknown>>,
  { desk: { keyRing }, target: { connector, registration } }: Work,
): Promise<Partial<ConnectionValue>> {
  if (Object.keys(extra).length === 0) return {};
  const before = fieldsOf(record, keyRing);
  const boundTo = await rebound(record.value, connector, registration, { before, after: { ...before, ...extra } });
  return { acquired: mergeAcquired(record, extra, keyRing), boundTo };
}

/** The connection was disconnected while its tokens were renewed: nobody else knows these. */
async function revokeQuietly({ client }: Work, { tokens }: Renewed): Promise<void> {
  if (!client?.canRevoke) return;
  const { refresh_token, access_token } = tokens;
  await (
    refresh_token === undefined
      ? client.revoke(access_token, 'access_token')
      : client.revoke(refresh_token, 'refresh_token')
  ).catch(() => undefined);
}

/** What a failure changes in a record. */
export type FailureChange = Partial<
  Pick<ConnectionValue, 'state' | 'reason' | 'failures' | 'retryAt' | 'idleRefreshAt'>
>;

/**
 * Notes a failure, and that the refresh token is not being spent any more, unless the tokens were replaced meanwhile. A store
 * that takes nothing is tried again for as long as the lease is held: whoever finds the mark has to take the tokens for lost.
 *
 * @param onUnsaved - hears of the first try that the store refused.
 * @returns the tokens that replaced those that failed.
 */
export async function noteFailure(
  work: Work,
  change: FailureChange,
  onUnsaved: () => void,
): Promise<OpenedRecord | undefined> {
  const { desk, isMarked, signal } = work;
  for (let delayMs = desk.limits.saveAgainMs; ; delayMs = Math.min(delayMs * 2, desk.limits.maxSaveAgainMs)) {
    try {
      return await note(work, change);
    } catch (error) {
      if (!isMarked || !isPassing(error)) return undefined;
      onUnsaved();
      await desk.pause(delayMs);
      if (signal.aborted) return undefined;
    }
  }
}

async function note({ desk, opened, fence }: Work, change: FailureChange): Promise<OpenedRecord | undefined> {
  const { id } = opened.record;
  for (;;) {
    const found = (await desk.records.get(connectionKind, id)) as ConnectionRecord | undefined;
    if (!found) return undefined;
    const tokens = openTokens(found, desk.keyRing);
    if (!isSameGrant(tokens, opened.tokens)) return { record: found, tokens };
    const isOwnMark = found.value.renewing === fence;
    if (!isOwnMark && Object.keys(change).length === 0) return undefined;
    const next = { ...found.value, ...change, ...(isOwnMark && { renewing: null }) };
    const saved = await desk.records.compareAndSet(connectionKind, id, found.version, next);
    if (!saved) continue;
    tell(desk, found, saved as ConnectionRecord);
    return undefined;
  }
}

/** It may take later what it does not take now. */
function isPassing(error: unknown): boolean {
  return error instanceof GatewayError && error.code.startsWith('STORE_') && error.code !== 'STORE_RECORD_INVALID';
}

/** Tells of what a renewal changed beside the tokens. */
function tell({ onConnectionChange, now }: RefreshDesk, before: ConnectionRecord, after: ConnectionRecord): void {
  const change = connectionChange(before, after, now());
  if (change) onConnectionChange(change);
}
