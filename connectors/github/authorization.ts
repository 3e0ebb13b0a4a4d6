/** The two ways in: a personal access token, or signing in at GitHub through an OAuth app. */
import type { ApiKeyAuthorization, OAuth2Authorization, OpenConnection, Request } from '../../src/connector/define.ts';
import { rateLimitAnswer, refuseRateLimit } from './rate-limit.ts';

const identity = async (connection: OpenConnection) => (await connection.get('user')).login;

export const personalAccessToken: ApiKeyAuthorization = {
  type: 'api_key',
  apply: (request, connection) => sign(request, connection.fields.token),
  identity,
};

/**
 * The token of an OAuth app has no end and is never refreshed. Without scopes it reads what is public; whoever writes is
 * asked for `repo` then.
 *
 * @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 */
export const oauthApp: OAuth2Authorization = {
  type: 'oauth2',
  authorizationUrl: 'https://github.com/login/oauth/authorize',
  tokenUrl: 'https://github.com/login/oauth/access_token',
  clientAuthentication: 'client_secret_post',
  scopes: [],
  apply: (request, _connection, accessToken) => sign(request, accessToken),
  identity,
};

function sign(request: Request, token: unknown): Request {
  return request
    .headers({
      accept: 'application/vnd.github.v3+json',
      ...(typeof token === 'string' && { authorization: `token ${token}` }),
    })
    .afterErrorResponse(rateLimitAnswer, refuseRateLimit);
}
