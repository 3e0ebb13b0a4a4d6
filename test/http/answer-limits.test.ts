import {
  createBrotliCompress,
  createGzip,
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from 'node:zlib';
import { Readable } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createSender } from '../../src/http/send.ts';
import type { Sender, SenderOptions } from '../../src/http/send.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import type { FakeProvider, Handler } from '../support/fake-provider.ts';
import { callContext, errorOf, outgoing } from '../support/sending.ts';

const mebibyte = 1024 * 1024;
let provider: FakeProvider;
let sender: Sender;

async function start(script: Handler, options: SenderOptions = {}): Promise<void> {
  provider = await startFakeProvider(script);
  sender = createSender({ allowedPrivateOrigins: [provider.origin], retries: { maxTries: 1 }, ...options });
}

const send = () => sender.send(outgoing(provider.origin), callContext());

afterEach(async () => {
  await provider.close();
  await sender.close();
});

/** Writes zeros as fast as they are taken, counts what the socket took. */
function pour(response: ServerResponse, bytes: number): { written: number } {
  const state = { written: 0 };
  const chunk = Buffer.alloc(64 * 1024);
  const source = new Readable({
    read() {
      state.written += chunk.length;
      this.push(state.written > bytes ? null : chunk);
    },
  });
  source.pipe(response);
  response.on('close', () => source.destroy());
  return state;
}

describe('an answer that is too large', () => {
  it('ends a body of 100 MB without a length at the cap, and frees the socket', async () => {
    let state = { written: 0 };
    await start((_request, response) => void (state = pour(response, 100 * mebibyte)));
    const before = process.memoryUsage().rss;
    const error = await errorOf(send());
    expect(error.code).toBe('PROVIDER_ANSWER_TOO_LARGE');
    expect(error.message).toBe(`The answer of sample at ${provider.origin} is larger than 10485760 bytes.`);
    expect(error.details).toEqual({ connector: 'sample', http: { status: 200 } });
    await provider.socketsLeft(0);
    expect(state.written).toBeLessThan(30 * mebibyte);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * mebibyte);
  });

  it('ends it at once when its length is announced', async () => {
    await start((_request, response) => {
      response.writeHead(200, { 'content-length': String(100 * mebibyte) });
      response.flushHeaders();
    });
    expect((await errorOf(send())).code).toBe('PROVIDER_ANSWER_TOO_LARGE');
    await provider.socketsLeft(0);
  });

  it('takes a body of exactly the cap', async () => {
    await start(() => ({ body: Buffer.alloc(1000) }), { maxAnswerBytes: 1000 });
    expect((await send()).body).toHaveLength(1000);
  });

  it('ends headers beyond their cap', async () => {
    await start(() => ({ headers: { 'x-large': 'x'.repeat(40 * 1024) } }));
    expect(await errorOf(send())).toMatchObject({
      code: 'PROVIDER_ANSWER_TOO_LARGE',
      message: `The answer of sample at ${provider.origin} has headers of more than 32768 bytes.`,
    });
    await provider.socketsLeft(0);
  });
});

describe('a compressed answer', () => {
  const small = Buffer.from(JSON.stringify({ text: 'ä'.repeat(300) }));
  // Random enough that even compressed it is decoded as a stream.
  const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => ((index * 2654435761) >>> 13) & 0xff));

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', (body: Buffer) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['identity', (body: Buffer) => body],
  ])('is unpacked from %s, small and large', async (encoding, compress) => {
    await start((request) => ({
      body: compress(request.path === '/small' ? small : large),
      headers: { 'content-encoding': encoding },
    }));
    for (const [path, body] of [
      ['/small', small],
      ['/large', large],
    ] as const) {
      const answer = await sender.send(outgoing(provider.origin + path), callContext());
      expect(answer.body.equals(body)).toBe(true);
    }
  });

  it('is empty when nothing came', async () => {
    await start(() => ({ status: 200, body: '', headers: { 'content-encoding': 'gzip' } }));
    expect((await send()).body).toHaveLength(0);
  });

  it.each([
    ['gzip', () => createGzip()],
    ['br', () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])('that is a %s bomb of 256 MiB is ended early, in little memory', async (encoding, compressor) => {
    await start((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      let left = 4096;
      const zeros = Buffer.alloc(64 * 1024);
      const source = Readable.from(
        (function* () {
          while (left-- > 0) yield zeros;
        })(),
      );
      const stream = compressor();
      response.on('close', () => source.destroy());
      source.pipe(stream).pipe(response);
    });
    const before = process.memoryUsage().rss;
    const error = await errorOf(send());
    expect(error.code).toBe('PROVIDER_ANSWER_TOO_LARGE');
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * mebibyte);
    await provider.socketsLeft(0);
  });

  it('that unpacks to more than a hundred times its size is refused, in one piece and as a stream', async () => {
    // Stored blocks at first, so that the bomb is beyond what is decoded in one piece.
    const bomb = Buffer.concat([
      gzipSync(large.subarray(0, 20_000), { level: 0 }),
      gzipSync(Buffer.alloc(9 * mebibyte)),
    ]);
    await start((request) => ({
      body: request.path === '/small' ? gzipSync(Buffer.alloc(mebibyte)) : bomb,
      headers: { 'content-encoding': 'gzip' },
    }));
    for (const path of ['/small', '/large']) {
      const error = await errorOf(sender.send(outgoing(provider.origin + path), callContext()));
      expect(error.message).toBe(`The answer of sample at ${provider.origin} unpacks to more than 100 times its size.`);
    }
  });

  it('that is small and repetitive passes', async () => {
    await start(() => ({ body: gzipSync(Buffer.alloc(200 * 1024, 'a')), headers: { 'content-encoding': 'gzip' } }));
    expect((await send()).body).toHaveLength(200 * 1024);
  });

  it('is unpacked once only, however many layers it has', async () => {
    let body: Buffer = Buffer.from('core');
    for (let layer = 0; layer < 200; layer++) body = gzipSync(body);
    await start(() => ({ body, headers: { 'content-encoding': 'gzip' } }));
    expect((await send()).body.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  });

  it.each([
    [Array(200).fill('gzip').join(', '), 'is compressed 200 times; at most once is read'],
    ['gzip, br', 'is compressed 2 times; at most once is read'],
    ['zstd', 'is compressed in a way that was not asked for (gzip, deflate, br can be read)'],
    ['gzip;q=1', 'is compressed in a way that was not asked for (gzip, deflate, br can be read)'],
  ])('with the encoding %.20s… is refused', async (encoding, what) => {
    await start(() => ({ body: gzipSync('x'), headers: { 'content-encoding': encoding } }));
    expect(await errorOf(send())).toMatchObject({
      code: 'PROVIDER_ANSWER_INVALID',
      message: `The answer of sample at ${provider.origin} ${what}.`,
    });
  });

  it.each([
    ['is cut', (body: Buffer) => body.subarray(0, body.length - 12), 'ends inside its gzip data'],
    ['is broken', (body: Buffer) => Buffer.concat([body.subarray(0, -8), Buffer.alloc(8)]), 'holds broken gzip data'],
    ['is not compressed', () => Buffer.from('{"a":1}'.padEnd(30_000)), 'holds broken gzip data'],
  ])('that %s is refused, small and large', async (_name, harm, what) => {
    await start((request) => ({
      body: harm(gzipSync(request.path === '/small' ? small : large)),
      headers: { 'content-encoding': 'gzip' },
    }));
    for (const path of ['/small', '/large']) {
      const error = await errorOf(sender.send(outgoing(provider.origin + path), callContext()));
      expect(error.message).toBe(`The answer of sample at ${provider.origin} ${what}.`);
    }
  });
});

describe('an answer that has no body', () => {
  it.each([
    ['GET', '204 No Content'],
    ['GET', '304 Not Modified'],
    ['HEAD', '200 OK'],
    ['HEAD', '304 Not Modified'],
  ])('to %s with %s may announce the length and coding of what it leaves out', async (method, status) => {
    await start((_request, response) => {
      const head = `HTTP/1.1 ${status}\r\ncontent-length: 99999999999\r\ncontent-encoding: zstd\r\n\r\n`;
      response.socket!.end(head);
    });
    const answer = await sender.send(outgoing(provider.origin, { method }), callContext());
    expect(answer).toMatchObject({ status: Number(status.slice(0, 3)), body: Buffer.alloc(0) });
  });
});

describe('an answer that is no HTTP', () => {
  it('is refused', async () => {
    await start((_request, response) => void response.socket!.end('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(await errorOf(send())).toMatchObject({
      code: 'PROVIDER_ANSWER_INVALID',
      message: `The answer of sample at ${provider.origin} is no HTTP/1.1.`,
    });
  });

  it('is refused when two lengths disagree (request smuggling)', async () => {
    await start((_request, response) => {
      response.socket!.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n');
    });
    expect((await errorOf(send())).code).toBe('PROVIDER_ANSWER_INVALID');
  });
});
