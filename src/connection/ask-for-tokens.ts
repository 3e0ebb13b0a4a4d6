/** Asks a provider for new tokens of a connection, and says what a failure means. */
import type { ConnectionFields } from '../connector/definition.ts';
import { nameError } from '../connector/name-error.ts';
import { createAcquireConnection, type OpenConnection } from '../connector/open-connection.ts';
import { GatewayError, ProviderError } from '../errors.ts';
import { failedAnswer } from '../http/provider-failure.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import { checkPlace } from './check-binding.ts';
import type { Secret } from '../http/secret.ts';
import { fieldsOf } from './connection-fields.ts';
import { acquiredTokens, readCustomTokens } from './connection-tokens.ts';
import { scopeParameter } from './oauth-client.ts';
import type { RefreshTarget, Renewed, Work } from './refresh-desk.ts';
import { declaredFields } from './registration.ts';
import { markSpending } from './renewal-mark.ts';
import { readOAuthError, TokenFailure } from './token-failure.ts';

/**
 * Asks once: by refresh token, by the connector's own `refresh`, or for a token of the client.
 *
 * @throws TokenFailure, ServerDown; what the connector's own code and the look-up of the client throw.
 */
export async function askForTokens(work: Work): Promise<Renewed> {
  const { desk, target, opened } = work;
  const { record, tokens } = opened;
  const { connector, authorization } = target;
  const fields = fieldsOf(record, desk.keyRing);
  const refreshToken = tokens?.refresh_token;
  const isByClient = authorization.grant === 'client_credentials';
  if (!isByClient && refreshToken === undefined) throw new TokenFailure('grant', 'there is no refresh token');
  if (authorization.refresh && refreshToken !== undefined) {
    const all = hideFields({ ...declaredFields(connector, target.registration), ...fields });
    const connection = createAcquireConnection({
      connector,
      connectionId: record.id,
      credentials: {
        fields: () => all,
        merge: () => Promise.resolve(),
        checkPlace: (origin) => checkPlace(desk, target, record, origin),
      },
      baseUri: target.registration?.endpoints.baseUri,
      sender: desk.sender,
    });
    await markSpending(work);
    const given = await refreshByConnector(connection, refreshToken, target, fields);
    const { answer, extra } = readCustomTokens(given, 'refresh', connector);
    return { ...acquiredTokens(answer, desk.now(), record.value.scopes, tokens), extra };
  }
  const client = await desk.clients({ ...target, fields });
  work.client = client;
  const endpoint = { tenant: record.value.tenant, tokenUrl: client.tokenUrl };
  const waitMs = desk.breaker.waitMs(endpoint, desk.now());
  if (waitMs > 0) throw new ServerDown(waitMs);
  const parameters = authorization.tokenParams ?? {};
  if (refreshToken !== undefined && !isByClient) await markSpending(work);
  const answer =
    refreshToken === undefined || isByClient
      ? await client.clientCredentials({ ...parameters, ...scopeParameter(client.scopes, authorization) })
      : await client.refresh(refreshToken, parameters);
  desk.breaker.succeeded(endpoint);
  return { ...acquiredTokens(answer, desk.now(), record.value.scopes, tokens), extra: {} };
}

async function refreshByConnector(
  connection: OpenConnection,
  refreshToken: Secret,
  { connector, authorization, connectionId }: RefreshTarget,
  fields: ConnectionFields,
): Promise<unknown> {
  try {
    return await resolveRequests(await authorization.refresh?.(connection, refreshToken.reveal()));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const secrets = hideFields({ ...fields, refresh_token: refreshToken.reveal() });
    throw nameError(error, { connector, connection: connectionId, raisedIn: 'authorization.refresh', fields: secrets });
  }
}

/** The server is known to be down and was not asked: no failure of this connection. */
export class ServerDown extends Error {
  readonly waitMs: number;

  constructor(waitMs: number) {
    super('The server is down.');
    this.waitMs = waitMs;
  }
}

/** A failure of the token request itself; `undefined` for anything else, which is thrown as it is. */
export function refreshFailureOf(error: unknown): TokenFailure | undefined {
  if (error instanceof TokenFailure) return isFinal(error) ? error : passing(error);
  const answer = failedAnswer(error);
  // What a connector says by itself is about its code or its rules, not about the provider's health.
  if (error instanceof GatewayError && error.code === 'CONNECTOR_ERROR') return undefined;
  if (!answer)
    return error instanceof ProviderError ? new TokenFailure('passing', error.message, { cause: error }) : undefined;
  const { status } = answer;
  const retryAfterMs = error instanceof GatewayError ? error.details.retryAfterMs : undefined;
  const known = readOAuthError(errorWordIn(answer.text()), status);
  if (known.error !== undefined) {
    const failure = new TokenFailure(known.kind, 'it refused', { ...known, status, retryAfterMs });
    return isFinal(failure) ? failure : passing(failure);
  }
  // Connectors that refresh by themselves ask endpoints of all sorts: a refusal without OAuth's words is one all the same.
  const kind = status === 400 || status === 401 || status === 403 ? 'grant' : 'passing';
  return new TokenFailure(kind, `it answered ${status}`, { status, retryAfterMs });
}

function isFinal({ kind }: TokenFailure): boolean {
  return kind === 'grant' || kind === 'client' || kind === 'request';
}

/** What other flows take for their end says nothing about a refresh token (RFC 6749 §5.2). */
function passing(failure: TokenFailure): TokenFailure {
  return failure.kind === 'passing' ? failure : new TokenFailure('passing', failure.message, failure);
}

function errorWordIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : '';
  } catch {
    return '';
  }
}
