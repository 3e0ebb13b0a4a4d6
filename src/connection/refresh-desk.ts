/** What renewals of tokens work with, and on. */
import type { Connector, OAuth2Authorization } from '../connector/definition.ts';
import type { Sender } from '../http/send.ts';
import type { Leases } from '../storage/lease.ts';
import type { Records } from '../storage/records.ts';
import type { ConnectHint } from './connect-hint.ts';
import type { OnConnectionChange } from './connection-change.ts';
import type { ConnectionRecord, StoredTokens } from './connection-record.ts';
import type { AcquiredTokens } from './connection-tokens.ts';
import type { OAuthClient, OAuthClients } from './oauth-client.ts';
import type { BackoffLimits, ServerBreaker } from './refresh-backoff.ts';
import type { Registration } from './registration.ts';
import type { KeyRing } from './seal.ts';

/** Milliseconds. */
export interface RefreshLimits {
  /** A token request may take 30 s, and its answer must be saved under the lease. */
  readonly leaseMs: number;
  readonly renewLeaseEveryMs: number;
  /** So long a process waits for another one that renews. */
  readonly waitMs: number;
  /** So long a caller waits for a renewal, which goes on without it: less than an operation may take. */
  readonly callerWaitMs: number;
  /** Pauses between tries to save what could not be saved: the first, and the longest. */
  readonly saveAgainMs: number;
  readonly maxSaveAgainMs: number;
  /** So long tokens are waited for that another process was given and has not saved: it tries every `maxSaveAgainMs`. */
  readonly keeperWaitMs: number;
  readonly backoff?: BackoffLimits;
}

export const defaultRefreshLimits: RefreshLimits = {
  leaseMs: 60_000,
  renewLeaseEveryMs: 20_000,
  waitMs: 45_000,
  callerWaitMs: 20_000,
  saveAgainMs: 200,
  maxSaveAgainMs: 5_000,
  keeperWaitMs: 20_000,
};

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
  readonly onConnectionChange: OnConnectionChange;
  readonly connectHint: ConnectHint;
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

/** One renewal under way, under its lease. */
export interface Work {
  readonly desk: RefreshDesk;
  readonly target: RefreshTarget;
  readonly fence: number;
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal;
  /** What was kept when the lease was got, later with the mark. */
  opened: OpenedRecord;
  /** The store may say that the refresh token is being spent. */
  isMarked: boolean;
  /** Once it is known. */
  client: OAuthClient | undefined;
}

/** What the provider gave, not kept yet. */
export interface Renewed extends AcquiredTokens {
  /** To be merged into the connection's fields. */
  readonly extra: Readonly<Record<string, unknown>>;
}
