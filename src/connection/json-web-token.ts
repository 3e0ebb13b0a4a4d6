/** Signs and verifies JSON Web Tokens: the door of jose (authorization servers are asked through another, `authorization`). */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWTHeaderParameters, JWTPayload } from 'jose';

export type Claims = Readonly<JWTPayload>;

/** What a token has to satisfy beside its signature. */
export interface TokenRules {
  readonly issuer: string;
  /** The token has to name one of them. */
  readonly audience: string | readonly string[];
  /** The only ones that count, whatever the token says of itself. */
  readonly algorithms: readonly string[];
  /** Header `typ`, in small letters and without `application/`; `''` is a token without. */
  readonly types: readonly string[];
  /** How far clocks may be apart, in seconds. */
  readonly skewSeconds: number;
  readonly now: Date;
}

/** The key for a token; `undefined` when there is none that could have signed it. */
export type FindKey = (header: JWTHeaderParameters) => Promise<CryptoKey | Uint8Array | undefined>;

/**
 * The claims of a token that is signed with the key that was found and keeps all rules; `undefined` for every other.
 * `exp`, `iss` and `aud` have to be there. Keys that a token brings or links to (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
 *
 * @throws whatever `findKey` throws: keys that cannot be had say nothing about the token.
 * @see https://www.rfc-editor.org/rfc/rfc8725
 */
export async function verifyToken(token: string, findKey: FindKey, rules: TokenRules): Promise<Claims | undefined> {
  const { issuer, audience, algorithms, skewSeconds, now } = rules;
  let keyFailure: { readonly error: unknown } | undefined;
  const getKey = async (header: JWTHeaderParameters) => {
    const key = await findKey(header).catch((error: unknown) => {
      keyFailure = { error };
      throw error;
    });
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  try {
    const { payload, protectedHeader } = await jwtVerify(token, getKey, {
      issuer,
      audience: [audience].flat(),
      algorithms: [...algorithms],
      requiredClaims: ['exp'],
      clockTolerance: skewSeconds,
      currentDate: now,
    });
    if (!rules.types.includes(typeOf(protectedHeader.typ))) return undefined;
    return isIssuedLater(payload, rules) ? undefined : payload;
  } catch (error) {
    if (keyFailure) throw keyFailure.error;
    if (error instanceof errors.JOSEError || isUnusableKey(error)) return undefined;
    throw error;
  }
}

/** @param secret - at least 32 bytes (RFC 7518 §3.2). */
export function signToken(claims: Claims, key: { readonly id: string; readonly secret: Uint8Array }): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: key.id }).sign(key.secret);
}

/** For whoever has the same secret, of whatever length: HS256, without issuer and audience. */
export function signShared(claims: Claims, secret: Uint8Array): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(secret);
}

/** The claims of such a token, `exp` and `nbf` kept where they are there; `undefined` for every other. */
export async function verifyShared(token: string, secret: Uint8Array, now: Date): Promise<Claims | undefined> {
  try {
    return (await jwtVerify(token, secret, { algorithms: ['HS256'], currentDate: now })).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError || isUnusableKey(error)) return undefined;
    throw error;
  }
}

/** What a token says before anything of it is verified: to find the key by. `undefined` when it is no token. */
export function readUnverifiedClaims(token: string): Claims | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

/** The public keys of a set by header; `undefined` when none fits, or several do. @throws when the set is none. */
export function readKeySet(keySet: unknown): FindKey {
  const find = createLocalJWKSet(keySet as JSONWebKeySet);
  return async (header) => {
    try {
      return await find(header);
    } catch (error) {
      if (error instanceof errors.JOSEError || isUnusableKey(error)) return undefined;
      throw error;
    }
  };
}

/** What a token says of its key before anything is verified; `undefined` when it is no token. */
export function readUnverified(token: string): { readonly issuer: unknown } | undefined {
  try {
    decodeProtectedHeader(token);
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof payload === 'object' && payload !== null
      ? { issuer: (payload as { readonly iss?: unknown }).iss }
      : undefined;
  } catch {
    return undefined;
  }
}

/** `application/at+jwt` and `AT+JWT` mean `at+jwt` (RFC 7515 §4.1.9). */
function typeOf(typ: unknown): string {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
}

/** jose looks at `iat` only where a greatest age is asked for. */
function isIssuedLater({ iat }: Claims, { now, skewSeconds }: TokenRules): boolean {
  return iat !== undefined && iat > now.getTime() / 1000 + skewSeconds;
}

/** Keys of the wrong sort or size end in TypeErrors of jose and of WebCrypto's DOMExceptions. */
function isUnusableKey(error: unknown): boolean {
  return error instanceof TypeError || error instanceof DOMException;
}
