/** Tokens of the issuers that the operator trusts: whose tenant, which subject, which scopes. */
import { DefinitionError, type Fault } from '../errors.ts';
import { isSubject } from './external-subject.ts';
import { readKeySet, readUnverified, verifyToken, type Claims, type FindKey } from './json-web-token.ts';
import { createKeySet, type Fetch } from './key-set.ts';
import { isScope, type Scopes } from './scopes.ts';

/** Somebody whose tokens are accepted. */
export interface TrustedIssuer {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  /** By which its tokens mean this gateway; one of them is enough. */
  readonly audience: string | readonly string[];
  /** Asymmetric ones only. Default `['RS256', 'PS256', 'ES256', 'EdDSA']`. */
  readonly algorithms?: readonly string[];
  /** Where its public keys are; https, or http on loopback. Either this or `keys`. */
  readonly jwksUri?: string;
  /** Its public keys, as JWKs. */
  readonly keys?: readonly object[];
  /** The tenant of all its tokens. Either this or `tenantClaim`. */
  readonly tenant?: string;
  /** The claim that names the tenant. The issuer is then trusted to speak for every tenant. */
  readonly tenantClaim?: string;
  /** The claim that holds the scopes, a list or a text with spaces; those that are not ours are passed over. Default `scope`. */
  readonly scopeClaim?: string;
}

/** What an accepted token says. */
export interface TokenCaller {
  readonly tenant: string;
  /** Its `sub`. */
  readonly subject: string | undefined;
  readonly scopes: Scopes;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The API key for which we issued it ourselves. */
  readonly apiKey?: string;
}

/** `undefined`: it is not acceptable, for whatever reason. @throws GatewayError ISSUER_UNAVAILABLE */
export type VerifyJwt = (token: string) => Promise<TokenCaller | undefined>;

export interface VerifyJwtOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** Fetches key sets; the outbound client stands behind it. */
  readonly fetch: Fetch;
  /** How far clocks may be apart, in seconds: at most 60, default 30. */
  readonly skewSeconds?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const asymmetric = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const defaultAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Access tokens (RFC 9068), plain tokens, and those that do not say: no logout tokens, proofs or events. */
const accepted = ['at+jwt', 'jwt', ''];

/**
 * @throws DefinitionError CONFIGURATION_INVALID with every fault of the issuers.
 * @see https://www.rfc-editor.org/rfc/rfc8725
 */
export function createVerifyJwt({ issuers, fetch, skewSeconds = 30, now = Date.now }: VerifyJwtOptions): VerifyJwt {
  const faults = issuers.flatMap((issuer, index) => checkIssuer(issuer, `issuers[${index}]`, issuers));
  if (!(skewSeconds >= 0 && skewSeconds <= 60)) {
    faults.push(fault('skewSeconds', `expected 0 to 60 seconds; got ${skewSeconds}.`));
  }
  if (faults.length > 0) throw new DefinitionError(faults);
  const known = new Map(issuers.map((issuer) => [issuer.issuer, { issuer, findKey: keysOf(issuer, fetch, now) }]));
  return async (token) => {
    const claimed = readUnverified(token)?.issuer;
    const trusted = typeof claimed === 'string' ? known.get(claimed) : undefined;
    if (!trusted) return undefined;
    const { issuer, audience, algorithms = defaultAlgorithms } = trusted.issuer;
    const rules = { issuer, audience, algorithms, types: accepted, skewSeconds, now: new Date(now()) };
    const claims = await verifyToken(token, trusted.findKey, rules);
    return claims && readClaims(claims, trusted.issuer);
  };
}

function keysOf({ jwksUri, keys }: TrustedIssuer, fetch: Fetch, now: () => number): FindKey {
  return jwksUri === undefined ? readKeySet({ keys }) : createKeySet({ url: jwksUri, fetch, now });
}

function readClaims(claims: Claims, { tenant, tenantClaim, scopeClaim = 'scope' }: TrustedIssuer) {
  const owner = tenantClaim === undefined ? tenant : claims[tenantClaim];
  if (typeof owner !== 'string' || !isSubject(owner)) return undefined;
  const { sub } = claims;
  if (sub !== undefined && !isSubject(sub)) return undefined;
  return { tenant: owner, subject: sub, scopes: readScopes(claims[scopeClaim]), expiresAt: claims.exp! * 1000 };
}

/** Of a claim that is a text with spaces (RFC 8693 §4.2) or a list; what is neither gives nothing. */
export function readScopes(claim: unknown): Scopes {
  const named: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return new Set(named.filter((scope): scope is string => typeof scope === 'string' && isScope(scope)));
}

function checkIssuer(trusted: TrustedIssuer, path: string, all: readonly TrustedIssuer[]): Fault[] {
  const { issuer, audience, algorithms = defaultAlgorithms, jwksUri, keys, tenant, tenantClaim } = trusted;
  const faults: Fault[] = [];
  const report = (key: string, message: string) => faults.push(fault(`${path}.${key}`, message));
  if (issuer === '') report('issuer', 'expected the `iss` of its tokens; got nothing.');
  if (all.find((other) => other.issuer === issuer) !== trusted) {
    report('issuer', `expected each issuer once; ${JSON.stringify(issuer)} stands here twice.`);
  }
  if ([audience].flat().length === 0 || [audience].flat().includes('')) {
    report('audience', 'expected the audience by which its tokens mean this gateway; got nothing.');
  }
  const foreign = algorithms.filter((algorithm) => !asymmetric.includes(algorithm));
  if (foreign.length > 0 || algorithms.length === 0) {
    report('algorithms', `expected some of ${asymmetric.join(', ')}; got ${foreign.join(', ') || 'none'}.`);
  }
  if ((jwksUri === undefined) === (keys === undefined)) report('jwksUri', 'expected either `jwksUri` or `keys`.');
  if (jwksUri !== undefined && !isSafe(jwksUri)) report('jwksUri', 'expected an https URL, or http on loopback.');
  if (keys && !keys.every(isPublicKey)) {
    report('keys', 'expected public keys only, as JWKs; one of them is private, symmetric or no key.');
  }
  if ((tenant === undefined) === (tenantClaim === undefined)) {
    report('tenant', 'expected either `tenant` or `tenantClaim`.');
  }
  if (tenant !== undefined && !isSubject(tenant)) report('tenant', 'expected 1 to 200 printable ASCII characters.');
  return faults;
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}

function isPublicKey(key: object): boolean {
  const { kty, d, k } = key as Readonly<Record<string, unknown>>;
  return typeof kty === 'string' && kty !== 'oct' && d === undefined && k === undefined;
}

function fault(path: string, message: string): Fault {
  return { code: 'CONFIGURATION_INVALID', path, message };
}
