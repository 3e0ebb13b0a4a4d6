/** `POST /oauth2/token`: a tenant trades its API key for a short-lived token (client credentials, RFC 6749 §4.4). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKey, ApiKeys } from '../connection/api-keys.ts';
import { covers, isScope } from '../connection/scopes.ts';
import type { TokenIssuer } from '../connection/token-issuer.ts';
import { answerTo } from './error-answer.ts';
import { registerScope } from './register-scope.ts';

export interface TokenRouteOptions {
  readonly apiKeys: ApiKeys;
  readonly tokenIssuer: TokenIssuer;
}

/** RFC 6749 §5.2, as far as this endpoint says it. */
type TokenError =
  'invalid_request' | 'invalid_client' | 'unauthorized_client' | 'unsupported_grant_type' | 'invalid_scope';

/** A refusal in the words of the RFC. */
class TokenRefusal extends Error {
  readonly error: TokenError;

  constructor(error: TokenError, description: string) {
    super(description);
    this.error = error;
  }
}

/** A token request is some hundred bytes. */
const bodyLimitBytes = 8 * 1024;
/** Neither answers nor refusals may be kept (RFC 6749 §5.1). */
const neverKept = { 'cache-control': 'no-store', pragma: 'no-cache' };

/**
 * Adds the route. Client id and secret are those of an API key, by HTTP Basic; `scope` takes away, never adds. The
 * token ends within an hour, and with its key.
 */
export function addTokenRoute(app: FastifyInstance, { apiKeys, tokenIssuer }: TokenRouteOptions): void {
  registerScope(app, 'token', async (routes) => {
    // Forms are read here only: anywhere else they are what a foreign page can send without asking first.
    const form = { parseAs: 'string' as const, bodyLimit: bodyLimitBytes };
    routes.addContentTypeParser<string>('application/x-www-form-urlencoded', form, (_request, body, done) =>
      done(null, new URLSearchParams(body)),
    );
    routes.setErrorHandler((error, request, reply) => refuse(error, request, reply));
    routes.post('/oauth2/token', { bodyLimit: bodyLimitBytes }, async (request, reply) => {
      const parameters = readParameters(request.body);
      const key = await findClient(request.headers.authorization, parameters, apiKeys);
      checkGrantType(parameters.get('grant_type'));
      const scopes = chooseScopes(key, parameters.get('scope'));
      const token = await tokenIssuer.issue({ tenant: key.tenant, apiKey: key.id, scopes });
      return reply.headers(neverKept).send({
        access_token: token,
        // One second less than it lives, so that who believes it is never late.
        expires_in: tokenIssuer.lifetimeSeconds - 1,
        scope: scopes.join(' '),
        token_type: 'bearer',
      });
    });
  });
}

function readParameters(body: unknown): URLSearchParams {
  if (!(body instanceof URLSearchParams)) {
    throw new TokenRefusal('invalid_request', 'Send the parameters as application/x-www-form-urlencoded.');
  }
  const names = [...body.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return body;
  throw new TokenRefusal('invalid_request', 'A parameter was sent more than once (RFC 6749 section 3.2).');
}

async function findClient(
  authorization: string | undefined,
  parameters: URLSearchParams,
  apiKeys: ApiKeys,
): Promise<ApiKey> {
  if (parameters.has('client_secret')) {
    const message = 'Send the client id and secret by HTTP Basic only, not in the body.';
    throw new TokenRefusal(authorization === undefined ? 'invalid_client' : 'invalid_request', message);
  }
  const client = readBasic(authorization);
  const named = parameters.get('client_id');
  if (client && named !== null && named !== client.id) {
    throw new TokenRefusal('invalid_request', 'The client_id of the body is not that of the Authorization header.');
  }
  const key = client && (await apiKeys.verifySecret(client.id, client.secret));
  if (key) return key;
  const message = 'Send the id and the secret of a live API key by HTTP Basic.';
  throw new TokenRefusal('invalid_client', message);
}

/** Both parts are form-encoded before they are joined (RFC 6749 §2.3.1). */
function readBasic(authorization = ''): { readonly id: string; readonly secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization.trim())?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  try {
    return { id: decodeForm(text.slice(0, colon)), secret: decodeForm(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function checkGrantType(grantType: string | null): void {
  if (grantType === 'client_credentials') return;
  if (grantType === null || grantType === '') {
    throw new TokenRefusal('invalid_request', 'grant_type is missing; expected client_credentials.');
  }
  throw new TokenRefusal('unsupported_grant_type', 'Only grant_type client_credentials is served here.');
}

/** All that the key has, or the part that was asked for; of a wide scope also its narrow form, `plugboard.read:github`. */
function chooseScopes(key: ApiKey, asked: string | null): readonly string[] {
  const wanted = (asked ?? '').split(' ').filter((scope) => scope !== '');
  if (wanted.length === 0) return key.scopes;
  const owned = new Set(key.scopes);
  if (wanted.every((scope) => isScope(scope) && covers(owned, scope))) return [...new Set(wanted)];
  throw new TokenRefusal('invalid_scope', 'The API key does not have all the scopes that were asked for.');
}

/** Our refusals in the shape of the RFC; what fails behind them in the shape of the server. */
function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = error instanceof TokenRefusal ? error : unreadable(error);
  void reply.headers(neverKept);
  if (!refusal) {
    const { status, headers = {}, body, isFault } = answerTo(error, request.id);
    if (isFault) request.log.error({ requestId: request.id, err: error }, 'A token request failed');
    return void reply.code(status).headers(headers).send(body);
  }
  const isClient = refusal.error === 'invalid_client';
  if (isClient) void reply.header('www-authenticate', 'Basic realm="plugboard"');
  void reply.code(isClient ? 401 : 400).send({ error: refusal.error, error_description: refusal.message });
}

/** Bodies that Fastify does not read. */
function unreadable(error: unknown): TokenRefusal | undefined {
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return undefined;
  const message = `Send the parameters as application/x-www-form-urlencoded, at most ${bodyLimitBytes} bytes.`;
  return new TokenRefusal('invalid_request', message);
}
