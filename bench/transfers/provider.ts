/** A provider that WebDAV asks for files of any size: it takes and gives as much as there is, and keeps nothing. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from '../child.ts';

const piece = Buffer.alloc(256 * 1024, 'x');
/** Bytes by path; a folder has none. */
const sizes = new Map<string, number | undefined>([['/', undefined]]);
const root = '/remote.php/webdav';

const server = createServer((request, response) => {
  const path = (request.url ?? '').slice(root.length).replace(/\/+$/, '') || '/';
  const size = sizes.get(path);
  if (request.method === 'PUT') {
    let received = 0;
    request.on('data', (chunk: Buffer) => (received += chunk.length));
    request.on('end', () => {
      sizes.set(path, received);
      response.writeHead(201).end();
    });
  } else if (!sizes.has(path)) response.writeHead(404).end();
  else if (request.method === 'PROPFIND') tell(response, path, size);
  else give(response.writeHead(200, { 'content-length': size ?? 0 }), size ?? 0);
});

function tell(response: ServerResponse, path: string, size: number | undefined): void {
  const type = size === undefined ? '<d:collection/>' : '';
  const text = `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"><d:response><d:href>${root}${path}</d:href><d:propstat><d:prop><d:resourcetype>${type}</d:resourcetype><d:getcontentlength>${size ?? ''}</d:getcontentlength></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`;
  response.writeHead(207, { 'content-type': 'application/xml' }).end(text);
}

function give(response: ServerResponse, left: number): void {
  for (let rest = left; ; rest -= piece.length) {
    if (rest <= piece.length) return void response.end(piece.subarray(0, rest));
    if (!response.write(piece)) return void response.once('drain', () => give(response, rest - piece.length));
  }
}

server.listen(0, '127.0.0.1', () => {
  answerParent(
    { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    { size: (path: string) => sizes.get(path) },
  );
});
