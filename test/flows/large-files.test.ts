import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import owncloud from '../../connectors/owncloud/connector.ts';
import { multistatus, ocsAnswer, responseOf, user } from '../connectors/owncloud/answers.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

const gibibyte = 1024 ** 3;
const piece = Buffer.alloc(256 * 1024, 'x');
/** Client, gateway and provider share this process, and each has buffers of its own (bench: the gateway alone). */
const mostGrowth = 160 * 1024 ** 2;

let received = 0;
const entry = { path: '/', etag: 'e1', modified: 'Tue, 01 Dec 2026 10:00:00 GMT', id: '1' };
/** Takes and gives as much as there is, and keeps nothing. */
const provider = createServer((request, response) => {
  if (request.url?.includes('/ocs/')) return void response.end(JSON.stringify(ocsAnswer(user)));
  if (request.method === 'PROPFIND') {
    const isLarge = request.url!.endsWith('/large');
    if (isLarge && received === 0) return void response.writeHead(404).end();
    const found = isLarge ? { ...entry, path: '/large', content: 'x' } : entry;
    response.writeHead(207, { 'content-type': 'application/xml' });
    return void response.end(multistatus([responseOf('/remote.php/webdav', found)]));
  }
  if (request.method === 'GET') return give(response.writeHead(200, { 'content-length': gibibyte }));
  received = 0;
  request.on('data', (chunk: Buffer) => (received += chunk.length));
  request.on('end', () => response.writeHead(201).end());
});

interface Sink {
  readonly write: (chunk: Buffer) => boolean;
  readonly once: (event: 'drain', listener: () => void) => unknown;
  readonly end: () => unknown;
}

function give(sink: Sink, left = gibibyte): void {
  for (let rest = left; ; rest -= piece.length) {
    if (rest === 0) return void sink.end();
    if (!sink.write(piece)) return void sink.once('drain', () => give(sink, rest - piece.length));
  }
}

let gateway: RunningGateway;
beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const server = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  gateway = await startGateway({
    connectors: [owncloud],
    origins: [server],
    configuration: {
      registrations: [{ connector: 'owncloud', fields: { server, client_id: 'c', client_secret: 's' } }],
      connections: [{ connector: 'owncloud', fields: { user: 'ada', app_password: 'p' } }],
    },
  });
});
afterAll(async () => {
  await gateway.close();
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
});

/** How much larger the process was at its largest. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  await work();
  clearInterval(timer);
  return most - before;
}

it('sends a GiB, and holds next to nothing of it', async () => {
  const mutation = `mutation { uploadFile(connection: "owncloud.tenant", input: { path: "/large" }) { url } }`;
  const { url } = (await gateway.ask(mutation)).data.uploadFile;
  const growth = await growthDuring(async () => {
    const client = httpRequest(url as string, { method: 'PUT', headers: { 'content-length': gibibyte } });
    const answered = new Promise<IncomingMessage>((resolve) => client.on('response', resolve));
    give(client);
    expect((await answered).resume().statusCode).toBe(204);
  });
  expect(received).toBe(gibibyte);
  expect(growth).toBeLessThan(mostGrowth);
});

it('fetches a GiB, and holds next to nothing of it', async () => {
  const query = `{ owncloudDownloadFile(path: "/large") { content { url } } }`;
  const { url } = (await gateway.ask(query)).data.owncloudDownloadFile.content;
  let size = 0;
  const growth = await growthDuring(async () => {
    const response = await fetch(url as string);
    for await (const chunk of response.body!) size += (chunk as Uint8Array).length;
  });
  expect(size).toBe(gibibyte);
  expect(growth).toBeLessThan(mostGrowth);
});
