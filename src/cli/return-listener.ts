/** Listens on this machine for the browser that comes back from connecting (RFC 8252 §7.3). */
import { createServer, type ServerResponse } from 'node:http';
import { DefinitionError } from '../errors.ts';

/** What the browser brought. */
export interface Return {
  /** For `finishConnection`; `undefined` when it was not connected. */
  readonly code: string | undefined;
}

export interface ReturnListener {
  /** Waits for the browser of that connection; others are sent away. */
  readonly returned: (connectionId: string, signal: AbortSignal) => Promise<Return>;
  readonly close: () => Promise<void>;
}

/**
 * Listens at this URL, on loopback only.
 *
 * @throws DefinitionError ADDRESS_IN_USE
 */
export async function listenForReturn(returnUrl: URL): Promise<ReturnListener> {
  let expected: { readonly id: string; readonly take: (found: Return) => void } | undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', returnUrl);
    const isOurs = request.method === 'GET' && url.pathname === returnUrl.pathname;
    if (!isOurs || !expected || url.searchParams.get('connection') !== expected.id) {
      return sendPage(response, 404, 'Nothing waits for this');
    }
    const code = url.searchParams.get('code') ?? undefined;
    sendPage(response, 200, code === undefined ? 'It was not connected' : 'Almost done');
    expected.take({ code });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `expected an address that is free, to which the browser comes back; got ${returnUrl.host} (${cause.code}).`;
      reject(new DefinitionError([{ code: 'ADDRESS_IN_USE', path: '--return-url', message }], { cause }));
    });
    server.listen(Number(returnUrl.port), returnUrl.hostname.replace(/^\[|\]$/g, ''), resolve);
  });
  return {
    returned: (id, signal) =>
      new Promise((resolve, reject) => {
        expected = { id, take: resolve };
        const stop = () => reject(signal.reason as Error);
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendPage(response: ServerResponse, status: number, heading: string): void {
  const text = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Plugboard</title><h1>${heading}</h1><p>Go back to the terminal. You can close this window.</p></html>`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(text);
}
