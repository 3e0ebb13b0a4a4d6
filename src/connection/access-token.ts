/** The credentials of stored connections: opened once, renewed in time, and the same object for all who use one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Credentials } from '../connector/authorize.ts';
import { createConnectHint } from './connect-hint.ts';
import { createServerBreaker } from './refresh-backoff.ts';
import { defaultRefreshLimits, type RefreshDesk, type RefreshLimits } from './refresh-desk.ts';
import { checkBinding } from './check-binding.ts';
import { StoredCredentials, type CredentialsSource } from './stored-credentials.ts';

export interface ConnectionCredentialsOptions
  extends
    Pick<RefreshDesk, 'records' | 'leases' | 'keyRing' | 'clients' | 'sender'>,
    Partial<Pick<RefreshDesk, 'breaker' | 'now' | 'random' | 'pause' | 'onConnectionChange' | 'connectHint'>> {
  readonly limits?: Partial<RefreshLimits>;
  /** Connections whose opened credentials are remembered. Default 5 000; those at work are never forgotten. */
  readonly maxConnections?: number;
}

export interface ConnectionCredentials {
  /**
   * The credentials of a stored connection; one object per connection id. A record that is newer than the one that is
   * remembered replaces it.
   *
   * @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN. @throws AuthorizationError REAUTH_REQUIRED when the tenant has
   *   chosen other hosts since it was connected.
   */
  readonly of: (source: CredentialsSource) => Credentials;
  /**
   * Renews the tokens of a connection when `idleRefreshAt` has come. @returns whether they were renewed.
   *
   * @throws as `refreshTokens`
   */
  readonly refreshIdle: (source: CredentialsSource) => Promise<boolean>;
  /** Forgets what is remembered of a connection, as after it was disconnected. */
  readonly forget: (connectionId: string) => void;
  /** Waits for the renewals that are under way, so that no token is lost. */
  readonly close: () => Promise<void>;
}

/**
 * Makes the credentials of all stored connections of a gateway.
 *
 * An access token is renewed `min(15 min, lifetime / 2)` before it ends; while it is still good it is given at once and
 * renewed beside; in its last seconds, or after, callers wait. One whose end is unknown is used until a 401.
 */
export function createConnectionCredentials(options: ConnectionCredentialsOptions): ConnectionCredentials {
  const desk: RefreshDesk = {
    breaker: createServerBreaker(),
    now: Date.now,
    random: Math.random,
    pause: (ms) => sleep(ms),
    onConnectionChange: () => {},
    connectHint: createConnectHint(),
    ...options,
    limits: { ...defaultRefreshLimits, ...options.limits },
  };
  const { maxConnections = 5_000 } = options;
  const known = new Map<string, StoredCredentials>();
  const find = (source: CredentialsSource): StoredCredentials => {
    const { id } = source.record;
    checkBinding(desk, { ...source, connectionId: id }, source.record);
    const remembered = known.get(id);
    if (remembered?.isOf(source)) {
      remembered.update(source);
      return remembered;
    }
    const credentials = new StoredCredentials(desk, source);
    if (!remembered && known.size >= maxConnections) forgetOldest(known);
    known.set(id, credentials);
    return credentials;
  };
  return {
    of: find,
    refreshIdle: (source) => find(source).refreshIdle(),
    forget: (id) => {
      if (known.get(id)?.isAtWork === false) known.delete(id);
    },
    close: async () => void (await Promise.all([...known.values()].map((one) => one.settled()))),
  };
}

function forgetOldest(known: Map<string, StoredCredentials>): void {
  for (const [id, credentials] of known) {
    if (credentials.isAtWork) continue;
    known.delete(id);
    return;
  }
}
