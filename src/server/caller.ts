/** Says who asks, from the headers of a request. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../connection/caller.ts';
import { InputError } from '../errors.ts';

const localCaller: Caller = Object.freeze({ tenant: 'local', subject: 'local' });
const maxSubjectLength = 200;
const printable = /^[\x20-\x7e]+$/;

/**
 * Reads the caller: tenant `local`, subject from `X-External-Subject-Id`, or `local` without it.
 *
 * Nobody is authenticated here: whoever reaches the port may name any subject, which is why the gateway listens on
 * 127.0.0.1 unless told otherwise.
 *
 * @throws InputError INPUT_INVALID when the header is not 1 to 200 printable ASCII characters.
 */
export function callerFrom(headers: IncomingHttpHeaders): Caller {
  const value = headers['x-external-subject-id'];
  if (value === undefined) return localCaller;
  const subject = typeof value === 'string' ? value.trim() : '';
  if (subject.length === 0 || subject.length > maxSubjectLength || !printable.test(subject)) {
    throw new InputError(
      'INPUT_INVALID',
      `The header X-External-Subject-Id must be 1 to ${maxSubjectLength} printable ASCII characters; ` +
        `got ${describe(subject)}. Send the id of the user for whom you ask.`,
    );
  }
  return { tenant: 'local', subject };
}

/** The value itself never enters the message: it may be anything. */
function describe(subject: string): string {
  if (subject.length === 0) return 'an empty one';
  if (subject.length > maxSubjectLength) return `${subject.length} characters`;
  return 'other characters';
}
