/** Reads for which end user an application asks: the header `X-External-Subject-Id`. */
import type { IncomingHttpHeaders } from 'node:http';
import { InputError } from '../errors.ts';

const maxLength = 200;
const printable = /^[\x20-\x7e]+$/;

/**
 * The subject that the header names; `undefined` without it.
 *
 * @throws InputError INPUT_INVALID when it is not 1 to 200 printable ASCII characters.
 */
export function externalSubject(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['x-external-subject-id'];
  if (value === undefined) return undefined;
  const subject = typeof value === 'string' ? value.trim() : '';
  if (isSubject(subject)) return subject;
  throw new InputError(
    'INPUT_INVALID',
    `The header X-External-Subject-Id must be 1 to ${maxLength} printable ASCII characters; ` +
      `got ${describe(subject)}. Send the id of the user for whom you ask.`,
  );
}

/** Whether a subject may be called so. */
export function isSubject(value: string): boolean {
  return value.length > 0 && value.length <= maxLength && value.trim() === value && printable.test(value);
}

/** The value itself never enters the message: it may be anything. */
function describe(subject: string): string {
  if (subject.length === 0) return 'an empty one';
  if (subject.length > maxLength) return `${subject.length} characters`;
  return 'other characters';
}
