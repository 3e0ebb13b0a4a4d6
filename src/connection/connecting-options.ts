/** What connecting works with; `gateway.ts` gives it. */
import type { Credentials } from '../connector/authorize.ts';
import type { Connector } from '../connector/definition.ts';
import type { Sender } from '../http/send.ts';
import type { Change, Records } from '../storage/records.ts';
import type { ConnectionRecord } from './connection-record.ts';
import type { AcquiredTokens } from './connection-tokens.ts';
import type { OAuthClient, OAuthClients } from './oauth-client.ts';
import type { Registrations } from './registrations.ts';
import type { Discarding } from './discarding.ts';
import type { Revocations } from './revocation.ts';
import type { KeyRing } from './seal.ts';
import type { StoredConnections } from './stored-connections.ts';

export interface ConnectingOptions {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly records: Records;
  readonly keyRing: KeyRing;
  readonly stored: StoredConnections;
  readonly registrations: Registrations;
  readonly oauthClients: OAuthClients;
  readonly sender: Sender;
  /** Credentials of a connection that is kept. */
  readonly credentialsOf: (record: ConnectionRecord, connector: Connector) => Promise<Credentials>;
  /** Tokens of the client itself, for the grant `client_credentials`. */
  readonly clientCredentials: (client: OAuthClient) => Promise<AcquiredTokens>;
  readonly revocations: Pick<Revocations, 'plan' | 'attempt'>;
  readonly discarding: Discarding;
  /**
   * Does what has to be done at the provider before a connection is removed, while its credentials are good, such as
   * ending its webhooks. It is waited for, so it takes seconds at most, and it never fails. It may be called for one that
   * then stays, because the store fails.
   */
  readonly beforeRemoval?: (tenant: string, connection: string) => Promise<void>;
  /** What is removed with a connection, in the same transaction: it goes with it, or both stay. */
  readonly removedWith?: (connection: string) => Promise<readonly Change[]>;
  /** Forgets the credentials of a connection that was removed. */
  readonly forget: (connectionId: string) => void;
  /** Of the gateway, from its configuration alone. */
  readonly baseUrl: string;
  /** Exactly these may be returned to. */
  readonly returnUrls: readonly string[];
  /**
   * The browser that began also finishes, without `finishConnection`: for a demo and for one's own machine, where no
   * application stands behind the return URL.
   */
  readonly finishInBrowser: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
