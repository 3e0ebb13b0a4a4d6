<<<<<<< HEAD
import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { bodyTimeoutMs, endIfSlow } from '../../src/server/slow-request.ts';

/** What a request is to this room: a stream with headers, and a socket of which is kept what was written to it. */
function comingRequest(headers: Readonly<Record<string, string>>) {
  let written = '';
  const socket = Object.assign(new PassThrough(), {
    end: (text: string) => ((written += text), socket),
    destroySoon: () => {},
  });
  const stream = new PassThrough();
  const request = Object.assign(stream, { headers, socket, complete: false }) as unknown as IncomingMessage;
  return { stream, request, written: () => written };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('a request whose body does not arrive', () => {
  it('is ended after 30 seconds, and told so', () => {
    const { request, written } = comingRequest({ 'content-length': '5' });
    endIfSlow(request);
    jest.advanceTimersByTime(bodyTimeoutMs - 1);
    expect(written()).toBe('');
    jest.advanceTimersByTime(1);
    expect(written()).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('nothing waits', () => {
  it.each([[{}], [{ 'content-length': '0' }]])('for a request without a body: %j', (headers) => {
    endIfSlow(comingRequest(headers).request);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('for a body that was read to its end, or is gone', async () => {
    for (const leave of ['end', 'close']) {
      const { request, stream } = comingRequest({ 'transfer-encoding': 'chunked' });
      endIfSlow(request);
      expect(jest.getTimerCount()).toBe(1);
      stream.emit(leave);
      expect(jest.getTimerCount()).toBe(0);
    }
  });
=======
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { endIfSlow } from '../../src/server/slow-request.ts';

const server = createServer();
beforeEach(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterEach(() => {
  server.removeAllListeners('request');
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

function send(begin: (client: ReturnType<typeof httpRequest>) => void): Promise<string> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const client = httpRequest({ port, host: '127.0.0.1', method: 'POST' });
    client.on('error', reject);
    client.on('response', (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += String(chunk)));
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    begin(client);
  });
}

it('answers 408 to a request whose body does not arrive, and closes', async () => {
  server.on('request', (request) => endIfSlow(request, 20));
  expect(await send((client) => client.write('begin'))).toBe(
    '408 {"errors":[{"message":"The request did not arrive within the time limit.","extensions":{"code":"BODY_INVALID"}}]}',
  );
});

it('leaves a request alone that has arrived, however long its answer takes', async () => {
  server.on('request', (request, response) => {
    endIfSlow(request, 20);
    request.resume().on('end', () => setTimeout(() => response.end('late'), 60));
  });
  expect(await send((client) => client.end('whole'))).toBe('200 late');
>>>>>>> cf5179b (docs(files): say how contents are sent and fetched, and who holds what)
});
