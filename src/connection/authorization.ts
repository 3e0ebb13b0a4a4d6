/** The one door of openid-client: an authorization server as one client sees it, in our words and our errors. */
import * as oauth from 'openid-client';
import { importJWK, importPKCS8 } from 'jose';
import { GatewayError } from '../errors.ts';
import { retryAfterMs } from '../http/retry.ts';
import type { ClientAuthentication } from '../connector/definition.ts';
import type { ClientFetch } from './client-fetch.ts';
import { Secret, secretOf } from '../http/secret.ts';
import { readableTokenAnswer } from './token-answer.ts';
import { readOAuthError, TokenFailure } from './token-failure.ts';

/** Metadata of an authorization server (RFC 8414), as far as it is used. */
export interface ServerMetadata {
  readonly issuer: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly device_authorization_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly introspection_endpoint?: string;
  readonly token_endpoint_auth_methods_supported?: string[];
  readonly code_challenge_methods_supported?: string[];
  readonly authorization_response_iss_parameter_supported?: boolean;
  readonly id_token_signing_alg_values_supported?: string[];
}

/** One client at one authorization server. */
export interface ClientSettings {
  readonly metadata: ServerMetadata;
  /** `false`: `metadata.issuer` was made up because nobody knows it; it is compared with nothing. */
  readonly isIssuerKnown: boolean;
  readonly clientId: string;
  readonly authentication: ClientAuthentication;
  readonly clientSecret?: Secret | undefined;
  /** For `private_key_jwt`: PKCS #8 in PEM, or a JWK as JSON. */
  readonly privateKey?: Secret | undefined;
  readonly fetch: ClientFetch;
}

/** What a token endpoint gave; `expires_in` in seconds. */
export interface TokenAnswer {
  readonly access_token: Secret;
  readonly token_type: string;
  readonly refresh_token?: Secret | undefined;
  readonly id_token?: Secret | undefined;
  readonly scope?: string | undefined;
  readonly expires_in?: number | undefined;
  readonly refresh_token_expires_in?: number | undefined;
  /** Name of the account, as ownCloud and its kin give it beside the tokens. */
  readonly user_id?: string | undefined;
}

/** What a device authorization endpoint gave (RFC 8628 §3.2), times in seconds. */
export interface DeviceAnswer {
  readonly device_code: Secret;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete?: string | undefined;
  readonly expires_in: number;
  readonly interval?: number | undefined;
}

/** What an introspection endpoint gave (RFC 7662 §2.2). Only `active` was looked at: all else may be anything. */
export type IntrospectionAnswer = Readonly<Record<string, unknown>> & { readonly active: boolean };

export interface CodeChecks {
  readonly redirectUri: string;
  readonly state: string;
  readonly verifier: Secret;
  /** Given: an ID token with it is demanded. */
  readonly nonce?: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

type Parameters = Readonly<Record<string, string>>;

/** Token requests at one authorization server; each is sent once. @throws TokenFailure */
export interface TokenClient {
  readonly exchangeCode: (callback: URLSearchParams, checks: CodeChecks) => Promise<TokenAnswer>;
  /** A code that another system's front end got, without PKCE and without a state of ours. */
  readonly exchangeForeignCode: (code: string, redirectUri: string) => Promise<TokenAnswer>;
  readonly refresh: (refreshToken: Secret, parameters: Parameters) => Promise<TokenAnswer>;
  readonly clientCredentials: (parameters: Parameters) => Promise<TokenAnswer>;
  readonly beginDevice: (parameters: Parameters) => Promise<DeviceAnswer>;
  readonly pollDevice: (deviceCode: Secret, parameters: Parameters) => Promise<TokenAnswer>;
  /** RFC 7009; a token that the server does not know counts as revoked. */
  readonly revoke: (token: Secret, hint: 'refresh_token' | 'access_token') => Promise<void>;
  /** RFC 7662, about somebody else's access token. Members that are `null` are left out. */
  readonly introspect: (token: string) => Promise<IntrospectionAnswer>;
}

/** @throws GatewayError REGISTRATION_REQUIRED when the private key cannot be read. */
export async function createTokenClient(settings: ClientSettings): Promise<TokenClient> {
  const configuration = await configure(settings);
  const run = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await work();
    } catch (error) {
      throw tokenFailureOf(error);
    }
  };
  return {
    exchangeCode: (callback, checks) =>
      run(async () => toAnswer(await exchange(configuration, callback, checks, settings))),
    exchangeForeignCode: (code, redirectUri) =>
      run(async () =>
        toAnswer(
          await oauth.genericGrantRequest(configuration, 'authorization_code', { code, redirect_uri: redirectUri }),
        ),
      ),
    refresh: (token, parameters) =>
      run(async () => toAnswer(await oauth.refreshTokenGrant(configuration, token.reveal(), parameters))),
    clientCredentials: (parameters) =>
      run(async () => toAnswer(await oauth.clientCredentialsGrant(configuration, parameters))),
    beginDevice: (parameters) =>
      run(async () => {
        const answer = await oauth.initiateDeviceAuthorization(configuration, parameters);
        return { ...answer, device_code: new Secret(answer.device_code) };
      }),
    pollDevice: (deviceCode, parameters) =>
      run(async () =>
        toAnswer(
          await oauth.genericGrantRequest(configuration, deviceGrant, {
            ...parameters,
            device_code: deviceCode.reveal(),
          }),
        ),
      ),
    revoke: (token, hint) => run(() => oauth.tokenRevocation(configuration, token.reveal(), { token_type_hint: hint })),
    introspect: (token) =>
      run(async () =>
        withoutNulls(await oauth.tokenIntrospection(configuration, token, { token_type_hint: 'access_token' })),
      ),
  };
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** 256 random bits each, in base64url. */
export const randomState = oauth.randomState;
export const randomNonce = oauth.randomNonce;
export const randomVerifier = oauth.randomPKCECodeVerifier;
/** S256 of RFC 7636 §4.2. */
export const challengeOf = oauth.calculatePKCECodeChallenge;

/**
 * Asks an issuer for its metadata, by OpenID Connect Discovery, then by RFC 8414.
 *
 * @throws TokenFailure when it cannot be had now.
 * @returns what the server says, unchecked.
 */
export async function discoverMetadata(issuer: string, fetch: ClientFetch): Promise<ServerMetadata> {
  let absent: unknown;
  for (const document of metadataDocuments(issuer)) {
    try {
      // With the whole URL of the document the library compares no issuer; the caller does, exactly.
      const configuration = await oauth.discovery(document, 'unused', undefined, oauth.None(), {
        [oauth.customFetch]: (url, options) => fetch(url, options),
        // Where plain http may go is judged by the sender, by origin.
        execute: [oauth.allowInsecureRequests],
      });
      return configuration.serverMetadata();
    } catch (error) {
      if (responseOf(error)?.status !== 404) throw tokenFailureOf(error);
      absent = error;
    }
  }
  throw tokenFailureOf(absent);
}

/** OpenID Connect Discovery §4 appends to the path of the issuer, RFC 8414 §3.1 puts its own before it. */
function metadataDocuments(issuer: string): URL[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  return [
    new URL(`${path}/.well-known/openid-configuration`, url),
    new URL(`/.well-known/oauth-authorization-server${path}`, url),
  ];
}

async function configure(settings: ClientSettings): Promise<oauth.Configuration> {
  const { metadata, clientId, fetch, isIssuerKnown } = settings;
  const configuration = new oauth.Configuration({ ...metadata }, clientId, undefined, await authenticationOf(settings));
  // Where plain http may go is judged by the sender, by origin.
  oauth.allowInsecureRequests(configuration);
  // Time is limited by `fetch`, which tells a late answer from a request that was given up.
  configuration.timeout = 0;
  configuration[oauth.customFetch] = async (url, options) => {
    const response = await fetch(url, options);
    const grant = options.body instanceof URLSearchParams ? options.body.get('grant_type') : null;
    if (grant === null) return options.method === 'POST' ? withoutChallenge(response) : response;
    // Who sends both has always taken 200 alone for the answer to a code.
    const isStrict = settings.authentication === 'client_secret_basic_and_post' && grant === 'authorization_code';
    if (isStrict && response.status !== 200) return response;
    return readableTokenAnswer(response, { keepIdToken: isIssuerKnown && grant === 'authorization_code' });
  };
  return configuration;
}

/** A refused client is told with a challenge, and with the error in the body, which says more (RFC 6749 §5.2). */
function withoutChallenge(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.delete('www-authenticate');
  return new Response(response.body, { status: response.status, headers });
}

async function authenticationOf(settings: ClientSettings): Promise<oauth.ClientAuth> {
  const { authentication, clientSecret, metadata, isIssuerKnown } = settings;
  switch (authentication) {
    case 'none':
      return oauth.None();
    case 'client_secret_basic':
      return oauth.ClientSecretBasic(clientSecret?.reveal());
    case 'client_secret_post':
      return oauth.ClientSecretPost(clientSecret?.reveal());
    case 'client_secret_basic_and_post':
      return bothWays(clientSecret?.reveal() ?? '');
    case 'private_key_jwt':
      return oauth.PrivateKeyJwt(await importKey(settings.privateKey?.reveal() ?? ''), {
        [oauth.modifyAssertion]: (_header, payload) => {
          // RFC 7523 §3: the issuer, or the token endpoint where nobody knows the issuer.
          if (!isIssuerKnown) payload['aud'] = metadata.token_endpoint;
        },
      });
  }
}

/** Id and secret as they are, not encoded as RFC 6749 §2.3.1 has it: clients that send both never did that. */
function bothWays(secret: string): oauth.ClientAuth {
  const post = oauth.ClientSecretPost(secret);
  return (server, client, body, headers) => {
    post(server, client, body, headers);
    headers.set('authorization', `Basic ${Buffer.from(`${client.client_id}:${secret}`).toString('base64')}`);
  };
}

async function importKey(text: string): Promise<oauth.PrivateKey> {
  try {
    if (!text.trimStart().startsWith('{')) {
      return { key: await importPKCS8(text, 'RS256').catch(() => importPKCS8(text, 'ES256')) };
    }
    const jwk = JSON.parse(text) as { kid?: string; alg?: string; kty?: string };
    const key = await importJWK(jwk, jwk.alg ?? (jwk.kty === 'EC' ? 'ES256' : jwk.kty === 'OKP' ? 'EdDSA' : 'RS256'));
    return { key: key as oauth.CryptoKey, ...(jwk.kid === undefined ? undefined : { kid: jwk.kid }) };
  } catch {
    throw new GatewayError(
      'REGISTRATION_REQUIRED',
      'The private key of a registration cannot be read; expected a PKCS #8 key in PEM or a JWK as JSON, for RS256 or ES256.',
    );
  }
}

function exchange(
  configuration: oauth.Configuration,
  callback: URLSearchParams,
  { redirectUri, state, verifier, nonce, parameters }: CodeChecks,
  { isIssuerKnown }: ClientSettings,
) {
  const answer = new URL(redirectUri);
  for (const [name, value] of callback) {
    // Without an issuer to compare it with, `iss` says nothing.
    if (name !== 'iss' || isIssuerKnown) answer.searchParams.append(name, value);
  }
  const checks = {
    pkceCodeVerifier: verifier.reveal(),
    expectedState: state,
    ...(nonce === undefined ? {} : { expectedNonce: nonce }),
  };
  return oauth.authorizationCodeGrant(configuration, answer, checks, parameters);
}

function toAnswer(answer: Awaited<ReturnType<typeof oauth.refreshTokenGrant>>): TokenAnswer {
  const { access_token, token_type, refresh_token, id_token, scope, expires_in, refresh_token_expires_in } = answer;
  return {
    access_token: new Secret(access_token),
    // The library gives it in small letters; on the wire it is `Bearer` (RFC 6750).
    token_type: token_type === 'bearer' ? 'Bearer' : token_type,
    refresh_token: secretOf(refresh_token),
    id_token: secretOf(id_token),
    scope,
    expires_in,
    refresh_token_expires_in: refresh_token_expires_in as number | undefined,
    ...(typeof answer['user_id'] === 'string' && { user_id: answer['user_id'] }),
  };
}

function withoutNulls(answer: Awaited<ReturnType<typeof oauth.tokenIntrospection>>): IntrospectionAnswer {
  const members = Object.entries(answer).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(members), active: answer.active };
}

/** Any failure of the library as one of ours. Its messages are written by the library, never by the provider. */
function tokenFailureOf(error: unknown): Error {
  const cause = ourErrorIn(error);
  if (cause) return new TokenFailure('passing', reasonOf(cause), { cause });
  const response = responseOf(error);
  const status = response?.status;
  const retry = response && retryAfterMs(Object.fromEntries(response.headers));
  if (error instanceof oauth.ResponseBodyError) {
    const { kind, error: word } = readOAuthError(error.error, error.status);
    return new TokenFailure(kind, 'it refused', { error: word, status: error.status, retryAfterMs: retry });
  }
  if (error instanceof oauth.AuthorizationResponseError) {
    const { kind, error: word } = readOAuthError(error.error, 400);
    return new TokenFailure(kind, 'it refused', { error: word });
  }
  const message = status === undefined || status < 300 ? 'its answer cannot be used' : `it answered ${status}`;
  return new TokenFailure('passing', message, { status, retryAfterMs: retry });
}

/** A token request is no write of anybody's data: that its answer was lost means only that there is no token. */
function reasonOf({ code, message }: GatewayError): string {
  return code === 'OUTCOME_UNKNOWN' ? 'its answer was lost' : message.replace(/\.$/, '');
}

/** The library wraps what `fetch` throws. */
function ourErrorIn(error: unknown): GatewayError | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    if (each instanceof GatewayError) return each;
  }
  return undefined;
}

function responseOf(error: unknown): Response | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { response, cause } = error as { response?: unknown; cause?: unknown };
  return [response, cause].find((each): each is Response => each instanceof Response);
}
