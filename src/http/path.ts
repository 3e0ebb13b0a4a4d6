/** Writes paths from values that came from outside. */
import { pathSegment } from './path-segment.ts';

/**
 * A template tag: each value becomes exactly one segment of the path.
 *
 * @throws GatewayError `REQUEST_INVALID` for `''`, `.`, `..` and whatever is neither text nor a number.
 * @example connection.get(path`repos/${input.owner}/${input.repo}/issues`)
 */
export function path(texts: TemplateStringsArray, ...values: readonly (string | number | bigint)[]): string {
  let url = texts[0] ?? '';
  for (const [index, value] of values.entries()) url += pathSegment(value) + (texts[index + 1] ?? '');
  return url;
}
