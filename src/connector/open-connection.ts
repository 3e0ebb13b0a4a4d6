/** A connection as the code of a connector sees it. */
import type { Request } from '../http/request.ts';
import type { ConnectionFields } from './definition.ts';

/** Builds requests that are sent at the first `await`, with the connection's credentials. */
export interface OpenConnection {
  /** What was entered and acquired, by field name. */
  readonly fields: ConnectionFields;
  readonly get: (url: string) => Request;
  readonly head: (url: string) => Request;
  readonly options: (url: string) => Request;
  readonly post: (url: string, payload?: unknown) => Request;
  readonly put: (url: string, payload?: unknown) => Request;
  readonly patch: (url: string, payload?: unknown) => Request;
  readonly delete: (url: string, payload?: unknown) => Request;
  /** Calls a method of the connector. */
  readonly call: (method: string, ...args: unknown[]) => any;
  /** Sends the requests together and waits for all; the first failure fails the call. */
  readonly parallel: <T extends readonly unknown[]>(
    requests: T,
  ) => Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
  /** Ends the call with the connector's own error, e.g. `error('…', 'not_found')`. */
  readonly error: (message: string, code?: string) => never;
  /** Aborted when the client has gone or the call's time is up. */
  readonly signal: AbortSignal;
}
