/** Bodies that are sent and given back as they are. */
import { GatewayError } from '../../errors.ts';

/** @throws GatewayError `REQUEST_INVALID` for anything but text and bytes. */
export function encodeRaw(payload: unknown): string | Uint8Array {
  if (typeof payload === 'string' || payload instanceof Uint8Array) return payload;
  throw new GatewayError(
    'REQUEST_INVALID',
    `A payload of the format raw must be text or bytes; got ${payload === null ? 'null' : typeof payload}.`,
  );
}

/**
 * The text of a body, in the charset of its content type (UTF-8 when it names none), without a byte order mark.
 *
 * @returns `undefined` when the charset is unknown.
 */
export function decodeText(body: Buffer, contentType: string | undefined): string | undefined {
  const charset = contentType === undefined ? undefined : charsetOf(contentType);
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') {
    const hasMark = body.length > 2 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
    return body.toString('utf8', hasMark ? 3 : 0);
  }
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return undefined;
  }
}

/** The media type alone, in lower case: `application/json; charset=utf-8` → `application/json`. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return '';
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

function charsetOf(contentType: string): string | undefined {
  if (!contentType.includes(';')) return undefined;
  if (contentType.endsWith('charset=utf-8')) return 'utf-8';
  return /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1]?.toLowerCase();
}
