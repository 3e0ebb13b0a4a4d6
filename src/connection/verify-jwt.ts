/** Verifies the JWTs of the issuers that the operator trusts: whose tenant, which subject, which scopes. */
import { DefinitionError } from '../errors.ts';
import { readKeySet, readUnverified, verifyToken, type FindKey } from './json-web-token.ts';
import { createKeySet, type Fetch } from './key-set.ts';
import {
  callerOf,
  checkIssuers,
  defaultAlgorithms,
  fault,
  type TrustedIssuer,
  type VerifyToken,
} from './trusted-issuer.ts';

export interface VerifyJwtOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** Fetches key sets; the outbound client stands behind it. */
  readonly fetch: Fetch;
  /** How far clocks may be apart, in seconds: at most 60, default 30. */
  readonly skewSeconds?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Access tokens (RFC 9068), plain tokens, and those that do not say: no logout tokens, proofs or events. */
const accepted = ['at+jwt', 'jwt', ''];

/**
 * @throws DefinitionError CONFIGURATION_INVALID with every fault of the issuers.
 * @see https://www.rfc-editor.org/rfc/rfc8725
 */
export function createVerifyJwt({ issuers, fetch, skewSeconds = 30, now = Date.now }: VerifyJwtOptions): VerifyToken {
  const faults = checkIssuers(issuers);
  if (!(skewSeconds >= 0 && skewSeconds <= 60)) {
    faults.push(fault('skewSeconds', `expected 0 to 60 seconds; got ${skewSeconds}.`));
  }
  if (faults.length > 0) throw new DefinitionError(faults);
  const withKeys = issuers.filter(({ jwksUri, keys }) => jwksUri !== undefined || keys !== undefined);
  const known = new Map(withKeys.map((issuer) => [issuer.issuer, { issuer, findKey: keysOf(issuer, fetch, now) }]));
  return async (token) => {
    const claimed = readUnverified(token)?.issuer;
    const trusted = typeof claimed === 'string' ? known.get(claimed) : undefined;
    if (!trusted) return undefined;
    const { issuer, audience, algorithms = defaultAlgorithms } = trusted.issuer;
    const rules = { issuer, audience, algorithms, types: accepted, skewSeconds, now: new Date(now()) };
    const claims = await verifyToken(token, trusted.findKey, rules);
    return claims && callerOf(claims, trusted.issuer);
  };
}

function keysOf({ jwksUri, keys }: TrustedIssuer, fetch: Fetch, now: () => number): FindKey {
  return jwksUri === undefined ? readKeySet({ keys }) : createKeySet({ url: jwksUri, fetch, now });
}
