/** When the work for one call of a facade is to end. */
import type { FastifyReply } from 'fastify';

/** As long as one operation of GraphQL may take. */
const timeLimitMs = 30_000;

/** Aborted when the client has gone or the call took too long. @param timeMs - default 30 s. */
export function signalOf({ raw }: FastifyReply, timeMs = timeLimitMs): AbortSignal {
  const gone = new AbortController();
  // The request itself is closed as soon as its body was read.
  raw.once('close', () => raw.writableFinished || gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(timeMs)]);
}
