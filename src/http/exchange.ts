/** One request on one connection, and its answer: collected, decompressed and held under the limits, or given as it comes. */
import { AnswerStream, type Controller } from './answer-stream.ts';
import { createBodyDecoder, decodeWhole, readEncoding, tooLarge, wholeBodyBytes } from './decode-body.ts';
import type { BodyDecoder, BodyLimits, Encoding } from './decode-body.ts';
import { ExchangeFailure, readWireError } from './exchange-failure.ts';
import type { TimeLimits } from './exchange-failure.ts';

/** An answer as it came, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Of a success that is streamed; `body` is empty then. */
  readonly stream?: AnswerStream;
}

/** Where requests wait for a connection; each counts itself in and out. */
export interface Queue {
  waiting: number;
}

export interface ExchangeOptions {
  readonly isHead: boolean;
  /** Gives a success as it comes. */
  readonly streamed?: Streamed | undefined;
}

/** How an answer is streamed. */
export interface Streamed {
  readonly idleMs: number;
  /** The error that whoever reads is given. */
  readonly toError: (failure: ExchangeFailure) => Error;
}

/**
 * Takes the events of undici's dispatcher. `onDone` is called once, with the answer or with the failure; afterwards the
 * connection is either free for the next request or destroyed. A dispatcher tells when a request meets its connection, so
 * we know whether a lost request can have been carried out; `Pool.request()` hides that, and costs a stream per answer.
 */
export class Exchange {
  /** The request met a connection: from here on the provider may have seen it. */
  wasSent = false;
  /** Of the answer; 0 while none has come. */
  status = 0;

  readonly #limits: BodyLimits & TimeLimits;
  readonly #queue: Queue;
  readonly #isHead: boolean;
  readonly #streamed: Streamed | undefined;
  readonly #onDone: (outcome: Answer | ExchangeFailure) => void;
  #controller: Controller | undefined;
  #headers: Record<string, string> = {};
  #encoding: Encoding | undefined;
  #decoder: BodyDecoder | undefined;
  #chunks: Buffer[] = [];
  #received = 0;
  #failure: ExchangeFailure | undefined;
  #stream: AnswerStream | undefined;
  #isWaiting = true;
  #isDone = false;

  constructor(
    limits: BodyLimits & TimeLimits,
    queue: Queue,
    { isHead, streamed }: ExchangeOptions,
    onDone: (outcome: Answer | ExchangeFailure) => void,
  ) {
    this.#limits = limits;
    this.#queue = queue;
    queue.waiting++;
    this.#isHead = isHead;
    this.#streamed = streamed;
    this.#onDone = onDone;
  }

  /** Ends the exchange at once and destroys its connection, if it has one. */
  fail(failure: ExchangeFailure): void {
    if (this.#stream) return this.#stream.fail(failure);
    if (this.#isDone) return;
    this.#failure = failure;
    this.#finish(failure);
    this.#decoder?.destroy();
    this.#controller?.abort(failure);
  }

  onRequestStart(controller: Controller): void {
    // It may have been given up while it waited for a connection.
    if (this.#failure) return controller.abort(this.#failure);
    this.#leaveQueue();
    this.#controller = controller;
    this.wasSent = true;
  }

  onResponseStart(
    _controller: Controller,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 100 Continue and 103 Early Hints announce the answer; they are not it.
    if (this.#isDone || status < 200) return;
    this.status = status;
    for (const name in headers) {
      const value = headers[name];
      if (typeof value !== 'string') headers[name] = value?.join(', ') ?? '';
    }
    this.#headers = headers as Record<string, string>;
    if (this.#hasNoBody()) return;
    if (this.#streamed && status < 300) return this.#beginStream(this.#streamed);
    if (Number(headers['content-length']) > this.#limits.maxAnswerBytes) return this.fail(tooLarge(this.#limits));
    try {
      this.#encoding = readEncoding(this.#headers['content-encoding']);
    } catch (failure) {
      this.fail(failure as ExchangeFailure);
    }
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.#stream) return this.#stream.pass(chunk);
    if (this.#isDone) return;
    this.#received += chunk.length;
    if (this.#decoder) return this.#feed(chunk);
    this.#chunks.push(chunk);
    if (this.#encoding !== undefined && this.#received > wholeBodyBytes) return this.#startDecoder(this.#encoding);
    if (this.#received > this.#limits.maxAnswerBytes) this.fail(tooLarge(this.#limits));
  }

  onResponseEnd(): void {
    if (this.#stream) return this.#stream.end();
    if (this.#isDone) return;
    if (this.#decoder) return this.#decoder.end();
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#received);
    if (this.#encoding === undefined) return this.#finishWith(body);
    try {
      this.#finishWith(decodeWhole(this.#encoding, body, this.#limits));
    } catch (failure) {
      this.#finish(failure as ExchangeFailure);
    }
  }

  onResponseError(_controller: unknown, cause: Error): void {
    if (this.#stream) return this.#stream.fail(readWireError(cause, this.wasSent, this.#limits));
    if (this.#isDone) return;
    // undici misses the body that such an answer announces, and ends there.
    if (this.#hasNoBody() && (cause as NodeJS.ErrnoException).code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
      return this.#finishWith(Buffer.alloc(0));
    }
    this.#decoder?.destroy();
    this.#finish(readWireError(cause, this.wasSent, this.#limits));
  }

  /** Such an answer may announce the length and coding of what it leaves out (RFC 9110 §8.6). */
  #hasNoBody(): boolean {
    return this.#isHead || this.status === 204 || this.status === 304;
  }

  #beginStream(streamed: Streamed): void {
    const encoding = this.#headers['content-encoding']?.trim().toLowerCase() ?? '';
    // `none` is what servers of events say (graphql-sse), though RFC 9110 §8.4.1 does not know it.
    if (encoding !== '' && encoding !== 'identity' && encoding !== 'none') {
      return this.fail(new ExchangeFailure('invalid', 'is compressed, although it was asked to come as it is'));
    }
    this.#stream = new AnswerStream({ controller: this.#controller!, ...streamed });
    this.#finish({ status: this.status, headers: this.#headers, body: Buffer.alloc(0), stream: this.#stream });
  }

  #startDecoder(encoding: Encoding): void {
    const waiting = Buffer.concat(this.#chunks, this.#received);
    this.#chunks = [];
    this.#decoder = createBodyDecoder(encoding, waiting, this.#limits, {
      onDrain: () => this.#controller?.resume(),
      onEnd: (body) => this.#finishWith(body),
      onFailure: (failure) => this.fail(failure),
    });
    this.#feed(waiting);
  }

  #feed(chunk: Buffer): void {
    if (!this.#decoder!.write(chunk)) this.#controller?.pause();
  }

  #finishWith(body: Buffer): void {
    this.#finish({ status: this.status, headers: this.#headers, body });
  }

  #finish(outcome: Answer | ExchangeFailure): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#chunks = [];
    this.#leaveQueue();
    this.#onDone(outcome);
  }

  #leaveQueue(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#queue.waiting--;
  }
}
