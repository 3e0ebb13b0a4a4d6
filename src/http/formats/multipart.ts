/** `multipart/form-data` (RFC 7578): each value is itself, or `[value, contentType, filename]`. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../errors.ts';

export interface MultipartBody {
  readonly body: Buffer;
  readonly contentType: string;
}

/**
 * Encodes a form with files. A list of `[value, contentType, filename]` lists repeats the field; `undefined` is left out.
 *
 * @throws GatewayError `REQUEST_INVALID` when the payload is no object, or a value is neither text, number, boolean nor bytes.
 */
export function encodeMultipart(payload: unknown): MultipartBody {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || ArrayBuffer.isView(payload)) {
    throw new GatewayError('REQUEST_INVALID', 'A payload of the format multipart must be an object of fields.');
  }
  // Random, so that no content can hold the boundary by intent.
  const boundary = `plugboard-${randomBytes(16).toString('hex')}`;
  const chunks: (string | Uint8Array)[] = [];
  for (const [name, value] of Object.entries(payload)) {
    for (const part of partsOf(value)) appendPart(chunks, boundary, name, part);
  }
  chunks.push(`--${boundary}--\r\n`);
  return {
    body: Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk))),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

interface Part {
  readonly value: unknown;
  readonly contentType?: string;
  readonly filename?: string;
}

function partsOf(value: unknown): Part[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [{ value }];
  if (value.length > 0 && value.every((item) => Array.isArray(item))) return value.flatMap(partsOf);
  const [content, contentType, filename] = value as unknown[];
  return [
    {
      value: content,
      ...(typeof contentType === 'string' ? { contentType } : {}),
      ...(typeof filename === 'string' ? { filename } : {}),
    },
  ];
}

function appendPart(chunks: (string | Uint8Array)[], boundary: string, name: string, part: Part): void {
  const content = contentOf(name, part.value);
  const filename = part.filename === undefined ? '' : `; filename="${quoted(part.filename)}"`;
  const type = part.contentType ?? (typeof content === 'string' ? undefined : 'application/octet-stream');
  if (type !== undefined && /[^\t\x20-\x7e]/.test(type)) {
    throw new GatewayError(
      'REQUEST_INVALID',
      `The content type of the field ${JSON.stringify(name)} holds a sign that a header cannot.`,
    );
  }
  chunks.push(
    `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"${filename}\r\n` +
      (type === undefined ? '\r\n' : `content-type: ${type}\r\n\r\n`),
    content,
    '\r\n',
  );
}

function contentOf(name: string, value: unknown): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new GatewayError(
    'REQUEST_INVALID',
    `The field ${JSON.stringify(name)} of a multipart form must be text, a number, a boolean or bytes; got ${typeof value}.`,
  );
}

/** As browsers write it (WHATWG HTML, "multipart form data"): these three signs would end the header or the quotes. */
function quoted(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}
