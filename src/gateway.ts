/** createGateway(): the only place that puts the rooms together. */
import { createRequire } from 'node:module';
import { buildSchema } from 'graphql';
import type { Configuration } from './configuration.ts';
import { createCallers } from './create-callers.ts';
import { createSenders, type SendersForTests } from './create-senders.ts';
import { createServer } from './create-server.ts';
import { createSharedRateLimits } from './connection/shared-rate-limits.ts';
import type { Connector } from './connector/definition.ts';
import { DefinitionError, formatFault, type Fault } from './errors.ts';
import { createGenerations } from './generations.ts';
import type { FeedsOptions } from './feed/create-feeds.ts';
import { buildGraph, type Graph, type GraphOptions } from './graph/graph.ts';
import { openClock } from './open-clock.ts';
import { createKeyRotation } from './key-rotation.ts';
import { openLog, type DestinationStream, type Logger } from './open-log.ts';
import type { Federation, FederationOptions } from './open-federation.ts';
import { openVault, type Vault } from './open-vault.ts';
import { openImports, type Imports } from './import-connectors.ts';
import { didYouMean } from './notation/nearest.ts';
import { readOwnSdl } from './own-sdl.ts';
import { registerReplica, type RegisteredReplica } from './replicas.ts';
import type { GraphSource } from './server/graph-source.ts';
import { openOperationCache } from './server/operations/operation-settings.ts';

export interface GatewayOptions extends SendersForTests {
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
  /** Serves the subgraph of this connector alone, with `_service` and `_entities`, instead of the whole graph. */
  readonly onlySubgraph?: string | undefined;
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
  const logger = openLog(configuration, options.logDestination);
  const operationCache = await openOperationCache(configuration, logger);
  const vault = options.vault ?? (await openVault(configuration, environment));
  const rateLimits = createSharedRateLimits(vault.records);
  const senders = createSenders(configuration, options, rateLimits);
  let served = options.connectors;
  let imports: Imports | undefined;
  let replica: RegisteredReplica | undefined;
  let federation: Federation | undefined;
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
    const arrived = () => void tryToServe(served);
    const { baseUrl } = generations;
    imports = await openImports(configuration, { sender: senders.sender, baseUrl, logger, arrived });
    serve(served, imports);
    rateLimits.start(senders.rateBudgets);
    const callers = createCallers({ configuration, environment, vault, logger, sender: senders.tokenSender });
    const { explorerQuery, onlySubgraph } = options;
    if (onlySubgraph !== undefined) requireSubgraph(generations.graphs, onlySubgraph, served);
    const local = generations.graphs;
    const { sender } = options;
    if (options.onlySubgraph === undefined)
      federation = await openRemote({ configuration, environment, local, logger, sender });
    const graphs = federation?.graphs ?? generations.graphs;
    const parts = { graphs, configuration, environment, explorerQuery, onlySubgraph, vault, logger, operationCache };
    const server = await createServer(generations, callers, parts);
    if (configuration.insecureDev) {
      logger.warn('insecureDev: nobody is asked for credentials; whoever reaches this port may use every connection');
    }
    return {
      logger,
      listen: async () => {
        replica = registerReplica({
          records: vault.records,
          keys: createKeyRotation(vault.sealingKeys, logger),
          version: ownVersion(),
          connectors: () => served,
          logger,
        });
        await replica.isKnown;
        const { url } = await server.listen().catch(async (error: unknown) => {
          await replica?.leave();
          throw error;
        });
        generations.listensAt(url);
        return { url };
      },
      reload: async (connectors) => {
        await generations.readOperations();
        return tryToServe(connectors);
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

  /** With what is imported; what is still away is told by `/healthz`. */
  function serve(connectors: readonly Connector[], { connectors: imported, awaited, faults }: Imports): void {
    generations.load([...connectors, ...imported()], awaited());
    generations.report(faults());
  }

  function tryToServe(connectors: readonly Connector[]): readonly Fault[] {
    try {
      serve(connectors, imports!);
      generations.reloaded();
      served = connectors;
      logger.info({ connectors: connectors.length }, 'The graph was reloaded');
      return [];
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      reportFaults(error.faults);
      return error.faults;
    }
  }

  async function closeAll(): Promise<void> {
    await imports?.close();
    await federation?.close();
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

/** Loaded where there are subgraphs of others only: it brings packages that all other starts do without. */
async function openRemote(options: FederationOptions): Promise<Federation | undefined> {
  const { subgraphs = [], supergraph } = options.configuration;
  if (subgraphs.length === 0 && supergraph === undefined) return undefined;
  const { openFederation } = await import('./open-federation.ts');
  return openFederation(options);
}

/** @throws DefinitionError CONNECTOR_UNKNOWN */
function requireSubgraph(graphs: GraphSource, name: string, connectors: readonly Connector[]): void {
  if (graphs.current().subgraph?.(name)) return;
  const guess = didYouMean(
    name,
    connectors.map((connector) => connector.name),
  );
  const message = `expected the name of a subgraph${guess}; there is none of this name.`;
  throw new DefinitionError([{ code: 'CONNECTOR_UNKNOWN', path: name, message }]);
}

/** Where nobody is asked for credentials, only this machine may reach the door. */
function refuseOpenDoor({ host = '127.0.0.1', insecureDev = false }: Configuration): void {
  if (!insecureDev || ['127.0.0.1', '::1', 'localhost'].includes(host)) return;
  const message = `expected a loopback address with insecureDev, which asks nobody for credentials; got ${JSON.stringify(host)}.`;
  throw new DefinitionError([{ code: 'ADDRESS_NOT_ALLOWED', path: 'host', message }]);
}

function ownVersion(): string {
  try {
    return (createRequire(import.meta.url)('plugboard/package.json') as { version: string }).version;
  } catch {
    // Bundled into something else.
    return 'unknown';
  }
}
