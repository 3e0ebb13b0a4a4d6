/** A content that a client sends: taken at the pace of whoever reads it, bounded, and never shorter than it was said to be. */
import { Readable } from 'node:stream';
import { Content, type ContentFacts } from '../content.ts';
import { InputError } from '../errors.ts';

export interface IncomingLimits {
  /** Bytes of one content. */
  readonly maxBytes: number;
  /** The longest pause of whoever sends it. */
  readonly idleMs: number;
}

export interface IncomingContent {
  readonly content: Content;
  /** Why it did not arrive whole; `undefined` while nothing is wrong. */
  readonly failure: () => InputError | undefined;
}

/**
 * Takes a content from a stream: the body of a request, or a part of one.
 *
 * Its reader may destroy what it reads without ending the source, so that whoever sends can still be answered.
 *
 * @throws InputError BODY_TOO_LARGE at once where its size is known to be too much. The stream that is read fails with
 *   BODY_TOO_LARGE, or UPLOAD_CUT where the source ends early or pauses for too long.
 */
export function incomingContent(source: Readable, facts: ContentFacts, limits: IncomingLimits): IncomingContent {
  if (facts.size !== undefined && facts.size > limits.maxBytes) throw tooLarge(limits);
  let stream: IncomingStream | undefined;
  const content = new Content(() => (stream = new IncomingStream(source, limits)), facts);
  return { content, failure: () => stream?.failure };
}

class IncomingStream extends Readable {
  failure: InputError | undefined;
  readonly #source: Readable;
  readonly #limits: IncomingLimits;
  #received = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(source: Readable, limits: IncomingLimits) {
    super({ highWaterMark });
    this.#source = source;
    this.#limits = limits;
    // Whoever reads it is told; where nobody does any more, nobody is.
    this.on('error', () => {});
    source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onCut).on('close', this.#onCut).pause();
    if (source.destroyed && !source.readableEnded) this.#onCut();
  }

  override _read(): void {
    // Only a source that is waited for can be late: one that is held back here is not.
    this.#idle ??= setTimeout(this.#onPause, this.#limits.idleMs);
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stopWaiting();
    const source = this.#source;
    source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onCut)
      .off('close', this.#onCut)
      .pause();
    // What nobody reads any more may still fail.
    source.on('error', () => {});
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#stopWaiting();
    this.#received += chunk.length;
    if (this.#received > this.#limits.maxBytes) return this.#fail(tooLarge(this.#limits));
    if (!this.push(chunk)) this.#source.pause();
  };

  readonly #onEnd = (): void => {
    this.#stopWaiting();
    this.push(null);
  };

  readonly #onCut = (): void => {
    if (this.#source.readableEnded) return;
    this.#fail(
      new InputError('UPLOAD_CUT', 'The content ended before it was whole, so it was not kept. Send it again.'),
    );
  };

  readonly #onPause = (): void => {
    const message = `The content paused for ${this.#limits.idleMs} ms, so it was not kept. Send it again.`;
    this.#fail(new InputError('UPLOAD_CUT', message));
  };

  #fail(failure: InputError): void {
    this.failure ??= failure;
    this.destroy(failure);
  }

  #stopWaiting(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }
}

const highWaterMark = 64 * 1024;

function tooLarge({ maxBytes }: IncomingLimits): InputError {
  const message = `The content is larger than ${maxBytes} bytes, the limit of the gateway. Send less, or raise \`files.maxUploadBytes\`.`;
  return new InputError('BODY_TOO_LARGE', message);
}
