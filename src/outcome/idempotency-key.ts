/** The key by which a client names one thing that is to be done once. */
import { InputError } from '../errors.ts';

/** 1–255 visible characters of ASCII, without what would end the quoted string of a header. */
const visible = /^[!#-[\]-~]{1,255}$/;

/**
 * Reads the header `Idempotency-Key`: a string in quotes, as the draft has it, or without them, as most clients send it.
 *
 * @throws InputError IDEMPOTENCY_KEY_INVALID
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function readKeyHeader(header: string): string {
  const text = header.trim();
  return readKey(text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text);
}

/** A key as it is. @throws InputError IDEMPOTENCY_KEY_INVALID */
export function readKey(text: string): string {
  if (visible.test(text)) return text;
  const message =
    'An idempotency key is 1 to 255 visible characters of ASCII without quotes and backslashes, best a new UUID for ' +
    `each thing that is to be done; got ${text === '' ? 'an empty one' : `${text.length} characters`}. Nothing was sent.`;
  throw new InputError('IDEMPOTENCY_KEY_INVALID', message);
}
