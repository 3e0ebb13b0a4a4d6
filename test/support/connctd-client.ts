/** A developer of connctd: asks its REST interface as the documentation does, header by header. */
import { createApiKeys } from '../../src/connection/api-keys.ts';
import { openTestStore } from './test-store.ts';

export interface ConnctdAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; `undefined` for an empty body. */
  readonly body: any;
}

export interface ConnctdAsking {
  readonly subject?: string;
  readonly body?: unknown;
  /** Instead of the developer's own. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks `<METHOD> <path below /api/v1, or a whole URL>`. */
export type AskConnctd = (call: string, asking?: ConnctdAsking) => Promise<ConnctdAnswer>;

/** @param url - of the gateway; read at each call, since it changes with a restart. */
export function connctdClient(url: () => string, token: string): AskConnctd {
  return async (call, { subject, body, token: other = token, headers } = {}) => {
    const [method, path = ''] = call.split(' ');
    const response = await fetch(path.startsWith('http') ? path : `${url()}/api/v1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(other !== null && { authorization: `Bearer ${other}` }),
        ...(subject !== undefined && { 'x-external-subject-id': subject }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  };
}

/** An API key in the store of a gateway. */
export async function createKey(file: string, tenant: string, scopes: readonly string[]): Promise<string> {
  const store = await openTestStore(file);
  try {
    return (await createApiKeys(store.records).create({ tenant, name: scopes.join('+'), scopes })).text;
  } finally {
    await store.close();
  }
}
