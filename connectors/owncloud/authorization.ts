/** The two ways in, a password for apps or signing in at the server, and where the server is. */
import type { BasicAuthorization, ConnectionFields, OAuth2Authorization } from '../../src/connector/define.ts';
import { currentUser } from './ocs.ts';

/** Its address with a slash at the end, so that a folder in it is kept. */
export function serverOf({ server }: ConnectionFields): string {
  const address = String(server);
  return address.endsWith('/') ? address : `${address}/`;
}

/** @see https://doc.owncloud.com/webui/next/classic_ui/personal_settings/security.html#app-passwords-tokens */
export const appPassword: BasicAuthorization = {
  type: 'basic',
  userField: 'user',
  passwordField: 'app_password',
  identity: currentUser,
};

/**
 * Tokens live an hour and are refreshed. There are no scopes: whoever signs in lends all that he may do.
 *
 * @see https://github.com/owncloud/oauth2#endpoints
 */
export const oauthApp: OAuth2Authorization = {
  type: 'oauth2',
  authorizationUrl: (fields) => `${serverOf(fields)}index.php/apps/oauth2/authorize`,
  tokenUrl: (fields) => `${serverOf(fields)}index.php/apps/oauth2/api/v1/token`,
  clientAuthentication: 'client_secret_basic',
  scopes: [],
  refreshOn: [401],
  identity: currentUser,
};
