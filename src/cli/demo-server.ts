/** What the servers of the demo share: they listen on loopback only, and answer JSON, pages and redirects. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DefinitionError, type ErrorCode } from '../errors.ts';

export interface DemoServerOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** A loopback address; default `127.0.0.1`. */
  readonly host?: string;
}

export interface DemoServer {
  /** e.g. `http://127.0.0.1:40123` */
  readonly origin: string;
  /** Stops at once; open sockets are cut. */
  readonly close: () => Promise<void>;
}

export interface DemoRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly incoming: IncomingMessage;
}

/** One of `json`, `html` and `location`; with none of them the answer is empty. */
export interface DemoAnswer {
  /** Default 200; 303 with a `location`. */
  readonly status?: number;
  readonly json?: unknown;
  readonly html?: string;
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the client did wrong, as the answer that tells it. */
export class Refusal extends Error {
  readonly answer: DemoAnswer;

  constructor(answer: DemoAnswer) {
    super('The demo refused a request.');
    this.answer = answer;
  }
}

/**
 * Starts a server of the demo.
 *
 * @param name - what it is called in faults.
 * @throws DefinitionError ADDRESS_IN_USE when the address is taken, ADDRESS_NOT_ALLOWED when it would let other machines in.
 */
export async function startDemoServer(
  name: string,
  options: DemoServerOptions,
  answer: (request: DemoRequest) => DemoAnswer | Promise<DemoAnswer>,
): Promise<DemoServer> {
  const { port = 0, host = '127.0.0.1' } = options;
  if (!loopback.has(host)) {
    const expected = `expected a loopback address (${[...loopback].join(', ')}), since it is for demonstration only`;
    throw addressFault('ADDRESS_NOT_ALLOWED', name, `${expected}; got "${host}".`);
  }
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://demo.invalid');
    const request = { method: incoming.method ?? '', url, headers: incoming.headers, incoming };
    void Promise.resolve(request)
      .then(answer)
      .catch((cause: unknown) =>
        cause instanceof Refusal ? cause.answer : { status: 500, json: { error: 'The demo failed.' } },
      )
      .then((answered) => send(response, answered));
  });
  await listen(server, name, port, host);
  const address = server.address() as AddressInfo;
  return {
    origin: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The body as text. @throws Refusal 413 above 64 KiB */
export async function readBody({ incoming }: DemoRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) {
      throw new Refusal({ status: 413, json: { error: `A body has at most ${bodyLimitBytes} bytes.` } });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body as a JSON object. @throws Refusal 400, 413 */
export async function readJson(request: DemoRequest): Promise<Readonly<Record<string, unknown>>> {
  let body: unknown;
  try {
    body = JSON.parse(await readBody(request));
  } catch (error) {
    if (error instanceof Refusal) throw error;
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new Refusal({ status: 400, json: { error: 'The body has to be a JSON object.' } });
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);
const bodyLimitBytes = 64 * 1024;

function listen(server: Server, name: string, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `expected an address that is free; got ${host}:${port} (${cause.code}).`;
      reject(addressFault('ADDRESS_IN_USE', name, message, cause));
    });
    server.listen(port, host, resolve);
  });
}

function addressFault(code: ErrorCode, name: string, message: string, cause?: unknown): DefinitionError {
  return new DefinitionError([{ code, path: name, message }], { cause });
}

function send(response: ServerResponse, { status, json, html, location, headers }: DemoAnswer): void {
  const text = html ?? (json === undefined ? '' : JSON.stringify(json));
  response.writeHead(status ?? (location === undefined ? 200 : 303), {
    ...(html !== undefined && { 'content-type': 'text/html; charset=utf-8' }),
    ...(json !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    ...(location !== undefined && { location }),
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}
