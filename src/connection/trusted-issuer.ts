/** Issuers that the operator trusts to say who asks: what is configured of them, and what the claims of their tokens mean. */
import type { Fault } from '../errors.ts';
import { isSubject } from './external-subject.ts';
import { isScope, type Scopes } from './scopes.ts';

/** Somebody whose tokens are accepted. */
export interface TrustedIssuer {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  /** By which its tokens mean this gateway; one of them is enough. */
  readonly audience: string | readonly string[];
  /** Of JWTs. Asymmetric ones only. Default `['RS256', 'PS256', 'ES256', 'EdDSA']`. */
  readonly algorithms?: readonly string[];
  /** Where its public keys are, which verify its JWTs; https, or http on loopback. Either this or `keys`, or `introspection` alone. */
  readonly jwksUri?: string;
  /** Its public keys, as JWKs. */
  readonly keys?: readonly object[];
  /** Its tokens that are no JWTs, and without keys its JWTs too, are shown to it. At one issuer only. */
  readonly introspection?: IntrospectionSettings;
  /** The tenant of all its tokens. Either this or `tenantClaim`. */
  readonly tenant?: string;
  /** The claim that names the tenant. The issuer is then trusted to speak for every tenant. */
  readonly tenantClaim?: string;
  /** The claim that holds the scopes, a list or a text with spaces; those that are not ours are passed over. Default `scope`. */
  readonly scopeClaim?: string;
}

/**
 * Where an issuer says what a token stands for, and how the gateway proves itself there.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662
 */
export interface IntrospectionSettings {
  /** https, or http on loopback. */
  readonly endpoint: string;
  readonly clientId: string;
  /** `{ env: 'NAME' }` takes it from the environment. */
  readonly clientSecret: string | { readonly env: string };
  /** How the client proves itself. Default `client_secret_basic`. */
  readonly authentication?: 'client_secret_basic' | 'client_secret_post';
  /**
   * Accepts answers that name no audience, if they say `token_type: Bearer`: any access token of this issuer, for whatever
   * API, then opens this gateway. Default `false`.
   */
  readonly acceptWithoutAudience?: boolean;
}

/** What an accepted token says. */
export interface TokenCaller {
  readonly tenant: string;
  /** Its `sub`. */
  readonly subject: string | undefined;
  readonly scopes: Scopes;
  /** Milliseconds since 1970; absent: its issuer did not say. */
  readonly expiresAt?: number;
  /** The API key for which we issued it ourselves. */
  readonly apiKey?: string;
}

/** `undefined`: it is not acceptable, for whatever reason. @throws GatewayError ISSUER_UNAVAILABLE */
export type VerifyToken = (token: string) => Promise<TokenCaller | undefined>;

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
export const defaultAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Whom claims speak of, whoever vouches for them; `undefined` when they name no tenant, or a subject that cannot be one. */
export function callerOf(
  claims: Readonly<Record<string, unknown>>,
  { tenant, tenantClaim, scopeClaim = 'scope' }: TrustedIssuer,
): TokenCaller | undefined {
  const owner = tenantClaim === undefined ? tenant : claims[tenantClaim];
  if (typeof owner !== 'string' || !isSubject(owner)) return undefined;
  const { sub, exp } = claims;
  if (sub !== undefined && (typeof sub !== 'string' || !isSubject(sub))) return undefined;
  return {
    tenant: owner,
    subject: sub,
    scopes: readScopes(claims[scopeClaim]),
    ...(typeof exp === 'number' && { expiresAt: exp * 1000 }),
  };
}

/** Of a claim that is a text with spaces (RFC 8693 §4.2) or a list; what is neither gives nothing. */
export function readScopes(claim: unknown): Scopes {
  const named: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return new Set(named.filter((scope): scope is string => typeof scope === 'string' && isScope(scope)));
}

/** Every fault of the issuers, but for those of the secrets that the environment holds. */
export function checkIssuers(issuers: readonly TrustedIssuer[]): Fault[] {
  return issuers.flatMap((issuer, index) => checkIssuer(issuer, `issuers[${index}]`, issuers));
}

function checkIssuer(trusted: TrustedIssuer, path: string, all: readonly TrustedIssuer[]): Fault[] {
  const {
    issuer,
    audience,
    algorithms = defaultAlgorithms,
    jwksUri,
    keys,
    tenant,
    tenantClaim,
    introspection,
  } = trusted;
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
  const needsKeys = introspection === undefined;
  if (jwksUri !== undefined ? keys !== undefined : keys === undefined && needsKeys) {
    report('jwksUri', 'expected either `jwksUri` or `keys`.');
  }
  if (jwksUri !== undefined && !isSafe(jwksUri)) report('jwksUri', 'expected an https URL, or http on loopback.');
  if (introspection && !isSafe(introspection.endpoint)) {
    report('introspection.endpoint', 'expected an https URL, or http on loopback.');
  }
  if (introspection && all.find((other) => other.introspection)?.introspection !== introspection) {
    const message =
      'expected at one issuer only: an opaque token does not say whose it is, and would be shown to others.';
    report('introspection', message);
  }
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

/** A fault of the configuration. */
export function fault(path: string, message: string): Fault {
  return { code: 'CONFIGURATION_INVALID', path, message };
}
