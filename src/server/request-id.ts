/** Ids of requests: unique across replicas (a random start) and cheap (a counter). */
import { randomBytes } from 'node:crypto';

export function requestIds(): () => string {
  const start = randomBytes(6).toString('base64url');
  let count = 0;
  return () => `${start}-${(count += 1).toString(36)}`;
}
