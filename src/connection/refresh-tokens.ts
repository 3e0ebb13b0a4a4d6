/** Renews the tokens of one connection, once for all processes: lease, ask, save, and only then use. */
import { ProviderError, type GatewayError } from '../errors.ts';
import { withLease } from '../storage/hold-lease.ts';
import { askForTokens, refreshFailureOf, ServerDown } from './ask-for-tokens.ts';
import { checkBinding, reauthRequired } from './check-binding.ts';
import { disconnected } from './connection-fields.ts';
import { connectionKind, type ConnectionRecord } from './connection-record.ts';
import { openTokens } from './connection-tokens.ts';
import { noteFailure, untilSaved, type FailureChange } from './keep-tokens.ts';
import { scopesAgain } from './connect-hint.ts';
import { backoffMs } from './refresh-backoff.ts';
import type { OpenedRecord, RefreshDesk, RefreshTarget, Renewed, Work } from './refresh-desk.ts';
import { awaitKeeper, isMarked, SpentElsewhere } from './renewal-mark.ts';
import { tokenFailureError, type TokenFailure } from './token-failure.ts';

/**
 * Gives the connection with tokens that are not stale: those that another process got meanwhile, or new ones. New ones
 * are saved by compare-and-set before they are given.
 *
 * @param isStale - judges what is kept, before and after the lease was got.
 * @param onUnsaved - called when new tokens could not be saved; the promise then stays open, under the lease, until they
 *   are, so that nobody spends the old refresh token a second time.
 * @throws AuthorizationError REAUTH_REQUIRED, CONNECTION_NOT_FOUND (it was disconnected), REGISTRATION_REFUSED.
 * @throws ProviderError with `retryAfterMs` when the server fails; the old tokens stay. @throws GatewayError LEASE_TIMEOUT,
 *   LEASE_LOST, and those of the store.
 */
export async function refreshTokens(
  desk: RefreshDesk,
  target: RefreshTarget,
  isStale: (opened: OpenedRecord) => boolean,
  onUnsaved: (error: unknown) => void,
): Promise<OpenedRecord> {
  const before = await read(desk, target);
  if (!isStale(before)) return before;
  checkMayAsk(desk, target, before);
  const { leaseMs: ttlMs, renewLeaseEveryMs: renewEveryMs, waitMs } = desk.limits;
  const name = `refresh ${target.connectionId}`;
  return withLease(desk.leases, name, { ttlMs, renewEveryMs, waitMs }, async (fence, signal) => {
    for (;;) {
      const opened = await read(desk, target);
      if (!isStale(opened)) return opened;
      const work: Work = { desk, target, fence, signal, opened, isMarked: false, client: undefined };
      checkMayAsk(desk, target, opened);
      try {
        if (isMarked(opened.record)) await awaitKeeper(work);
        else return await renew(work, onUnsaved);
      } catch (error) {
        if (!(error instanceof SpentElsewhere)) throw error;
      }
    }
  });
}

async function renew(work: Work, onUnsaved: (error: unknown) => void): Promise<OpenedRecord> {
  let renewed: Renewed;
  try {
    renewed = await askForTokens(work);
  } catch (error) {
    return await afterFailure(work, error, onUnsaved);
  }
  return untilSaved(work, renewed, onUnsaved);
}

async function read(desk: RefreshDesk, target: RefreshTarget): Promise<OpenedRecord> {
  const { records, keyRing } = desk;
  const record = (await records.get(connectionKind, target.connectionId)) as ConnectionRecord | undefined;
  if (!record) throw disconnected(target.connectionId, target.connector);
  checkBinding(desk, target, record);
  return { record, tokens: openTokens(record, keyRing) };
}

function checkMayAsk(desk: RefreshDesk, target: RefreshTarget, opened: OpenedRecord): void {
  const { state, retryAt, failures } = opened.record.value;
  if (state === 'REAUTH_REQUIRED') throw reauthRequired(desk, target, opened.record);
  const waitMs = (retryAt ?? 0) - desk.now();
  // A clock that was set back by more than any wait can be is no reason to wait.
  if (waitMs > 0 && waitMs <= 10 * 60_000) throw tooSoon(target, failures, waitMs);
}

function tooSoon({ connector, connectionId }: RefreshTarget, failures: number, waitMs: number): ProviderError {
  return new ProviderError(
    'PROVIDER_UNAVAILABLE',
    `${connector.title ?? connector.name} gave no new access token ${failures === 1 ? 'the last time' : `the last ${failures} times`}; it is asked again in ${Math.ceil(waitMs / 1000)} s. Nothing was lost.`,
    { connector: connector.name, connection: connectionId, retryAfterMs: waitMs },
  );
}

/** For a connection that has not failed itself: nothing is said of a try that was not made. */
function notAsked({ connector, connectionId }: RefreshTarget, waitMs: number): ProviderError {
  return new ProviderError(
    'PROVIDER_UNAVAILABLE',
    `The authorization server of ${connector.title ?? connector.name} is down, so it was not asked for a new access token; it is asked again in ${Math.ceil(waitMs / 1000)} s. Nothing was lost.`,
    { connector: connector.name, connection: connectionId, retryAfterMs: waitMs },
  );
}

async function afterFailure(work: Work, error: unknown, onUnsaved: (error: unknown) => void): Promise<OpenedRecord> {
  const { desk, target } = work;
  if (error instanceof SpentElsewhere) throw error;
  if (error instanceof ServerDown) throw notAsked(target, error.waitMs);
  const failure = refreshFailureOf(error);
  if (!failure) {
    if (work.isMarked) await noteFailure(work, {}, () => onUnsaved(error));
    throw error;
  }
  const { title, name } = { title: target.connector.title ?? target.connector.name, name: target.connector.name };
  const leaving = tokenFailureError(failure, { title, connector: name, connection: target.connectionId });
  if (work.client) {
    const endpoint = { tenant: work.opened.record.value.tenant, tokenUrl: work.client.tokenUrl };
    if (isServerDown(failure)) desk.breaker.failed(endpoint, desk.now());
    else desk.breaker.succeeded(endpoint);
  }
  const change = changeAfter(failure, leaving, work);
  const adopted = await noteFailure(work, change, () => onUnsaved(leaving));
  if (adopted) return adopted;
  if (leaving.code === 'REAUTH_REQUIRED') {
    const { connector, registration } = target;
    const scopes = scopesAgain(connector, registration, work.opened.record.value);
    leaving.details = { ...leaving.details, connect: desk.connectHint(connector, scopes) };
  }
  const { retryAt } = change;
  if (typeof retryAt === 'number' && leaving instanceof ProviderError) {
    leaving.details = { ...leaving.details, retryAfterMs: Math.max(0, retryAt - desk.now()) };
  }
  throw leaving;
}

/** A server that refuses is up, as is one that has nothing at a wrong URL; one that is asked too often is left alone. */
function isServerDown({ kind, status }: TokenFailure): boolean {
  const isRefusal = status !== undefined && status >= 400 && status < 500 && status !== 429;
  return kind === 'passing' && !isRefusal;
}

function changeAfter(failure: TokenFailure, leaving: GatewayError, { desk, opened }: Work): FailureChange {
  const failures = opened.record.value.failures + 1;
  const retryAt = desk.now() + backoffMs(failures, failure.retryAfterMs, desk.random, desk.limits.backoff);
  if (failure.kind === 'grant') {
    const over = { failures: 0, retryAt: null, idleRefreshAt: null };
    return { state: 'REAUTH_REQUIRED', reason: leaving.message, ...over };
  }
  const later = { failures, retryAt };
  return failure.kind === 'client' ? { state: 'ERROR', reason: leaving.message, ...later } : later;
}
