/** Ends requests whose body does not arrive in time, except where a body is a content that comes at its own pace. */
import type { IncomingMessage } from 'node:http';
import { refuseMalformed } from './malformed-request.ts';
import { isWhole } from './unread-body.ts';

/** Of every request but those that carry contents, from its head on. */
export const bodyTimeoutMs = 30_000;

/** Node has one such limit for all requests of a server, so it is given the longest, and the others are watched here. */
export function endIfSlow(request: IncomingMessage, timeoutMs = bodyTimeoutMs): void {
  if (isWhole(request)) return;
  const timer = setTimeout(() => {
    if (isWhole(request)) return;
    const error: NodeJS.ErrnoException = new Error('The body did not arrive in time.');
    error.code = 'ERR_HTTP_REQUEST_TIMEOUT';
    refuseMalformed(error, request.socket);
  }, timeoutMs);
  request.once('close', () => clearTimeout(timer));
}
