/** Asks a running gateway over HTTP, as commands do. */
import { errorCodes, GatewayError, type ErrorCode } from '../errors.ts';

export interface GatewayClient {
  /**
   * The data of one operation.
   *
   * @throws GatewayError with the code of the first error; GATEWAY_UNREACHABLE when nobody answers as a gateway does.
   */
  readonly ask: <T>(query: string, variables: object, signal: AbortSignal) => Promise<T>;
}

export interface GatewayClientOptions {
  readonly url: URL;
  /** Sent as a bearer token. */
  readonly key?: string | undefined;
  readonly subject?: string | undefined;
}

export function createGatewayClient({ url, key, subject }: GatewayClientOptions): GatewayClient {
  const endpoint = new URL('graphql', url.href.endsWith('/') ? url : `${url.href}/`);
  const headers = {
    'content-type': 'application/json',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(subject !== undefined && { 'x-external-subject-id': subject }),
  };
  return {
    async ask<T>(query: string, variables: object, signal: AbortSignal): Promise<T> {
      const body = JSON.stringify({ query, variables });
      let answer: { readonly data?: T; readonly errors?: readonly AnsweredError[] };
      try {
        const response = await fetch(endpoint, { method: 'POST', headers, body, signal, redirect: 'error' });
        answer = (await response.json()) as typeof answer;
      } catch (cause) {
        if (signal.aborted) throw cause;
        throw unreachable(endpoint, cause);
      }
      const [error] = answer.errors ?? [];
      if (error) throw refused(error);
      if (!answer.data) throw unreachable(endpoint);
      return answer.data;
    },
  };
}

interface AnsweredError {
  readonly message?: unknown;
  readonly extensions?: { readonly code?: unknown };
}

/** A gateway of another version may have codes that this one has not. */
function refused({ message, extensions }: AnsweredError): GatewayError {
  const code = extensions?.code;
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'INTERNAL_ERROR';
  return new GatewayError(known, String(message));
}

function unreachable(endpoint: URL, cause?: unknown): GatewayError {
  const message = `No gateway answers at ${endpoint.href}. Start one (plugboard start), or say where it is with --url.`;
  return new GatewayError('GATEWAY_UNREACHABLE', message, { cause });
}
