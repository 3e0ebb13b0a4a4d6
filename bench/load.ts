/** The load: so many clients over kept-alive sockets, each of which asks again as soon as it is answered. */
import { connect, type Socket } from 'node:net';
import { answerParent } from './child.ts';

export interface Load {
  readonly port: number;
  /** JSON of the request; empty: it has none. */
  readonly body: string;
  /** Default `POST`. */
  readonly method?: string;
  /** Default `/graphql`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clients: number;
  readonly milliseconds: number;
  /** Goes on until so many are answered, however long it takes. */
  readonly minRequests: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds from a request to its whole answer. */
  readonly p50: number;
  readonly p99: number;
}

const headEnd = Buffer.from('\r\n\r\n');

async function run(load: Load): Promise<LoadResult> {
  const { port, body, method = 'POST', path = '/graphql', headers = {}, clients, milliseconds, minRequests } = load;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Accept: */*',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  const request = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + milliseconds;
  const isEnough = (now: number): boolean => now >= end && latencies.length >= minRequests;
  const client = (): Promise<void> => askUntil(isEnough, port, request, latencies);
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - start) / 1000;
  latencies.sort((one, other) => one - other);
  const percentile = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return { requests: latencies.length, seconds, p50: percentile(0.5), p99: percentile(0.99) };
}

/** One client. Rejects at the first answer that is none of 200, so that nobody measures how fast a server fails. */
function askUntil(
  isEnough: (now: number) => boolean,
  port: number,
  request: Buffer,
  latencies: number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let received: Buffer = Buffer.alloc(0);
    let askedAt = 0;
    const ask = () => {
      askedAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', ask);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server closed a connection.')));
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const length = answerLength(received);
      if (length === undefined || received.length < length) return;
      if (received.toString('latin1', 9, 12) !== '200') return reject(new Error(received.toString('utf8', 0, 500)));
      const now = performance.now();
      latencies.push(now - askedAt);
      received = received.subarray(length);
      if (!isEnough(now)) return ask();
      socket.removeAllListeners('close');
      socket.destroy();
      resolve();
    });
  });
}

/** Bytes of head and body; `undefined` while the head is not complete. All three servers send a content-length. */
function answerLength(received: Buffer): number | undefined {
  const end = received.indexOf(headEnd);
  if (end < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.toString('latin1', 0, end))?.[1];
  if (length === undefined) throw new Error('An answer has no content-length.');
  return end + headEnd.length + Number(length);
}

answerParent({}, { run });
