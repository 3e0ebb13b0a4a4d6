/** Makes one segment of a path from a value that came from outside. */
import { GatewayError } from '../errors.ts';

/**
 * Gives exactly one path segment: what is between two slashes, whatever the value holds (CWE-22).
 *
 * @throws GatewayError REQUEST_INVALID for a value that is not a string, number or bigint, for the empty string, and for `.`
 *   and `..`, which every URL parser would resolve away, even percent-encoded.
 * @example `customers/${pathSegment(input.id)}`
 */
export function pathSegment(value: string | number | bigint): string {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  if (typeof text !== 'string') throw refusal(`a ${value === null ? 'null' : typeof value}`);
  if (text === '' || text === '.' || text === '..') throw refusal(JSON.stringify(text));
  // A lone surrogate has no UTF-8 form, and encodeURIComponent throws a URIError without a hint at it.
  if (/\p{Surrogate}/u.test(text)) throw refusal('text that is not well-formed Unicode');
  return encodeURIComponent(text);
}

function refusal(came: string): GatewayError {
  return new GatewayError(
    'REQUEST_INVALID',
    `A segment of a path must be text other than "", "." and ".."; got ${came}. Check the value before it enters the URL.`,
  );
}
