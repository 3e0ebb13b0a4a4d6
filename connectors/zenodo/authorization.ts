/** The two ways in: a personal access token, or signing in at Zenodo through an OAuth app. */
import type { ApiKeyAuthorization, OAuth2Authorization, Request } from '../../src/connector/define.ts';
import { refusedFields, refuseFields } from './refused-fields.ts';

/** @see https://developers.zenodo.org/#creating-a-personal-access-token */
export const personalAccessToken: ApiKeyAuthorization = {
  type: 'api_key',
  apply: (request, connection) => sign(request, connection.fields.token),
};

/**
 * Tokens live an hour and are refreshed. Both scopes are asked for: a deposition that cannot be published is of little use.
 *
 * @see https://developers.zenodo.org/#scopes
 */
export const oauthApp: OAuth2Authorization = {
  type: 'oauth2',
  authorizationUrl: 'https://zenodo.org/oauth/authorize',
  tokenUrl: 'https://zenodo.org/oauth/token',
  clientAuthentication: 'client_secret_post',
  scopes: ['deposit:write', 'deposit:actions'],
  refreshOn: [401],
  apply: (request, _connection, accessToken) => sign(request, accessToken),
};

/** The header rather than the parameter `access_token`: addresses are logged. */
function sign(request: Request, token: unknown): Request {
  return request
    .headers(typeof token === 'string' ? { authorization: `Bearer ${token}` } : {})
    .afterErrorResponse(400, refusedFields, refuseFields);
}
