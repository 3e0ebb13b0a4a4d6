/** Ends the work of one `send` when its time is up or its client has gone. */
import { GatewayError } from '../errors.ts';
import { ExchangeFailure } from './exchange-failure.ts';

/** One timer and at most one listener for all tries and hops of a request. Call `end` when the work is over. */
export class Deadline {
  readonly startedAt = performance.now();
  readonly #totalTimeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  /** The others that stop with the same signal. */
  readonly #companions: Set<Deadline> | undefined;
  #failure: ExchangeFailure | undefined;
  /** What is under way: an exchange, or the pause before the next try. */
  #current: { fail(failure: ExchangeFailure): void } | undefined;

  constructor(totalTimeoutMs: number, signal: AbortSignal | undefined) {
    this.#totalTimeoutMs = totalTimeoutMs;
    this.#timer = setTimeout(onTimeUp, totalTimeoutMs, this);
    if (!signal) return;
    if (signal.aborted) this.#failure = stoppedBy(signal);
    this.#companions = companionsOf(signal);
    this.#companions.add(this);
  }

  /** Set once the time is up or the signal has aborted. */
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

  /** Waits until the listener is called, or gives the failure that ended the wait. */
  pauseUntil(listen: (listener: () => void) => () => void): Promise<ExchangeFailure | undefined> {
    return new Promise((resolve) => {
      const stop = listen(() => resolve(undefined));
      this.watch({
        fail: (failure) => {
          stop();
          resolve(failure);
        },
      });
    });
  }

  /** What is under way goes on in its own time, and still ends with the signal. Call `end` after it. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** Milliseconds that are left. */
  remainingMs(): number {
    return this.#totalTimeoutMs - (performance.now() - this.startedAt);
  }

  timeUp(): void {
    this.stop(new ExchangeFailure('timeout', `the answer was not complete within ${this.#totalTimeoutMs} ms`));
  }

  stop(failure: ExchangeFailure): void {
    this.#failure ??= failure;
    this.#current?.fail(failure);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#companions?.delete(this);
  }
}

/**
 * One listener serves all requests of an operation: a list that joins a hundred rows would otherwise add a hundred listeners
 * to one signal, which is slow, and which Node reports as a leak.
 */
const companions = new WeakMap<AbortSignal, Set<Deadline>>();

function companionsOf(signal: AbortSignal): Set<Deadline> {
  let deadlines = companions.get(signal);
  if (!deadlines) {
    const created = new Set<Deadline>();
    signal.addEventListener('abort', () => created.forEach((deadline) => deadline.stop(stoppedBy(signal))), {
      once: true,
    });
    companions.set(signal, created);
    deadlines = created;
  }
  return deadlines;
}

function onTimeUp(deadline: Deadline): void {
  deadline.timeUp();
}

/** Why a signal aborted, by its reason: whoever waits for an operation that took too long is still there. */
function stoppedBy({ reason }: AbortSignal): ExchangeFailure {
  if (!(reason instanceof GatewayError)) return new ExchangeFailure('cancelled', 'its caller gave it up', reason);
  const why = (reason.message.charAt(0).toLowerCase() + reason.message.slice(1)).replace(/\.$/, '');
  return new ExchangeFailure(reason.code === 'OPERATION_TIMEOUT' ? 'overdue' : 'cancelled', why, reason);
}
