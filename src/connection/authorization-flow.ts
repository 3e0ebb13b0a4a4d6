/** The authorization code flow in its two halves: where the subject is sent, and what its answer is worth. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Connector, OAuth2Authorization } from '../connector/definition.ts';
import { nameError } from '../connector/name-error.ts';
import type { OpenConnection } from '../connector/open-connection.ts';
import { AuthorizationError, GatewayError, ProviderError } from '../errors.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import { Secret } from '../http/secret.ts';
import { challengeOf, randomNonce, randomState, randomVerifier } from './authorization.ts';
import type { Binding } from './connection-binding.ts';
import { acquiredTokens, readCustomTokens, type AcquiredTokens } from './connection-tokens.ts';
import { browserHash, flowIdOf, flowSealIdentity, type Flow } from './flow-record.ts';
import { scopeParameter, type OAuthClient } from './oauth-client.ts';
import type { KeyRing } from './seal.ts';
import { readOAuthError, TokenFailure, tokenFailureError } from './token-failure.ts';

/**
 * The part of the redirect URI that tells tenants and connectors apart, so that no provider's answer is taken for
 * another's (mix-up, RFC 9700 §4.4.2.2).
 */
export function redirectContext(tenant: string, connector: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, connector]))
    .digest('base64url')
    .slice(0, 22);
}

/** The redirect URI to register with the provider. @param publicUrl - of the gateway, from its configuration alone. */
export function redirectUriOf(publicUrl: string, tenant: string, connector: string): string {
  const base = publicUrl.endsWith('/') ? publicUrl : `${publicUrl}/`;
  return new URL(`oauth/callback/${redirectContext(tenant, connector)}`, base).href;
}

/** What a code flow is begun with. */
export interface AuthorizationRequest {
  readonly client: OAuthClient;
  readonly keyRing: KeyRing;
  readonly tenant: string;
  readonly subject: string | null;
  readonly connectionId: string;
  /** `redirectUriOf` */
  readonly redirectUri: string;
  /** Where the client is, as far as a tenant chose it. */
  readonly boundTo: Binding;
  /** Absent: those of the client. */
  readonly scopes?: readonly string[] | undefined;
  /** What only the browser that begins knows; absent: the flow may end in any. */
  readonly browser?: string | undefined;
  readonly returnUrl?: string | undefined;
  readonly applicationState?: string | undefined;
}

/**
 * Makes the URL to send the subject to, and the flow to keep (`keepFlow`) before that. PKCE with S256 always; what
 * stands in the query of the connector's `authorizationUrl` stays, except where it is ours to say.
 *
 * @throws GatewayError AUTHORIZATION_SERVER_INVALID without an authorization endpoint; CONNECTOR_ERROR when the
 * connector's `pkce` gives another method than S256.
 */
export async function beginAuthorization(request: AuthorizationRequest): Promise<{ url: URL; flow: Flow }> {
  const { client, redirectUri } = request;
  const { authorization, connector } = client;
  const scopes = request.scopes ?? client.scopes;
  const state = randomState();
  const nonce = client.issuer !== undefined && scopes.includes('openid') ? randomNonce() : undefined;
  const { verifier, challenge } = await provenKey(authorization, connector);
  const url = new URL(authorizationEndpoint(client));
  const parameters: Record<string, string> = {
    ...Object.fromEntries(url.searchParams),
    ...authorization.authorizationParams,
    ...scopeParameter(scopes, authorization),
    ...(nonce === undefined ? undefined : { nonce }),
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  url.search = new URLSearchParams(parameters).toString();
  const id = flowIdOf(state);
  const { tenant, subject, connectionId: connection } = request;
  const place = { tenant, subject, connector: connector.name, connection };
  const value: Flow['value'] = {
    ...place,
    context: redirectContext(tenant, connector.name),
    redirectUri,
    verifier: request.keyRing.seal(verifier, flowSealIdentity(id, place)),
    nonce: nonce ?? null,
    issuer: client.issuer ?? null,
    scopes,
    boundTo: request.boundTo,
    browser: request.browser === undefined ? null : browserHash(request.browser),
    returnUrl: request.returnUrl ?? null,
    applicationState: request.applicationState ?? null,
  };
  return { url, flow: { id, value } };
}

function authorizationEndpoint(client: OAuthClient): string {
  if (client.authorizationUrl !== undefined) return client.authorizationUrl;
  const message = `${client.title} has no authorization endpoint: neither its connector, its registration nor its metadata says where subjects are sent.`;
  throw new GatewayError('AUTHORIZATION_SERVER_INVALID', message, { connector: client.connector.name });
}

async function provenKey(
  { pkce }: OAuth2Authorization,
  connector: Connector,
): Promise<{ verifier: string; challenge: string }> {
  const verifier = randomVerifier();
  const challenge = await challengeOf(verifier);
  if (typeof pkce !== 'function') return { verifier, challenge };
  const own = pkce(verifier, challenge);
  const { challengeMethod = 'S256' } = own;
  // Checked, not believed: a challenge that does not belong to its verifier would only fail at the very end.
  if (
    challengeMethod !== 'S256' ||
    !/^[\w.~-]{43,128}$/.test(own.verifier) ||
    own.challenge !== (await challengeOf(own.verifier))
  ) {
    throw new GatewayError(
      'CONNECTOR_ERROR',
      `${connector.title ?? connector.name}: pkce must give a verifier of 43–128 characters, its S256 challenge and the method S256 (RFC 7636).`,
      { connector: connector.name },
    );
  }
  return { verifier: own.verifier, challenge: own.challenge };
}

/** What ends a code flow. */
export interface AuthorizationAnswer {
  /** The query of the request, as it came. */
  readonly callback: URLSearchParams;
  /** Last part of the path at which the answer came. */
  readonly context: string;
  /** What the browser carries that brought the answer. */
  readonly browser: string | undefined;
  /** From `takeFlow`: it exists no more. */
  readonly flow: Flow;
}

export interface AnswerDesk {
  readonly client: OAuthClient;
  readonly keyRing: KeyRing;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** For the connector's own `acquire`: a connection whose requests carry no credentials. */
  readonly openAcquire: () => OpenConnection;
}

/** What a finished flow gives. */
export interface FinishedAuthorization extends AcquiredTokens {
  readonly ownerId: string | undefined;
  /** To be merged into the connection's fields. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * Judges the place at which an answer came, before anything is asked of anybody.
 *
 * @throws AuthorizationError AUTHORIZATION_FLOW_FOREIGN when path or browser are not those of the flow.
 */
export function checkAnswerPlace({ flow, context, browser }: Omit<AuthorizationAnswer, 'callback'>): void {
  if (!isSame(context, flow.value.context)) {
    throw new AuthorizationError(
      'AUTHORIZATION_FLOW_FOREIGN',
      'The answer came at the redirect URI of another connector than the flow was begun for. Nothing was asked of any provider; begin again.',
      { connector: flow.value.connector },
    );
  }
  const { browser: expected } = flow.value;
  if (expected === null || (browser !== undefined && isSame(browserHash(browser), expected))) return;
  throw new AuthorizationError(
    'AUTHORIZATION_FLOW_FOREIGN',
    'The answer came in another browser than the flow was begun in. Open the link and finish in one browser.',
    { connector: flow.value.connector },
  );
}

/**
 * Exchanges the code of an answer for tokens, by the connector's own `acquire` where it has one. `iss` is compared where
 * it came, and demanded where the server advertises it (RFC 9207).
 *
 * @throws AuthorizationError AUTHORIZATION_FLOW_FOREIGN, AUTHORIZATION_ANSWER_INVALID, CONNECTION_DENIED, REAUTH_REQUIRED
 * (the code is no good), REGISTRATION_REFUSED. @throws ProviderError when the provider fails; the flow is gone, so the
 * subject begins again.
 */
export async function finishAuthorization(
  answer: AuthorizationAnswer,
  desk: AnswerDesk,
): Promise<FinishedAuthorization> {
  checkAnswerPlace(answer);
  const { client, keyRing } = desk;
  const { callback, flow } = answer;
  const code = checkAnswer(answer, client);
  const { redirectUri, scopes, nonce } = flow.value;
  const verifier = new Secret(keyRing.open(flow.value.verifier, flowSealIdentity(flow.id, flow.value)));
  const { acquire } = client.authorization;
  if (acquire) {
    const own = () => acquire(desk.openAcquire(), code, redirectUri, verifier.reveal());
    const given = await acquireByConnector(answer, desk, own, { code, verifier: verifier.reveal() });
    const { answer: tokens, ownerId, extra } = readCustomTokens(given, 'acquire', client.connector);
    return { ...acquiredTokens(tokens, desk.now(), scopes), ownerId, extra };
  }
  try {
    const tokens = await client.exchangeCode(callback, {
      redirectUri,
      state: callback.get('state') ?? '',
      verifier,
      nonce: nonce ?? undefined,
      parameters: client.authorization.tokenParams ?? {},
    });
    return { ...acquiredTokens(tokens, desk.now(), scopes), ownerId: undefined, extra: {} };
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    throw tokenFailureError(error, failed(answer, client));
  }
}

/** Code of a connector may throw anything, with code and verifier in its message. */
async function acquireByConnector(
  { flow }: AuthorizationAnswer,
  { client: { connector } }: AnswerDesk,
  acquire: () => unknown,
  secrets: Readonly<Record<string, string>>,
): Promise<unknown> {
  try {
    return await resolveRequests(await acquire());
  } catch (error) {
    const { connection } = flow.value;
    throw nameError(error, { connector, connection, raisedIn: 'authorization.acquire', fields: secrets });
  }
}

function checkAnswer({ callback, flow }: AuthorizationAnswer, client: OAuthClient): string {
  const { title, connector } = client;
  const single = (name: string): string | undefined => {
    const values = callback.getAll(name);
    if (values.length > 1) throw invalidAnswer(title, connector, `carries several values of ${name}`);
    return values[0] === '' ? undefined : values[0];
  };
  const [state, issuer, error, code] = ['state', 'iss', 'error', 'code'].map(single);
  if (state === undefined || flowIdOf(state) !== flow.id) {
    throw invalidAnswer(title, connector, 'carries the state of another flow');
  }
  if (client.issuer !== undefined) {
    if (flow.value.issuer !== client.issuer)
      throw invalidAnswer(title, connector, 'is for an issuer that is configured no more');
    if (issuer === undefined && client.sendsIssuer)
      throw invalidAnswer(title, connector, 'carries no iss, though the server says that it always does');
    if (issuer !== undefined && issuer !== client.issuer)
      throw invalidAnswer(title, connector, 'carries the iss of another server');
  }
  if (error !== undefined) throw refusal(error, failed({ flow }, client));
  if (code === undefined) throw invalidAnswer(title, connector, 'carries neither a code nor an error');
  return code;
}

function failed({ flow }: Pick<AuthorizationAnswer, 'flow'>, { title, connector }: OAuthClient) {
  return { title, connector: connector.name, connection: flow.value.connection };
}

/** The subject said no, or the provider said it for a reason of its own (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6). */
function refusal(word: string, request: ReturnType<typeof failed>): GatewayError {
  const { kind, error } = readOAuthError(isPrompt(word) ? 'access_denied' : word, 400);
  if (kind === 'passing' && error === undefined) {
    const message = `${request.title} ended the authorization with an error. Try again, or ask its support.`;
    return new ProviderError('PROVIDER_ERROR', message, { connector: request.connector });
  }
  return tokenFailureError(new TokenFailure(kind, 'it ended the authorization', { error }), request);
}

function isPrompt(word: string): boolean {
  return /^(?:login|consent|interaction|account_selection)_required$/.test(word);
}

function invalidAnswer(title: string, connector: Connector, what: string): AuthorizationError {
  return new AuthorizationError(
    'AUTHORIZATION_ANSWER_INVALID',
    `The answer of the authorization server of ${title} ${what}. No token was asked for; begin again.`,
    { connector: connector.name },
  );
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(left!, right!);
}
