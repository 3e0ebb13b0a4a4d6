/** createGateway(): the only place that puts the rooms together. */
import type { IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import { buildSchema } from 'graphql';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Configuration } from './configuration.ts';
import { createApiKeys } from './connection/api-keys.ts';
import { createAuthenticator, type AuthenticateOptions } from './connection/authenticate.ts';
import { createClientFetch, tokenSenderOptions } from './connection/client-fetch.ts';
import { createIntrospectToken } from './connection/introspect-token.ts';
import { createSharedRateLimits, type SharedRateLimits } from './connection/shared-rate-limits.ts';
import { createTokenIssuer } from './connection/token-issuer.ts';
import type { TrustedIssuer } from './connection/trusted-issuer.ts';
import { createVerifyJwt } from './connection/verify-jwt.ts';
import type { Connector } from './connector/definition.ts';
import { collectFaults, DefinitionError, formatFault, type Fault } from './errors.ts';
import { connctdFacade } from './facades/connctd/connctd.ts';
import { lumosFacade } from './facades/lumos/lumos.ts';
import { rdsFacade } from './facades/rds/rds.ts';
import { readRdsSecret } from './facades/rds/secret.ts';
import { createGenerations, defaultBaseUrl, type Generations } from './generations.ts';
import type { FeedsOptions } from './feed/create-feeds.ts';
import { buildGraph, type Graph, type GraphOptions } from './graph/graph.ts';
import { createRateBudgets } from './http/rate-budget.ts';
import { createSender, type Sender, type SenderOptions } from './http/send.ts';
import { openClock } from './open-clock.ts';
import { createKeyRotation } from './key-rotation.ts';
import { openVault, type Vault } from './open-vault.ts';
import { importConnectors, privateOrigins } from './import-connectors.ts';
import { readOwnSdl } from './own-sdl.ts';
import { registerReplica, type RegisteredReplica } from './replicas.ts';
import { callerFrom } from './server/caller.ts';
import { createHttpServer, type HttpServer } from './server/http-server.ts';
import { openOperationCache, operationsOf } from './server/operations/operation-settings.ts';
import type { Cache } from './storage/cache.ts';

export interface GatewayOptions {
  readonly connectors: readonly Connector[];
  /** Checked by `checkConfiguration`; default `{}`, the hardened defaults. */
  readonly configuration?: Configuration;
  /** Where `{ env: 'NAME' }` of a connection is looked up. Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where the log goes, as JSON lines. Default: standard output. */
  readonly logDestination?: DestinationStream;
  /** Whether the faults of a reload are logged, beside being given back. Default `true`. */
  readonly logFaults?: boolean;
  /** The query that GraphiQL shows at first. */
  readonly explorerQuery?: string;
  /** What the configuration does not say about the outbound client; for tests. */
  readonly sender?: SenderOptions;
  /** Stands around the outbound client, e.g. a cassette (`plugboard/testing`); for tests. */
  readonly outbound?: (sender: Sender) => Sender;
  /** Hands out the polls of feeds, instead of timers; for tests. */
  readonly feedClock?: FeedsOptions['clock'];
  /** An open store with its keys, instead of the one that the configuration names; closed with the gateway. For tests. */
  readonly vault?: Vault;
}

export interface Gateway {
  /** @throws DefinitionError ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED */
  readonly listen: () => Promise<{ readonly url: string }>;
  /**
   * Serves these connectors from now on. With any fault the graph that is served stays, the faults stand in `/healthz`
   * and the log, and they are given back.
   */
  readonly reload: (connectors: readonly Connector[]) => Promise<readonly Fault[]>;
  /** Shows why a reload could not even be tried, such as a file that cannot be parsed. */
  readonly reportFaults: (faults: readonly Fault[]) => void;
  /**
   * Reads the sealing keys anew where they come from a file, and tells the other replicas, as it does by itself every ten
   * seconds. A key that is new opens at once, and seals once all know it. It never fails: what is wrong is logged.
   */
  readonly readKeysAgain: () => Promise<void>;
  /** Answers a request as if it had come over the network, without a socket: for commands, before or instead of `listen`. */
  readonly inject: (request: InjectedRequest) => Promise<{ readonly status: number; readonly text: string }>;
  /** Stops taking requests, answers those under way, closes connections to providers. Within 10 s. */
  readonly close: () => Promise<void>;
  readonly logger: Logger;
}

export interface InjectedRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
}

/**
 * Makes a gateway of connectors. Nothing listens before `listen`.
 *
 * @throws DefinitionError with every fault of configuration, graph and connections at once.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { configuration = {}, environment = process.env } = options;
  refuseOpenDoor(configuration);
  const logger = createLogger(configuration, options.logDestination);
  const operationCache = await openOperationCache(configuration, logger);
  const vault = options.vault ?? (await openVault(configuration, environment));
  const rateLimits = createSharedRateLimits(vault.records);
  const senders = createSenders(configuration, options, rateLimits);
  let served = options.connectors;
  let replica: RegisteredReplica | undefined;
  const clock = options.vault ? undefined : await openClockOrClose(configuration, environment, vault);
  const generations = await createGenerations({
    configuration,
    environment,
    vault,
    logger,
    ...senders,
    ...(clock && { clock }),
    ...(options.feedClock && { feedClock: options.feedClock }),
  });
  await generations.readOperations();
  try {
    const imported = await importConnectors(configuration, senders.sender);
    generations.load([...options.connectors, ...imported]);
    rateLimits.start(senders.rateBudgets);
    const callers = createCallers({ configuration, environment, vault, logger, sender: senders.tokenSender });
    const server = await createServer(generations, callers, options, { vault, logger, operationCache });
    if (configuration.insecureDev) {
      logger.warn('insecureDev: nobody is asked for credentials; whoever reaches this port may use every connection');
    }
    return {
      logger,
      listen: async () => {
        const { url } = await server.listen();
        generations.listensAt(url);
        replica = registerReplica({
          records: vault.records,
          keys: createKeyRotation(vault.sealingKeys, logger),
          version: ownVersion(),
          connectors: () => served,
          logger,
        });
        return { url };
      },
      reload: async (connectors) => {
        await generations.readOperations();
        try {
          generations.load([...connectors, ...imported]);
          generations.reloaded();
          served = connectors;
          logger.info({ connectors: connectors.length }, 'The graph was reloaded');
          return [];
        } catch (error) {
          if (!(error instanceof DefinitionError)) throw error;
          reportFaults(error.faults);
          return error.faults;
        }
      },
      reportFaults,
      readKeysAgain: async () => replica?.tell(),
      inject: async ({ method, url, headers = {}, body }) => {
        const json = body === undefined ? {} : { 'content-type': 'application/json' };
        const answer = await server.app.inject({ method, url, headers: { ...json, ...headers }, payload: body });
        return { status: answer.statusCode, text: answer.payload };
      },
      close: async () => {
        await server.close();
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }

  async function closeAll(): Promise<void> {
    await Promise.all([generations.close(), replica?.leave()]);
    await Promise.all([senders.sender.close(), senders.tokenSender.close()]);
    await rateLimits.stop();
    await vault.close();
    await operationCache?.close();
  }

  function reportFaults(faults: readonly Fault[]): void {
    generations.report(faults);
    if (options.logFaults === false) return;
    logger.error({ faults: faults.map(formatFault) }, 'The new definitions have faults; the last good graph is served');
  }
}

/**
 * The graph of connectors with the gateway's own part, without anything that serves it: for checks and printing.
 *
 * @throws DefinitionError with all faults
 */
export async function describeGraph(connectors: readonly Connector[], options?: GraphOptions): Promise<Graph> {
  return buildGraph(connectors, buildSchema(await readOwnSdl()), options);
}

async function openClockOrClose(
  configuration: Configuration,
  environment: Readonly<Record<string, string | undefined>>,
  vault: Vault,
) {
  try {
    return await openClock(configuration, environment, vault.records);
  } catch (error) {
    await vault.close();
    throw error;
  }
}

/** One for the providers' data, one for their authorization servers, which are asked in another way. */
function createSenders(
  configuration: Configuration,
  { sender: forTests, outbound = (sender) => sender }: Pick<GatewayOptions, 'sender' | 'outbound'>,
  { publish }: SharedRateLimits,
) {
  const { allowHttp, totalTimeoutMs, maxAnswerBytes } = configuration.http ?? {};
  const addresses = withoutAbsent({ allowedPrivateOrigins: privateOrigins(configuration), allowHttp });
  const rateBudgets = createRateBudgets({ onClosed: publish });
  const { transferMs: transferTimeoutMs } = configuration.files ?? {};
  const limits = withoutAbsent({ totalTimeoutMs, maxAnswerBytes, transferTimeoutMs });
  return {
    rateBudgets,
    sender: outbound(createSender({ ...addresses, ...limits, rateBudgets, ...forTests })),
    tokenSender: outbound(createSender({ ...addresses, ...forTests, ...tokenSenderOptions })),
  };
}

interface CallersOptions {
  readonly configuration: Configuration;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly vault: Vault;
  readonly logger: Logger;
  readonly sender: Sender;
}

/** Who asks: whoever comes, on one's own machine; else API keys and tokens. */
function createCallers({ configuration, vault, ...options }: CallersOptions) {
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

function createServer(
  generations: Generations,
  { caller, tokenRoute }: ReturnType<typeof createCallers>,
  options: GatewayOptions,
  { vault, logger, operationCache }: ServerParts,
): Promise<HttpServer> {
  const { only, maxAgeSeconds } = operationsOf(options.configuration ?? {});
  const {
    host,
    port,
    allowedHosts,
    insecureDev,
    finishInBrowser,
    explorer,
    baseUrl,
    limits = {},
    files,
    subscriptions,
    production = process.env.NODE_ENV === 'production',
    // In production the schema is shown to callers with the scope only; nobody has one where nobody is asked.
    introspection = production ? (insecureDev ? false : 'with-scope') : true,
  } = options.configuration ?? {};
  const { bodyBytes, operationMs, first: _rows, ...operationLimits } = limits;
  return createHttpServer({
    graphs: generations.graphs,
    isStoreAway: () => !vault.isAvailable(),
    connecting: generations.connecting,
    facades: createFacades(generations, caller, options),
    webhooks: generations.intake,
    transfers: { find: (token) => generations.rooms().transfers.find(token) },
    files: files && withoutAbsent(files),
    ...(finishInBrowser && { beginHere: generations.beginHere }),
    logger,
    host,
    port,
    allowedHosts,
    // Where nobody is asked for credentials, a way in from outside is named by itself.
    allowsPublicHost: !insecureDev,
    introspection,
    explorer,
    baseUrl,
    caller,
    tokenRoute,
    explorerQuery: options.explorerQuery,
    production,
    bodyLimitBytes: bodyBytes,
    operationTimeoutMs: operationMs,
    limits: withoutAbsent(operationLimits),
    subscriptions: subscriptions && withoutAbsent(subscriptions),
    keyRing: vault.keyRing,
    operations: { only, maxAgeSeconds, cache: operationCache },
  });
}

/** How other systems' clients speak to us. */
function createFacades(
  { rooms: served, baseUrl }: Generations,
  caller: ReturnType<typeof createCallers>['caller'],
  { configuration: { facades = {}, insecureDev = false } = {}, environment = process.env }: GatewayOptions,
) {
  const rooms = { caller, baseUrl, served };
  const { connctd, lumos, rds } = facades;
  return [
    connctdFacade(rooms, connctd),
    lumosFacade(rooms, lumos),
    ...(rds ? [rdsFacade(rooms, { ...rds, secret: readRdsSecret(rds, environment, insecureDev) })] : []),
  ];
}

interface ServerParts {
  readonly vault: Vault;
  readonly logger: Logger;
  readonly operationCache: Cache | undefined;
}

/** Where nobody is asked for credentials, only this machine may reach the door. */
function refuseOpenDoor({ host = '127.0.0.1', insecureDev = false }: Configuration): void {
  if (!insecureDev || ['127.0.0.1', '::1', 'localhost'].includes(host)) return;
  const message = `expected a loopback address with insecureDev, which asks nobody for credentials; got ${JSON.stringify(host)}.`;
  throw new DefinitionError([{ code: 'ADDRESS_NOT_ALLOWED', path: 'host', message }]);
}

/** JSON lines. What may hold a secret is never given to it; what slips in under a telling name is redacted. */
function createLogger({ logLevel = 'info' }: Configuration, destination: DestinationStream | undefined): Logger {
  const secrets = [
    'authorization',
    'cookie',
    'token',
    'access_token',
    'refresh_token',
    'password',
    'secret',
    'api_token',
  ];
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.headers.${name}`]);
  const settings = { name: 'plugboard', level: logLevel, redact: { paths, censor: '[redacted]' } };
  return destination ? pino(settings, destination) : pino(settings);
}

function withoutAbsent<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function ownVersion(): string {
  try {
    return (createRequire(import.meta.url)('plugboard/package.json') as { version: string }).version;
  } catch {
    // Bundled into something else.
    return 'unknown';
  }
}
