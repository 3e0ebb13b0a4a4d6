/** Says who asks, from the headers of a request: an API key or a token, and the subject it asks for. */
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { CallerError } from '../errors.ts';
import { isApiKeyText, type ApiKeys } from './api-keys.ts';
import type { Caller } from './caller.ts';
import { externalSubject } from './external-subject.ts';
import { createRecent } from './recent.ts';
import { allows, forbidden, hasScope, scopeOf, type Scopes } from './scopes.ts';
import type { TokenIssuer } from './token-issuer.ts';
import type { TokenCaller, VerifyToken } from './trusted-issuer.ts';

export interface Authenticator {
  /**
   * The caller of `Authorization: Bearer <API key or token>`. The subject is the token's `sub`, or the one that
   * `X-External-Subject-Id` names where the scopes allow naming one.
   *
   * What was verified is remembered: a token for a minute at most and never beyond its end, an API key for `keyCacheMs`, so that a revoked key
   * (and every token that was issued for it) ends on all replicas within that time.
   *
   * @throws CallerError UNAUTHENTICATED (401) or FORBIDDEN (403), which never say what was wrong with the credentials;
   * InputError INPUT_INVALID for a subject that cannot be one; GatewayError when the store or an issuer does not answer.
   */
  readonly authenticate: (headers: IncomingHttpHeaders, options?: AuthenticateOptions) => Promise<Caller>;
}

export interface AuthenticateOptions {
  /** A scope that, beside `plugboard.subjects`, allows naming the subject here, e.g. `connctd.connector` on its facade. */
  readonly namingScope?: string;
}

export interface AuthenticatorOptions {
  readonly apiKeys: ApiKeys;
  /** JWTs of trusted issuers; absent: there are none. */
  readonly verifyJwt?: VerifyToken | undefined;
  /** Asks an issuer about its opaque tokens; absent: they are nobody's. */
  readonly introspectToken?: VerifyToken | undefined;
  /** Our own tokens; absent: none are issued. */
  readonly tokenIssuer?: TokenIssuer;
  /** How long a verified API key is believed without another look at the store. At most 5 000, default 3 000. */
  readonly keyCacheMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What credentials stand for, without the subject that a request names. */
interface Known {
  readonly tenant: string;
  readonly subject: string | undefined;
  readonly scopes: Scopes;
  readonly expiresAt: number | undefined;
  /** Set for our own tokens: they end with their key. */
  readonly apiKey: string | undefined;
  /** Believed from … until, in milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
}

const maxKeyCacheMs = 5_000;
const tokenCacheMs = 60_000;
const maxRemembered = 10_000;
const maxTokenLength = 12_000;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { now = Date.now } = options;
  const identify = createIdentify(options, now);
  return {
    async authenticate(headers, { namingScope } = {}) {
      const token = bearerToken(headers.authorization);
      const known = token === undefined ? undefined : await identify(token);
      if (!known) throw unauthenticated();
      return toCaller(known, externalSubject(headers), namingScope);
    },
  };
}

/** What a bearer token stands for, from memory where it was looked at a moment ago. */
function createIdentify({ apiKeys, ...options }: AuthenticatorOptions, now: () => number) {
  const { verifyJwt, tokenIssuer, introspectToken } = options;
  const keyCacheMs = Math.min(options.keyCacheMs ?? 3_000, maxKeyCacheMs);
  const remembered = createRecent<Known>(maxRemembered);
  const liveKeys = createRecent<{ readonly tenant: string; readonly since: number; readonly until: number }>(
    maxRemembered,
  );

  const isKeyLive = async (id: string, tenant: string): Promise<boolean> => {
    const since = now();
    const recent = liveKeys.get(id);
    if (recent && isNow(recent, since)) return recent.tenant === tenant;
    const key = await apiKeys.findLive(id);
    if (!key) return false;
    liveKeys.set(id, { tenant: key.tenant, since, until: since + keyCacheMs });
    return key.tenant === tenant;
  };
  const findKey = async (text: string, since: number): Promise<Known | undefined> => {
    const key = await apiKeys.verify(text);
    if (!key) return undefined;
    const scopes: Scopes = new Set(key.scopes);
    const until = since + keyCacheMs;
    return { tenant: key.tenant, subject: undefined, scopes, expiresAt: undefined, apiKey: undefined, since, until };
  };
  const findToken = async (token: string, since: number): Promise<Known | undefined> => {
    const caller: TokenCaller | undefined =
      (await tokenIssuer?.verify(token)) ?? (await verifyJwt?.(token)) ?? (await introspectToken?.(token));
    if (!caller) return undefined;
    const { expiresAt, apiKey } = caller;
    return { ...caller, expiresAt, apiKey, since, until: Math.min(expiresAt ?? Infinity, since + tokenCacheMs) };
  };
  const finding = new Map<string, Promise<Known | undefined>>();
  /** All that come with the same credentials at once wait for one answer. */
  const find = (token: string, digest: string, since: number): Promise<Known | undefined> => {
    const begun = finding.get(digest);
    if (begun) return begun;
    const found = (isApiKeyText(token) ? findKey : findToken)(token, since).finally(() => finding.delete(digest));
    finding.set(digest, found);
    return found;
  };
  return async (token: string): Promise<Known | undefined> => {
    // Credentials themselves stay in no memory longer than their request.
    const digest = hash('sha256', token, 'base64url');
    const since = now();
    let known = remembered.get(digest);
    if (!isNow(known, since)) {
      known = await find(token, digest, since);
      if (known) remembered.set(digest, known);
    }
    if (known?.apiKey !== undefined && !(await isKeyLive(known.apiKey, known.tenant))) return undefined;
    return known;
  };
}

/** Time that ran backward ends what was believed. */
function isNow(span: { readonly since: number; readonly until: number } | undefined, now: number): boolean {
  return span !== undefined && span.since <= now && now < span.until;
}

/** `Bearer` and what follows it (RFC 6750 §2.1). Tokens in URLs and bodies are not looked for. */
function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > maxTokenLength) return undefined;
  return /^bearer +([\w.~+/-]+=*)$/i.exec(authorization.trim())?.[1];
}

function toCaller(known: Known, named: string | undefined, namingScope: string | undefined): Caller {
  const { tenant, subject, scopes, expiresAt } = known;
  if (named !== undefined && named !== subject) {
    const mayName = allows(scopes, 'subjects') || (namingScope !== undefined && hasScope(scopes, namingScope));
    if (!mayName) throw forbidden(scopeOf('subjects'));
  }
  return { tenant, subject: named ?? subject, scopes, ...(expiresAt !== undefined && { expiresAt }) };
}

/** One text for every reason: none, unknown, wrong, expired, revoked. */
function unauthenticated(): CallerError {
  const message = 'This gateway asks who you are. Send an API key or a token it accepts: `Authorization: Bearer …`.';
  return new CallerError('UNAUTHENTICATED', message);
}
