/** JSON, both ways. */
import { GatewayError } from '../../errors.ts';
import { withFieldsOpen } from '../hidden-fields.ts';
import { parseJson } from '../parse-json.ts';

/**
 * Writes a value as JSON; a `bigint` becomes the number it is, digit by digit.
 *
 * @throws GatewayError `REQUEST_INVALID` for a value that JSON cannot say (one that contains itself).
 */
export function encodeJson(value: unknown): string {
  try {
    return withFieldsOpen(() => JSON.stringify(value)) ?? 'null';
  } catch {
    return encodeExactly(value);
  }
}

/**
 * Reads JSON safely and losslessly (`parse-json`); an empty text is `{}`, as in the runtime of seed 003.
 *
 * @param maxDepth - as of `parseJson`.
 * @throws whatever `parseJson` throws for a text that is no JSON.
 */
export function decodeJson(text: string, maxDepth?: number): unknown {
  return isBlank(text) ? {} : parseJson(text, maxDepth);
}

function isBlank(text: string): boolean {
  return text.length < 64 && text.trim() === '';
}

/** `JSON.stringify` refuses bigints: they go through as marked strings, whose quotes are taken off afterwards. */
function encodeExactly(value: unknown): string {
  // Random, so that no text of a client can pass for a number.
  const mark = `bigint-${crypto.randomUUID()}:`;
  try {
    const marked = (_key: string, item: unknown) => (typeof item === 'bigint' ? `${mark}${item}` : item);
    const text = withFieldsOpen(() => JSON.stringify(value, marked));
    return text.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
  } catch {
    throw new GatewayError('REQUEST_INVALID', 'The payload cannot be written as JSON; does it contain itself?');
  }
}
