/** Who asks a gateway: whoever comes, on one's own machine; else API keys and tokens. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Configuration } from './configuration.ts';
import { createApiKeys } from './connection/api-keys.ts';
import { createAuthenticator, type AuthenticateOptions } from './connection/authenticate.ts';
import { createClientFetch } from './connection/client-fetch.ts';
import { createIntrospectToken } from './connection/introspect-token.ts';
import { createTokenIssuer } from './connection/token-issuer.ts';
import type { TrustedIssuer } from './connection/trusted-issuer.ts';
import { createVerifyJwt } from './connection/verify-jwt.ts';
import { collectFaults, DefinitionError, type Fault } from './errors.ts';
import { defaultBaseUrl } from './generations.ts';
import type { Sender } from './http/send.ts';
import type { Logger } from './open-log.ts';
import type { Vault } from './open-vault.ts';
import { callerFrom } from './server/caller.ts';

export interface CallersOptions {
  readonly configuration: Configuration;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly vault: Vault;
  readonly logger: Logger;
  /** Asks the issuers of tokens. */
  readonly sender: Sender;
}

export type Callers = ReturnType<typeof createCallers>;

/** @throws DefinitionError with all faults of the issuers. */
export function createCallers({ configuration, vault, ...options }: CallersOptions) {
  if (configuration.insecureDev) return { caller: callerFrom };
  const apiKeys = createApiKeys(vault.records);
  const tokenIssuer = createTokenIssuer({
    baseUrl: configuration.baseUrl ?? defaultBaseUrl(configuration),
    keyRing: vault.keyRing,
  });
  const authenticator = createAuthenticator({
    apiKeys,
    tokenIssuer,
    ...trustIssuers(configuration.issuers ?? [], options),
  });
  return {
    caller: (headers: IncomingHttpHeaders, asked?: AuthenticateOptions) => authenticator.authenticate(headers, asked),
    tokenRoute: { apiKeys, tokenIssuer },
  };
}

/** How the tokens of issuers are judged. @throws DefinitionError with all faults of the issuers. */
function trustIssuers(
  issuers: readonly TrustedIssuer[],
  { environment, logger, sender }: Omit<CallersOptions, 'configuration' | 'vault'>,
) {
  const urls = issuers.flatMap(({ jwksUri, introspection }) => [jwksUri, introspection?.endpoint]);
  const fetch = createClientFetch(sender, {
    connector: 'gateway',
    declaredOrigins: new Set(urls.flatMap((url) => (url && URL.canParse(url) ? [new URL(url).origin] : []))),
    timeoutMs: issuerTimeoutMs,
  });
  const onFailure = (failure: object) => logger.warn(failure, 'An issuer cannot be asked about tokens');
  const faults: Fault[] = [];
  const verifyJwt = collectFaults(faults, () => createVerifyJwt({ issuers, fetch }));
  const introspectToken = collectFaults(faults, () =>
    createIntrospectToken({ issuers, environment, fetch, onFailure }),
  );
  if (faults.length > 0) throw new DefinitionError(faults);
  return { verifyJwt, introspectToken };
}

/** A request waits for it, so it is short. */
const issuerTimeoutMs = 5_000;
