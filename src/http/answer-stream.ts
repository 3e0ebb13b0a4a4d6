/** The body of an answer as it comes: whoever reads it slowly slows the provider down, and nothing is collected. */
import { Readable } from 'node:stream';
import { ExchangeFailure } from './exchange-failure.ts';

/** What undici hands to a handler, as far as it is used here. */
export interface Controller {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

export interface AnswerStreamOptions {
  readonly controller: Controller;
  /** Given up when nobody has read for so long. */
  readonly idleMs: number;
  /** The error that the reader is given. */
  readonly toError: (failure: ExchangeFailure) => Error;
}

/** Takes a body from undici's events and gives it to one reader. */
export class AnswerStream extends Readable {
  readonly #options: AnswerStreamOptions;
  readonly #idle: NodeJS.Timeout;
  #isWhole = false;

  constructor(options: AnswerStreamOptions) {
    super({ highWaterMark });
    this.#options = options;
    // Whoever reads it is told; where nobody does, nobody is.
    this.on('error', () => {});
    const { idleMs } = options;
    // A provider's pauses are undici's to time; while nobody reads it times nothing.
    this.#idle = setTimeout(
      () => this.fail(new ExchangeFailure('cancelled', `nobody read it for ${idleMs} ms`)),
      idleMs,
    );
  }

  pass(chunk: Buffer): void {
    this.#idle.refresh();
    if (!this.push(chunk)) this.#options.controller.pause();
  }

  end(): void {
    this.#isWhole = true;
    this.push(null);
  }

  fail(failure: ExchangeFailure): void {
    this.destroy(this.#options.toError(failure));
  }

  override _read(): void {
    this.#idle.refresh();
    this.#options.controller.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#idle);
    if (!this.#isWhole)
      this.#options.controller.abort(error ?? new ExchangeFailure('cancelled', 'its reader has gone'));
    callback(error);
  }
}

/** Bytes that wait for a reader. */
const highWaterMark = 64 * 1024;
