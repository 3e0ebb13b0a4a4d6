/** Renews the tokens of one connection, once for all processes: lease, ask, save, and only then use. */
import { createAcquireConnection, type OpenConnection } from '../connector/open-connection.ts';
import type { ConnectionFields, Connector, OAuth2Authorization } from '../connector/definition.ts';
import { nameError } from '../connector/name-error.ts';
import { AuthorizationError, GatewayError, ProviderError } from '../errors.ts';
import { failedAnswer } from '../http/provider-failure.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import type { Sender } from '../http/send.ts';
import { withLease } from '../storage/hold-lease.ts';
import type { Leases } from '../storage/lease.ts';
import type { JsonValue, Records } from '../storage/records.ts';
import {
  connectionKind,
  sealIdentity,
  type ConnectionRecord,
  type ConnectionState,
  type ConnectionValue,
  type StoredTokens,
} from './connection-record.ts';
import {
  acquiredTokens,
  openFields,
  openTokens,
  readCustomTokens,
  tokenPart,
  type AcquiredTokens,
} from './connection-tokens.ts';
import { scopeParameter, type OAuthClient, type OAuthClients } from './oauth-client.ts';
import { backoffMs, type BackoffLimits, type ServerBreaker } from './refresh-backoff.ts';
import type { Registration } from './registrations.ts';
import type { KeyRing } from './seal.ts';
import { readOAuthError, TokenFailure, tokenFailureError } from './token-failure.ts';

/** Milliseconds. */
export interface RefreshLimits {
  /** A token request may take 30 s, and its answer must be saved under the lease. */
  readonly leaseMs: number;
  readonly renewLeaseEveryMs: number;
  /** So long a process waits for another one that renews. */
  readonly waitMs: number;
  /** Pauses between tries to save what could not be saved: the first, and the longest. */
  readonly saveAgainMs: number;
  readonly maxSaveAgainMs: number;
  readonly backoff?: BackoffLimits;
}

export const defaultRefreshLimits: RefreshLimits = {
  leaseMs: 60_000,
  renewLeaseEveryMs: 20_000,
  waitMs: 45_000,
  saveAgainMs: 200,
  maxSaveAgainMs: 5_000,
};

/** Hears of every change of state that renewals make. It must not throw. */
export type OnStateChange = (
  connectionId: string,
  from: ConnectionState,
  to: ConnectionState,
  reason: string | null,
) => void;

/** What renewals work with. */
export interface RefreshDesk {
  readonly records: Records;
  readonly leases: Leases;
  readonly keyRing: KeyRing;
  readonly clients: OAuthClients;
  /** For connectors that refresh by themselves. */
  readonly sender: Sender;
  readonly breaker: ServerBreaker;
  readonly limits: RefreshLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: () => number;
  /** Between tries to save tokens; it may hold the process up, which alone has them. */
  readonly pause: (ms: number) => Promise<void>;
  readonly onStateChange: OnStateChange;
}

/** Whose tokens. */
export interface RefreshTarget {
  readonly connectionId: string;
  readonly connector: Connector;
  readonly authorization: OAuth2Authorization;
  readonly registration: Registration | undefined;
}

/** A record with its tokens opened. */
export interface OpenedRecord {
  readonly record: ConnectionRecord;
  readonly tokens: StoredTokens | undefined;
}

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
  return withLease(desk.leases, name, { ttlMs, renewEveryMs, waitMs }, async (_fence, signal) => {
    const opened = await read(desk, target);
    if (!isStale(opened)) return opened;
    const work: Work = { desk, target, opened, client: undefined };
    checkMayAsk(desk, target, opened);
    // Whoever lost the lease here may find that another has spent the refresh token.
    signal.throwIfAborted();
    let renewed: Renewed;
    try {
      renewed = await askForTokens(work);
    } catch (error) {
      return await afterFailure(work, error);
    }
    return untilSaved(work, renewed, onUnsaved);
  });
}

interface Work {
  readonly desk: RefreshDesk;
  readonly target: RefreshTarget;
  /** What was kept when the lease was got. */
  readonly opened: OpenedRecord;
  client: OAuthClient | undefined;
}

interface Renewed extends AcquiredTokens {
  /** To be merged into the connection's fields. */
  readonly extra: Readonly<Record<string, unknown>>;
}

async function read({ records, keyRing }: RefreshDesk, target: RefreshTarget): Promise<OpenedRecord> {
  const record = (await records.get(connectionKind, target.connectionId)) as ConnectionRecord | undefined;
  if (!record) throw gone(target);
  return { record, tokens: openTokens(record.id, record.value.tokens, keyRing) };
}

function gone({ connector, connectionId }: RefreshTarget): AuthorizationError {
  return new AuthorizationError(
    'CONNECTION_NOT_FOUND',
    `The connection ${JSON.stringify(connectionId)} was disconnected.`,
    {
      connector: connector.name,
    },
  );
}

function checkMayAsk(desk: RefreshDesk, target: RefreshTarget, opened: OpenedRecord): void {
  const { state, retryAt, failures } = opened.record.value;
  if (state === 'REAUTH_REQUIRED') throw reauthRequired(target);
  const waitMs = (retryAt ?? 0) - desk.now();
  // A clock that was set back by more than any wait can be is no reason to wait.
  if (waitMs > 0 && waitMs <= 10 * 60_000) throw tooSoon(target, failures, waitMs);
}

/** The subject has to connect again. */
export function reauthRequired({
  connector,
  connectionId,
}: Pick<RefreshTarget, 'connector' | 'connectionId'>): GatewayError {
  return tokenFailureError(new TokenFailure('grant', 'it was refused'), {
    title: connector.title ?? connector.name,
    connector: connector.name,
    connection: connectionId,
  });
}

function tooSoon({ connector, connectionId }: RefreshTarget, failures: number, waitMs: number): ProviderError {
  return new ProviderError(
    'PROVIDER_UNAVAILABLE',
    `${connector.title ?? connector.name} gave no new access token ${failures === 1 ? 'the last time' : `the last ${failures} times`}; it is asked again in ${Math.ceil(waitMs / 1000)} s. Nothing was lost.`,
    { connector: connector.name, connection: connectionId, retryAfterMs: waitMs },
  );
}

async function askForTokens(work: Work): Promise<Renewed> {
  const { desk, target, opened } = work;
  const { record, tokens } = opened;
  const { connector, authorization } = target;
  const fields = fieldsOf(record, desk.keyRing);
  const refreshToken = tokens?.refresh_token;
  const isByClient = authorization.grant === 'client_credentials';
  if (!isByClient && refreshToken === undefined) throw new TokenFailure('grant', 'there is no refresh token');
  if (authorization.refresh && refreshToken !== undefined) {
    const connection = createAcquireConnection({
      connector,
      connectionId: record.id,
      credentials: { fields: () => fields, merge: () => Promise.resolve() },
      baseUri: target.registration?.endpoints.baseUri,
      sender: desk.sender,
    });
    const given = await refreshByConnector(connection, refreshToken, target, fields);
    const { answer, extra } = readCustomTokens(given, 'refresh', connector);
    return { ...acquiredTokens(answer, desk.now(), record.value.scopes, tokens), extra };
  }
  const client = await desk.clients({ ...target, fields });
  work.client = client;
  const waitMs = desk.breaker.waitMs(client.origin, desk.now());
  if (waitMs > 0) throw new ServerDown(waitMs);
  const parameters = authorization.tokenParams ?? {};
  const answer =
    refreshToken === undefined || isByClient
      ? await client.clientCredentials({ ...parameters, ...scopeParameter(client.scopes, authorization) })
      : await client.refresh(refreshToken, parameters);
  desk.breaker.succeeded(client.origin);
  return { ...acquiredTokens(answer, desk.now(), record.value.scopes, tokens), extra: {} };
}

async function refreshByConnector(
  connection: OpenConnection,
  refreshToken: string,
  { connector, authorization, connectionId }: RefreshTarget,
  fields: ConnectionFields,
): Promise<unknown> {
  try {
    return await resolveRequests(await authorization.refresh?.(connection, refreshToken));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const secrets = { ...fields, refresh_token: refreshToken };
    throw nameError(error, { connector, connection: connectionId, raisedIn: 'authorization.refresh', fields: secrets });
  }
}

/** The server is known to be down and was not asked: no failure of this connection. */
class ServerDown extends Error {
  readonly waitMs: number;

  constructor(waitMs: number) {
    super('The server is down.');
    this.waitMs = waitMs;
  }
}

/** What was entered and acquired, as connector code sees it. */
export function fieldsOf(record: ConnectionRecord, keyRing: KeyRing): Readonly<Record<string, JsonValue>> {
  const { fields, acquired } = record.value;
  return {
    ...openFields(record.id, 'fields', fields, keyRing),
    ...openFields(record.id, 'acquired', acquired, keyRing),
  };
}

async function untilSaved(work: Work, renewed: Renewed, onUnsaved: (error: unknown) => void): Promise<OpenedRecord> {
  const { desk } = work;
  for (let delayMs = desk.limits.saveAgainMs; ; delayMs = Math.min(delayMs * 2, desk.limits.maxSaveAgainMs)) {
    try {
      return await save(work, renewed);
    } catch (error) {
      // The tokens exist nowhere but here: only what is kept for good, or is somebody else's now, ends this.
      if (!(error instanceof GatewayError) || !error.code.startsWith('STORE_') || error.code === 'STORE_RECORD_INVALID')
        throw error;
      onUnsaved(error);
      await desk.pause(delayMs);
    }
  }
}

async function save(work: Work, renewed: Renewed): Promise<OpenedRecord> {
  const { desk, target, opened } = work;
  for (let current = opened.record; ;) {
    const { id, value, version } = current;
    const isCured = value.state === 'ERROR' && value.failures > 0;
    const next: ConnectionValue = {
      ...value,
      ...tokenPart(id, renewed, desk.keyRing),
      ...acquiredPart(current, renewed.extra, desk.keyRing),
      ...(isCured ? { state: 'STARTED', reason: null } : undefined),
    };
    const saved = (await desk.records.compareAndSet(connectionKind, id, version, next)) as ConnectionRecord | undefined;
    if (saved) {
      if (isCured) desk.onStateChange(id, 'ERROR', 'STARTED', null);
      return { record: saved, tokens: renewed.tokens };
    }
    const found = (await desk.records.get(connectionKind, id)) as ConnectionRecord | undefined;
    if (!found) {
      await revokeQuietly(work, renewed);
      throw gone(target);
    }
    // Somebody else's change of the record is kept; somebody else's tokens win over ours.
    const tokens = openTokens(id, found.value.tokens, desk.keyRing);
    if (!isSameGrant(tokens, opened.tokens)) return { record: found, tokens };
    current = found;
  }
}

function acquiredPart(record: ConnectionRecord, extra: Readonly<Record<string, unknown>>, keyRing: KeyRing) {
  if (Object.keys(extra).length === 0) return undefined;
  return { acquired: mergeAcquired(record, extra, keyRing) };
}

/** The sealed fields of a connection after `acquire` or `refresh` gave more; tokens have a place of their own. */
export function mergeAcquired(
  record: ConnectionRecord,
  extra: Readonly<Record<string, unknown>>,
  keyRing: KeyRing,
): string {
  const merged = { ...openFields(record.id, 'acquired', record.value.acquired, keyRing), ...extra };
  return keyRing.seal(JSON.stringify(merged), sealIdentity(record.id, 'acquired'));
}

function isSameGrant(one: StoredTokens | undefined, other: StoredTokens | undefined): boolean {
  return one?.refresh_token === other?.refresh_token && one?.access_token === other?.access_token;
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

async function afterFailure(work: Work, error: unknown): Promise<OpenedRecord> {
  const { desk, target } = work;
  if (error instanceof ServerDown) throw tooSoon(target, work.opened.record.value.failures + 1, error.waitMs);
  const failure = failureOf(error);
  if (!failure) throw error;
  const { title, name } = { title: target.connector.title ?? target.connector.name, name: target.connector.name };
  const leaving = tokenFailureError(failure, { title, connector: name, connection: target.connectionId });
  if (work.client && failure.kind === 'passing') desk.breaker.failed(work.client.origin, desk.now());
  const change = changeAfter(failure, leaving, work);
  const adopted = await record(work, change).catch(() => undefined);
  if (adopted) return adopted;
  const { retryAt } = change;
  if (typeof retryAt === 'number' && leaving instanceof ProviderError) {
    leaving.details = { ...leaving.details, retryAfterMs: Math.max(0, retryAt - desk.now()) };
  }
  throw leaving;
}

type FailureChange = Partial<Pick<ConnectionValue, 'state' | 'reason' | 'failures' | 'retryAt' | 'idleRefreshAt'>>;

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

/** Notes the failure, unless the tokens were replaced meanwhile: then these are given, and nothing has failed. */
async function record({ desk, opened }: Work, change: FailureChange): Promise<OpenedRecord | undefined> {
  const { id } = opened.record;
  for (;;) {
    const found = (await desk.records.get(connectionKind, id)) as ConnectionRecord | undefined;
    if (!found) return undefined;
    const tokens = openTokens(id, found.value.tokens, desk.keyRing);
    if (!isSameGrant(tokens, opened.tokens)) return { record: found, tokens };
    const next = { ...found.value, ...change };
    if (!(await desk.records.compareAndSet(connectionKind, id, found.version, next))) continue;
    if (next.state !== found.value.state) desk.onStateChange(id, found.value.state, next.state, next.reason);
    return undefined;
  }
}

/** A failure of the token request itself; anything else is thrown as it is. */
function failureOf(error: unknown): TokenFailure | undefined {
  if (error instanceof TokenFailure) return error;
  const answer = failedAnswer(error);
  // What a connector says by itself is about its code or its rules, not about the provider's health.
  if (error instanceof GatewayError && error.code === 'CONNECTOR_ERROR') return undefined;
  if (!answer)
    return error instanceof ProviderError ? new TokenFailure('passing', error.message, { cause: error }) : undefined;
  const { status } = answer;
  const retryAfterMs = error instanceof GatewayError ? error.details.retryAfterMs : undefined;
  const known = readOAuthError(errorWordIn(answer.text()), status);
  if (known.error !== undefined) return new TokenFailure(known.kind, 'it refused', { ...known, status, retryAfterMs });
  // Connectors that refresh by themselves ask endpoints of all sorts: a refusal without OAuth's words is one all the same.
  const kind = status === 400 || status === 401 || status === 403 ? 'grant' : 'passing';
  return new TokenFailure(kind, `it answered ${status}`, { status, retryAfterMs });
}

function errorWordIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : '';
  } catch {
    return '';
  }
}
