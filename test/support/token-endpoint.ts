/** A token endpoint as ownCloud's: it takes codes and refresh tokens, and shows what it was sent. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface TokenRequest {
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

export interface TokenEndpoint {
  readonly origin: string;
  readonly requests: TokenRequest[];
  /** What it answers from now on; absent: new tokens, numbered. */
  answer: ((request: TokenRequest) => { readonly status: number; readonly body: unknown }) | undefined;
  readonly close: () => Promise<void>;
}

/** Starts it on 127.0.0.1. Every path is the token endpoint. */
export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  const requests: TokenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      const asked = { authorization: request.headers.authorization, form };
      requests.push(asked);
      const { status, body } = endpoint.answer?.(asked) ?? { status: 200, body: tokens(requests.length) };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint: TokenEndpoint = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return endpoint;
}

/** With the name of the account, as ownCloud gives it. */
export function tokens(number: number) {
  return {
    access_token: `access-${number}`,
    refresh_token: `refresh-${number}`,
    token_type: 'Bearer',
    expires_in: 7200,
    user_id: 'owncloud-user',
  };
}
