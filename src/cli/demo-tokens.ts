/** Codes and tokens of the demo's authorization server, in memory. */
import { randomBytes } from 'node:crypto';

export interface DemoUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** What a user allowed. */
export interface DemoGrant {
  readonly user: DemoUser;
  readonly scopes: readonly string[];
}

/** The body of a token answer (RFC 6749 §5.1). */
export interface DemoTokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly scope: string;
}

interface Grant extends DemoGrant {
  isRevoked: boolean;
}
interface Code {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly until: number;
  isUsed: boolean;
}

/** A code lives a minute (RFC 6749 §4.1.2 allows ten at most). */
const codeMs = 60_000;

export interface DemoTokens {
  /** @param challenge - of RFC 7636, method S256 */
  readonly issueCode: (grant: DemoGrant, redirectUri: string, challenge: string) => string;
  /** Once; a code that comes twice ends what it gave (RFC 6749 §4.1.2). */
  readonly redeemCode: (code: string, redirectUri: string, challenge: string) => DemoTokenAnswer | undefined;
  /** Once; a refresh token that comes twice was stolen or lost, and ends the grant (RFC 9700 §4.14.2). */
  readonly rotate: (refreshToken: string) => DemoTokenAnswer | undefined;
  /** Ends the grant of an access or refresh token (RFC 7009). */
  readonly revoke: (token: string) => void;
  readonly grantOf: (accessToken: string) => DemoGrant | undefined;
}

export function createDemoTokens(accessTokenMs: number): DemoTokens {
  const codes = new Map<string, Code>();
  const accessTokens = new Map<string, { readonly grant: Grant; readonly until: number }>();
  const refreshTokens = new Map<string, { readonly grant: Grant; isUsed: boolean }>();

  const issue = (grant: Grant): DemoTokenAnswer => {
    const [accessToken, refreshToken] = [newText(), newText()];
    accessTokens.set(accessToken, { grant, until: Date.now() + accessTokenMs });
    refreshTokens.set(refreshToken, { grant, isUsed: false });
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: Math.ceil(accessTokenMs / 1000),
      refresh_token: refreshToken,
      scope: grant.scopes.join(' '),
    };
  };

  return {
    issueCode(grant: DemoGrant, redirectUri: string, challenge: string): string {
      const code = newText();
      const until = Date.now() + codeMs;
      codes.set(code, { grant: { ...grant, isRevoked: false }, redirectUri, challenge, until, isUsed: false });
      return code;
    },
    redeemCode(text: string, redirectUri: string, challenge: string): DemoTokenAnswer | undefined {
      const code = codes.get(text);
      if (!code || code.until <= Date.now()) return undefined;
      if (code.isUsed) {
        code.grant.isRevoked = true;
        return undefined;
      }
      if (code.redirectUri !== redirectUri || code.challenge !== challenge) return undefined;
      code.isUsed = true;
      return issue(code.grant);
    },
    rotate(text: string): DemoTokenAnswer | undefined {
      const token = refreshTokens.get(text);
      if (!token || token.grant.isRevoked) return undefined;
      if (token.isUsed) {
        token.grant.isRevoked = true;
        return undefined;
      }
      token.isUsed = true;
      return issue(token.grant);
    },
    revoke(text: string): void {
      const found = accessTokens.get(text) ?? refreshTokens.get(text);
      if (found) found.grant.isRevoked = true;
    },
    grantOf(accessToken: string): DemoGrant | undefined {
      const found = accessTokens.get(accessToken);
      return found && !found.grant.isRevoked && found.until > Date.now() ? found.grant : undefined;
    },
  };
}

function newText(): string {
  return randomBytes(32).toString('base64url');
}
