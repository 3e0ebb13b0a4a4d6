/** One operation as long as its client waits for it: who asks, and the signal that ends the work when nobody waits any more. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../connection/caller.ts';
import { GatewayError, InputError } from '../errors.ts';
import type { OperationContext } from '../resolvers/executor.ts';

/** What a client waits on: a response, or one operation of a socket. */
export interface ClientLink {
  /** The client has gone, or the answer is complete. */
  readonly destroyed: boolean;
  /** The answer is complete. */
  readonly writableFinished: boolean;
  readonly once: (event: 'close', listener: () => void) => unknown;
}

/** Made per request, so it makes the rest only when it is asked for. */
export class ClientOperation implements OperationContext {
  readonly caller: Caller;
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
  readonly headers: IncomingHttpHeaders | undefined;
  /** Instead of the limit of operations: files come at their own pace. */
  timeLimitMs: number | undefined;
  readonly #link: ClientLink;
  #controller: AbortController | undefined;

  constructor(
    caller: Caller,
    requestId: string,
    link: ClientLink,
    headers?: IncomingHttpHeaders,
    idempotencyKey?: string,
  ) {
    this.caller = caller;
    this.requestId = requestId;
    this.headers = headers;
    this.idempotencyKey = idempotencyKey;
    this.#link = link;
  }

  /** Aborts when the client closes its connection before the answer is written, or when the time is up. */
  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    const link = this.#link;
    // `close` also follows a complete answer; then nobody is at work and nothing needs to stop.
    const abortIfCut = () => {
      if (!link.writableFinished) controller.abort(new GatewayError('REQUEST_CANCELLED', 'The client has gone.'));
    };
    if (link.destroyed) abortIfCut();
    else link.once('close', abortIfCut);
    return controller.signal;
  }

  /**
   * Runs the operation and bounds its time.
   *
   * At the limit the signal aborts, and what is done by then may still be answered; work that does not stop within
   * the grace time is left alone.
   *
   * @throws InputError OPERATION_TIMEOUT when the work did not stop.
   */
  async within<Result>(timeLimitMs: number, run: () => Promise<Result>): Promise<Result> {
    // The timers alone keep no process alive: while a client waits, its connection does.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const error = timeout(timeLimitMs);
        this.#abort(error);
        timer = setTimeout(reject, graceMs, error).unref();
      }, timeLimitMs).unref();
    });
    try {
      return await Promise.race([run(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Work that never asked for the signal cannot be listening to it. */
  #abort(reason: Error): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

/** Long enough for aborted requests to come back as field errors, so that neighbours' data still leaves. */
const graceMs = 250;

function timeout(timeLimitMs: number): InputError {
  return new InputError(
    'OPERATION_TIMEOUT',
    `The operation took longer than its time limit of ${timeLimitMs} ms. Ask for less in one operation.`,
  );
}

/** Two headers of that name come as one, joined by a comma and a blank, which is no key. */
export function idempotencyKeyOf({ 'idempotency-key': key }: IncomingHttpHeaders): string | undefined {
  return Array.isArray(key) ? key.join(', ') : key;
}
