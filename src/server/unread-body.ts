/** Lets an answer arrive although its client is still sending: a connection that is closed meanwhile takes the answer with it. */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';

export interface UnreadLimits {
  /** Default 16 MiB. */
  readonly bytes?: number;
  /** Default 2 000. */
  readonly milliseconds?: number;
}

/**
 * Answers a request whose body is still coming. Where the connection would be closed after the answer, either it is kept
 * instead, and closed only when too much comes; or, when it must close, what comes is read first.
 *
 * @param mustClose - whether the server wants the connection closed.
 * @param answer - sends the answer; called once.
 */
export function keepForAnswer(
  request: IncomingMessage,
  reply: FastifyReply,
  mustClose: boolean,
  answer: () => void,
): void {
  if (mustClose || !reply.raw.shouldKeepAlive) {
    void readRest(request).then(answer);
    return;
  }
  // Fastify closes after each body that it refuses. Read to its end, the connection is as good as before.
  if (reply.getHeader('connection') === 'close') {
    reply.removeHeader('connection');
    void closeUnlessWhole(request);
  }
  answer();
}

async function closeUnlessWhole(request: IncomingMessage): Promise<void> {
  if (!(await readRest(request))) request.destroy();
}

/** Whether nothing of a request is still to come. Requests that were injected know only whether they were read. */
export function isWhole(request: IncomingMessage): boolean {
  return request.complete || request.readableEnded;
}

/**
 * Reads on what nobody wants, to the end of the request or to a limit.
 *
 * A socket that is closed with unread bytes sends a reset, which makes the client's system drop what it has received, and
 * its next write fail with EPIPE: the client then sees no answer at all (RFC 9112 §9.6).
 *
 * @returns whether the request came to its end.
 */
export function readRest(
  request: IncomingMessage,
  { bytes = 16 * 1024 * 1024, milliseconds = 2_000 }: UnreadLimits = {},
): Promise<boolean> {
  if (isWhole(request) || request.destroyed) return Promise.resolve(isWhole(request));
  return new Promise((resolve) => {
    let left = bytes;
    const timer = setTimeout(end, milliseconds);
    request.on('data', count).once('end', end).once('close', end);
    request.resume();

    function count(chunk: Buffer): void {
      left -= chunk.length;
      if (left < 0) end();
    }

    function end(): void {
      clearTimeout(timer);
      request.off('data', count).off('end', end).off('close', end);
      resolve(isWhole(request));
    }
  });
}
