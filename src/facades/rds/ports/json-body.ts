/** The JSON body of a request, on GET too: RDS' clients send their arguments so, and Fastify reads none there. */
import type { FastifyRequest } from 'fastify';
import { isPlainObject } from '../../../connector/check-keys.ts';
import { badRequest, RdsRefusal } from '../failure.ts';

/** Paths, names and metadata; contents come as multipart. */
const maxBytes = 1024 * 1024;

/** @throws RdsRefusal 400 for what is no JSON object, 413 for what is too much of it. */
export async function readJsonBody(request: FastifyRequest): Promise<Readonly<Record<string, unknown>>> {
  const body = request.method === 'GET' ? parse(await readText(request)) : request.body;
  if (body === undefined || body === null) return {};
  if (isPlainObject(body)) return body;
  throw badRequest('The request cannot be read: send JSON, in UTF-8.');
}

async function readText({ raw }: FastifyRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // One that is too long is answered before it is whole.
  for await (const chunk of raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new RdsRefusal(413, 'RequestEntityTooLarge', `The body is longer than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What is no JSON is no object either. Keys that would change what objects are, are none that anybody sends. */
function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value)) as unknown;
  } catch {
    return text;
  }
}
