/** openid-client as tests of the authorization server use it: one client, one flow at a time, no gateway. */
import * as oauth from 'openid-client';
import type { AuthorizationServer, AuthorizeOptions } from './authorization-server.ts';

/** Nobody listens there: the redirect is read, never followed. */
export const redirectUri = 'http://127.0.0.1:1/callback';

/** Discovers the server for a client. Authentication is `client_secret_basic` with `secret` unless given. */
export function discoverAs(
  server: { readonly issuer: string },
  clientId: string,
  authentication: oauth.ClientAuth = oauth.ClientSecretBasic('secret'),
): Promise<oauth.Configuration> {
  return oauth.discovery(new URL(server.issuer), clientId, undefined, authentication, {
    execute: [oauth.allowInsecureRequests],
  });
}

export interface BegunFlow {
  readonly url: URL;
  readonly checks: { readonly pkceCodeVerifier: string; readonly expectedState: string };
}

/** The authorization URL of a code flow with PKCE, and what its answer has to be checked against. */
export async function beginFlow(
  configuration: oauth.Configuration,
  scope = 'openid items:read items:write',
): Promise<BegunFlow> {
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
  const expectedState = oauth.randomState();
  const url = oauth.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope,
    state: expectedState,
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  return { url, checks: { pkceCodeVerifier, expectedState } };
}

/** Runs the whole code flow as `user` and gives the tokens. */
export async function signIn(
  server: AuthorizationServer,
  configuration: oauth.Configuration,
  user: AuthorizeOptions = {},
): Promise<oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers> {
  const { url, checks } = await beginFlow(configuration);
  return oauth.authorizationCodeGrant(configuration, await server.authorize(url, user), checks);
}

/** Asks the protected API. */
export function askApi(
  server: AuthorizationServer,
  path: string,
  accessToken: string,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${server.apiUrl}${path}`, { ...init, headers: { authorization: `Bearer ${accessToken}` } });
}
