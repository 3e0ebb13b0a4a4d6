import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readRest } from '../../src/server/unread-body.ts';
import { runServer } from '../support/running-server.ts';
import { smallGraph } from '../support/small-graph.ts';

const mebibyte = 1024 * 1024;
const clients: Socket[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
});

function dial(url: string): Socket {
  const client = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

/** Everything that comes until the other side closes. */
function received(client: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** Runs a client in a process of its own: one that shared ours could never be sending while the server closes. */
async function answersOf(url: string, client: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', client, url]);
  return JSON.parse(stdout);
}

const fetching = (body: string): string => `
  (async () => {
    const answers = [];
    for (let index = 0; index < 12; index++) {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${body}, duplex: 'half' };
      const answer = await fetch(process.argv[1] + '/graphql', init).then(
        async (response) => response.status + ' ' + (await response.json()).errors[0].extensions.code,
        (error) => String(error.cause ?? error),
      );
      answers.push(answer);
    }
    console.log(JSON.stringify(answers));
  })();`;

const closing = `
  (async () => {
    const answers = [];
    for (let index = 0; index < 12; index++) {
      answers.push(await new Promise((resolve) => {
        const { hostname, port } = new URL(process.argv[1]);
        const socket = require('net').connect(port, hostname);
        let text = '';
        socket.on('data', (chunk) => (text += chunk)).on('error', (error) => (text ||= error.code));
        socket.on('close', () => resolve(text.slice(9, 12) + ' ' + /BODY_TOO_LARGE/.exec(text)));
        socket.write('POST /graphql HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\ncontent-type: application/json\\r\\n');
        socket.write('content-length: 5000000\\r\\n\\r\\n');
        socket.write('x'.repeat(5_000_000));
      }));
    }
    console.log(JSON.stringify(answers));
  })();`;

describe('a body that is too large', () => {
  it.each([
    ['of known length', fetching(`'x'.repeat(5_000_000)`)],
    ['in chunks', fetching(`new Blob(['x'.repeat(5_000_000)]).stream()`)],
    ['of a client that asks to close the connection', closing],
  ])('%s is answered, also while it is still being sent', async (_name, client) => {
    const { url } = await runServer(smallGraph('first'));
    expect(await answersOf(url, client)).toEqual(Array(12).fill('413 BODY_TOO_LARGE'));
  });

  it.each(['{"__proto__":1}', '{', ''])('that was read whole is not waited for: %s', async (payload) => {
    const { app } = await runServer(smallGraph('first'));
    const headers = { 'content-type': 'application/json', host: 'localhost' };
    const answer = await app.inject({ method: 'POST', url: '/graphql', headers, payload });
    expect([answer.statusCode, answer.headers['connection']]).toEqual([400, 'close']);
  });

  it('is not read without end', async () => {
    const { url } = await runServer(smallGraph('first'));
    const client = dial(url);
    const answer = received(client);
    client.write('POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n');
    client.write('content-length: 999999999\r\n\r\n');
    const part = Buffer.alloc(mebibyte, 'x');
    const send = (): void => void client.write(part, (fault) => (fault ? undefined : send()));
    send();
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(client.bytesWritten).toBeLessThan(64 * mebibyte);
  });
});

describe('readRest', () => {
  /** The request, as a server sees it. */
  async function arriving(bytes: string): Promise<{ request: IncomingMessage; client: Socket }> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = dial(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const request = new Promise<IncomingMessage>((resolve) => server.once('request', resolve));
    client.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n${bytes}`);
    return { request: await request, client };
  }

  it('tells that the request came to its end', async () => {
    const { request, client } = await arriving('12345');
    const rest = readRest(request);
    client.write('67890');
    expect(await rest).toBe(true);
    expect(await readRest(request)).toBe(true);
  });

  it.each([
    ['after too many bytes', { bytes: 4 }],
    ['after too long', { milliseconds: 5 }],
  ])('gives up %s', async (_name, limits) => {
    const { request } = await arriving('12345');
    expect(await readRest(request, limits)).toBe(false);
  });

  it('ends with a client that goes', async () => {
    const { request, client } = await arriving('12345');
    request.on('error', () => {});
    const rest = readRest(request);
    client.destroy();
    expect(await rest).toBe(false);
    expect(await readRest(request)).toBe(false);
  });
});
