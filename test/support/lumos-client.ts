/** Asks the Lumos facade over HTTP as its callers do. */

export interface LumosAnswer {
  readonly status: number;
  readonly body: any;
  readonly text: string;
}

export type LumosClient = (
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<LumosAnswer>;

/** @param base - e.g. `http://127.0.0.1:4000`; `path` begins with a slash, and with `GET ` where it is not posted. */
export function lumosClient(base: string, standing: Readonly<Record<string, string>> = {}): LumosClient {
  return async (path, body, headers = {}) => {
    const isGet = path.startsWith('GET ');
    const response = await fetch(base + path.replace(/^GET /, ''), {
      method: isGet ? 'GET' : 'POST',
      headers: { ...(!isGet && { 'content-type': 'application/json' }), ...standing, ...headers },
      ...(!isGet && { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) as unknown };
  };
}
