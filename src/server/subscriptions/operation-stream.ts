/** Runs one operation for a transport that can send many answers: a subscription as long as it goes, others once. */
import type { IncomingHttpHeaders } from 'node:http';
import { GraphQLError } from 'graphql';
import type { FastifyBaseLogger } from 'fastify';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Caller } from '../../connection/caller.ts';
import { GatewayError } from '../../errors.ts';
import type { Operation, ServedGraph } from '../../resolvers/executor.ts';
import type { EventSink, RunningSubscription } from '../../resolvers/subscription.ts';
import type { WaitingRoom } from '../../resolvers/waiting-room.ts';
import { asksForUpstream } from '../asks-for-upstream.ts';
import { ClientOperation, type ClientLink } from '../client-operation.ts';
import { errorFormatter } from '../format-error.ts';
import type { GraphSource } from '../graph-source.ts';
import type { Introspection } from '../introspection.ts';
import type { OperationLimits } from '../limits.ts';
import { maskErrors } from '../mask-errors.ts';
import type { FindDocument } from '../operations/kept-documents.ts';
import type { NamedDocument } from '../operations/resolve-document.ts';
import { createPrepare, type Prepared, type PrepareOptions } from '../prepare-operation.ts';
import { runOperation } from '../run-operation.ts';

export interface OperationStreamsOptions {
  readonly graphs: GraphSource;
  readonly limits: OperationLimits;
  /** Time limit of a query or mutation, in milliseconds. */
  readonly operationTimeoutMs: number;
  /** Time limit of executing one event, in milliseconds. */
  readonly eventTimeoutMs: number;
  readonly production: boolean;
  readonly introspection: Introspection;
  readonly logger: FastifyBaseLogger;
  readonly findDocument: FindDocument;
  readonly refuseUnlisted?: PrepareOptions['refuseUnlisted'];
}

/** An operation as a client sent it. */
export interface AskedStream extends NamedDocument {
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  /** The place that beats the `after` argument of a subscription. */
  readonly after?: string | undefined;
  readonly caller: Caller;
  readonly requestId: string;
  /** What the client sent, with its request or with that of its socket. */
  readonly headers?: IncomingHttpHeaders | undefined;
  /** Header `Idempotency-Key`, for mutations. */
  readonly idempotencyKey?: string | undefined;
  /** What the client waits on; it closes when the client has gone or the stream was stopped. */
  readonly link: ClientLink;
}

/** Where the answers go. Nothing is called after `end`, nor after the stream was stopped. */
export interface Outlet {
  /** Sends one answer: an ExecutionResult as JSON text. `false`: no more until `resume`. */
  readonly next: (payload: string, cursor: string | undefined) => boolean;
  /** Whether an event may be sent now; where it is shared with other outlets, they may have filled it. Default: as `next` said. */
  readonly canTake?: (() => boolean) | undefined;
  /** There are no more answers. */
  readonly end: (ending: Ending) => void;
  /** Shared by all outlets of one client. Default: one of its own. */
  readonly waitingRoom?: WaitingRoom | undefined;
}

/** `refused`: the operation was never run. `broken`: a subscription ended otherwise than by itself. */
export type Ending =
  | { readonly kind: 'complete' }
  | { readonly kind: 'refused' | 'broken'; readonly errors: readonly GraphQLFormattedError[] };

export interface OperationStream {
  /** Whether it is a subscription, which may be cut and resumed; others are waited for when the gateway stops. */
  readonly isSubscription: boolean;
  /** The client can take more. */
  readonly resume: () => void;
  /** Nobody listens any more. */
  readonly stop: () => void;
}

export interface OperationStreams {
  /** Judges a document as `begin` does, without running it. @throws GatewayError NOT_READY; InputError as `findDocument` does */
  readonly prepare: (asked: NamedDocument & Pick<AskedStream, 'operationName' | 'caller'>) => Promise<Prepared>;
  /** Begins an operation; its outlet is never called before this has returned. */
  readonly begin: (asked: AskedStream, outlet: Outlet) => OperationStream;
}

/** An operation is executed by the generation that validated it; a subscription stays with it. */
export function createOperationStreams(options: OperationStreamsOptions): OperationStreams {
  const { graphs, logger, production, limits } = options;
  const prepare = createPrepare(options);
  const format = errorFormatter({ maxTokens: limits.tokens, logger, production });
  const current = (): ServedGraph => {
    if (graphs.status().ready) return graphs.current();
    throw new GatewayError('NOT_READY', 'The gateway has no graph to serve yet. Ask again later.');
  };
  const shared: Shared = { ...options, prepare, format, current };
  return {
    prepare: async ({ operationName, caller, ...named }) => {
      const { query = '' } = await options.findDocument(named);
      return prepare({ schema: current().schema, query, operationName, caller });
    },
    begin: (asked, outlet) => new Stream(shared, asked, outlet),
  };
}

interface Shared extends OperationStreamsOptions {
  readonly prepare: ReturnType<typeof createPrepare>;
  readonly format: ReturnType<typeof errorFormatter>;
  readonly current: () => ServedGraph;
}

/** A class, because there may be ten thousand of them. */
class Stream implements OperationStream {
  isSubscription = false;
  readonly #shared: Shared;
  readonly #outlet: Outlet;
  readonly #requestId: string;
  #running: RunningSubscription | undefined;
  #isOver = false;

  constructor(shared: Shared, asked: AskedStream, outlet: Outlet) {
    this.#shared = shared;
    this.#outlet = outlet;
    this.#requestId = asked.requestId;
    void Promise.resolve().then(() => this.#run(asked).catch((error: unknown) => this.#fail(error)));
  }

  resume(): void {
    this.#running?.resume();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#running?.stop();
  }

  async #run(asked: AskedStream): Promise<void> {
    if (this.#isOver) return;
    const { operationName, caller, requestId, link, after } = asked;
    const finding = this.#shared.findDocument(asked);
    const { query = '', keep } = finding instanceof Promise ? await finding : finding;
    if (this.#isOver) return;
    const graph = this.#shared.current();
    const prepared = this.#shared.prepare({ schema: graph.schema, query, operationName, caller });
    if ('errors' in prepared) return this.#end({ kind: 'refused', errors: prepared.errors });
    keep?.();
    const { document, kind } = prepared;
    const client = new ClientOperation(caller, requestId, link, asked.headers, asked.idempotencyKey);
    const variables = asked.variables ?? undefined;
    if (kind !== 'subscription') {
      const { operationTimeoutMs } = this.#shared;
      const once = {
        document,
        operationName,
        variables,
        kind,
        client,
        tellsUpstream: asksForUpstream(asked.extensions),
      };
      const result = await runOperation(graph, once, operationTimeoutMs, this.#shared);
      return this.#answerOnce(result);
    }
    this.isSubscription = true;
    const operation = { document, operationName: operationName ?? null, context: client };
    await this.#subscribe(graph, {
      ...operation,
      ...(variables && { variables }),
      ...(after !== undefined && { after }),
    });
  }

  async #subscribe(graph: ServedGraph, operation: Operation): Promise<void> {
    const options = {
      eventTimeoutMs: this.#shared.eventTimeoutMs,
      finish: (result: ExecutionResult) => maskErrors(result, this.#requestId, this.#shared),
    };
    const result = await graph.subscribe(operation, options);
    if (result.kind === 'refused') return this.#answerOnce(options.finish(result.result));
    if (this.#isOver) return result.subscription.discard();
    const sink: EventSink = {
      waitingRoom: this.#outlet.waitingRoom,
      canTake: this.#outlet.canTake,
      send: (payload, cursor) => !this.#isOver && this.#outlet.next(payload, cursor),
      end: (failure) => {
        const errors = failure?.errors;
        this.#end(errors ? { kind: 'broken', errors: this.#formatted(errors) } : { kind: 'complete' });
      },
    };
    this.#running = result.subscription.start(sink);
  }

  #answerOnce({ errors, ...result }: ExecutionResult): void {
    if (this.#isOver) return;
    this.#outlet.next(JSON.stringify(errors ? { ...result, errors: this.#formatted(errors) } : result), undefined);
    this.#end({ kind: 'complete' });
  }

  #formatted(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    return errors.map((error) => {
      // Ours and those of resolvers have codes: what has none is about the variables (`maskErrors`).
      const extensions = { code: 'BAD_USER_INPUT', ...error.extensions };
      return this.#shared.format({ ...error.toJSON(), extensions }, error);
    });
  }

  #fail(error: unknown): void {
    const originalError = error instanceof Error ? error : new Error('Execution failed.', { cause: error });
    const masked = maskErrors(
      { errors: [new GraphQLError(originalError.message, { originalError })] },
      this.#requestId,
      this.#shared,
    );
    this.#end({ kind: 'refused', errors: this.#formatted(masked.errors ?? []) });
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#outlet.end(ending);
  }
}
