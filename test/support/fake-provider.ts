/** A small scripted provider on loopback: answers by route, records what it was asked. */
import { createServer as createHttpServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What the provider was asked, whole. */
export interface RecordedRequest {
  readonly method: string;
  /** Path without the query, as it stood on the wire. */
  readonly path: string;
  /** The last value of each parameter; `url` has all of them. */
  readonly query: Readonly<Record<string, string>>;
  /** Names are lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The body as UTF-8 text. */
  readonly body: string;
  /** Path and query, as they stood on the wire. */
  readonly url: string;
}

/** A fixed answer. `json` sets the content type; `body` is sent as it is. Status 200 unless told otherwise. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  readonly json?: unknown;
}

/** Gives the answer, or writes it to `response` itself and gives nothing. */
export type Handler = (
  request: RecordedRequest,
  response: ServerResponse,
) => Reply | undefined | void | Promise<Reply | undefined | void>;

/**
 * Answers by `GET /path` (or `/path` for every method), without the query. A list is used up one by one, its last answer
 * stays. What has no route is answered 404 with `{"message":"Not Found"}`.
 */
export type Routes = Readonly<Record<string, Reply | Handler | readonly (Reply | Handler)[]>>;

export interface FakeProvider {
  /** e.g. `http://127.0.0.1:40123` */
  readonly origin: string;
  /** All requests so far, in the order of arrival, complete with their bodies. */
  readonly requests: readonly RecordedRequest[];
  /** Sockets that are open at this moment. */
  readonly openSockets: () => number;
  /** Resolves when `count` requests have arrived in all, with all of them. */
  readonly received: (count: number) => Promise<readonly RecordedRequest[]>;
  /** Resolves when at most `count` sockets are open. */
  readonly socketsLeft: (count: number) => Promise<void>;
  /** Stops at once; open sockets are destroyed. */
  readonly close: () => Promise<void>;
}

/** Makes it speak https with this certificate (`test/support/loopback-certificate.ts`). */
export interface FakeProviderOptions {
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientAuthority?: string };
}

/** Starts a provider on 127.0.0.1 and a free port. Close it in `afterEach` or `finally`. */
export async function startFakeProvider(
  script: Handler | Routes,
  options: FakeProviderOptions = {},
): Promise<FakeProvider> {
  const requests: RecordedRequest[] = [];
  const sockets = new Set<unknown>();
  const watchers = new Set<() => void>();
  const answer = typeof script === 'function' ? script : routeHandler(script);
  const notify = (): void => watchers.forEach((watch) => watch());

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming);
    if (!request) return;
    requests.push(request);
    notify();
    await answerWith(answer, request, response);
  };
  const server = createServer(options, (incoming, response) => {
    // A client that cuts the connection is part of many scripts.
    response.on('error', () => {});
    void serve(incoming, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      notify();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    origin: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    openSockets: () => sockets.size,
    received: (count) => until(watchers, () => requests.length >= count).then(() => requests),
    socketsLeft: (count) => until(watchers, () => sockets.size <= count),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createServer(
  options: FakeProviderOptions,
  listener: (incoming: IncomingMessage, response: ServerResponse) => void,
): Server {
  if (!options.tls) return createHttpServer(listener);
  const { certificate, key, clientAuthority } = options.tls;
  return createHttpsServer({ cert: certificate, key, ca: clientAuthority, requestCert: !!clientAuthority }, listener);
}

function routeHandler(routes: Routes): Handler {
  const used = new Map<string, number>();
  return (request, response) => {
    const name = [`${request.method} ${request.path}`, request.path].find((candidate) =>
      Object.hasOwn(routes, candidate),
    );
    if (name === undefined) return { status: 404, json: { message: 'Not Found' } };
    const route = routes[name]!;
    const answers = (Array.isArray(route) ? route : [route]) as readonly (Reply | Handler)[];
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    const answer = answers[Math.min(count, answers.length - 1)]!;
    return typeof answer === 'function' ? answer(request, response) : answer;
  };
}

/** Gives nothing when the client cuts the connection before its request is complete. */
async function readRequest(incoming: IncomingMessage): Promise<RecordedRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  const url = incoming.url ?? '/';
  const start = url.indexOf('?');
  return {
    method: incoming.method ?? '',
    path: start < 0 ? url : url.slice(0, start),
    query: Object.fromEntries(new URLSearchParams(start < 0 ? '' : url.slice(start + 1))),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    url,
  };
}

async function answerWith(answer: Handler, request: RecordedRequest, response: ServerResponse): Promise<void> {
  try {
    const reply = await answer(request, response);
    if (!reply) return;
    const body = reply.json === undefined ? reply.body : JSON.stringify(reply.json);
    if (reply.json !== undefined) response.setHeader('content-type', 'application/json; charset=utf-8');
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    response.writeHead(reply.status ?? 200).end(body);
  } catch (error) {
    // A script that throws must fail the test, not hang it: the client sees 500 with the reason.
    if (!response.headersSent) response.writeHead(500);
    response.end(`The script of the fake provider failed: ${String(error)}`);
  }
}

function until(watchers: Set<() => void>, isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const watch = (): void => {
      if (!isTrue()) return;
      watchers.delete(watch);
      resolve();
    };
    watchers.add(watch);
    watch();
  });
}
