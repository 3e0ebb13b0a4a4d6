/** A port of RDS as an external service: `/storage` and `/metadata` over what it keeps in memory, with JSON bodies on GET. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PortRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  /** Parsed where it is JSON, else as it came. */
  readonly body: any;
}

export interface FakePort {
  readonly origin: string;
  readonly requests: PortRequest[];
  /** By path. */
  readonly files: Map<string, string>;
  readonly projects: Map<string, { metadata: unknown; readonly files: Map<string, string> }>;
  /** Instead of its own answer, until it is taken away. */
  answer: { readonly status: number; readonly body: unknown } | undefined;
  readonly close: () => Promise<void>;
}

/** Starts it on 127.0.0.1. Close it after the test. */
export async function startFakePort(): Promise<FakePort> {
  const port: Omit<FakePort, 'origin' | 'close'> = {
    requests: [],
    files: new Map(),
    projects: new Map(),
    answer: undefined,
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await readRequest(request);
    port.requests.push(asked);
    const { status, body } = port.answer ?? answerTo(asked, port);
    const isText = typeof body === 'string';
    response.writeHead(status, { 'content-type': isText ? 'application/octet-stream' : 'application/json' });
    response.end(isText ? body : body === undefined ? '' : JSON.stringify(body));
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(port, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

async function readRequest(request: IncomingMessage): Promise<PortRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const contentType = request.headers['content-type'];
  const { method = '', url: path = '' } = request;
  return { method, path, contentType, body: contentType?.startsWith('application/json') ? JSON.parse(text) : text };
}

type Answer = NonNullable<FakePort['answer']>;
const none: Answer = { status: 404, body: { error: 'NotFound' } };

function answerTo(
  { method, path, body }: PortRequest,
  { files, projects }: Omit<FakePort, 'origin' | 'close'>,
): Answer {
  if (path === '/storage/folder') return { status: 200, body: { files: listed(body.filepath, files) } };
  if (path === '/storage/file') return answerFile(method, body, files);
  if (path === '/metadata/project') {
    if (method === 'GET') {
      return { status: 200, body: [...projects].map(([projectId, { metadata }]) => ({ projectId, metadata })) };
    }
    const projectId = String(projects.size + 1);
    projects.set(projectId, { metadata: body.metadata, files: new Map() });
    return { status: 200, body: { projectId, metadata: body.metadata } };
  }
  const [, id = '', rest, file] = /^\/metadata\/project\/([^/]+)(?:\/(files)(?:\/(.+))?)?$/.exec(path) ?? [];
  const project = projects.get(id);
  if (!project) return none;
  if (rest) return answerProjectFile(method, file, body, project.files);
  if (method === 'PATCH') project.metadata = body.metadata;
  if (method === 'DELETE') projects.delete(id);
  if (method === 'PUT') return { status: 200, body: { DOI: `10.5072/${id}` } };
  return method === 'DELETE' ? { status: 204, body: undefined } : { status: 200, body: project.metadata };
}

/** Not recursive; folders end with a slash. */
function listed(folder: string, files: ReadonlyMap<string, string>): string[] {
  const start = folder.endsWith('/') ? folder : `${folder}/`;
  const below = [...files.keys()].filter((path) => path.startsWith(start)).map((path) => path.slice(start.length));
  return [...new Set(below.map((path) => start + path.replace(/\/.*/, '/')))];
}

function answerFile(method: string, body: any, files: Map<string, string>): Answer {
  if (method === 'POST') {
    const { filepath, files: content } = partsOf(body);
    files.set(filepath!, content!);
    return { status: 200, body: {} };
  }
  const content = files.get(body.filepath);
  if (content === undefined) return none;
  if (method === 'DELETE') files.delete(body.filepath);
  return { status: 200, body: method === 'DELETE' ? {} : content };
}

function answerProjectFile(method: string, id: string | undefined, body: any, files: Map<string, string>): Answer {
  if (method === 'POST') {
    const { filename, files: content } = partsOf(body);
    files.set(filename!, content!);
    return { status: 200, body: { success: true } };
  }
  const show = (filename: string) => ({ id: filename, filename, content: files.get(filename) });
  if (id === undefined) return { status: 200, body: [...files.keys()].map(show) };
  if (!files.has(id)) return none;
  if (method === 'DELETE') files.delete(id);
  return { status: 200, body: method === 'DELETE' ? {} : show(id) };
}

/** The parts of a multipart form, by their names. */
function partsOf(form: string): Record<string, string> {
  const [, boundary = ''] = /^--(\S+)\r\n/.exec(form) ?? [];
  const parts = form.split(`--${boundary}`).slice(1, -1);
  return Object.fromEntries(
    parts.map((part) => {
      const [head = '', ...rest] = part.split('\r\n\r\n');
      return [/name="([^"]*)"/.exec(head)![1]!, rest.join('\r\n\r\n').replace(/\r\n$/, '')];
    }),
  );
}
