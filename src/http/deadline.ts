/** Ends the work of one `send` when its time is up or its client has gone. */
import { ExchangeFailure } from './exchange-failure.ts';

/** One timer and at most one listener for all tries and hops of a request. Call `end` when the work is over. */
export class Deadline {
  readonly startedAt = performance.now();
  readonly #totalTimeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort: (() => void) | undefined;
  #failure: ExchangeFailure | undefined;
  /** What is under way: an exchange, or the pause before the next try. */
  #current: { fail(failure: ExchangeFailure): void } | undefined;

  constructor(totalTimeoutMs: number, signal: AbortSignal | undefined) {
    this.#totalTimeoutMs = totalTimeoutMs;
    this.#timer = setTimeout(onTimeUp, totalTimeoutMs, this);
    this.#signal = signal;
    if (!signal) return;
    if (signal.aborted) this.#failure = cancelled();
    this.#onAbort = () => this.#stop(cancelled());
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Set once the time is up or the client has gone. */
  get failure(): ExchangeFailure | undefined {
    return this.#failure;
  }

  /** Names what has to stop when the deadline comes. */
  watch(current: { fail(failure: ExchangeFailure): void }): void {
    this.#current = current;
  }

  /** Waits, or gives the failure that ended the wait. */
  pause(delayMs: number): Promise<ExchangeFailure | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs, undefined);
      this.watch({
        fail: (failure) => {
          clearTimeout(timer);
          resolve(failure);
        },
      });
    });
  }

  /** Milliseconds that are left. */
  remainingMs(): number {
    return this.#totalTimeoutMs - (performance.now() - this.startedAt);
  }

  timeUp(): void {
    this.#stop(new ExchangeFailure('timeout', `the answer was not complete within ${this.#totalTimeoutMs} ms`));
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort) this.#signal!.removeEventListener('abort', this.#onAbort);
  }

  #stop(failure: ExchangeFailure): void {
    this.#failure ??= failure;
    this.#current?.fail(failure);
  }
}

function onTimeUp(deadline: Deadline): void {
  deadline.timeUp();
}

function cancelled(): ExchangeFailure {
  return new ExchangeFailure('cancelled', 'the client has gone');
}
