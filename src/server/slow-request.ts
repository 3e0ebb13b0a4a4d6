/** Ends requests whose body does not arrive in time, except where a body is a content that comes at its own pace. */
import type { IncomingMessage } from 'node:http';
import { refuseMalformed } from './malformed-request.ts';
import { isWhole } from './unread-body.ts';

/** Of every request but those that carry contents, from its head on. */
export const bodyTimeoutMs = 30_000;

/** Node has one such limit for all requests of a server, so it is given the longest, and the others are watched here. */
export function endIfSlow(request: IncomingMessage, timeoutMs = bodyTimeoutMs): void {
  if (isWhole(request) || hasNoBody(request)) return;
  const timer = setTimeout(() => {
    if (isWhole(request)) return;
    const error: NodeJS.ErrnoException = new Error('The body did not arrive in time.');
    error.code = 'ERR_HTTP_REQUEST_TIMEOUT';
    refuseMalformed(error, request.socket);
  }, timeoutMs);
  const stop = (): void => clearTimeout(timer);
  request.once('end', stop).once('close', stop);
}

/** Node learns only later that such a request has come to its end (RFC 9112 §6). */
function hasNoBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}
