/** Short-lived tokens that pass through other systems and come back: signed by us, read by everybody, believed by us alone. */
import { hkdfSync } from 'node:crypto';
import { signShared, verifyShared, type Claims } from './json-web-token.ts';
import type { SealingKey } from './sealing-key.ts';

export interface StateTokens {
  readonly issue: (claims: Claims, lifetimeSeconds: number) => Promise<string>;
  /** What one of them says; `undefined` for every other, and after its lifetime. */
  readonly verify: (token: string) => Promise<Claims | undefined>;
}

const purpose = 'plugboard state token 1';

/**
 * @param keys - the current one first, which signs; all verify, so that a rotation ends no token. Replicas share them.
 * @param now - milliseconds since 1970.
 */
export function createStateTokens(keys: readonly SealingKey[], now: () => number = Date.now): StateTokens {
  const secrets = keys.map(({ key }) => new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), purpose, 32)));
  const [current] = secrets;
  if (!current) throw new TypeError('State tokens need a key.');
  return {
    issue(claims, lifetimeSeconds) {
      const iat = Math.floor(now() / 1000);
      return signShared({ ...claims, iat, exp: iat + lifetimeSeconds }, current);
    },
    async verify(token) {
      for (const secret of secrets) {
        const claims = await verifyShared(token, secret, new Date(now()));
        // One without an end was not made here.
        if (claims) return claims.exp === undefined ? undefined : claims;
      }
      return undefined;
    },
  };
}
