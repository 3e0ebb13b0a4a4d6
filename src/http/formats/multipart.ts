/** `multipart/form-data` (RFC 7578): each value is itself, or `[value, contentType, filename]`. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Content } from '../../content.ts';
import { GatewayError } from '../../errors.ts';

export interface MultipartBody {
  readonly body: Buffer | Content;
  readonly contentType: string;
}

/**
 * Encodes a form with files. A list of `[value, contentType, filename]` lists repeats the field; `undefined` is left out. A
 * form with a `Content` in it is one itself, and passes as that comes.
 *
 * @throws GatewayError `REQUEST_INVALID` when the payload is no object, or a value is neither text, number, boolean, bytes nor
 *   a content.
 */
export function encodeMultipart(payload: unknown): MultipartBody {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || ArrayBuffer.isView(payload)) {
    throw new GatewayError('REQUEST_INVALID', 'A payload of the format multipart must be an object of fields.');
  }
  // Random, so that no content can hold the boundary by intent.
  const boundary = `plugboard-${randomBytes(16).toString('hex')}`;
  const chunks: Chunk[] = [];
  for (const [name, value] of Object.entries(payload)) {
    for (const part of partsOf(value)) appendPart(chunks, boundary, name, part);
  }
  chunks.push(`--${boundary}--\r\n`);
  const contentType = `multipart/form-data; boundary=${boundary}`;
  if (chunks.some((chunk) => chunk instanceof Content)) return { body: passing(chunks), contentType };
  return { body: Buffer.concat((chunks as (string | Uint8Array)[]).map(bytesOf)), contentType };
}

type Chunk = string | Uint8Array | Content;

function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

/** Its length is known where those of all contents in it are. */
function passing(chunks: readonly Chunk[]): Content {
  let size: number | undefined = 0;
  for (const chunk of chunks) {
    const own = chunk instanceof Content ? chunk.size : bytesOf(chunk).length;
    size = size === undefined || own === undefined ? undefined : size + own;
  }
  return new Content(() => Readable.from(oneAfterTheOther(chunks), { objectMode: false }), { size });
}

async function* oneAfterTheOther(chunks: readonly Chunk[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Content) yield* chunk;
    else yield bytesOf(chunk);
  }
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

function appendPart(chunks: Chunk[], boundary: string, name: string, part: Part): void {
  const content = contentOf(name, part.value);
  const filename = part.filename === undefined ? '' : `; filename="${quoted(part.filename)}"`;
  const own = content instanceof Content ? content.mediaType : undefined;
  const type = part.contentType ?? own ?? (typeof content === 'string' ? undefined : 'application/octet-stream');
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

function contentOf(name: string, value: unknown): Chunk {
  if (typeof value === 'string' || value instanceof Uint8Array || value instanceof Content) return value;
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new GatewayError(
    'REQUEST_INVALID',
    `The field ${JSON.stringify(name)} of a multipart form must be text, a number, a boolean, bytes or a content; got ${typeof value}.`,
  );
}

/** As browsers write it (WHATWG HTML, "multipart form data"): these three signs would end the header or the quotes. */
function quoted(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}
