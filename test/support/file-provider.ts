/** A provider that keeps files in memory, and streams them: what arrives is kept when it is whole. With its connector. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connector } from '../../src/connector/definition.ts';

export interface FileProvider {
  readonly origin: string;
  /** By path; only what arrived whole. */
  readonly files: Map<string, { readonly bytes: Buffer; readonly headers: IncomingMessage['headers'] }>;
  /** Bytes that have arrived of contents that are not whole yet, or were cut. */
  readonly partial: () => number;
  /** Answers a path by itself. */
  readonly script: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  /** Method and path of each request. */
  readonly asked: string[];
  readonly close: () => Promise<void>;
}

/** Close it after the test. */
export async function startFileProvider(): Promise<FileProvider> {
  const files: FileProvider['files'] = new Map();
  const script: FileProvider['script'] = new Map();
  const asked: string[] = [];
  let partial = 0;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    asked.push(`${request.method} ${path}`);
    response.on('error', () => {});
    const own = script.get(path);
    if (own) return own(request, response);
    if (request.method === 'PUT') return keep(request, response, path);
    const file = files.get(path);
    if (!file) return void response.writeHead(404).end('{}');
    response.writeHead(200, { 'content-length': file.bytes.length, 'content-type': 'text/plain; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  });
  const keep = (request: IncomingMessage, response: ServerResponse, path: string): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => {
      partial += chunk.length;
      chunks.push(chunk);
    });
    request.on('error', () => {});
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      partial -= bytes.length;
      files.set(path, { bytes, headers: request.headers });
      response.writeHead(201).end('{}');
    });
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    partial: () => partial,
    script,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Its connector: a part of FileStorage, and an action of its own that takes a note beside a file. */
export function fileConnector(origin: string, rest: Partial<Connector> = {}): Connector {
  const at = (path: string): string => path.split('/').map(encodeURIComponent).join('/').replace(/^\//, '');
  return {
    name: 'drive',
    title: 'Drive',
    connection: {
      fields: [{ name: 'key', controlType: 'password', optional: false }],
      baseUri: `${origin}/`,
      authorization: { type: 'api_key', apply: (request, { fields }) => request.headers({ 'x-key': fields.key }) },
    },
    actions: {
      get_file: {
        readOnly: true,
        capability: {
          name: 'getFile',
          output: { kind: () => 'FILE', name: (row: { path: string }) => row.path.split('/').at(-1) },
        },
        input: [{ name: 'path', optional: false }],
        output: [{ name: 'path' }],
        execute: (_connection, { path }) => ({ path }),
      },
      download_file: {
        readOnly: true,
        capability: 'readFile',
        input: [{ name: 'path', optional: false }],
        output: [{ name: 'content', type: 'stream' }],
        execute: (connection, { path }) => ({
          content: connection.get(at(path)).responseFormat('raw', { content: true }),
        }),
      },
      upload_file: {
        capability: 'writeFile',
        input: [
          { name: 'path', optional: false },
          { name: 'media_type' },
          { name: 'overwrite', type: 'boolean' },
          { name: 'content', type: 'stream', optional: false },
        ],
        output: [{ name: 'path' }, { name: 'size', type: 'integer' }],
        execute: async (connection, { path, content }) => {
          await connection.put(at(path)).requestBody(content);
          return { path, size: content.size };
        },
      },
      attach_file: {
        input: [{ name: 'note' }, { name: 'file', type: 'stream', optional: false }],
        output: [{ name: 'note' }],
        execute: async (connection, { note, file }) => {
          await connection.post('attached').multipart({ note, file: [file, undefined, file.name] });
          return { note };
        },
      },
    },
    ...rest,
  };
}
