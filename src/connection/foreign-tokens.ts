/** Tokens for systems that handle them by themselves: shown, renewed when they ask, and got for codes that they bring. */
import type { Connector } from '../connector/definition.ts';
import { authorizationOf } from '../connector/authorize.ts';
import type { ConnectionFields } from '../connector/definition.ts';
import { GatewayError } from '../errors.ts';
import type { ConnectionCredentials } from './access-token.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { fieldsOf } from './connection-fields.ts';
import { acquiredTokens, openTokens, type AcquiredTokens } from './connection-tokens.ts';
import type { OAuthClients } from './oauth-client.ts';
import type { Registrations } from './registrations.ts';
import type { KeyRing } from './seal.ts';
import { TokenFailure, tokenFailureError } from './token-failure.ts';

/** What a connection holds, opened: for those alone to whom the operator said so by name. */
export interface RevealedCredentials {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly fields: ConnectionFields;
}

/** Tokens for a code, and whose they are where the server says so. */
export interface ExchangedCode extends AcquiredTokens {
  readonly userId: string | undefined;
}

export interface ForeignTokens {
  /** @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN */
  readonly reveal: (record: ConnectionRecord) => RevealedCredentials;
  /**
   * When its access token ends, in milliseconds since 1970; `null`: not known.
   *
   * @param maxLifetimeMs - of tokens that the provider gave us; what was brought with its end keeps it.
   */
  readonly endOf: (record: ConnectionRecord, maxLifetimeMs: number) => number | null;
  /** Whether it has tokens that can be renewed. */
  readonly isRenewable: (record: ConnectionRecord) => boolean;
  /** Renews the tokens now. @throws as `refreshTokens` */
  readonly renew: (record: ConnectionRecord, connector: Connector) => Promise<void>;
  /**
   * Exchanges a code that was got without us, and so without PKCE and without a state of ours.
   *
   * @throws AuthorizationError, ProviderError as a code flow; REGISTRATION_REQUIRED
   */
  readonly exchange: (
    tenant: string,
    connector: Connector,
    code: string,
    redirectUri: string,
  ) => Promise<ExchangedCode>;
}

export interface ForeignTokensOptions {
  readonly keyRing: KeyRing;
  readonly credentials: Pick<ConnectionCredentials, 'of'>;
  readonly registrations: Pick<Registrations, 'find'>;
  readonly clients: OAuthClients;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function createForeignTokens(options: ForeignTokensOptions): ForeignTokens {
  const { keyRing, credentials, registrations, clients, now } = options;
  return {
    reveal(record) {
      const tokens = openTokens(record, keyRing);
      return {
        accessToken: tokens?.access_token.reveal(),
        refreshToken: tokens?.refresh_token?.reveal(),
        fields: fieldsOf(record, keyRing),
      };
    },
    endOf(record, maxLifetimeMs) {
      const { expiresAt } = record.value;
      const { expires_in, obtained_at } = openTokens(record, keyRing) ?? {};
      if (expiresAt === null || !expires_in || obtained_at === undefined) return expiresAt;
      return Math.min(expiresAt, obtained_at + maxLifetimeMs);
    },
    isRenewable: (record) => openTokens(record, keyRing)?.refresh_token !== undefined,
    async renew(record, connector) {
      const registration = await registrations.find(record.value.tenant, connector);
      const { refresh } = credentials.of({ record, connector, registration });
      await refresh?.(openTokens(record, keyRing)?.access_token);
    },
    async exchange(tenant, connector, code, redirectUri) {
      const registration = await registrations.find(tenant, connector);
      const authorization = authorizationOf(connector, {});
      if (authorization.type !== 'oauth2' || !registration) {
        const message = `${connector.title ?? connector.name} has no registration by which a code could be exchanged.`;
        throw new GatewayError('REGISTRATION_REQUIRED', message, { connector: connector.name });
      }
      const client = await clients({ connector, authorization, registration, fields: {} });
      try {
        const answer = await client.exchangeForeignCode(code, redirectUri);
        return { ...acquiredTokens(answer, now(), client.scopes), userId: answer.user_id };
      } catch (error) {
        if (!(error instanceof TokenFailure)) throw error;
        throw tokenFailureError(error, { title: client.title, connector: connector.name });
      }
    },
  };
}
