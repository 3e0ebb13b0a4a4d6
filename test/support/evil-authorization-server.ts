/**
 * An authorization server that an attacker runs: for mix-up tests (RFC 9207, RFC 9700 §4.4).
 *
 * What it steals stands in `stolen`: a client that is right leaves it empty.
 */
import { startFakeProvider } from './fake-provider.ts';
import type { RecordedRequest, Reply } from './fake-provider.ts';

/**
 * - `mix-up`: has a name of its own, but sends users to the honest authorization endpoint, to get the honest code at its token endpoint.
 * - `impersonation`: its discovery document and its `iss` claim to be the honest issuer.
 * - `wrong-iss`: a flow of its own, whose answer carries the honest issuer's name.
 * - `missing-iss`: promises `iss` and leaves it out.
 */
export type EvilMode = 'mix-up' | 'impersonation' | 'wrong-iss' | 'missing-iss';

export interface EvilAuthorizationServer {
  /** Where it is reached, whatever it claims. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** The fields of every token request that came here: codes, verifiers, secrets. */
  readonly stolen: readonly Readonly<Record<string, string>>[];
  readonly close: () => Promise<void>;
}

/** Starts it on 127.0.0.1 and a free port, in this process. It answers any code with tokens, so that a careless client goes on. */
export async function startEvilAuthorizationServer(
  mode: EvilMode,
  honestIssuer: string,
): Promise<EvilAuthorizationServer> {
  const stolen: Record<string, string>[] = [];
  const honestEndpoint = await authorizationEndpointOf(honestIssuer);
  let issuer = '';
  const discovery = (): Reply => ({ json: metadata(mode, issuer, honestIssuer, honestEndpoint) });
  const provider = await startFakeProvider({
    'GET /.well-known/openid-configuration': discovery,
    'GET /.well-known/oauth-authorization-server': discovery,
    'GET /auth': (request) => sendBack(mode, request, issuer, honestIssuer),
    'POST /token': (request) => {
      stolen.push({
        ...Object.fromEntries(new URLSearchParams(request.body)),
        ...(request.headers.authorization === undefined ? {} : { authorization: request.headers.authorization }),
      });
      return { json: { access_token: 'evil', refresh_token: 'evil', token_type: 'bearer', expires_in: 3600 } };
    },
  });
  issuer = provider.origin;
  return {
    issuer,
    authorizationEndpoint: mode === 'mix-up' ? honestEndpoint : `${issuer}/auth`,
    tokenEndpoint: `${issuer}/token`,
    stolen,
    close: provider.close,
  };
}

async function authorizationEndpointOf(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  return ((await response.json()) as { authorization_endpoint: string }).authorization_endpoint;
}

function metadata(mode: EvilMode, issuer: string, honestIssuer: string, honestEndpoint: string): object {
  return {
    issuer: mode === 'impersonation' ? honestIssuer : issuer,
    authorization_endpoint: mode === 'mix-up' ? honestEndpoint : `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    authorization_response_iss_parameter_supported: true,
  };
}

function sendBack(mode: EvilMode, request: RecordedRequest, issuer: string, honestIssuer: string): Reply {
  const back = new URL(request.query['redirect_uri'] ?? '');
  back.searchParams.set('code', 'evil-code');
  if (request.query['state'] !== undefined) back.searchParams.set('state', request.query['state']);
  if (mode !== 'missing-iss') back.searchParams.set('iss', mode === 'mix-up' ? issuer : honestIssuer);
  return { status: 303, headers: { location: back.href } };
}
