/** Turns a connector's OAuth 2.0 authorization and its registration into a client at the provider's authorization server. */
import type {
  ClientAuthentication,
  ConnectionFields,
  Connector,
  OAuth2Authorization,
} from '../connector/definition.ts';
import { AuthorizationError, GatewayError } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import type { Sender } from '../http/send.ts';
import type { Cache } from '../storage/cache.ts';
import { checkTenantEndpoints } from './check-registration.ts';
import { createTokenClient, type ServerMetadata, type TokenClient } from './authorization.ts';
import { createClientFetch, type ClientFetch } from './client-fetch.ts';
import { findMetadata } from './provider-metadata.ts';
import { declaredFields, type Registration } from './registration.ts';
import { Secret } from '../http/secret.ts';
import { TokenFailure } from './token-failure.ts';

/** Whose client it is. */
export interface ClientTarget {
  readonly connector: Connector;
  readonly authorization: OAuth2Authorization;
  readonly registration: Registration | undefined;
  /** Of the connection: endpoints, client id and secret may depend on them. */
  readonly fields: ConnectionFields;
  readonly connectionId?: string | undefined;
}

/** A client that is ready to ask. */
export interface OAuthClient extends TokenClient {
  readonly connector: Connector;
  readonly title: string;
  readonly authorization: OAuth2Authorization;
  readonly clientId: string;
  /** `undefined` when neither the connector nor the operator says who the issuer is. */
  readonly issuer: string | undefined;
  /** The server advertises `iss` in its answers (RFC 9207), so that one without it is refused. */
  readonly sendsIssuer: boolean;
  readonly authorizationUrl: string | undefined;
  readonly canRevoke: boolean;
  /** The token endpoint; the issuer of a server that has none. */
  readonly tokenUrl: string;
  /** What is asked for: the registration's scopes, else the connector's. */
  readonly scopes: readonly string[];
}

export type OAuthClients = (target: ClientTarget) => Promise<OAuthClient>;

export interface OAuthClientsOptions {
  /** Best one with `tokenSenderOptions`. */
  readonly sender: Sender;
  /** Keeps metadata for up to 24 h. */
  readonly cache: Cache;
  /** Origins that may be plain http and not public, as the sender knows them. */
  readonly allowedPrivateOrigins?: readonly string[];
  /** Of one token request. Default 30 000. */
  readonly tokenTimeoutMs?: number;
  /** Hears of each request that was refused for what the operator alone can mend, whoever waited for its answer. */
  readonly onClientRefused?: (refused: RefusedClient) => void;
}

/** A client that an authorization server does not accept, in words that may be logged. */
export interface RefusedClient {
  /** `undefined`: what the connector brings, without a registration. */
  readonly tenant: string | undefined;
  readonly connector: string;
  /** The `error` of RFC 6749 §5.2, when it is one that the standards know. */
  readonly error: string | undefined;
  readonly status: number | undefined;
}

/**
 * Makes clients. Endpoints of the registration win over those of the connector, which win over discovered ones.
 *
 * @throws InputError ENDPOINT_REFUSED for endpoints of a tenant. @throws AuthorizationError REGISTRATION_REQUIRED when client id or secret are missing.
 * @throws GatewayError AUTHORIZATION_SERVER_INVALID when an endpoint is missing or may not be used, the issuer is another
 *   than the configured one, or the server refuses PKCE with S256.
 * @throws ProviderError when the metadata cannot be had now.
 */
export function createOAuthClients(options: OAuthClientsOptions): OAuthClients {
  const allowed = new Set(options.allowedPrivateOrigins?.map((origin) => new URL(origin).origin));
  return async (given) => {
    const { connector, authorization, connectionId, registration } = given;
    // Where a server is may stand in what was registered, as for a provider that everybody runs himself.
    const fields = hideFields({ ...declaredFields(connector, registration), ...given.fields });
    const target = { ...given, fields };
    // Judged when it was registered too; the connector may have got a secret of its own since.
    if (registration?.id !== undefined) checkTenantEndpoints(connector, registration.endpoints, registration.fields);
    const endpoints = explicitEndpoints(target);
    const issuer = registration?.endpoints.issuer ?? authorization.issuer;
    const fetch = createClientFetch(options.sender, {
      connector: connector.name,
      connection: connectionId,
      declaredOrigins: declaredOrigins(target),
      timeoutMs: options.tokenTimeoutMs,
    });
    const discovered = issuer === undefined ? undefined : await findMetadata(issuer, connector, fetch, options.cache);
    const metadata = mergeMetadata(discovered, endpoints, connector);
    checkMetadata(metadata, connector, allowed, authorization);
    const client = await connect(target, metadata, issuer !== undefined, fetch, fields);
    return {
      ...client,
      ...hearRefusals(client, target, options.onClientRefused),
      connector,
      title: connector.title ?? connector.name,
      authorization,
      issuer,
      sendsIssuer: metadata.authorization_response_iss_parameter_supported === true,
      authorizationUrl: metadata.authorization_endpoint,
      canRevoke: metadata.revocation_endpoint !== undefined,
      tokenUrl: metadata.token_endpoint ?? metadata.issuer,
      scopes: registration?.scopes ?? authorization.scopes ?? [],
    };
  };
}

/** The same requests; a refusal of the client is told of before it is thrown. */
function hearRefusals(
  { exchangeCode, exchangeForeignCode, refresh, clientCredentials, beginDevice, pollDevice }: TokenClient,
  { connector, registration }: ClientTarget,
  onClientRefused: OAuthClientsOptions['onClientRefused'],
) {
  const heard =
    <Given extends readonly unknown[], Answer>(ask: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      try {
        return await ask(...given);
      } catch (failure) {
        if (failure instanceof TokenFailure && failure.kind === 'client') {
          const { error, status } = failure;
          onClientRefused?.({ tenant: registration?.tenant, connector: connector.name, error, status });
        }
        throw failure;
      }
    };
  return {
    exchangeCode: heard(exchangeCode),
    exchangeForeignCode: heard(exchangeForeignCode),
    refresh: heard(refresh),
    clientCredentials: heard(clientCredentials),
    beginDevice: heard(beginDevice),
    pollDevice: heard(pollDevice),
  };
}

/** The `scope` of a request; without scopes the server decides (RFC 6749 §3.3). */
export function scopeParameter(
  scopes: readonly string[],
  { scopeSeparator = ' ' }: Pick<OAuth2Authorization, 'scopeSeparator'>,
): { readonly scope?: string } {
  return scopes.length === 0 ? {} : { scope: scopes.join(scopeSeparator) };
}

type EndpointName =
  'authorization_endpoint' | 'token_endpoint' | 'device_authorization_endpoint' | 'revocation_endpoint';

const endpointKeys = {
  authorization_endpoint: 'authorizationUrl',
  token_endpoint: 'tokenUrl',
  device_authorization_endpoint: 'deviceAuthorizationUrl',
  revocation_endpoint: 'revocationUrl',
} as const satisfies Record<EndpointName, string>;

function explicitEndpoints({
  authorization,
  registration,
  fields,
}: ClientTarget): Partial<Record<EndpointName, string>> {
  const endpoints: Partial<Record<EndpointName, string>> = {};
  for (const [name, key] of Object.entries(endpointKeys) as [EndpointName, (typeof endpointKeys)[EndpointName]][]) {
    const url = registration?.endpoints[key] ?? valueOf(authorization[key], fields);
    if (url !== undefined) endpoints[name] = url;
  }
  return endpoints;
}

/** Only what the author or the operator wrote as it stands is trusted for its port. */
function declaredOrigins({ authorization, registration }: ClientTarget): ReadonlySet<string> {
  const urls = [authorization.issuer, registration?.endpoints.issuer];
  for (const key of Object.values(endpointKeys)) urls.push(registration?.endpoints[key], textOf(authorization[key]));
  return new Set(urls.flatMap((url) => (url !== undefined && URL.canParse(url) ? [new URL(url).origin] : [])));
}

function valueOf(value: string | ((fields: ConnectionFields) => string) | undefined, fields: ConnectionFields) {
  return typeof value === 'function' ? value(fields) : value;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function mergeMetadata(
  discovered: ServerMetadata | undefined,
  endpoints: Partial<Record<EndpointName, string>>,
  connector: Connector,
): ServerMetadata {
  if (discovered) return { ...discovered, ...endpoints };
  const known = endpoints.token_endpoint ?? endpoints.authorization_endpoint;
  // The library wants an issuer; nothing is ever compared with this one.
  const origin =
    known !== undefined && URL.canParse(known) ? new URL(known).origin : `https://${connector.name}.invalid`;
  return { issuer: origin, ...endpoints };
}

function checkMetadata(
  metadata: ServerMetadata,
  connector: Connector,
  allowed: ReadonlySet<string>,
  { grant = 'authorization_code' }: OAuth2Authorization,
): void {
  for (const name of Object.keys(endpointKeys) as EndpointName[]) {
    const text = metadata[name];
    if (text !== undefined) checkEndpoint(name, text, connector, allowed);
  }
  const methods = metadata.code_challenge_methods_supported;
  if (grant === 'authorization_code' && methods && !methods.includes('S256')) {
    throw invalidServer(
      connector,
      'it does not take PKCE with S256, and no code flow runs without it (RFC 9700 §2.1.1)',
    );
  }
}

function checkEndpoint(name: EndpointName, text: string, connector: Connector, allowed: ReadonlySet<string>): void {
  if (!URL.canParse(text)) throw invalidServer(connector, `its ${name} is no URL`);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw invalidServer(connector, `a user name or password stands in its ${name}`);
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowed.has(url.origin))) {
    throw invalidServer(connector, `its ${name} is not https, and its origin is none of allowedPrivateOrigins`);
  }
}

function invalidServer(connector: Connector, reason: string): GatewayError {
  return new GatewayError(
    'AUTHORIZATION_SERVER_INVALID',
    `The authorization server of ${connector.title ?? connector.name} is not used: ${reason}.`,
    { connector: connector.name },
  );
}

async function connect(
  target: ClientTarget,
  metadata: ServerMetadata,
  isIssuerKnown: boolean,
  fetch: ClientFetch,
  fields: ConnectionFields,
): Promise<TokenClient & { clientId: string }> {
  const { authorization, registration } = target;
  const own = registration?.fields ?? {};
  const clientId = textOf(own['client_id']) ?? valueOf(authorization.clientId, fields);
  if (!clientId) throw incomplete(target, 'client_id');
  const secret = textOf(own['client_secret']) ?? valueOf(authorization.clientSecret, fields);
  const privateKey = textOf(own['private_key']);
  const authentication = authentic(target, metadata, secret, privateKey);
  if (authentication.startsWith('client_secret') && !secret) throw incomplete(target, 'client_secret');
  if (authentication === 'private_key_jwt' && !privateKey) throw incomplete(target, 'private_key');
  const client = await createTokenClient({
    metadata,
    isIssuerKnown,
    clientId,
    authentication,
    clientSecret: secret === undefined ? undefined : new Secret(secret),
    privateKey: privateKey === undefined ? undefined : new Secret(privateKey),
    fetch,
  });
  return { ...client, clientId };
}

/** How the client proves itself: as declared, else by what it has and what the server takes. */
function authentic(
  { authorization }: ClientTarget,
  metadata: ServerMetadata,
  secret: string | undefined,
  privateKey: string | undefined,
): ClientAuthentication {
  if (authorization.clientAuthentication) return authorization.clientAuthentication;
  if (privateKey !== undefined) return 'private_key_jwt';
  if (!secret) return 'none';
  const methods = metadata.token_endpoint_auth_methods_supported;
  // RFC 8414 §2: basic is what a server takes that says nothing; connectors without metadata post, as in the SDK.
  return methods?.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post';
}

function incomplete({ connector }: ClientTarget, field: string): AuthorizationError {
  const name = connector.title ?? connector.name;
  return new AuthorizationError(
    'REGISTRATION_REQUIRED',
    `${name} cannot be connected yet: its registration has no ${field}. The operator registers this gateway with ${name} and enters it.`,
    { connector: connector.name },
  );
}
