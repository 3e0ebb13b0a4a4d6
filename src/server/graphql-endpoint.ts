/** GraphQL over HTTP: Apollo Server parses, validates and remembers documents; the served graph executes them. */
import { ApolloServer, HeaderMap } from '@apollo/server';
import type {
  ApolloServerPlugin,
  GraphQLRequestContextResponseForOperation,
  GraphQLRequestListener,
  GraphQLResponse,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLError,
  GraphQLSchema,
  OperationTypeNode,
  ValidationRule,
} from 'graphql';
import type { Caller } from '../connection/caller.ts';
import { GatewayError } from '../errors.ts';
import type { ServedGraph } from '../resolvers/executor.ts';
import { acceptsType, namesType } from './accepted-types.ts';
import { asksForUpstream } from './asks-for-upstream.ts';
import { ClientOperation, idempotencyKeyOf } from './client-operation.ts';
import { errorAnswer, internalErrorMessage } from './error-answer.ts';
import { errorFormatter } from './format-error.ts';
import type { GraphSource } from './graph-source.ts';
import { refuseIntrospection, type Introspection } from './introspection.ts';
import { exceededLimits } from './limits.ts';
import type { OperationLimits } from './limits.ts';
import { keepAnswer } from './operations/keep-answer.ts';
import type { FindDocument, FoundDocument } from './operations/kept-documents.ts';
import { mayNameDocument, nameInRequest, type RequestParts } from './operations/name-in-request.ts';
import { namesDocument } from './operations/resolve-document.ts';
import type { RefuseUnlisted } from './operations/document-lock.ts';
import { isMultipart, readMultipartRequest, type MultipartLimits } from './multipart-request.ts';
import { runOperation } from './run-operation.ts';
import { requestFromBody, type StreamRequest } from './subscriptions/stream-request.ts';
import { subscriptionFault } from './subscription-fault.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';

export interface GraphqlEndpointOptions {
  readonly graphs: GraphSource;
  readonly limits: OperationLimits;
  /** Time limit of one operation, in milliseconds. */
  readonly operationTimeoutMs: number;
  /** Hides what the schema holds: no suggestions in messages. */
  readonly production: boolean;
  readonly introspection: Introspection;
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly logger: FastifyBaseLogger;
  readonly findDocument: FindDocument;
  /** Asked about each document before it is validated. Absent: all may be asked. */
  readonly refuseUnlisted?: RefuseUnlisted | undefined;
  /** So long browsers may keep the answer to a query by GET. Absent: not at all. */
  readonly maxAgeSeconds?: number | undefined;
  /** Takes files beside an operation. Absent: bodies are JSON alone. */
  readonly files?: MultipartLimits | undefined;
  /** Answers clients that take server-sent events. Absent: they get JSON, or are refused. */
  readonly subscriptions?: Pick<Subscriptions, 'streams' | 'answerWithEvents'>;
}

export interface GraphqlEndpoint {
  /** Adds `POST /graphql` and `GET /graphql` (queries only). */
  readonly addRoutes: (app: FastifyInstance) => void;
  /** To be called when no request is under way. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts Apollo Server over a source of graphs.
 *
 * An operation is executed by the generation that validated it, also when the graph changes meanwhile. Before the
 * first graph the endpoint answers 503 NOT_READY.
 */
export async function createGraphqlEndpoint(options: GraphqlEndpointOptions): Promise<GraphqlEndpoint> {
  let apollo: ApolloServer<Context> | undefined;
  const start = async (): Promise<void> => {
    const server = apolloServer(options);
    await server.start();
    apollo = server;
  };
  let starting: Promise<void> | undefined;
  let unsubscribe = () => {};
  if (options.graphs.status().ready) await start();
  else {
    unsubscribe = options.graphs.onChange(() => {
      starting ??= start().catch((error: unknown) => {
        starting = undefined;
        options.logger.error({ err: error }, 'The first graph cannot be served');
      });
    });
  }
  return {
    addRoutes: (app) => {
      app.decorateRequest('caller', null);
      // Read by the handler, which knows who asks.
      if (options.files) app.addContentTypeParser('multipart/form-data', (_request, _body, done) => done(null));
      app.route({
        method: ['GET', 'POST'],
        url: '/graphql',
        exposeHeadRoute: false,
        config: { takesFiles: options.files !== undefined },
        // Before the body is read: a stranger's is not.
        onRequest: async (request: AskingRequest) => {
          request.caller = await options.caller(request.headers);
        },
        handler: async (request: AskingRequest, reply) => {
          if (!apollo) throw new GatewayError('NOT_READY', 'The gateway has no graph to serve yet. Ask again later.');
          if (!request.caller) throw new Error('The request was not asked who sends it.');
          const { caller } = request;
          const { subscriptions, files } = options;
          const isWithFiles = files !== undefined && request.method === 'POST' && isMultipart(request.headers);
          if (isWithFiles) return answerWithFiles(apollo, request, reply, caller, { ...options, files });
          const streamed = subscriptions && (await askedForEvents(subscriptions, request, caller));
          if (streamed) return subscriptions.answerWithEvents(request, reply, streamed, caller);
          return takesJson(request)
            ? answer(apollo, request, reply, caller, options)
            : refuseMediaTypes(request, reply);
        },
      });
    },
    stop: async () => {
      unsubscribe();
      await starting;
      await apollo?.stop();
    },
  };
}

/**
 * What is to be streamed to a client that names `text/event-stream` in a POST: everything, when it takes no JSON; else
 * subscriptions only. `undefined` for all others, which are nearly all.
 */
function askedForEvents(
  { streams }: NonNullable<GraphqlEndpointOptions['subscriptions']>,
  request: FastifyRequest,
  caller: Caller,
): StreamRequest | Promise<StreamRequest | undefined> | undefined {
  const { accept } = request.headers;
  if (accept === undefined || acceptsJson.has(accept) || request.method !== 'POST') return undefined;
  if (!namesType(accept, 'text/event-stream')) return undefined;
  if (!takesJson(request)) return requestFromBody(request.body);
  return isQuery(request.body) ? askedSubscription(streams, request, caller) : undefined;
}

async function askedSubscription(
  streams: Subscriptions['streams'],
  request: FastifyRequest,
  caller: Caller,
): Promise<StreamRequest | undefined> {
  const asked = requestFromBody(request.body);
  const prepared = await streams.prepare({ ...asked, caller });
  return 'kind' in prepared && prepared.kind === 'subscription' ? asked : undefined;
}

function takesJson({ headers: { accept } }: FastifyRequest): boolean {
  if (accept === undefined || acceptsJson.has(accept)) return true;
  return acceptsType(accept, 'application/graphql-response+json') || acceptsType(accept, 'application/json');
}

/** Apollo Server would refuse too, but only after it has executed the operation. */
function refuseMediaTypes(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message =
    'Here answers are application/json or application/graphql-response+json. Accept one of them, or */*. ' +
    'Subscriptions are answered as text/event-stream to a POST.';
  const { status, body } = errorAnswer(406, 'NOT_ACCEPTABLE', message, request.id);
  return reply.code(status).send(body);
}

/** What else may be wrong with a body Apollo Server says. */
function isQuery(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return typeof (body as { query?: unknown }).query === 'string' || namesDocument(body);
}

interface AskingRequest extends FastifyRequest {
  caller?: Caller | null;
}

/** Apollo Server copies this object per operation, so it is small. */
interface Context {
  readonly operation: ClientOperation;
  /** Keeps the document, once it was found to be valid. */
  readonly keep: FoundDocument['keep'];
  /** What executing gave, when Apollo Server has errors to format in it. */
  failed?: ExecutionResult;
}

/** The headers that Apollo Server reads; copying the others would cost and serve nobody. */
const readHeaders = ['content-type', 'apollo-require-preflight', 'x-apollo-operation-name'] as const;

/** What nearly every client sends means what no header means; Apollo Server negotiates several times otherwise. */
const acceptsJson: ReadonlySet<string> = new Set(['*/*', 'application/json']);

/** Executes while the files come; what is left of them is let go before the answer. */
async function answerWithFiles(
  apollo: ApolloServer<Context>,
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
  options: GraphqlEndpointOptions & { readonly files: MultipartLimits },
): Promise<FastifyReply> {
  // Read on, or closed where too much is left (`unread-body`).
  reply.header('connection', 'close');
  const { body, end } = await readMultipartRequest(request.raw, request.headers, options.files);
  request.body = body;
  return answer(apollo, request, reply, caller, options, { timeLimitMs: options.files.transferMs, end });
}

/** What comes beside an operation. */
interface Beside {
  readonly timeLimitMs: number;
  readonly end: () => void;
}

async function answer(
  apollo: ApolloServer<Context>,
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
  { findDocument, refuseUnlisted, maxAgeSeconds }: GraphqlEndpointOptions,
  beside?: Beside,
): Promise<FastifyReply> {
  const headers = new HeaderMap();
  for (const name of readHeaders) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const { accept } = request.headers;
  if (accept !== undefined && !acceptsJson.has(accept)) headers.set('accept', accept);
  const { method } = request;
  const parts = partsOf(request);
  const isResolved = refuseUnlisted !== undefined || mayNameDocument(method === 'GET', parts);
  const { search, body, keep } = isResolved ? await withText(method === 'GET', parts, findDocument) : parts;
  const context: Context = {
    operation: new ClientOperation(caller, request.id, reply.raw, request.headers, idempotencyKeyOf(request.headers)),
    keep,
  };
  if (beside) context.operation.timeLimitMs = beside.timeLimitMs;
  const response = await apollo
    .executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method, headers, search, body },
      context: () => Promise.resolve(context),
    })
    .finally(beside?.end);
  // Nothing that a client sends leads here: the cause is in the log already, its text is not for the client.
  if (response.status === 500 || response.body.kind !== 'complete') {
    const { status, body } = errorAnswer(500, 'INTERNAL_ERROR', internalErrorMessage(request.id), request.id);
    return reply.code(status).send(body);
  }
  for (const [name, value] of response.headers) reply.header(name, value);
  if (method === 'GET' && maxAgeSeconds !== undefined && isWhole(response.status, response.body.string)) {
    if (keepAnswer(request, reply, response.body.string, maxAgeSeconds)) return reply.code(304).send();
  }
  return reply.code(response.status ?? 200).send(response.body.string);
}

/** Data without errors, which Apollo Server writes first (GraphQL §7.1). */
function isWhole(status = 200, text: string): boolean {
  return status === 200 && text.startsWith('{"data":{');
}

type Parts = RequestParts & Pick<FoundDocument, 'keep'>;

function partsOf({ url, body }: FastifyRequest): Parts {
  const start = url.indexOf('?');
  return { search: start < 0 ? '' : url.slice(start), body };
}

/** With the text of the document in place of its name, as far as it has one. @throws InputError as `findDocument` does */
async function withText(isGet: boolean, parts: RequestParts, findDocument: FindDocument): Promise<Parts> {
  const request = nameInRequest(isGet, parts);
  const { query, keep } = (request && (await findDocument(request.named))) ?? {};
  return request && query !== undefined ? { ...request.withText(query), keep } : parts;
}

function apolloServer(options: GraphqlEndpointOptions): ApolloServer<Context> {
  const { limits, logger, production } = options;
  const seam = gatewaySeam(options);
  return new ApolloServer<Context>({
    gateway: seam.gateway,
    logger: apolloLogger(logger),
    // Decides nothing here that is not decided below, but keeps Apollo from reading the environment.
    nodeEnv: production ? 'production' : 'development',
    introspection: options.introspection !== false,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.tokens },
    // `hideSuggestions` is what hideSchemaDetailsFromClientErrors does, without a plugin on each request.
    validationOptions: { maxErrors: 5, hideSuggestions: production },
    validationRules: [reportExceededLimits],
    formatError: errorFormatter({ maxTokens: limits.tokens, logger, production }),
    stringifyResult: (result) => JSON.stringify(result),
    // No plugin here may have `willResolveField`: Apollo would wrap every field of the shared schema for good.
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      operationPlugin(options, seam.execute),
    ],
  });
}

type GatewayOption = NonNullable<ConstructorParameters<typeof ApolloServer<Context>>[0]['gateway']>;

/**
 * Our executor behind Apollo Server's `gateway` seam. The executor is fixed at `load`, so it finds the graph by the
 * schema that the operation was validated against.
 */
function gatewaySeam({ graphs, logger, operationTimeoutMs, introspection, production }: GraphqlEndpointOptions): Seam {
  const graphOf = new WeakMap<GraphQLSchema, ServedGraph>();
  let serve: (graph: ServedGraph) => void = () => {};
  const execute = async ({ schema, document, request, operation, context }: ExecutorInput) => {
    const graph = graphOf.get(schema);
    if (!graph) throw new Error('An operation was validated against a schema that was never served.');
    const refusal = refuseIntrospection(document, context.operation.caller, introspection);
    if (refusal) return refusal;
    const { operationName, variables, extensions } = request;
    const { operation: client } = context;
    const tellsUpstream = asksForUpstream(extensions);
    const asked = { document, operationName, variables, kind: operation?.operation, client, tellsUpstream };
    return runOperation(graph, asked, client.timeLimitMs ?? operationTimeoutMs, { logger, production });
  };
  const executor = async (input: ExecutorInput) => input.context.failed ?? execute(input);
  const gateway: GatewayOption = {
    onSchemaLoadOrUpdate: (callback) => {
      serve = (graph) => {
        graphOf.set(graph.schema, graph);
        callback({ apiSchema: graph.schema, coreSupergraphSdl: '' });
      };
      return graphs.onChange(() => {
        try {
          serve(graphs.current());
        } catch (error) {
          logger.error({ err: error }, 'The new graph cannot be served; the one before stays');
        }
      });
    },
    load: async () => {
      serve(graphs.current());
      return { executor: executor as unknown as Awaited<ReturnType<GatewayOption['load']>>['executor'] };
    },
    stop: async () => {},
  };
  return { gateway, execute };
}

interface Seam {
  readonly gateway: GatewayOption;
  readonly execute: (input: ExecutorInput) => Promise<ExecutionResult>;
}

interface ExecutorInput {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly request: {
    readonly operationName?: string | null;
    readonly variables?: Record<string, unknown>;
    readonly extensions?: unknown;
  };
  /** Undefined when the document has no such operation, or several and none was named. */
  readonly operation?: { readonly operation: `${OperationTypeNode}` };
  readonly context: Context;
}

/** Documents that stand for ones that were too large, or cannot be validated, with what was wrong with those. */
const refused = new WeakMap<DocumentNode, readonly GraphQLError[]>();

/** Measures new documents before they are validated, and answers operations that went well. */
function operationPlugin(options: GraphqlEndpointOptions, execute: Seam['execute']): ApolloServerPlugin<Context> {
  const listener: GraphQLRequestListener<Context> = {
    validationDidStart: async (requestContext) => measure(requestContext, options),
    responseForOperation: (requestContext) => answerIfWell(requestContext, execute),
  };
  const started = Promise.resolve(listener);
  return { requestDidStart: () => started };
}

/**
 * Documents that are known were measured before. Some of graphql-js's rules take quadratic time, so a document beyond
 * the limits, or one at which graphql-js throws, is replaced by an empty one, whose validation reports what was wrong.
 */
function measure(
  requestContext: { readonly schema: GraphQLSchema; readonly source: string; readonly document: DocumentNode },
  { limits, refuseUnlisted }: Pick<GraphqlEndpointOptions, 'limits' | 'refuseUnlisted'>,
): void {
  const { schema, source, document } = requestContext;
  const unlisted = refuseUnlisted?.(source);
  const tooLarge = unlisted ? [unlisted] : exceededLimits(document, limits);
  const fault = tooLarge.length > 0 ? undefined : subscriptionFault(schema, document);
  const errors = fault ? [fault] : tooLarge;
  if (errors.length === 0) return;
  const empty = { kind: 'Document', definitions: [] } as unknown as DocumentNode;
  refused.set(empty, errors);
  (requestContext as { document: DocumentNode }).document = empty;
}

/**
 * Executes before Apollo Server comes to its gateway, for which it makes an object with accessors of its own: the engine
 * makes a hidden class of each, and that keeps the whole answer until the next full collection. An answer with errors is
 * left to Apollo Server, which formats them.
 */
async function answerIfWell(
  requestContext: GraphQLRequestContextResponseForOperation<Context>,
  execute: Seam['execute'],
): Promise<GraphQLResponse | null> {
  const { schema, document, request, operation, contextValue } = requestContext;
  if (!operation) return null;
  contextValue.keep?.();
  const result = await execute({ schema, document, request, operation, context: contextValue });
  if (result.errors === undefined) return { http: plainHead, body: { kind: 'single', singleResult: result } };
  contextValue.failed = result;
  return null;
}

const plainHead = { status: undefined, headers: new HeaderMap() };

const reportExceededLimits: ValidationRule = (context) => {
  const errors = refused.get(context.getDocument());
  if (!errors) return {};
  return {
    Document: () => {
      for (const error of errors) context.reportError(error);
    },
  };
};

/** Apollo Server logs sentences; ours logs objects too. */
function apolloLogger(logger: FastifyBaseLogger) {
  return {
    debug: (message?: unknown) => logger.debug(String(message)),
    info: (message?: unknown) => logger.info(String(message)),
    warn: (message?: unknown) => logger.warn(String(message)),
    error: (message?: unknown) => logger.error(String(message)),
  };
}
