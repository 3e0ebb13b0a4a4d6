/** A client of RDS' Token Storage: sends what its services send, and gives what they read. */
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
