/** Takes one layer of compression off an answer, under a cap of size and of ratio (CWE-409). */
import { brotliDecompressSync, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { Transform } from 'node:stream';
import { ExchangeFailure } from './exchange-failure.ts';

export interface BodyLimits {
  /** Bytes after decompression. */
  readonly maxAnswerBytes: number;
  /** Decompressed bytes for one that came; judged from 256 KiB on, because small repetitive answers pass 100:1 easily. */
  readonly maxCompressionRatio: number;
}

export type Encoding = 'gzip' | 'deflate' | 'br';

/** What we tell providers that we can read. */
export const acceptedEncodings = 'gzip, deflate, br';

/**
 * Reads `content-encoding`: `undefined` when the body is plain.
 *
 * @throws ExchangeFailure `invalid` for more than one layer and for an encoding that we did not offer.
 */
export function readEncoding(header: string | undefined): Encoding | undefined {
  if (header === undefined) return undefined;
  const name = header.trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  if (name === 'gzip' || name === 'x-gzip') return 'gzip';
  if (name === 'deflate' || name === 'br') return name;
  if (name.includes(',')) {
    throw new ExchangeFailure('invalid', `is compressed ${name.split(',').length} times; at most once is read`);
  }
  throw new ExchangeFailure(
    'invalid',
    `is compressed in a way that was not asked for (${acceptedEncodings} can be read)`,
  );
}

/**
 * Compressed bytes up to which a body is decoded in one piece: at 100:1 that is 1.6 MiB, some 2 ms of the event loop, and
 * five times cheaper than a stream through the thread pool.
 */
export const wholeBodyBytes = 16 * 1024;

/** Decodes a small body at once. @throws ExchangeFailure `too_large`, or `invalid` for data that is broken or cut. */
export function decodeWhole(encoding: Encoding, body: Buffer, limits: BodyLimits): Buffer {
  if (body.length === 0) return body;
  const maxOutputLength = decodedLimit(body.length, limits);
  try {
    if (encoding === 'gzip') return gunzipSync(body, { maxOutputLength });
    if (encoding === 'br') return brotliDecompressSync(body, { maxOutputLength });
    return hasZlibHeader(body) ? inflateSync(body, { maxOutputLength }) : inflateRawSync(body, { maxOutputLength });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw overLimit(maxOutputLength, limits);
    throw brokenBody(encoding, cause);
  }
}

/** Where a decoder reports to. One of `onEnd` and `onFailure` is called, once. */
export interface DecoderEvents {
  /** The decoder can take more after `write` gave `false`. */
  readonly onDrain: () => void;
  readonly onEnd: (body: Buffer) => void;
  readonly onFailure: (failure: ExchangeFailure) => void;
}

export interface BodyDecoder {
  /** Takes a chunk as it came; `false` asks to wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  end(): void;
  destroy(): void;
}

/** Decodes a large body while it comes; holds no more than the caps allow. */
export function createBodyDecoder(
  encoding: Encoding,
  firstBytes: Buffer,
  limits: BodyLimits,
  events: DecoderEvents,
): BodyDecoder {
  const stream = createDecodingStream(encoding, firstBytes);
  const chunks: Buffer[] = [];
  let received = 0;
  let decoded = 0;
  stream.on('data', (chunk: Buffer) => {
    decoded += chunk.length;
    const limit = decodedLimit(received, limits);
    if (decoded > limit) {
      stream.destroy();
      events.onFailure(overLimit(limit, limits));
    } else {
      chunks.push(chunk);
    }
  });
  stream.on('drain', events.onDrain);
  stream.on('end', () => events.onEnd(Buffer.concat(chunks, decoded)));
  stream.on('error', (cause) => events.onFailure(brokenBody(encoding, cause)));
  return {
    write(chunk) {
      received += chunk.length;
      return stream.write(chunk);
    },
    end: () => void stream.end(),
    destroy: () => void stream.destroy(),
  };
}

function createDecodingStream(encoding: Encoding, firstBytes: Buffer): Transform {
  const options = { chunkSize: 64 * 1024 };
  if (encoding === 'gzip') return createGunzip(options);
  if (encoding === 'br') return createBrotliDecompress(options);
  return hasZlibHeader(firstBytes) ? createInflate(options) : createInflateRaw(options);
}

/** "deflate" is the zlib format (RFC 9110 §8.4.1.2), but many servers send the bare stream: the first byte tells. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length > 1 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

const freeRatioBytes = 256 * 1024;

function decodedLimit(received: number, limits: BodyLimits): number {
  return Math.min(limits.maxAnswerBytes, Math.max(freeRatioBytes, received * limits.maxCompressionRatio));
}

function overLimit(limit: number, limits: BodyLimits): ExchangeFailure {
  return limit >= limits.maxAnswerBytes
    ? tooLarge(limits)
    : new ExchangeFailure('too_large', `unpacks to more than ${limits.maxCompressionRatio} times its size`);
}

/** The failure of a body that is larger than the cap, compressed or not. */
export function tooLarge(limits: BodyLimits): ExchangeFailure {
  return new ExchangeFailure('too_large', `is larger than ${limits.maxAnswerBytes} bytes`);
}

function brokenBody(encoding: Encoding, cause: unknown): ExchangeFailure {
  const isCut = (cause as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
  return new ExchangeFailure(
    'invalid',
    isCut ? `ends inside its ${encoding} data` : `holds broken ${encoding} data`,
    cause,
  );
}
