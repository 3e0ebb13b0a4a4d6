/** The server of a gateway: what the configuration says of it, and the rooms that it serves. */
import type { Configuration } from './configuration.ts';
import type { Callers } from './create-callers.ts';
import { connctdFacade } from './facades/connctd/connctd.ts';
import type { FacadeRooms } from './facades/facade.ts';
import { lumosFacade } from './facades/lumos/lumos.ts';
import { rdsFacade } from './facades/rds/rds.ts';
import { readRdsSecret } from './facades/rds/secret.ts';
import type { Generations } from './generations.ts';
import type { Logger } from './open-log.ts';
import type { Vault } from './open-vault.ts';
import { subgraphSource, type GraphSource } from './server/graph-source.ts';
import { createHttpServer, type HttpServer } from './server/http-server.ts';
import { operationsOf } from './server/operations/operation-settings.ts';
import type { Cache } from './storage/cache.ts';
import { defaultFileLimits } from './transfers/file-limits.ts';
import { createTransferAdmission } from './transfers/transfer-admission.ts';
import { withoutAbsent } from './without-absent.ts';

export interface ServerParts {
  /** What is served; with remote subgraphs that of a supergraph. */
  readonly graphs: GraphSource;
  readonly configuration: Configuration;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The query that GraphiQL shows at first. */
  readonly explorerQuery: string | undefined;
  /** Serves this subgraph alone. */
  readonly onlySubgraph: string | undefined;
  readonly vault: Vault;
  readonly logger: Logger;
  readonly operationCache: Cache | undefined;
}

/** Nothing listens before `listen`. */
export function createServer(
  generations: Generations,
  { caller, tokenRoute }: Callers,
  { graphs, configuration, environment, explorerQuery, onlySubgraph, vault, logger, operationCache }: ServerParts,
): Promise<HttpServer> {
  const { only, maxAgeSeconds } = operationsOf(configuration);
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
  } = configuration;
  const { bodyBytes, operationMs, first: _rows, ...operationLimits } = limits;
  const fileLimits = { ...defaultFileLimits, ...withoutAbsent(files ?? {}) };
  const contents = { limits: fileLimits, admit: createTransferAdmission(fileLimits) };
  return createHttpServer({
    graphs: onlySubgraph === undefined ? graphs : subgraphSource(generations.graphs, onlySubgraph),
    isStoreAway: () => !vault.isAvailable(),
    connecting: generations.connecting,
    facades: createFacades(
      { caller, baseUrl: generations.baseUrl, served: generations.rooms, contents },
      configuration,
      environment,
    ),
    webhooks: generations.intake,
    transfers: { find: (token) => generations.rooms().transfers.find(token) },
    files: contents.limits,
    admit: contents.admit,
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
    explorerQuery,
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
  rooms: FacadeRooms,
  { facades = {}, insecureDev = false }: Configuration,
  environment: ServerParts['environment'],
) {
  const { connctd, lumos, rds } = facades;
  return [
    connctdFacade(rooms, connctd),
    lumosFacade(rooms, lumos),
    ...(rds ? [rdsFacade(rooms, { ...rds, secret: readRdsSecret(rds, environment, insecureDev) })] : []),
  ];
}
