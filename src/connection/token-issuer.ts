/** Short-lived tokens of our own, for tenants that trade an API key for them at `/oauth2/token`. */
import { randomUUID } from 'node:crypto';
import { readUnverified, signToken, verifyToken } from './json-web-token.ts';
import type { KeyRing } from './seal.ts';
import { readScopes, type TokenCaller, type VerifyToken } from './trusted-issuer.ts';

export interface TokenIssuer {
  /** Issuer and audience of its tokens: the base URL of this gateway. */
  readonly issuer: string;
  /** A token that lives for `lifetimeSeconds`. */
  readonly issue: (grant: TokenGrant) => Promise<string>;
  /** What one of its own tokens says; `undefined` for every other. */
  readonly verify: VerifyToken;
  readonly lifetimeSeconds: number;
}

/** For whom a token is issued. */
export interface TokenGrant {
  readonly tenant: string;
  /** Id of the API key: when it is revoked, its tokens end with it. */
  readonly apiKey: string;
  readonly scopes: readonly string[];
}

export interface TokenIssuerOptions {
  /** From the configuration, never from `Host`. */
  readonly baseUrl: string;
  /** The current key signs; all verify, so that a rotation ends no token. */
  readonly keyRing: Pick<KeyRing, 'derive'>;
  /** At most 3 600, which is the default. */
  readonly lifetimeSeconds?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const purpose = 'plugboard access token 1';
const maxLifetimeSeconds = 3_600;

/** The keys that sign are derived from the sealing keys by HKDF (RFC 5869), so that replicas share them. */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { now = Date.now } = options;
  const lifetimeSeconds = Math.min(options.lifetimeSeconds ?? maxLifetimeSeconds, maxLifetimeSeconds);
  const issuer = options.baseUrl.replace(/\/$/, '');
  const secrets = options.keyRing.derive(purpose);
  return {
    issuer,
    lifetimeSeconds,
    issue({ tenant, apiKey, scopes }) {
      const iat = Math.floor(now() / 1000);
      const times = { iat, exp: iat + lifetimeSeconds };
      const claims = { iss: issuer, aud: issuer, ...times, jti: randomUUID(), client_id: apiKey, tenant };
      return signToken({ ...claims, scope: scopes.join(' ') }, secrets()[0]);
    },
    async verify(token) {
      if (readUnverified(token)?.issuer !== issuer) return undefined;
      const claims = await verifyToken(token, async ({ kid }) => secrets().find(({ id }) => id === kid)?.secret, {
        issuer,
        audience: issuer,
        algorithms: ['HS256'],
        types: ['at+jwt'],
        // Our own replicas, whose clocks the operator keeps.
        skewSeconds: 5,
        now: new Date(now()),
      });
      return claims && readOwn(claims);
    },
  };
}

function readOwn(claims: Readonly<Record<string, unknown>>): TokenCaller | undefined {
  const { tenant, client_id: apiKey, scope, exp } = claims;
  if (typeof tenant !== 'string' || typeof apiKey !== 'string' || typeof exp !== 'number') return undefined;
  return { tenant, subject: undefined, scopes: readScopes(scope), expiresAt: exp * 1000, apiKey };
}
