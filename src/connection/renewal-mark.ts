/** Marks in the store that a refresh token is being spent, so that whoever takes over does not spend it a second time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { reauthRequired } from './check-binding.ts';
import { connectionChange } from './connection-change.ts';
import { disconnected } from './connection-fields.ts';
import { connectionKind, type ConnectionRecord, type ConnectionValue } from './connection-record.ts';
import { isSameGrant, openTokens } from './connection-tokens.ts';
import type { Work } from './refresh-desk.ts';

/** Whether somebody has begun to spend the refresh token of a record, and has not said what came of it. */
export function isMarked({ value }: ConnectionRecord): boolean {
  return typeof value.renewing === 'number';
}

/** Another process spends the refresh token, or has: it was not asked for tokens. Travels inside `connection/` only. */
export class SpentElsewhere extends Error {}

/**
 * Writes the mark, immediately before the provider is asked: a store that takes nothing keeps the refresh token from being
 * spent, and a process that was frozen meanwhile finds that another has gone on.
 *
 * @throws SpentElsewhere; AuthorizationError CONNECTION_NOT_FOUND; GatewayError LEASE_LOST and those of the store.
 */
export async function markSpending(work: Work): Promise<void> {
  const { desk, target } = work;
  // After a pause of the whole process the timer that tells of the lost lease is late: it runs before this one.
  await sleep(1);
  work.signal.throwIfAborted();
  // A store that gave no answer may have written it.
  work.isMarked = true;
  for (;;) {
    const { id, version, value } = work.opened.record;
    const saved = await desk.records.compareAndSet(connectionKind, id, version, { ...value, renewing: work.fence });
    const found = saved ?? (await desk.records.get(connectionKind, id));
    if (!found) throw disconnected(target.connectionId, target.connector);
    const record = found as ConnectionRecord;
    if (saved) return void (work.opened = { ...work.opened, record });
    if (isMarked(record) || !isSameGrant(openTokens(record, desk.keyRing), work.opened.tokens)) {
      work.isMarked = false;
      throw new SpentElsewhere();
    }
    work.opened = { ...work.opened, record };
  }
}

/**
 * Waits for what another process was given that holds no lease any more: it keeps its tokens until it can save them. When
 * they do not come, the refresh token is spent again only at a provider that is known to keep it valid; elsewhere that could
 * end the whole grant, so the subject is asked to connect again. That is over by itself when the tokens come after all.
 *
 * @throws AuthorizationError REAUTH_REQUIRED; GatewayError LEASE_LOST and those of the store.
 */
export async function awaitKeeper(work: Work): Promise<void> {
  const { desk, target, signal } = work;
  const { id, value: seen } = work.opened.record;
  const until = performance.now() + desk.limits.keeperWaitMs;
  for (;;) {
    signal.throwIfAborted();
    const record = (await desk.records.get(connectionKind, id)) as ConnectionRecord | undefined;
    if (!record || record.value.renewing !== seen.renewing) return;
    const leftMs = until - performance.now();
    if (leftMs > 0) {
      await sleep(Math.min(desk.limits.saveAgainMs, leftMs), undefined, { signal }).catch(() => undefined);
      continue;
    }
    const isKeptValid = openTokens(record, desk.keyRing)?.rotates === false;
    const next = isKeptValid ? { ...record.value, renewing: null } : lost(work, record.value);
    const saved = await desk.records.compareAndSet(connectionKind, id, record.version, next);
    if (!saved) continue;
    if (isKeptValid) return;
    const change = connectionChange(record, saved as ConnectionRecord, desk.now());
    if (change) desk.onConnectionChange(change);
    throw reauthRequired(desk, target, saved as ConnectionRecord);
  }
}

/** The mark stays: by it the process that has the tokens knows that it was waited for in vain, and mends the state. */
function lost({ target: { connector } }: Work, value: ConnectionValue): ConnectionValue {
  const { name, title = name } = connector;
  const reason = `The gateway that renewed the tokens of ${title} stopped before it could save them. Connect it again; if that gateway comes back, it works again by itself.`;
  return { ...value, state: 'REAUTH_REQUIRED', reason, failures: 0, retryAt: null, idleRefreshAt: null };
}

/** Whether a change of state was made for want of tokens that this work now has. */
export function isLostOwn({ fence }: Pick<Work, 'fence'>, { state, renewing }: ConnectionValue): boolean {
  return state === 'REAUTH_REQUIRED' && renewing === fence;
}
