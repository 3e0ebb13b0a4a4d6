/** HTTP Digest authentication (RFC 7616): answers a provider's challenge. */
import { createHash, randomBytes } from 'node:crypto';

export interface DigestRequest {
  readonly method: string;
  /** Path and query, as they stand on the wire. */
  readonly target: string;
  readonly user: string;
  readonly password: string;
}

/**
 * The `authorization` header that answers a `www-authenticate` header: SHA-256 before MD5, `qop=auth` where it is offered.
 *
 * @returns `undefined` when the header holds no Digest challenge that we can answer (`auth-int` alone, other hashes).
 * @see https://www.rfc-editor.org/rfc/rfc7616#section-3.4
 */
export function answerDigest(
  wwwAuthenticate: string,
  request: DigestRequest,
  clientNonce: string = randomBytes(16).toString('hex'),
): string | undefined {
  const offered = digestChallenges(wwwAuthenticate).filter(isAnswerable);
  const challenge = offered.sort((one, other) => strength(other) - strength(one))[0];
  return challenge && authorizationOf(challenge, request, clientNonce);
}

type Challenge = Readonly<Record<string, string>>;

/** `name=value` pairs behind each `Digest`; a header may hold challenges of several schemes (RFC 9110 §11.6.1). */
function digestChallenges(header: string): Challenge[] {
  const challenges: Record<string, string>[] = [];
  let current: Record<string, string> | undefined;
  // Possessive by construction: each alternative begins with another kind of sign, so that no text is read twice.
  const token = /([\w-]{1,64})[ \t]{0,8}=[ \t]{0,8}(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w-]{1,64})/g;
  for (const [, name, quoted, plain, scheme] of header.slice(0, 8192).matchAll(token)) {
    if (scheme !== undefined) {
      current = scheme.toLowerCase() === 'digest' ? (Object.create(null) as Record<string, string>) : undefined;
      if (current) challenges.push(current);
    } else if (current && name !== undefined) {
      current[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    }
  }
  return challenges;
}

const hashes: Readonly<Record<string, string>> = { md5: 'md5', 'sha-256': 'sha256' };

function hashOf(challenge: Challenge): string | undefined {
  return hashes[(challenge['algorithm'] ?? 'MD5').toLowerCase().replace(/-sess$/, '')];
}

function isAnswerable(challenge: Challenge): boolean {
  const { realm, nonce, qop } = challenge;
  const hasAuth = qop === undefined || qop.split(',').some((word) => word.trim().toLowerCase() === 'auth');
  return realm !== undefined && nonce !== undefined && hasAuth && hashOf(challenge) !== undefined;
}

function strength(challenge: Challenge): number {
  return hashOf(challenge) === 'sha256' ? 2 : 1;
}

function authorizationOf(challenge: Challenge, request: DigestRequest, clientNonce: string): string {
  const { realm = '', nonce = '', opaque, algorithm, qop } = challenge;
  const hash = (text: string): string => createHash(hashOf(challenge)!).update(text).digest('hex');
  const isSession = algorithm?.toLowerCase().endsWith('-sess') === true;
  const secret = hash(`${request.user}:${realm}:${request.password}`);
  const sessionSecret = isSession ? hash(`${secret}:${nonce}:${clientNonce}`) : secret;
  const what = hash(`${request.method}:${request.target}`);
  const count = '00000001';
  const response =
    qop === undefined
      ? hash(`${sessionSecret}:${nonce}:${what}`)
      : hash(`${sessionSecret}:${nonce}:${count}:${clientNonce}:auth:${what}`);
  const hidesUser = challenge['userhash']?.toLowerCase() === 'true';
  const user = hidesUser ? hash(`${request.user}:${realm}`) : request.user;
  return [
    `Digest username="${quote(user)}"`,
    `realm="${quote(realm)}"`,
    `nonce="${quote(nonce)}"`,
    `uri="${request.target}"`,
    `response="${response}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(opaque === undefined ? [] : [`opaque="${quote(opaque)}"`]),
    ...(qop === undefined ? [] : ['qop=auth', `nc=${count}`]),
    ...(qop === undefined && !isSession ? [] : [`cnonce="${clientNonce}"`]),
    ...(hidesUser ? ['userhash=true'] : []),
  ].join(', ');
}

function quote(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
