/** The one outbound client: every byte that goes to a provider leaves here. */
import { createHash } from 'node:crypto';
import { buildConnector, Pool } from 'undici';
import { createGuardedLookup, urlRefusal } from './address-guard.ts';
import type { AddressPolicy, ResolveName } from './address-guard.ts';
import { acceptedEncodings } from './decode-body.ts';
import { ExchangeFailure } from './exchange-failure.ts';
import type { RateBudgets } from './rate-budget.ts';
import { RecentPools } from './recent-pools.ts';
import { defaultRetryLimits } from './retry.ts';
import type { RetryLimits } from './retry.ts';
import { Sending } from './sending.ts';
import type { Desk, Dispatching, SentEvent } from './sending.ts';
import type { CallContext, OutgoingRequest, ReceivedResponse, TlsIdentity } from './wire.ts';

export type { CallContext, OutgoingRequest, ReceivedResponse, TlsIdentity } from './wire.ts';
export type { SentEvent } from './sending.ts';

export interface Sender {
  /**
   * Sends a request, follows its redirects and repeats it where that is safe; gives the answer of any status.
   *
   * @throws GatewayError ADDRESS_REFUSED, REQUEST_INVALID, REQUEST_LIMIT_EXCEEDED, REQUEST_CANCELLED.
   * @throws InputError OPERATION_TIMEOUT when the reason of the signal is such an error.
   * @throws ProviderError PROVIDER_UNREACHABLE, PROVIDER_TIMEOUT, PROVIDER_ANSWER_TOO_LARGE, PROVIDER_ANSWER_INVALID,
   *   PROVIDER_REDIRECT_REFUSED; PROVIDER_RATE_LIMITED when the provider said that it takes no more for now, and nothing was
   *   sent; OUTCOME_UNKNOWN when a request that is not repeatable was sent and its answer is lost.
   */
  send(request: OutgoingRequest, context: CallContext): Promise<ReceivedResponse>;
  /** Refuses new requests, lets running ones end, then closes all connections. */
  close(): Promise<void>;
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
  /**
   * The whole `send`, with redirects, repetitions and the body. Default 25 000: before the 30 000 of an operation, so that a
   * provider that is too slow fails its own field only.
   */
  readonly totalTimeoutMs?: number;
  /** Of one content, sent or fetched. Default 3 600 000. */
  readonly transferTimeoutMs?: number;
  /** The longest pause inside a content, of either side. Default 60 000. */
  readonly transferIdleMs?: number;
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
  /** What providers said about their rate limits; shared with the feeds. Absent: every request is sent. */
  readonly rateBudgets?: RateBudgets;
  /** Exact origins that may be at addresses that are not public, e.g. `http://127.0.0.1:4010`. Default none. */
  readonly allowedPrivateOrigins?: readonly string[];
  /** Allows plain http to public addresses. Default false. */
  readonly allowHttp?: boolean;
  /** Default `plugboard`. */
  readonly userAgent?: string;
  /** For tests that replay recorded answers: connects to the origin on the right instead of the one on the left. */
  readonly replayedOrigins?: Readonly<Record<string, string>>;
  /** For tests: resolves names, whose addresses are then judged. Default `dns.lookup`. */
  readonly resolveName?: ResolveName;
  /** Hears of every `send`, after it. It must not throw. */
  readonly observe?: (event: SentEvent) => void;
}

/** Makes the client. One is enough for a gateway; close it at the end. */
export function createSender(options: SenderOptions = {}): Sender {
  const settings = settle(options);
  const pools = new RecentPools<OriginPool>({ maxPools: settings.maxPools, idleMs: settings.poolIdleMs }, (pool) => {
    // Its running requests end first; what they meet is theirs to report.
    void pool.close().catch(() => {});
  });
  const desk: Desk = {
    limits: settings,
    defaultHeaders: [
      ['user-agent', settings.userAgent],
      ['accept-encoding', acceptedEncodings],
    ],
    // So that what comes is as long as it is said to be.
    streamedHeaders: [
      ['user-agent', settings.userAgent],
      ['accept-encoding', 'identity'],
    ],
    poolFor: (request, nowMs) => poolFor(pools, settings, request, nowMs),
    rateBudgets: options.rateBudgets,
    observe: options.observe,
    isClosed: false,
  };
  return {
    send: (request, context) => new Sending(desk, request, context).run(),
    close: async () => {
      desk.isClosed = true;
      await Promise.all(pools.takeAll().map((pool) => pool.close()));
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
    lookup: createGuardedLookup(options.resolveName),
    replayedOrigins: new Map(Object.entries(options.replayedOrigins ?? {})),
    connectionsPerOrigin: options.connectionsPerOrigin ?? 128,
    maxPools: options.maxPools ?? 256,
    poolIdleMs: options.poolIdleMs ?? 300_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    firstByteTimeoutMs: options.firstByteTimeoutMs ?? 15_000,
    totalTimeoutMs: options.totalTimeoutMs ?? 25_000,
    transferTimeoutMs: options.transferTimeoutMs ?? 3_600_000,
    transferIdleMs: options.transferIdleMs ?? 60_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 10_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 10 * 1024 * 1024,
    maxCompressionRatio: options.maxCompressionRatio ?? 100,
    maxHeaderBytes: options.maxHeaderBytes ?? 32 * 1024,
    maxRedirects: options.maxRedirects ?? 5,
    retries: { ...defaultRetryLimits, ...options.retries },
    userAgent: options.userAgent ?? 'plugboard',
  };
}

function poolFor(
  pools: RecentPools<OriginPool>,
  settings: Settings,
  request: OutgoingRequest,
  nowMs: number,
): OriginPool {
  const { url, tls, declaredOrigin } = request;
  const refusal = urlRefusal(url, settings.policy, declaredOrigin);
  if (refusal !== undefined) throw new ExchangeFailure('refused', refusal);
  const key = tls ? `${url.origin} ${fingerprint(tls)}` : url.origin;
  let pool = pools.get(key, nowMs);
  if (!pool) {
    pool = new OriginPool(url.origin, tls, settings);
    pools.add(key, pool, nowMs);
  }
  return pool;
}

/** The connections to one origin. */
class OriginPool {
  /** Requests that wait for a connection. */
  waiting = 0;
  readonly #pool: Pool;

  constructor(origin: string, tls: TlsIdentity | undefined, settings: Settings) {
    const { policy, replayedOrigins } = settings;
    const isAllowedPrivate = policy.allowedPrivateOrigins.has(origin) || replayedOrigins.has(origin);
    const connect = buildConnector({
      timeout: settings.connectTimeoutMs,
      // Explicitly, so that no variable of the environment can switch it off.
      rejectUnauthorized: true,
      ...(isAllowedPrivate ? undefined : { lookup: settings.lookup }),
      ...(tls && { cert: tls.certificate, key: tls.key, passphrase: tls.passphrase, ca: tls.ca && [...tls.ca] }),
    });
    this.#pool = new Pool(replayedOrigins.get(origin) ?? origin, {
      connections: settings.connectionsPerOrigin,
      pipelining: 1,
      headersTimeout: settings.firstByteTimeoutMs,
      bodyTimeout: settings.idleTimeoutMs,
      maxHeaderSize: settings.maxHeaderBytes,
      connect: (options, callback) => {
        if (this.waiting > 0) return connect(options, callback);
        // undici connects anew for every request that was aborted, and leaves that connection idle: each answer that we
        // cut off, or each client that goes, would open one more (https://github.com/nodejs/undici/issues/5845).
        process.nextTick(callback, new Error('No request waits for this connection.'), null);
      },
    });
  }

  dispatch: Dispatching['dispatch'] = (options, exchange) => this.#pool.dispatch(options, exchange);

  close(): Promise<void> {
    return this.#pool.close();
  }
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
