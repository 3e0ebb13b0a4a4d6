/** Says who asks where nobody is asked for credentials: on loopback, in development and in the demo. */
import type { IncomingHttpHeaders } from 'node:http';
import { insecureCaller, type Caller } from '../connection/caller.ts';
import { externalSubject } from '../connection/external-subject.ts';

/**
 * Reads the caller: tenant `local`, subject from `X-External-Subject-Id`, or `local` without it.
 *
 * Nobody is authenticated here: whoever reaches the port may name any subject, which is why the gateway listens on
 * 127.0.0.1 unless told otherwise.
 *
 * @throws InputError INPUT_INVALID when the header is not 1 to 200 printable ASCII characters.
 */
export function callerFrom(headers: IncomingHttpHeaders): Caller & { readonly subject: string } {
  const subject = externalSubject(headers);
  return subject === undefined ? insecureCaller : { ...insecureCaller, subject };
}
