/** The one outbound client: every byte that goes to a provider leaves here. */
import { createHash } from 'node:crypto';
import { Pool } from 'undici';
import { createGuardedLookup, urlRefusal } from './address-guard.ts';
import type { AddressPolicy } from './address-guard.ts';
import { Deadline } from './deadline.ts';
import { acceptedEncodings } from './decode-body.ts';
import { Exchange } from './exchange.ts';
import type { Answer } from './exchange.ts';
import { ExchangeFailure, failureError } from './exchange-failure.ts';
import { RecentPools } from './recent-pools.ts';
import { followRedirect } from './redirect.ts';
import { defaultRetryLimits, isTransientStatus, nextDelayMs, retryAfterMs } from './retry.ts';
import type { RetryLimits } from './retry.ts';
import { wireHeaders } from './wire-headers.ts';
import type { CallContext, OutgoingRequest, ReceivedResponse, TlsIdentity } from './wire.ts';
import { GatewayError, ProviderError } from '../errors.ts';

export type { CallContext, OutgoingRequest, ReceivedResponse, TlsIdentity } from './wire.ts';
export { retryAfterMs } from './retry.ts';

export interface Sender {
  /**
   * Sends a request, follows its redirects and repeats it where that is safe; gives the answer of any status.
   *
   * @throws GatewayError ADDRESS_REFUSED, REQUEST_INVALID, REQUEST_LIMIT_EXCEEDED, REQUEST_CANCELLED.
   * @throws ProviderError PROVIDER_UNREACHABLE, PROVIDER_TIMEOUT, PROVIDER_ANSWER_TOO_LARGE, PROVIDER_ANSWER_INVALID,
   *   PROVIDER_REDIRECT_REFUSED; OUTCOME_UNKNOWN when a request that is not repeatable was sent and its answer is lost.
   */
  send(request: OutgoingRequest, context: CallContext): Promise<ReceivedResponse>;
  /** Refuses new requests, lets running ones end, then closes all connections. */
  close(): Promise<void>;
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

/** All durations are in milliseconds, all sizes in bytes. */
export interface SenderOptions {
  /** Default 128. */
  readonly connectionsPerOrigin?: number;
  /** Default 256; the one that was not used for the longest time is closed first. */
  readonly maxPools?: number;
  /** A pool unused for so long is closed. Default 300 000. */
  readonly poolIdleMs?: number;
  /** Name resolution, TCP and TLS. Default 5 000. */
  readonly connectTimeoutMs?: number;
  /** From the request on the wire to the head of the answer. Default 15 000. */
  readonly firstByteTimeoutMs?: number;
  /** The whole `send`, with redirects, repetitions and the body. Default 30 000. */
  readonly totalTimeoutMs?: number;
  /** The longest pause inside an answer. Default 10 000. */
  readonly idleTimeoutMs?: number;
  /** Size of an answer after decompression. Default 10 MiB. */
  readonly maxAnswerBytes?: number;
  /** Default 100; judged from 256 KiB of decompressed data on. */
  readonly maxCompressionRatio?: number;
  /** Default 32 KiB. */
  readonly maxHeaderBytes?: number;
  /** Default 5. */
  readonly maxRedirects?: number;
  readonly retries?: Partial<RetryLimits>;
  /** Exact origins that may be at addresses that are not public, e.g. `http://127.0.0.1:4010`. Default none. */
  readonly allowedPrivateOrigins?: readonly string[];
  /** Allows plain http to public addresses. Default false. */
  readonly allowHttp?: boolean;
  /** Default `plugboard`. */
  readonly userAgent?: string;
  /** For tests that replay recorded answers: connects to the origin on the right instead of the one on the left. */
  readonly replayedOrigins?: Readonly<Record<string, string>>;
  /** Hears of every `send`, after it. It must not throw. */
  readonly observe?: (event: SentEvent) => void;
}

/** Makes the client. One is enough for a gateway; close it at the end. */
export function createSender(options: SenderOptions = {}): Sender {
  const settings = settle(options);
  const closing: Promise<void>[] = [];
  const pools = new RecentPools<Pool>(
    { maxPools: options.maxPools ?? 256, idleMs: options.poolIdleMs ?? 300_000 },
    (pool) => void pool.close(),
  );
  let isClosed = false;
  return {
    send(request, context) {
      return new Sending(settings, pools, request, context, isClosed).run();
    },
    async close() {
      isClosed = true;
      for (const pool of pools.takeAll()) closing.push(pool.close());
      await Promise.all(closing);
    },
  };
}

type Settings = ReturnType<typeof settle>;

function settle(options: SenderOptions) {
  const policy: AddressPolicy = {
    allowHttp: options.allowHttp ?? false,
    allowedPrivateOrigins: new Set(options.allowedPrivateOrigins?.map((origin) => new URL(origin).origin)),
  };
  return {
    policy,
    connectionsPerOrigin: options.connectionsPerOrigin ?? 128,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    firstByteTimeoutMs: options.firstByteTimeoutMs ?? 15_000,
    totalTimeoutMs: options.totalTimeoutMs ?? 30_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 10_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 10 * 1024 * 1024,
    maxCompressionRatio: options.maxCompressionRatio ?? 100,
    maxHeaderBytes: options.maxHeaderBytes ?? 32 * 1024,
    maxRedirects: options.maxRedirects ?? 5,
    retries: { ...defaultRetryLimits, ...options.retries },
    defaultHeaders: [
      ['user-agent', options.userAgent ?? 'plugboard'],
      ['accept-encoding', acceptedEncodings],
    ] as const,
    replayedOrigins: new Map(Object.entries(options.replayedOrigins ?? {})),
    lookup: createGuardedLookup(),
    observe: options.observe,
  };
}

/** One `send` under way: its tries and its hops. */
class Sending {
  readonly #settings: Settings;
  readonly #pools: RecentPools<Pool>;
  readonly #context: CallContext;
  readonly #first: OutgoingRequest;
  readonly #deadline: Deadline;
  readonly #isClosed: boolean;
  /** The request of the present hop. */
  #request: OutgoingRequest;
  #sent = 0;
  #redirects = 0;
  /** Something of a writing request may have reached the provider, in this hop or one before. */
  #wasSent = false;
  #status = 0;

  constructor(
    settings: Settings,
    pools: RecentPools<Pool>,
    request: OutgoingRequest,
    context: CallContext,
    isClosed: boolean,
  ) {
    this.#settings = settings;
    this.#pools = pools;
    this.#context = context;
    this.#first = request;
    this.#request = request;
    this.#isClosed = isClosed;
    this.#deadline = new Deadline(settings.totalTimeoutMs, context.signal);
  }

  async run(): Promise<ReceivedResponse> {
    try {
      const answer = await this.#untilAnswered();
      this.#report(answer.body.length);
      return { status: answer.status, headers: answer.headers, body: answer.body, url: this.#request.url };
    } catch (cause) {
      const error = cause instanceof ExchangeFailure ? this.#errorOf(cause) : cause;
      this.#report(0, error instanceof GatewayError ? error.code : 'INTERNAL_ERROR');
      throw error;
    } finally {
      this.#deadline.end();
    }
  }

  async #untilAnswered(): Promise<Answer> {
    for (;;) {
      const outcome = await this.#exchange();
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

  /** Never rejects for what happens on the wire: failure and answer are judged alike. */
  #exchange(): Promise<Answer | ExchangeFailure> {
    const { method, url, body } = this.#request;
    if (this.#isClosed) throw new ExchangeFailure('cancelled', 'the gateway is stopping');
    if (this.#deadline.failure) throw this.#deadline.failure;
    const pool = this.#poolFor(this.#request);
    const headers = wireHeaders(this.#request.headers, this.#settings.defaultHeaders);
    this.#context.budget.spend();
    this.#sent++;
    this.#status = 0;
    return new Promise((resolve) => {
      const exchange = new Exchange(this.#settings, method === 'HEAD', (outcome) => {
        this.#wasSent ||= exchange.wasSent;
        this.#status = exchange.status;
        resolve(outcome);
      });
      this.#deadline.watch(exchange);
      pool.dispatch({ path: url.pathname + url.search, method, headers, body }, exchange);
    });
  }

  #poolFor(request: OutgoingRequest): Pool {
    const { url, tls } = request;
    const { policy } = this.#settings;
    const refusal = urlRefusal(url, policy, request.declaredOrigin);
    if (refusal !== undefined) throw new ExchangeFailure('refused', refusal);
    const key = tls ? `${url.origin} ${fingerprint(tls)}` : url.origin;
    const now = this.#deadline.startedAt;
    let pool = this.#pools.get(key, now);
    if (!pool) {
      pool = openPool(url.origin, tls, this.#settings);
      this.#pools.add(key, pool, now);
    }
    return pool;
  }

  #delayBeforeNextTry(outcome: Answer | ExchangeFailure): number | undefined {
    const isAnswer = !(outcome instanceof ExchangeFailure);
    const mayRepeat = isAnswer ? isTransientStatus(outcome.status) : outcome.isTransient;
    if (!mayRepeat || !this.#request.repeatable || this.#deadline.failure) return undefined;
    const asked = isAnswer ? retryAfterMs(outcome.headers) : undefined;
    const elapsedMs = performance.now() - this.#deadline.startedAt;
    const delayMs = nextDelayMs(this.#settings.retries, this.#sent - this.#redirects, elapsedMs, asked);
    return delayMs !== undefined && delayMs < this.#deadline.remainingMs() ? delayMs : undefined;
  }

  /** Makes the redirect's target the present request; `false` when the answer is no redirect to follow. */
  #redirectTo(answer: Answer): boolean {
    if (answer.status < 300 || answer.status > 399) return false;
    const redirect = followRedirect(this.#request, answer.status, answer.headers['location']);
    if (!redirect) return false;
    if ('refusal' in redirect) throw this.#redirectRefused(`to ${redirect.host}, ${redirect.refusal}`);
    if (++this.#redirects > this.#settings.maxRedirects) {
      throw this.#redirectRefused(`more than ${this.#settings.maxRedirects} times`);
    }
    this.#request = redirect.next;
    return true;
  }

  #redirectRefused(what: string): ProviderError {
    const { connector, connection } = this.#context;
    return new ProviderError(
      'PROVIDER_REDIRECT_REFUSED',
      `${this.#request.url.origin} redirected the request of ${connector} ${what}.`,
      { connector, ...(connection === undefined ? undefined : { connection }), http: { status: this.#status } },
    );
  }

  #errorOf(failure: ExchangeFailure): GatewayError {
    const exchange = {
      origin: this.#request.url.origin,
      wasSent: this.#wasSent,
      status: this.#status,
      isWriting: !this.#first.repeatable,
    };
    return failureError(failure, exchange, this.#context);
  }

  #report(bytes: number, code?: string): void {
    const { observe } = this.#settings;
    if (!observe) return;
    const { connector, connection } = this.#context;
    const { origin, pathname, search } = this.#request.url;
    observe({
      connector,
      ...(connection === undefined ? undefined : { connection }),
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

function openPool(origin: string, tls: TlsIdentity | undefined, settings: Settings): Pool {
  const { policy, replayedOrigins } = settings;
  const isAllowedPrivate = policy.allowedPrivateOrigins.has(origin) || replayedOrigins.has(origin);
  return new Pool(replayedOrigins.get(origin) ?? origin, {
    connections: settings.connectionsPerOrigin,
    pipelining: 1,
    headersTimeout: settings.firstByteTimeoutMs,
    bodyTimeout: settings.idleTimeoutMs,
    maxHeaderSize: settings.maxHeaderBytes,
    connect: {
      timeout: settings.connectTimeoutMs,
      ...(isAllowedPrivate ? undefined : { lookup: settings.lookup }),
      ...(tls && { cert: tls.certificate, key: tls.key, passphrase: tls.passphrase, ca: tls.ca && [...tls.ca] }),
    },
  });
}

const fingerprints = new WeakMap<TlsIdentity, string>();

/** Connections of one identity are never used for another. */
function fingerprint(tls: TlsIdentity): string {
  let print = fingerprints.get(tls);
  if (print === undefined) {
    const parts = JSON.stringify([tls.certificate, tls.key, tls.passphrase, tls.ca]);
    print = createHash('sha256').update(parts).digest('base64');
    fingerprints.set(tls, print);
  }
  return print;
}
