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
});
