/** The one HTTP server: hardened by default, every error as JSON, and a stop that loses no answer. */
import type { IncomingHttpHeaders } from 'node:http';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../connection/caller.ts';
import type { BeginHere } from '../connection/begin-here.ts';
import type { Connecting } from '../connection/connecting.ts';
import type { KeyRing } from '../connection/seal.ts';
import { DefinitionError } from '../errors.ts';
import type { WebhookIntake } from '../feed/webhook-intake.ts';
import { callerFrom } from './caller.ts';
import { addConnectRoutes } from './connect-routes.ts';
import { answerTo, errorAnswer } from './error-answer.ts';
import { watchRequests } from './graceful-stop.ts';
import type { GraphSource } from './graph-source.ts';
import { createGraphqlEndpoint } from './graphql-endpoint.ts';
import { addHealthRoutes } from './health.ts';
import { hostGuard } from './host-guard.ts';
import { defaultFileLimits, type FileLimits } from '../transfers/file-limits.ts';
import type { Introspection } from './introspection.ts';
import { addTokenRoute, type TokenRouteOptions } from './oauth2-token.ts';
import { defaultLimits } from './limits.ts';
import type { OperationLimits } from './limits.ts';
import { refuseMalformed } from './malformed-request.ts';
import { isMultipart } from './multipart-request.ts';
import { createDocumentLock } from './operations/document-lock.ts';
import { createFindDocument } from './operations/kept-documents.ts';
import type { Cache } from '../storage/cache.ts';
import { registerScope } from './register-scope.ts';
import { transferPath } from '../transfers/create-transfers.ts';
import { createTransferAdmission, type Admit } from '../transfers/transfer-admission.ts';
import type { Transfers } from '../transfers/transfers.ts';
import { requestIds } from './request-id.ts';
import { createSubgraphRoutes } from './subgraph-routes.ts';
import { createPlaces } from './subscriptions/places.ts';
import { defaultSubscriptionSettings, type SubscriptionSettings } from './subscriptions/subscription-settings.ts';
import { createSubscriptions } from './subscriptions/subscriptions.ts';
import { endIfSlow } from './slow-request.ts';
import { addTransferRoutes, loggedTransferPath } from './transfer-routes.ts';
import { isWhole, keepForAnswer } from './unread-body.ts';
import { addWebhookRoutes, webhookPath } from './webhook-routes.ts';

export interface HttpServerOptions {
  readonly graphs: GraphSource;
  readonly logger: FastifyBaseLogger;
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** Default 4000; 0 takes a free one. */
  readonly port?: number;
  /** Those that are absent keep their defaults (`defaultLimits`). */
  readonly limits?: Partial<OperationLimits>;
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Time limit of one operation, default 30 000 ms. */
  readonly operationTimeoutMs?: number;
  /** How long a stop waits for answers under way before it cuts their connections, default 9 000 ms. */
  readonly stopTimeoutMs?: number;
  /** Hides suggestions and the text of faults. Default false. */
  readonly production?: boolean;
  /** Serves `__schema`, `__type` and `/supergraph.graphql`; `with-scope` to callers with the scope only. Default: not in production. */
  readonly introspection?: Introspection;
  /** Serves GraphiQL at `/`. Default: not in production. */
  readonly explorer?: boolean;
  /** The query that GraphiQL shows at first. */
  readonly explorerQuery?: string;
  /**
   * Host names, without port, by which requests may come beside localhost, 127.0.0.1 and [::1]. Default: no others while
   * listening on loopback, all elsewhere.
   */
  readonly allowedHosts?: readonly string[];
  /** Requests may come by the host name of `baseUrl` too, as behind a proxy or a tunnel that ends on loopback. Default false. */
  readonly allowsPublicHost?: boolean;
  /** Says who asks, before anything else of a request is read. Default: `callerFrom`, which asks nobody for credentials. */
  readonly caller?: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  /** Whether the store does not answer just now; then `/readyz` sends requests elsewhere. */
  readonly isStoreAway?: () => boolean;
  /** Serves `/connect/…` and `/oauth/callback/…` to browsers. Absent: those paths are not there. */
  readonly connecting?: Connecting;
  /** Begins for whoever opens `/connect/<connector>` without a session. Absent: the application begins. */
  readonly beginHere?: BeginHere;
  /** Serves `/oauth2/token`, where tenants get tokens for their API keys. Absent: it is not there. */
  readonly tokenRoute?: TokenRouteOptions | undefined;
  /** Serves `/webhooks/…` to providers. Absent: it is not there. */
  readonly webhooks?: WebhookIntake | undefined;
  /** Serves `/transfers/…`, where contents pass. Absent: it is not there. */
  readonly transfers?: Pick<Transfers, 'find'> | undefined;
  /** Bounds of contents; those that are absent keep their defaults (`defaultFileLimits`). */
  readonly files?: Partial<FileLimits> | undefined;
  /** Bounds the contents that pass at a time. Absent: those of `transfers` alone. */
  readonly admit?: Admit | undefined;
  /** What speaks to other systems' clients (`facades/`), each in a scope of its own: thin plugins without state. Default none. */
  readonly facades?: readonly FastifyPluginAsync[];
  /** Where browsers reach the gateway. Default: where it listens, which serves browsers of this machine only. */
  readonly baseUrl?: string;
  /** Bounds of sockets and event streams; those that are absent keep their defaults (`defaultSubscriptionSettings`). */
  readonly subscriptions?: Partial<SubscriptionSettings> | undefined;
  /** Seals the cookie of an EventSource. Default: a key that ends with the process, and with it the cookies. */
  readonly keyRing?: KeyRing;
  /** Which documents may be asked, and by what. Default: all, by their text. */
  readonly operations?: OperationsOptions | undefined;
}

export interface OperationsOptions {
  /** Only those that `graphs.operations` lists. Default `false`. */
  readonly only?: boolean | undefined;
  /** Keeps documents that clients send with their hash. Absent: none are kept. */
  readonly cache?: Cache | undefined;
  /** So long browsers may keep the answer to a query by GET; 0: they ask each time whether it is the same. Absent: not at all. */
  readonly maxAgeSeconds?: number | undefined;
}

export interface HttpServer {
  /**
   * Begins to listen.
   *
   * @throws DefinitionError ADDRESS_IN_USE when the address is taken, not of this machine, or not allowed.
   */
  readonly listen: () => Promise<{ readonly url: string }>;
  /**
   * Stops: `/readyz` says 503, idle connections are closed, answers under way are awaited, new requests are refused.
   * Whatever is not answered within `stopTimeoutMs` is cut. May be called twice.
   */
  readonly close: () => Promise<void>;
  /** For routes of other rooms (facades), added before `listen`. */
  readonly app: FastifyInstance;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its bodies are contents, which come at their own pace. */
    readonly takesContent?: boolean;
    /** It takes files beside an operation. */
    readonly takesFiles?: boolean;
  }
}

/** Puts the server together; nothing listens before `listen`. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { graphs, logger, host = '127.0.0.1', port = 4000, production = false } = options;
  const { introspection = !production, explorer = !production } = options;
  // The hooks ask only when a request comes, and then it is there.
  const isDraining = (): boolean => requests.isDraining();
  const isAllowedHost = hostGuard(host, options.allowedHosts, options.allowsPublicHost ? options.baseUrl : undefined);
  const app = createApp(options, isAllowedHost, isDraining);
  const requests = watchRequests(app.server);
  const caller = options.caller ?? callerFrom;
  const files = { ...defaultFileLimits, ...options.files };
  const { only = false, cache, maxAgeSeconds } = options.operations ?? {};
  const operations = {
    graphs,
    logger,
    production,
    introspection,
    limits: { ...defaultLimits, ...options.limits },
    operationTimeoutMs: options.operationTimeoutMs ?? 30_000,
    caller,
    findDocument: createFindDocument({ graphs, cache, only, automatic: cache !== undefined }),
    refuseUnlisted: createDocumentLock(graphs, { only }),
  };
  const { maxSocketsPerSubject } = { ...defaultSubscriptionSettings, ...options.subscriptions };
  const streaming = {
    ...operations,
    settings: options.subscriptions,
    isAllowedHost,
    isDraining,
    baseUrl: () => options.baseUrl,
    keyRing: options.keyRing,
    places: createPlaces(maxSocketsPerSubject),
  };
  const subscriptions = createSubscriptions(streaming);
  const subgraphs = createSubgraphRoutes({
    graphs,
    caller,
    createSubscriptions: (source) => createSubscriptions({ ...streaming, graphs: source }),
  });
  const bodyBytes = options.bodyLimitBytes ?? defaultBodyBytes;
  const endpoint = await createGraphqlEndpoint({
    ...operations,
    maxAgeSeconds,
    subscriptions,
    files: { ...files, bodyBytes },
  });
  subscriptions.takeUpgrades(app.server, subgraphs.acceptorAt);
  registerScope(app, 'graphql', async (routes) => {
    routes.addHook('onRequest', (_request, reply, done) => {
      reply.headers(dataHeaders);
      done();
    });
    endpoint.addRoutes(routes);
    registerScope(routes, 'subscriptions', async (inner) => subscriptions.addRoutes(inner));
    subgraphs.addRoutes(routes);
    const { isStoreAway } = options;
    addHealthRoutes(routes, { graphs, isDraining, isStoreAway, production, introspection, caller });
  });
  for (const facade of options.facades ?? []) {
    registerScope(app, 'facade', async (routes) => {
      routes.addHook('onRequest', (_request, reply, done) => {
        reply.headers(dataHeaders);
        done();
      });
      await facade(routes, {});
    });
  }
  if (explorer) registerScope(app, 'explorer', async (routes) => addExplorer(routes, options.explorerQuery));
  const { connecting, beginHere, tokenRoute, webhooks, transfers, admit = createTransferAdmission(files) } = options;
  if (tokenRoute) addTokenRoute(app, tokenRoute);
  if (webhooks) registerScope(app, 'webhooks', async (routes) => addWebhookRoutes(routes, { intake: webhooks }));
  if (transfers) {
    registerScope(app, 'transfers', async (routes) =>
      addTransferRoutes(routes, { transfers, caller, limits: files, admit }),
    );
  }
  if (connecting) {
    registerScope(app, 'connect', async (routes) => {
      addConnectRoutes(routes, {
        connecting,
        ...(beginHere && { beginHere }),
        production,
        get baseUrl() {
          return options.baseUrl ?? addressOf(app);
        },
      });
    });
  }
  const stop = async (timeoutMs: number): Promise<void> => {
    const answered = requests.stop(app, timeoutMs, logger);
    // From here on nothing new is taken. The server waits for its sockets too.
    await Promise.all([subscriptions.stop(timeoutMs), subgraphs.stop(timeoutMs), answered]);
    await endpoint.stop();
  };
  let closing: Promise<void> | undefined;
  return {
    app,
    listen: () => listen(app, host, port),
    close: () => {
      closing ??= stop(options.stopTimeoutMs ?? 9_000);
      return closing;
    },
  };
}

/** Loaded where it is served only: it brings packages that production does without. */
async function addExplorer(routes: FastifyInstance, defaultQuery: string | undefined): Promise<void> {
  const { addExplorerRoutes } = await import('./explorer.ts');
  await addExplorerRoutes(routes, { defaultQuery });
}

/** Answers hold data, never a page: no browser may sniff, frame, keep or run them. */
const dataHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

function createApp(
  options: HttpServerOptions,
  isAllowedHost: (host: string | undefined) => boolean,
  isDraining: () => boolean,
): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger,
    // Lines about requests are written below: Fastify's hold the whole URL, and with it the variables of a GET.
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger per request costs more than it gives: our lines carry the id themselves.
    childLoggerFactory: (logger) => logger,
    genReqId: requestIds(),
    requestIdHeader: false,
    // X-Forwarded-* decide nothing, and Host only whether we are meant.
    trustProxy: false,
    bodyLimit: options.bodyLimitBytes ?? defaultBodyBytes,
    // Names and ids of other systems are longer than Fastify's 100 signs. The whole head is bounded by 16 KiB.
    routerOptions: { maxParamLength: 2_000 },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // We refuse ourselves while stopping, in our shape.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: 72_000,
    requestTimeout: longestRequestMs,
    http: {
      headersTimeout: 10_000,
      requestTimeout: longestRequestMs,
      maxHeaderSize: 16_384,
      connectionsCheckingInterval: 5_000,
    },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, request, reply) => sendError(error, request, reply as FastifyReply),
  });
  // Only JSON is read; form and plain text are what a foreign page can send without asking first.
  app.removeContentTypeParser('text/plain');
  addHooks(app, options.logger, isAllowedHost, isDraining);
  answerUnknownRoutes(app);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  return app;

  function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { status, headers = {}, body, isFault } = answerTo(error, request.id);
    if (isFault) options.logger.error({ requestId: request.id, err: error }, 'A request failed');
    void reply
      .code(status)
      .headers({ ...dataHeaders, ...headers })
      .send(body);
  }
}

const defaultBodyBytes = 1024 * 1024;
/** Of a content that is sent; every other body has less time (`slow-request`). */
const longestRequestMs = 2 * 3_600_000;

function addHooks(
  app: FastifyInstance,
  logger: FastifyBaseLogger,
  isAllowedHost: (host: string | undefined) => boolean,
  isDraining: () => boolean,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (!mayTakeLong(request)) endIfSlow(request.raw);
    if (!isAllowedHost(request.headers.host)) {
      const message = 'The gateway is not known by the host name of this request. Set `allowedHosts` to add it.';
      const { status, body } = errorAnswer(421, 'HOST_NOT_ALLOWED', message, request.id);
      return reply.code(status).headers(dataHeaders).send(body);
    }
    if (!isDraining()) return done();
    reply.header('connection', 'close');
    const path = pathOf(request);
    if (path === '/readyz' || path === '/healthz') return done();
    const { status, body } = errorAnswer(503, 'NOT_READY', 'The gateway is stopping. Ask again.', request.id);
    return reply.code(status).headers(dataHeaders).send(body);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (isDraining()) reply.header('connection', 'close');
    if (isWhole(request.raw)) return done(null, payload);
    keepForAnswer(request.raw, reply, isDraining(), () => done(null, payload));
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    const level = statusCode >= 500 ? 'warn' : 'debug';
    if (level === 'warn' || logger.level === 'debug' || logger.level === 'trace') {
      const { id: requestId, method } = request;
      const durationMs = Math.round(reply.elapsedTime * 10) / 10;
      logger[level]({ requestId, method, path: loggedPath(request), status: statusCode, durationMs }, 'request');
    }
    done();
  });
}

/** Whether a request carries a content: one of a one-time URL, or the files of an operation. */
function mayTakeLong({ routeOptions, headers }: FastifyRequest): boolean {
  const { takesContent, takesFiles } = routeOptions.config;
  return takesContent === true || (takesFiles === true && isMultipart(headers));
}

/** Without the query string, which may hold a query and its variables. */
function pathOf(request: FastifyRequest): string {
  const end = request.url.indexOf('?');
  return end < 0 ? request.url : request.url.slice(0, end);
}

/** Whoever reads the log must not learn where a provider sends to, nor where tokens are stored, nor fetch a file. */
function loggedPath(request: FastifyRequest): string {
  const path = pathOf(request);
  if (path.startsWith('/webhooks/')) return webhookPath;
  if (path.startsWith(transferPath)) return loggedTransferPath;
  // The second part may be a secret (`facades/rds`); the route says the rest.
  return path.startsWith('/rds/') ? (request.routeOptions.url ?? '/rds/…') : path;
}

/** 405 with the methods that a path takes, else 404. */
function answerUnknownRoutes(app: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    for (const each of Array.isArray(method) ? method : [method]) methods.add(each);
    methodsOf.set(url, methods);
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf.get(pathOf(request));
    const allowed = [...(methods ?? [])].join(', ');
    if (methods) reply.header('allow', allowed);
    const { status, body } = methods
      ? errorAnswer(405, 'METHOD_NOT_ALLOWED', `This path takes ${allowed}; got ${request.method}.`, request.id)
      : errorAnswer(404, 'ROUTE_NOT_FOUND', 'Nothing is served here. GraphQL is at /graphql.', request.id);
    reply.code(status).headers(dataHeaders).send(body);
  });
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<{ url: string }> {
  try {
    await app.listen({ host, port, backlog });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!code || !(code in listenFaults)) throw cause;
    const message = `cannot listen on ${host}:${port}: ${listenFaults[code]} (${code}).`;
    throw new DefinitionError([{ code: 'ADDRESS_IN_USE', path: 'server', message }], { cause });
  }
  return { url: addressOf(app) };
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port.');
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${shown}:${address.port}`;
}

const listenFaults: Record<string, string> = {
  EADDRINUSE: 'another program uses this address. Stop it, or choose another port with --port',
  EADDRNOTAVAIL: 'this machine has no such address. Choose another host with --host',
  EACCES: 'this user may not use that port. Choose one above 1023 with --port',
  ENOTFOUND: 'the host name is unknown. Choose another host with --host',
};

/**
 * Connections that may wait to be taken; the system may allow fewer. Node's default of 511 is full at once when thousands of
 * subscribers come back, and those beyond it are reset.
 */
const backlog = 4_096;
