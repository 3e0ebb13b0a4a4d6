/** Lets browsers keep the answer to a query that was asked by GET, if the operator wants it. */
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Sets `Cache-Control: private`, `Vary` and `ETag` of a complete answer without errors; it is one caller's alone, and so
 * no proxy may keep it (RFC 9111 §5.2.2.7).
 *
 * @param maxAgeSeconds - so long it is used without asking; 0: it is asked for again each time.
 * @returns whether the client has this very answer already, and 304 is due (RFC 9110 §13.1.2).
 */
export function keepAnswer(request: FastifyRequest, reply: FastifyReply, text: string, maxAgeSeconds: number): boolean {
  const tag = `"${hash('sha256', text, 'base64url')}"`;
  reply.headers({
    'cache-control': maxAgeSeconds > 0 ? `private, max-age=${maxAgeSeconds}` : 'private, no-cache',
    vary: 'Authorization, X-External-Subject-Id, Accept',
    etag: tag,
  });
  const known = request.headers['if-none-match'];
  return known !== undefined && known.split(',').some((each) => each.trim().replace(/^W\//, '') === tag);
}
