/** Asks an issuer what its opaque tokens stand for (RFC 7662): whose tenant, which subject, which scopes. */
import { hash } from 'node:crypto';
import { DefinitionError, GatewayError } from '../errors.ts';
import { createTokenClient, type IntrospectionAnswer, type TokenClient } from './authorization.ts';
import type { ClientFetch } from './client-fetch.ts';
import { readUnverified } from './json-web-token.ts';
import { createRecent } from './recent.ts';
import { Secret } from '../http/secret.ts';
import { TokenFailure } from './token-failure.ts';
import { callerOf, fault, type IntrospectionSettings, type TrustedIssuer, type VerifyToken } from './trusted-issuer.ts';

export interface IntrospectTokenOptions {
  /** Checked by `checkIssuers`; one of them at most has `introspection`. */
  readonly issuers: readonly TrustedIssuer[];
  /** Where `{ env: 'NAME' }` of a client secret is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks the endpoint; the outbound client stands behind it. */
  readonly fetch: ClientFetch;
  /** Hears why the issuer could not be asked, which the caller is not told. */
  readonly onFailure?: (failure: { readonly issuer: string; readonly reason: string }) => void;
  /** How far clocks may be apart, in seconds. Default 30. */
  readonly skewSeconds?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** So long a token that was refused is refused without another question. */
const refusedMs = 5_000;
const maxRefused = 10_000;
/** Whoever makes up tokens makes us ask about each: the issuer is asked about no more than so many at a time. */
const maxAsking = 32;
const retryAfterMs = 1_000;

/**
 * Makes the function that asks about a token; `undefined` where no issuer has `introspection`. It remembers refusals
 * alone: what is accepted is remembered by `authenticate`, for a minute and never beyond `exp` (RFC 7662 §4).
 *
 * A JWT is shown to the issuer that it names alone, and only where it has no keys by which we could judge it ourselves.
 * The function throws GatewayError ISSUER_UNAVAILABLE when the endpoint does not answer, refuses the gateway's own client,
 * or answers what is no answer: that says nothing about the token.
 *
 * @throws DefinitionError CONFIGURATION_INVALID when the client secret is not there.
 */
export function createIntrospectToken(options: IntrospectTokenOptions): VerifyToken | undefined {
  const { issuers, now = Date.now, skewSeconds = 30 } = options;
  const index = issuers.findIndex(({ introspection }) => introspection);
  const trusted = issuers[index];
  if (!trusted?.introspection) return undefined;
  const secret = readSecret(trusted.introspection, `issuers[${index}].introspection.clientSecret`, options);
  const { introspection } = trusted;
  let client: Promise<TokenClient> | undefined;
  const refused = createRecent<number>(maxRefused);
  let asking = 0;
  const ask = async (token: string): Promise<IntrospectionAnswer> => {
    if (asking >= maxAsking) throw unavailable('Too many tokens are asked about at a time');
    asking += 1;
    try {
      client ??= createClient(trusted.issuer, introspection, secret, options.fetch);
      return await (await client).introspect(token);
    } catch (error) {
      if (!(error instanceof TokenFailure)) throw error;
      options.onFailure?.({ issuer: trusted.issuer, reason: reasonOf(error) });
      throw unavailable('The issuer cannot be asked about this token just now', error);
    } finally {
      asking -= 1;
    }
  };
  return async (token) => {
    if (!mayBeShown(token, trusted)) return undefined;
    const digest = hash('sha256', token, 'base64url');
    const sinceRefused = now() - (refused.get(digest) ?? -Infinity);
    if (sinceRefused >= 0 && sinceRefused < refusedMs) return undefined;
    const answer = await ask(token);
    const isGood = isAcceptable(answer, trusted, { seconds: now() / 1000, skewSeconds });
    const caller = isGood ? callerOf(answer, trusted) : undefined;
    if (!caller) refused.set(digest, now());
    return caller;
  };
}

function readSecret({ clientSecret }: IntrospectionSettings, path: string, { environment }: IntrospectTokenOptions) {
  if (typeof clientSecret === 'string') return new Secret(clientSecret);
  const found = environment[clientSecret.env];
  if (found) return new Secret(found);
  const message = `expected the environment variable ${clientSecret.env} to be set; it is not.`;
  throw new DefinitionError([fault(path, message)]);
}

function createClient(
  issuer: string,
  { endpoint, clientId, authentication = 'client_secret_basic' }: IntrospectionSettings,
  clientSecret: Secret,
  fetch: ClientFetch,
): Promise<TokenClient> {
  const metadata = { issuer, introspection_endpoint: endpoint };
  return createTokenClient({ metadata, isIssuerKnown: true, clientId, authentication, clientSecret, fetch });
}

/** A token that says whose it is goes to nobody else. */
function mayBeShown(token: string, { issuer, jwksUri, keys }: TrustedIssuer): boolean {
  const claimed = readUnverified(token);
  return claimed === undefined || (claimed.issuer === issuer && jwksUri === undefined && keys === undefined);
}

/** The rules of JWTs, as far as an answer says anything; `aud` it has to say. */
function isAcceptable(
  answer: IntrospectionAnswer,
  trusted: TrustedIssuer,
  { seconds, skewSeconds }: { readonly seconds: number; readonly skewSeconds: number },
): boolean {
  const { active, iss, exp, nbf, iat } = answer;
  if (!active || (iss !== undefined && iss !== trusted.issuer) || !isBearerForUs(answer, trusted)) return false;
  const begins = [nbf, iat].filter((time) => time !== undefined);
  const isLive = exp === undefined || (isTime(exp) && exp + skewSeconds > seconds);
  return isLive && begins.every((time) => isTime(time) && time <= seconds + skewSeconds);
}

/** What is bound to a key (DPoP) is no bearer token; and without an audience only its type tells it from a refresh token. */
function isBearerForUs(
  { aud, token_type: type }: IntrospectionAnswer,
  { audience, introspection }: TrustedIssuer,
): boolean {
  const isBearer = typeof type === 'string' && type.toLowerCase() === 'bearer';
  if (aud === undefined) return isBearer && introspection?.acceptWithoutAudience === true;
  const named = [aud].flat();
  return (isBearer || type === undefined) && [audience].flat().some((own) => named.includes(own));
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** The words of the standard alone: nothing of what the server wrote. */
function reasonOf({ message, error, status }: TokenFailure): string {
  return [message, error, status].filter((part) => part !== undefined).join(', ');
}

function unavailable(what: string, cause?: unknown): GatewayError {
  return new GatewayError('ISSUER_UNAVAILABLE', `${what}. Ask again later.`, { retryAfterMs, cause });
}
