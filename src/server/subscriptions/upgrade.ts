/** Decides which connections become WebSockets: only at paths that serve them, under our name, and from pages that may. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../errors.ts';
import { errorAnswer } from '../error-answer.ts';
import type { Origin } from '../origin-guard.ts';

export interface UpgradeOptions {
  readonly isAllowedHost: (host: string | undefined) => boolean;
  readonly originOf: (headers: IncomingMessage['headers']) => Origin;
  readonly isDraining: () => boolean;
  /** What takes a WebSocket at a path; `undefined` where none is served. */
  readonly acceptorAt: (
    path: string,
  ) => ((request: IncomingMessage, connection: Duplex, head: Buffer) => void) | undefined;
}

/** Takes every request to upgrade that the server gets. */
export function takeUpgrades(server: Server, options: UpgradeOptions): void {
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    // Node leaves the connection without a listener, and an error without one ends the process.
    connection.on('error', () => connection.destroy());
    if (!isWebSocket(request)) return answerWithoutUpgrade(server, request, connection, head);
    const refusal = refuse(request, options);
    if (refusal) return answer(connection, ...refusal);
    return options.acceptorAt(pathOf(request))?.(request, connection, head);
  });
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Lets the server answer as if nothing but the request had come: Java's client offers HTTP/2 with its first request, and
 * who offers another protocol must be served when it is declined (RFC 9110 §7.8).
 */
function answerWithoutUpgrade(server: Server, request: IncomingMessage, connection: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    if (!hopHeaders.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[index + 1]}`);
  }
  connection.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', connection);
}

const hopHeaders: ReadonlySet<string> = new Set(['upgrade', 'connection', 'http2-settings']);

type Refusal = readonly [status: number, reason: string, code: ErrorCode, message: string];

function refuse(request: IncomingMessage, options: UpgradeOptions): Refusal | undefined {
  if (!options.isAllowedHost(request.headers.host)) {
    const message = 'The gateway is not known by the host name of this request. Set `allowedHosts` to add it.';
    return [421, 'Misdirected Request', 'HOST_NOT_ALLOWED', message];
  }
  if (options.isDraining()) {
    return [503, 'Service Unavailable', 'NOT_READY', 'The gateway is stopping. Ask again.'];
  }
  if (!options.acceptorAt(pathOf(request))) {
    return [404, 'Not Found', 'ROUTE_NOT_FOUND', 'No WebSocket is served here. GraphQL is at /graphql.'];
  }
  if (options.originOf(request.headers) === 'foreign') {
    return [403, 'Forbidden', 'ORIGIN_REFUSED', originRefused];
  }
  return undefined;
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

/** What a page of another site is told. */
export const originRefused =
  'A page of another origin asks. Add its origin to `subscriptions.allowedOrigins` to let it in.';

function answer(connection: Duplex, ...[status, reason, code, message]: Refusal): void {
  const body = JSON.stringify(errorAnswer(status, code, message).body);
  connection.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => connection.destroy(),
  );
}
