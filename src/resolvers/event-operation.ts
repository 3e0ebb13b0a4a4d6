/** The context of executing one event: nothing is made for it before a resolver asks, and its time is limited. */
import { GraphQLError, type ExecutionResult } from 'graphql';
import { GatewayError, InputError } from '../errors.ts';
import type { OperationContext } from './operation-context.ts';
import type { SharedCaller } from './sharing-key.ts';

/** Long enough for what was stopped to come back as errors of its fields, so that its neighbours' data still leaves. */
const graceMs = 250;

export class EventOperation implements OperationContext {
  readonly caller: SharedCaller;
  readonly requestId: string;
  readonly #subscribers: AbortSignal;
  #controller: AbortController | undefined;
  #stop = (): void => this.#controller?.abort(new GatewayError('REQUEST_CANCELLED', 'Its subscribers have gone.'));

  /** @param subscribers - aborts when nobody waits for the event any more. */
  constructor(caller: SharedCaller, requestId: string, subscribers: AbortSignal) {
    this.caller = caller;
    this.requestId = requestId;
    this.#subscribers = subscribers;
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    if (this.#subscribers.aborted) this.#stop();
    else this.#subscribers.addEventListener('abort', this.#stop, { once: true });
    return controller.signal;
  }

  /** The result, or what says that it took longer than `timeoutMs`. It never rejects. */
  async within(timeoutMs: number, executing: Promise<ExecutionResult>): Promise<ExecutionResult> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ExecutionResult>((resolve) => {
      timer = setTimeout(() => {
        const error = timedOut(timeoutMs);
        this.#controller?.abort(error);
        timer = setTimeout(resolve, graceMs, failed(error)).unref();
      }, timeoutMs).unref();
    });
    try {
      return await Promise.race([executing.catch(failed), late]);
    } finally {
      clearTimeout(timer);
      this.#subscribers.removeEventListener('abort', this.#stop);
    }
  }
}

/** The result of what could not be executed at all. */
export function failed(error: unknown): ExecutionResult {
  const originalError = error instanceof Error ? error : new Error('Execution failed.', { cause: error });
  const known = error instanceof GraphQLError ? error : undefined;
  return { data: null, errors: [known ?? new GraphQLError(originalError.message, { originalError })] };
}

function timedOut(timeoutMs: number): InputError {
  const message = `One event took longer than its time limit of ${timeoutMs} ms. Ask for less of each event.`;
  return new InputError('OPERATION_TIMEOUT', message);
}
