/** The client credentials grant (RFC 6749 §4.4): an access token of the client itself, for which no browser is needed. */
import { acquiredTokens, type AcquiredTokens } from './connection-tokens.ts';
import { scopeParameter, type OAuthClient } from './oauth-client.ts';
import { TokenFailure, tokenFailureError } from './token-failure.ts';

/**
 * Asks for a token of the client. There is no refresh token; another access token is got in the same way.
 *
 * @param scopes - absent: those of the client.
 * @throws AuthorizationError REGISTRATION_REFUSED. @throws ProviderError when the server gives none now.
 */
export async function clientCredentialsTokens(
  client: OAuthClient,
  now: () => number,
  scopes: readonly string[] = client.scopes,
): Promise<AcquiredTokens> {
  const parameters = { ...client.authorization.tokenParams, ...scopeParameter(scopes, client.authorization) };
  try {
    return acquiredTokens(await client.clientCredentials(parameters), now(), scopes);
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    // There is no subject who could connect again: what this client proves itself with is refused.
    const failure = error.kind === 'grant' ? new TokenFailure('client', error.message, error) : error;
    throw tokenFailureError(failure, { title: client.title, connector: client.connector.name });
  }
}
