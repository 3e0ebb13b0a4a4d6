/** Our outbound client as the `fetch` that openid-client and jose ask with. */
import { GatewayError, ProviderError } from '../errors.ts';
import { createCallBudget } from '../http/budget.ts';
import type { ReceivedResponse, Sender, SenderOptions } from '../http/send.ts';

/** The part of WHATWG `fetch` that the libraries use. */
export type ClientFetch = (url: string, options?: ClientFetchOptions) => Promise<Response>;

export interface ClientFetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null;
}

export interface ClientFetchContext {
  /** For errors: whose authorization server, or which feature of the gateway asks. */
  readonly connector: string;
  readonly connection?: string | undefined;
  /** Origins that stand in the connector or the operator's configuration, and are trusted for their port. */
  readonly declaredOrigins?: ReadonlySet<string> | undefined;
  /** Of one request with its answer. Default 30 000. */
  readonly timeoutMs?: number | undefined;
}

/** Token answers and metadata are a few KiB; what is longer is neither. */
const maxAnswerBytes = 1024 * 1024;
const defaultTimeoutMs = 30_000;

/**
 * Bounds of the sender that asks authorization servers. A token request is sent once: a rotated refresh token that came
 * twice ends the grant (RFC 9700 §4.14), and an answer that was given up on is a token lost, so only the total counts.
 */
export const tokenSenderOptions = {
  firstByteTimeoutMs: defaultTimeoutMs,
  idleTimeoutMs: defaultTimeoutMs,
  totalTimeoutMs: defaultTimeoutMs,
  maxAnswerBytes,
  retries: { maxTries: 1 },
  maxRedirects: 0,
} as const satisfies SenderOptions;

/**
 * Makes the `fetch`: no redirects, nothing sent twice, bounded time and size. The address guard of the sender holds, so
 * that plain http goes to the operator's allowed origins only.
 *
 * @param sender - best one with `tokenSenderOptions`.
 * @throws GatewayError and ProviderError as `send` does; PROVIDER_TIMEOUT after the time limit.
 */
export function createClientFetch(sender: Sender, context: ClientFetchContext): ClientFetch {
  return async (address, options = {}) => {
    const url = new URL(address);
    const method = (options.method ?? 'GET').toUpperCase();
    const limit = AbortSignal.timeout(context.timeoutMs ?? defaultTimeoutMs);
    try {
      const response = await sender.send(
        {
          method,
          url,
          headers: Object.fromEntries(new Headers(options.headers)),
          ...bodyOf(options.body),
          // A token request is never sent twice; metadata and keys are only read.
          repeatable: method === 'GET',
          credentials: { headers: new Set(['authorization']), params: new Set() },
          redirects: 'none',
          ...(context.declaredOrigins?.has(url.origin) ? { declaredOrigin: url.origin } : undefined),
        },
        {
          connector: context.connector,
          ...(context.connection === undefined ? undefined : { connection: context.connection }),
          budget: createCallBudget({ maxRequests: 1 }),
          signal: limit,
        },
      );
      return toResponse(response, context);
    } catch (cause) {
      if (!limit.aborted) throw cause;
      throw tooLate(url, context, cause);
    }
  };
}

function bodyOf(body: unknown): { body: string } | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return { body };
  if (body instanceof URLSearchParams) return { body: body.toString() };
  throw new GatewayError('INTERNAL_ERROR', 'An OAuth library sent a body that is neither text nor a form.');
}

function toResponse({ status, headers, body, url }: ReceivedResponse, context: ClientFetchContext): Response {
  if (body.length > maxAnswerBytes) {
    throw new ProviderError(
      'PROVIDER_ANSWER_TOO_LARGE',
      `The answer of ${url.origin} to ${context.connector} is longer than the ${maxAnswerBytes} bytes that an authorization server may send.`,
      { connector: context.connector, http: { status } },
    );
  }
  if (status < 200 || status > 599) {
    const message = `${url.origin} answered ${context.connector} with the status ${status}, which HTTP does not know.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message, { connector: context.connector });
  }
  const hasNoBody = status === 204 || status === 205 || status === 304;
  // The body is decoded already, and may be of another length than was announced.
  const { 'content-encoding': _coding, 'content-length': _length, ...kept } = headers;
  return new Response(hasNoBody ? null : new Uint8Array(body), { status, headers: kept });
}

function tooLate(url: URL, context: ClientFetchContext, cause: unknown): ProviderError {
  const { connector, connection, timeoutMs = defaultTimeoutMs } = context;
  return new ProviderError(
    'PROVIDER_TIMEOUT',
    `${url.origin} did not answer ${connector} within ${timeoutMs} ms. What was asked may have been done.`,
    { connector, ...(connection === undefined ? undefined : { connection }), cause },
  );
}
