/** A client of RDS' Token Storage: sends what its services send, and gives what they read. */
import { request as httpRequest } from 'node:http';

export interface RdsAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; `undefined` for an empty body. */
  readonly body: any;
}

export interface RdsAsking {
  /** As JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks `<METHOD> <path below the base>`. */
export type AskRds = (call: string, asking?: RdsAsking) => Promise<RdsAnswer>;

/** @param base - e.g. `<gateway>/rds/<secret>`; read at each call. */
export function rdsClient(base: () => string): AskRds {
  return async (call, { body, headers } = {}) => {
    const [method, ...path] = call.split(' ');
    const response = await fetch(base() + path.join(' '), {
      method,
      redirect: 'manual',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : isJson ? (JSON.parse(text) as unknown) : text,
    };
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** With a JSON body on every method, which `fetch` refuses to send on GET. @param body - as JSON; a text as it is. */
export function askWithBody(url: string, method: string, body: unknown): Promise<RawAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  // Node announces no body on GET by itself.
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode!, headers: response.headers, text: answer });
      });
    });
    request.on('error', reject).end(text);
  });
}
