/** Short-lived tokens that pass through other systems and come back: signed by us, read by everybody, believed by us alone. */
import { signShared, verifyShared, type Claims } from './json-web-token.ts';
import type { KeyRing } from './seal.ts';

export interface StateTokens {
  readonly issue: (claims: Claims, lifetimeSeconds: number) => Promise<string>;
  /** What one of them says; `undefined` for every other, and after its lifetime. */
  readonly verify: (token: string) => Promise<Claims | undefined>;
}

const purpose = 'plugboard state token 1';

/**
 * @param keyRing - its current key signs; all verify, so that a rotation ends no token. Replicas share them.
 * @param now - milliseconds since 1970.
 */
export function createStateTokens(keyRing: Pick<KeyRing, 'derive'>, now: () => number = Date.now): StateTokens {
  const secrets = keyRing.derive(purpose);
  return {
    issue(claims, lifetimeSeconds) {
      const iat = Math.floor(now() / 1000);
      return signShared({ ...claims, iat, exp: iat + lifetimeSeconds }, secrets()[0].secret);
    },
    async verify(token) {
      for (const { secret } of secrets()) {
        const claims = await verifyShared(token, secret, new Date(now()));
        // One without an end was not made here.
        if (claims) return claims.exp === undefined ? undefined : claims;
      }
      return undefined;
    },
  };
}
