/** The error of a call that the provider answered, and did not carry out. */
import { STATUS_CODES } from 'node:http';
import { ProviderError, type ErrorCode } from '../errors.ts';
import { retryAfterMs } from './retry.ts';
import type { CallContext, ReceivedResponse } from './wire.ts';

/** The answer behind an error, for hooks and matchers only: it never enters a message, a log or a client's answer. */
export interface FailedAnswer {
  /** Of the request that was answered so. */
  readonly method: string;
  readonly status: number;
  /** e.g. `404 Not Found` */
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it came, in its charset. */
  readonly text: () => string;
  readonly url: URL;
}

/** Kept outside of the errors, so that no serializer can reach a provider's body through one. */
const answers = new WeakMap<Error, FailedAnswer>();

/** The answer that the provider gave; `undefined` for every error that is not about a status (no answer, unreadable answer). */
export function failedAnswer(error: unknown): FailedAnswer | undefined {
  return error instanceof Error ? answers.get(error) : undefined;
}

/** Whom and what the message names. */
export interface FailedCall {
  readonly method: string;
  /** The path as it may be shown; the query is never shown. */
  readonly shownUrl: string;
  /** The provider's title. */
  readonly title: string;
  readonly context: CallContext;
}

/** The error for an answer, with the code of its status and the wait that it asks for. */
export function providerFailure(
  response: ReceivedResponse,
  text: () => string,
  call: FailedCall,
  reason = '',
): ProviderError {
  const { status, headers, url } = response;
  const message = statusMessage(status);
  const wait = retryAfterMs(headers);
  const { connector, connection } = call.context;
  const error = new ProviderError(
    codeOf(status),
    `${call.title} answered ${message} to ${call.method} ${call.shownUrl}${reason}.`,
    {
      connector,
      ...(connection === undefined ? {} : { connection }),
      http: { status },
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    },
  );
  answers.set(error, { method: call.method, status, message, headers, text, url });
  return error;
}

/** `404 Not Found` */
export function statusMessage(status: number): string {
  const words = STATUS_CODES[status];
  return words === undefined ? String(status) : `${status} ${words}`;
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'PROVIDER_BAD_REQUEST',
  401: 'PROVIDER_UNAUTHORIZED',
  403: 'PROVIDER_FORBIDDEN',
  404: 'PROVIDER_NOT_FOUND',
  409: 'PROVIDER_CONFLICT',
  410: 'PROVIDER_NOT_FOUND',
  422: 'PROVIDER_INVALID',
  429: 'PROVIDER_RATE_LIMITED',
};

function codeOf(status: number): ErrorCode {
  return codes[status] ?? (status >= 500 ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_ERROR');
}
