/** Asks subgraphs for their SDL, and places for a supergraph. */
import { readFile } from 'node:fs/promises';
import { DefinitionError, GatewayError, ProviderError, type ErrorCode } from '../errors.ts';
import { createCallBudget } from '../http/budget.ts';
import { parseJson } from '../http/parse-json.ts';
import type { OutgoingRequest, ReceivedResponse, Sender } from '../http/send.ts';
import { isData } from './entity-places.ts';

/** Longer than this no start waits for anybody. */
const timeLimitMs = 5_000;

export interface SdlPlace {
  /** For faults, e.g. `subgraphs.reviews`. */
  readonly path: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws DefinitionError CONFIGURATION_INVALID where there is no such file */
export async function readSdlFile(path: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw fault('CONFIGURATION_INVALID', path, `expected a file with SDL; ${JSON.stringify(file)} cannot be read.`);
  }
}

/** The SDL of a subgraph. @throws DefinitionError SUBGRAPH_UNAVAILABLE, SUBGRAPH_INVALID */
export async function askSubgraphSdl(place: SdlPlace, sender: Sender): Promise<string> {
  const query = { body: JSON.stringify({ query: '{ _service { sdl } }' }), method: 'POST' };
  const answer = await ask(place, sender, query, 'SUBGRAPH_UNAVAILABLE');
  const parsed = parsedJson(answer);
  const service = isData(parsed) && isData(parsed.data) ? parsed.data._service : undefined;
  if (isData(service) && typeof service.sdl === 'string') return service.sdl;
  const [error] = isData(parsed) && Array.isArray(parsed.errors) ? (parsed.errors as unknown[]) : [];
  const said =
    isData(error) && typeof error.message === 'string'
      ? `it said ${JSON.stringify(error.message)}`
      : `it answered ${answer.headers['content-type'] ?? 'nothing that says what it is'} with status ${answer.status}`;
  const isPassing = answer.status >= 500 || answer.status === 429;
  const message = `expected its SDL in _service { sdl }; ${said}. Give it as a file instead: \`sdl\`.`;
  throw fault(isPassing ? 'SUBGRAPH_UNAVAILABLE' : 'SUBGRAPH_INVALID', place.path, message);
}

/** What a place for a supergraph has now; `undefined` where it is the one of the ETag. */
export interface FoundSupergraph {
  readonly sdl: string;
  readonly etag: string | undefined;
}

/** @throws DefinitionError SUPERGRAPH_INVALID */
export async function askSupergraph(
  place: SdlPlace,
  sender: Sender,
  etag: string | undefined,
): Promise<FoundSupergraph | undefined> {
  const headers: Record<string, string> = etag === undefined ? {} : { 'if-none-match': etag };
  const answer = await ask(
    { ...place, headers: { ...place.headers, ...headers } },
    sender,
    { method: 'GET' },
    'SUPERGRAPH_INVALID',
  );
  if (answer.status === 304 && etag !== undefined) return undefined;
  if (answer.status !== 200) {
    throw fault('SUPERGRAPH_INVALID', place.path, `expected a supergraph with status 200; got ${answer.status}.`);
  }
  return { sdl: answer.body.toString('utf8'), etag: answer.headers.etag };
}

async function ask(
  { path, url, headers }: SdlPlace,
  sender: Sender,
  { method, body }: { readonly method: string; readonly body?: string },
  code: ErrorCode,
): Promise<ReceivedResponse> {
  const address = new URL(url);
  const request: OutgoingRequest = {
    method,
    url: address,
    headers: { accept: '*/*', ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body }),
    repeatable: true,
    credentials: { headers: new Set(Object.keys(headers)), params: new Set() },
    redirects: 'same-origin',
    declaredOrigin: address.origin,
  };
  try {
    const context = { connector: path, budget: createCallBudget(), signal: AbortSignal.timeout(timeLimitMs) };
    return await sender.send(request, context);
  } catch (cause) {
    if (!(cause instanceof GatewayError)) throw cause;
    const reason =
      cause.code === 'REQUEST_CANCELLED' ? `It did not answer within ${timeLimitMs / 1000} s.` : cause.message;
    const isAway = cause instanceof ProviderError || cause.code === 'REQUEST_CANCELLED';
    throw fault(isAway ? code : 'CONFIGURATION_INVALID', path, `expected an answer from ${address.origin}. ${reason}`);
  }
}

function parsedJson({ body }: ReceivedResponse): unknown {
  try {
    return parseJson(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function fault(code: ErrorCode, path: string, message: string): DefinitionError {
  return new DefinitionError([{ code, path, message }]);
}
