/** Answers what never became a request: bytes that are no HTTP, heads that are too large, requests that never end. */
import type { Socket } from 'node:net';
import { errorAnswer } from './error-answer.ts';

/** Answers as JSON and closes. The bytes may hold credentials, so they are not logged. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason, message } = malformed[error.code ?? ''] ?? notHttp;
  const body = JSON.stringify(errorAnswer(status, 'BODY_INVALID', message).body);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const notHttp = { status: 400, reason: 'Bad Request', message: 'The request is not valid HTTP.' };

const malformed: Readonly<Record<string, typeof notHttp>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    reason: 'Request Timeout',
    message: 'The request did not arrive within the time limit.',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    reason: 'Request Header Fields Too Large',
    message: 'The head of the request is larger than 16 KiB.',
  },
};
