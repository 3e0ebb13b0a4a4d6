/** createGateway(): the only place that puts the rooms together. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buildSchema } from 'graphql';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Configuration } from './configuration.ts';
import { createConnections, type Connections } from './connection/connections.ts';
import type { Connector } from './connector/definition.ts';
import { DefinitionError, formatFault, type Fault } from './errors.ts';
import { buildGraph, type Graph } from './graph/graph.ts';
import { createSender, type Sender, type SenderOptions } from './http/send.ts';
import { createExecutor, type ServedGraph } from './resolvers/executor.ts';
import { createGatewaySchema } from './resolvers/gateway-schema.ts';
import { createListCursors, type ListCursors } from './resolvers/list-cursor.ts';
import type { GraphSource } from './server/graph-source.ts';
import { createHttpServer, type HttpServer } from './server/http-server.ts';

export interface GatewayOptions {
  readonly connectors: readonly Connector[];
  /** Checked by `checkConfiguration`; default `{}`, the hardened defaults. */
  readonly configuration?: Configuration;
  /** Where `{ env: 'NAME' }` of a connection is looked up. Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where the log goes, as JSON lines. Default: standard output. */
  readonly logDestination?: DestinationStream;
  /** The query that GraphiQL shows at first. */
  readonly explorerQuery?: string;
  /** What the configuration does not say about the outbound client; for tests. */
  readonly sender?: SenderOptions;
}

export interface Gateway {
  /** @throws DefinitionError ADDRESS_IN_USE */
  readonly listen: () => Promise<{ readonly url: string }>;
  /**
   * Serves these connectors from now on. With any fault the graph that is served stays, the faults stand in `/healthz`
   * and the log, and they are given back.
   */
  readonly reload: (connectors: readonly Connector[]) => Promise<readonly Fault[]>;
  /** Shows why a reload could not even be tried, such as a file that cannot be parsed. */
  readonly reportFaults: (faults: readonly Fault[]) => void;
  /** Stops taking requests, answers those under way, closes connections to providers. Within 10 s. */
  readonly close: () => Promise<void>;
  readonly logger: Logger;
}

/**
 * Makes a gateway of connectors. Nothing listens before `listen`.
 *
 * @throws DefinitionError with every fault of graph and connections at once.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { configuration = {} } = options;
  refuseOpenDoor(configuration);
  const logger = createLogger(configuration, options.logDestination);
  const key = configuration.key ?? options.environment?.PLUGBOARD_KEY ?? process.env.PLUGBOARD_KEY;
  if (key === undefined) logger.info('No key is configured: list cursors end with this process');
  const parts: Parts = {
    configuration,
    environment: options.environment ?? process.env,
    sdl: await readFile(new URL('../schema/gateway.graphql', import.meta.url), 'utf8'),
    sender: createSender({ ...senderOptions(configuration), ...options.sender }),
    cursors: createListCursors(key ?? randomBytes(32)),
  };
  const graphs = createGraphSource(assemble(options.connectors, parts));
  const server = await createServer(graphs, options, logger);
  return {
    logger,
    listen: server.listen,
    async reload(connectors) {
      try {
        graphs.serve(assemble(connectors, parts));
        logger.info({ connectors: connectors.length }, 'The graph was reloaded');
        return [];
      } catch (error) {
        if (!(error instanceof DefinitionError)) throw error;
        reportFaults(error.faults);
        return error.faults;
      }
    },
    reportFaults,
    async close() {
      await server.close();
      await parts.sender.close();
    },
  };

  function reportFaults(faults: readonly Fault[]): void {
    graphs.report(faults);
    logger.error({ faults: faults.map(formatFault) }, 'The new definitions have faults; the last good graph is served');
  }
}

/**
 * The graph of connectors with the gateway's own part, without anything that serves it: for checks and printing.
 *
 * @throws DefinitionError with all faults
 */
export async function describeGraph(connectors: readonly Connector[]): Promise<Graph> {
  const sdl = await readFile(new URL('../schema/gateway.graphql', import.meta.url), 'utf8');
  return buildGraph(connectors, buildSchema(sdl));
}

/** What every generation of the graph shares. */
interface Parts {
  readonly configuration: Configuration;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sdl: string;
  readonly sender: Sender;
  readonly cursors: ListCursors;
}

/** One generation: connections checked, graph built, resolvers attached; the faults of all are told together. */
function assemble(connectors: readonly Connector[], parts: Parts): ServedGraph {
  const { configuration, environment, sdl, sender, cursors } = parts;
  const faults: Fault[] = [];
  const connections = collectFaults(faults, (): Connections => {
    return createConnections(connectors, configuration.connections, configuration.registrations, environment);
  });
  const graph = collectFaults(faults, () => buildGraph(connectors, createGatewaySchema(sdl, { connectors })));
  if (!connections || !graph) throw new DefinitionError(faults);
  return createExecutor(graph, connections, {
    sender,
    cursors,
    maxFirst: configuration.limits?.first ?? 100,
    maxRequestsPerCall: configuration.http?.maxRequestsPerCall,
    timeZone: configuration.timeZone,
  });
}

function collectFaults<T>(faults: Fault[], make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}

interface ReloadableGraph extends GraphSource {
  readonly serve: (graph: ServedGraph) => void;
  readonly report: (faults: readonly Fault[]) => void;
}

/** The newest good generation, and the faults of later ones. */
function createGraphSource(first: ServedGraph): ReloadableGraph {
  const listeners = new Set<() => void>();
  let current = first;
  let status = { ready: true, faults: [] as readonly Fault[], loadedAt: new Date() };
  return {
    current: () => current,
    status: () => status,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    serve(graph) {
      current = graph;
      status = { ready: true, faults: [], loadedAt: new Date() };
      for (const listener of listeners) listener();
    },
    report(faults) {
      status = { ...status, faults };
    },
  };
}

function createServer(graphs: GraphSource, options: GatewayOptions, logger: Logger): Promise<HttpServer> {
  const { host, port, allowedHosts, introspection, explorer, limits = {}, ...rest } = options.configuration ?? {};
  const { bodyBytes, operationMs, first: _rows, ...operationLimits } = limits;
  return createHttpServer({
    graphs,
    logger,
    host,
    port,
    allowedHosts,
    introspection,
    explorer,
    explorerQuery: options.explorerQuery,
    production: rest.production ?? process.env.NODE_ENV === 'production',
    bodyLimitBytes: bodyBytes,
    operationTimeoutMs: operationMs,
    limits: withoutAbsent(operationLimits),
  });
}

function senderOptions({ http = {} }: Configuration): SenderOptions {
  const { allowedPrivateOrigins, allowHttp, totalTimeoutMs, maxAnswerBytes } = http;
  return withoutAbsent({ allowedPrivateOrigins, allowHttp, totalTimeoutMs, maxAnswerBytes });
}

function withoutAbsent<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Nobody is asked for credentials yet, so only this machine may reach the door unless the operator says otherwise. */
function refuseOpenDoor({ host = '127.0.0.1', allowUnauthenticatedCallers = false }: Configuration): void {
  if (allowUnauthenticatedCallers || ['127.0.0.1', '::1', 'localhost'].includes(host)) return;
  const message = `expected a loopback address, since callers are not authenticated and could use every connection; got ${JSON.stringify(host)}. Set allowUnauthenticatedCallers: true where something in front of the gateway keeps strangers out.`;
  throw new DefinitionError([{ code: 'ADDRESS_IN_USE', path: 'host', message }]);
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
