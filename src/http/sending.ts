/** One `send` from its first try to its answer: repetitions, redirects, and what becomes of failures. */
import type { Readable } from 'node:stream';
import { Deadline } from './deadline.ts';
import type { BodyLimits } from './decode-body.ts';
import type { AnswerStream } from './answer-stream.ts';
import { Exchange } from './exchange.ts';
import type { Answer, Queue } from './exchange.ts';
import { ExchangeFailure, failureError } from './exchange-failure.ts';
import type { TimeLimits } from './exchange-failure.ts';
import { rateLimited } from './rate-budget.ts';
import type { Permit, RateBudgets } from './rate-budget.ts';
import { followRedirect } from './redirect.ts';
import { isTransientStatus, nextDelayMs, retryAfterMs } from './retry.ts';
import type { RetryLimits } from './retry.ts';
import { wireHeaders } from './wire-headers.ts';
import type { CallContext, OutgoingRequest, ReceivedResponse } from './wire.ts';
import { Content } from '../content.ts';
import { GatewayError, ProviderError } from '../errors.ts';

/** Bounds of one `send`; `SenderOptions` documents each with its default. */
export interface SendLimits extends BodyLimits, TimeLimits {
  readonly totalTimeoutMs: number;
  readonly transferTimeoutMs: number;
  readonly transferIdleMs: number;
  readonly maxRedirects: number;
  readonly retries: RetryLimits;
}

/** Connections to one origin, as far as they are used here. */
export interface Dispatching extends Queue {
  dispatch(
    options: {
      path: string;
      method: string;
      headers: string[];
      body?: string | Uint8Array | Readable | undefined;
      headersTimeout?: number;
      bodyTimeout?: number;
    },
    handler: Exchange,
  ): unknown;
}

/** What all requests of one sender share. */
export interface Desk {
  readonly limits: SendLimits;
  /** Every request carries them unless it has its own. */
  readonly defaultHeaders: readonly (readonly [name: string, value: string])[];
  /** The same for what is given as it comes. */
  readonly streamedHeaders: readonly (readonly [name: string, value: string])[];
  /** Judges where a request goes and gives the connections to it. @throws ExchangeFailure `refused` */
  readonly poolFor: (request: OutgoingRequest, nowMs: number) => Dispatching;
  readonly rateBudgets: RateBudgets | undefined;
  readonly observe: ((event: SentEvent) => void) | undefined;
  isClosed: boolean;
}

/** What went out, for logs and panels: no credentials, no parameter values, no body. */
export interface SentEvent {
  readonly connector: string;
  readonly connection?: string;
  readonly method: string;
  /** Origin and path; `?…` stands for parameters, whose values are never shown. */
  readonly url: string;
  /** Status of the answer; 0 when none came. */
  readonly status: number;
  readonly durationMs: number;
  /** Requests beyond the first: redirects and repetitions. */
  readonly repeats: number;
  /** Size of the answer after decompression. */
  readonly bytes: number;
  /** Code of the error, when it failed. */
  readonly code?: string;
}

/** A rate limit that ends so soon is waited for: whoever asks would hardly be back sooner. */
const longestRateWaitMs = 2_000;

/** One `send` under way: its tries and its hops. */
export class Sending {
  readonly #desk: Desk;
  readonly #limits: SendLimits;
  readonly #context: CallContext;
  readonly #first: OutgoingRequest;
  readonly #deadline: Deadline;
  /** The request of the present hop. */
  #request: OutgoingRequest;
  #sent = 0;
  #redirects = 0;
  /** Something of a writing request may have reached the provider, in this hop or one before. */
  #wasSent = false;
  #status = 0;

  constructor(desk: Desk, request: OutgoingRequest, context: CallContext) {
    this.#desk = desk;
    this.#limits = desk.limits;
    this.#context = context;
    this.#first = request;
    this.#request = request;
    const { totalTimeoutMs, transferTimeoutMs } = desk.limits;
    // A content comes at the pace of whoever sends it.
    const timeMs = request.body instanceof Content ? transferTimeoutMs : totalTimeoutMs;
    this.#deadline = new Deadline(timeMs, context.signal);
  }

  async run(): Promise<ReceivedResponse> {
    let stream: AnswerStream | undefined;
    try {
      const answer = await this.#untilAnswered();
      this.#report(answer.body.length);
      const { status, headers, body } = answer;
      stream = answer.stream;
      if (stream) this.#deadline.lift();
      return { status, headers, body, url: this.#request.url, ...(stream && { stream }) };
    } catch (cause) {
      const error = cause instanceof ExchangeFailure ? this.#errorOf(cause) : cause;
      const isOurs = error instanceof GatewayError;
      if (isOurs) error.addDetails(this.#whose());
      this.#report(0, isOurs ? error.code : 'INTERNAL_ERROR');
      throw error;
    } finally {
      if (stream) stream.once('close', () => this.#deadline.end());
      else this.#deadline.end();
    }
  }

  async #untilAnswered(): Promise<Answer> {
    for (;;) {
      const { rateBudgets } = this.#desk;
      const outcome = await (rateBudgets ? this.#exchangeWithin(rateBudgets) : this.#exchange());
      const delayMs = this.#delayBeforeNextTry(outcome);
      if (delayMs !== undefined) {
        const stopped = await this.#deadline.pause(delayMs);
        if (stopped) throw stopped;
        continue;
      }
      if (outcome instanceof ExchangeFailure) throw outcome;
      if (!this.#redirectTo(outcome)) return outcome;
    }
  }

  /** Waits for the provider's rate limit where that is near, and learns from the answer. */
  async #exchangeWithin(rateBudgets: RateBudgets): Promise<Answer | ExchangeFailure> {
    const permit = await this.#permitted(rateBudgets);
    const { url } = this.#request;
    let answer: Answer | undefined;
    try {
      const outcome = await this.#exchange();
      if (!(outcome instanceof ExchangeFailure)) answer = outcome;
      return outcome;
    } finally {
      rateBudgets.settle(this.#context, url, permit, answer);
    }
  }

  /** @throws ProviderError PROVIDER_RATE_LIMITED */
  async #permitted(rateBudgets: RateBudgets): Promise<Permit | undefined> {
    for (;;) {
      const admission = rateBudgets.admit(this.#context, this.#request.url);
      if (!admission || admission.kind === 'go') return admission;
      if (this.#deadline.failure) throw this.#deadline.failure;
      if (admission.kind === 'wait') {
        const { waitMs } = admission;
        if (waitMs > longestRateWaitMs || waitMs >= this.#deadline.remainingMs()) {
          throw rateLimited(this.#context, this.#request.url, waitMs);
        }
      }
      const stopped =
        admission.kind === 'wait'
          ? await this.#deadline.pause(admission.waitMs)
          : await this.#deadline.pauseUntil(admission.onNews);
      if (stopped) throw stopped;
    }
  }

  /** Never rejects for what happens on the wire: failure and answer are judged alike. */
  #exchange(): Promise<Answer | ExchangeFailure> {
    const { method, url, body, streamed } = this.#request;
    if (this.#desk.isClosed) throw new ExchangeFailure('cancelled', 'the gateway is stopping');
    if (this.#deadline.failure) throw this.#deadline.failure;
    const pool = this.#desk.poolFor(this.#request, this.#deadline.startedAt);
    const headers = wireHeaders(
      this.#request.headers,
      streamed ? this.#desk.streamedHeaders : this.#desk.defaultHeaders,
    );
    if (body instanceof Content && body.size !== undefined) headers.push('content-length', String(body.size));
    this.#context.budget.spend(this.#request.url.host);
    this.#sent++;
    this.#status = 0;
    return new Promise((resolve) => {
      const { transferIdleMs: idleMs } = this.#limits;
      const how = { isHead: method === 'HEAD', streamed: streamed ? { idleMs, toError: this.#toError } : undefined };
      const exchange = new Exchange(this.#limits, pool, how, (outcome) => {
        this.#wasSent ||= exchange.wasSent;
        this.#status = exchange.status;
        resolve(outcome);
      });
      this.#deadline.watch(exchange);
      const sent = body instanceof Content ? body.open() : body;
      const pauses = streamed || sent !== body ? { headersTimeout: idleMs, bodyTimeout: idleMs } : undefined;
      pool.dispatch({ path: url.pathname + url.search, method, headers, body: sent, ...pauses }, exchange);
    });
  }

  #delayBeforeNextTry(outcome: Answer | ExchangeFailure): number | undefined {
    const isAnswer = !(outcome instanceof ExchangeFailure);
    const mayRepeat = isAnswer ? isTransientStatus(outcome.status) : outcome.isTransient;
    if (!mayRepeat || !this.#request.repeatable || this.#deadline.failure) return undefined;
    const asked = isAnswer ? retryAfterMs(outcome.headers) : undefined;
    const elapsedMs = performance.now() - this.#deadline.startedAt;
    const delayMs = nextDelayMs(this.#limits.retries, this.#sent - this.#redirects, elapsedMs, asked);
    return delayMs !== undefined && delayMs < this.#deadline.remainingMs() ? delayMs : undefined;
  }

  /** Makes the redirect's target the present request; `false` when the answer is no redirect to follow. */
  #redirectTo(answer: Answer): boolean {
    if (answer.status < 300 || answer.status > 399) return false;
    const redirect = followRedirect(this.#request, answer.status, answer.headers['location']);
    if (!redirect) return false;
    if ('refusal' in redirect) throw this.#redirectRefused(`to ${redirect.host}, ${redirect.refusal}`);
    if (++this.#redirects > this.#limits.maxRedirects) {
      throw this.#redirectRefused(`more than ${this.#limits.maxRedirects} times`);
    }
    this.#request = redirect.next;
    return true;
  }

  #redirectRefused(what: string): ProviderError {
    const { connector, title = connector } = this.#context;
    const message = `${title} at ${this.#request.url.origin} redirected the request ${what}.`;
    return new ProviderError('PROVIDER_REDIRECT_REFUSED', message, { http: { status: this.#status } });
  }

  /** What happens behind the head of an answer is told to whoever reads it. */
  readonly #toError = (failure: ExchangeFailure): GatewayError => this.#errorOf(failure).addDetails(this.#whose());

  #errorOf(failure: ExchangeFailure): GatewayError {
    const exchange = {
      origin: this.#request.url.origin,
      wasSent: this.#wasSent,
      status: this.#status,
      isWriting: !this.#first.repeatable || this.#first.keyed === true,
    };
    return failureError(failure, exchange, this.#context);
  }

  #whose(): { connector: string; connection?: string } {
    const { connector, connection } = this.#context;
    return connection === undefined ? { connector } : { connector, connection };
  }

  #report(bytes: number, code?: string): void {
    const { observe } = this.#desk;
    if (!observe) return;
    const { origin, pathname, search } = this.#request.url;
    observe({
      ...this.#whose(),
      method: this.#request.method,
      url: `${origin}${pathname}${search === '' ? '' : '?…'}`,
      status: this.#status,
      durationMs: performance.now() - this.#deadline.startedAt,
      repeats: Math.max(0, this.#sent - 1),
      bytes,
      ...(code === undefined ? undefined : { code }),
    });
  }
}
