/** Metadata of authorization servers: discovered, checked, and kept for a day. */
import type { Connector } from '../connector/definition.ts';
import { GatewayError } from '../errors.ts';
import type { Cache } from '../storage/cache.ts';
import { discoverMetadata, type ServerMetadata } from './authorization.ts';
import type { ClientFetch } from './client-fetch.ts';
import { TokenFailure, tokenFailureError } from './token-failure.ts';

const keptMs = 24 * 60 * 60_000;

/**
 * The metadata of an issuer, from the cache or from its well-known document.
 *
 * @throws GatewayError AUTHORIZATION_SERVER_INVALID when the document names another issuer (RFC 8414 §3.3).
 * @throws ProviderError when it cannot be had now; nothing is cached then.
 */
export async function findMetadata(
  issuer: string,
  connector: Connector,
  fetch: ClientFetch,
  cache: Cache,
): Promise<ServerMetadata> {
  const title = connector.title ?? connector.name;
  const key = `authorization-server ${issuer}`;
  const known = await cache.get<ServerMetadata>(key);
  if (known) return known;
  if (!URL.canParse(issuer)) {
    const message = `The authorization server of ${title} is not used: the configured issuer is no URL.`;
    throw new GatewayError('AUTHORIZATION_SERVER_INVALID', message, { connector: connector.name });
  }
  let found: ServerMetadata;
  try {
    found = await discoverMetadata(issuer, fetch);
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    throw tokenFailureError(error, { title, connector: connector.name });
  }
  if (found.issuer !== issuer) {
    throw new GatewayError(
      'AUTHORIZATION_SERVER_INVALID',
      `The authorization server of ${title} is not used: its metadata names another issuer than the configured ${issuer}.`,
      { connector: connector.name },
    );
  }
  const metadata = usedPart(found);
  await cache.set(key, metadata, keptMs);
  return metadata;
}

const usedKeys = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'device_authorization_endpoint',
  'revocation_endpoint',
  'token_endpoint_auth_methods_supported',
  'code_challenge_methods_supported',
  'authorization_response_iss_parameter_supported',
  'id_token_signing_alg_values_supported',
] as const satisfies readonly (keyof ServerMetadata)[];

function usedPart(found: ServerMetadata): ServerMetadata {
  const known = usedKeys.filter((key) => found[key] !== undefined);
  return Object.fromEntries(known.map((key) => [key, found[key]])) as unknown as ServerMetadata;
}
