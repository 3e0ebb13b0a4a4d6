/** One subgraph of somebody else: asked over HTTP, through the outbound client, with the headers that the operator allows. */
import { ProviderError } from '../errors.ts';
import { createCallBudget } from '../http/budget.ts';
import { parseJson } from '../http/parse-json.ts';
import type { ReceivedResponse, Sender } from '../http/send.ts';
import type { OperationContext } from '../resolvers/operation-context.ts';
import { isData } from './entity-places.ts';
import type { AskSubgraph, SubgraphAnswer, SubgraphError, SubgraphRequest } from './subgraph-answer.ts';

export interface RemoteSubgraph {
  /** As it is called in the supergraph. */
  readonly name: string;
  /** Where it is asked. */
  readonly url: string;
  /** Headers of every request; `{tenant}` and `{subject}` in a value are the caller's. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Names of headers that are passed on as the client sent them. Default none. */
  readonly propagate?: readonly string[] | undefined;
  /** Milliseconds of one request, repetitions included. Default 20 000. */
  readonly timeoutMs?: number | undefined;
}

/** Before the 30 000 of an operation, so that a slow subgraph fails its own fields only. */
const defaultTimeoutMs = 20_000;

/** Makes what asks it. Queries are sent again where the outbound client does so; mutations never are. */
export function createRemoteSubgraph(remote: RemoteSubgraph, sender: Sender): AskSubgraph {
  return async (request) => {
    const answer = await post(remote, sender, request);
    return readAnswer(remote.name, answer);
  };
}

async function post(
  { name, url, timeoutMs = defaultTimeoutMs, ...rules }: RemoteSubgraph,
  sender: Sender,
  { operation, kind, variables, context }: SubgraphRequest,
): Promise<ReceivedResponse> {
  const limit = AbortSignal.timeout(timeoutMs);
  const own = headersFor(rules, context);
  const address = new URL(url);
  try {
    return await sender.send(
      {
        method: 'POST',
        url: address,
        headers: {
          accept: 'application/graphql-response+json, application/json',
          ...own,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ query: operation, variables }),
        repeatable: kind === 'query',
        credentials: { headers: new Set(Object.keys(own)), params: new Set() },
        redirects: 'none',
        declaredOrigin: address.origin,
      },
      {
        connector: name,
        title: `Subgraph "${name}"`,
        tenant: context.caller.tenant,
        budget: createCallBudget({ title: name }),
        signal: AbortSignal.any([context.signal, limit]),
      },
    );
  } catch (cause) {
    if (!limit.aborted || context.signal.aborted) throw cause;
    const message = `Subgraph "${name}": expected an answer within ${timeoutMs} ms; it gave none.`;
    throw new ProviderError(kind === 'mutation' ? 'OUTCOME_UNKNOWN' : 'PROVIDER_TIMEOUT', message, { cause });
  }
}

/** What is never passed on: it belongs to one connection, or says what our own body is. */
const hopHeaders =
  /^(?:host|connection|keep-alive|te|trailer|upgrade|transfer-encoding|content-.*|accept.*|proxy-.*|sec-.*)$/;

/** Headers of a request, lower case: those of the configuration beat what the client sent. */
export function headersFor(
  { headers = {}, propagate = [] }: Pick<RemoteSubgraph, 'headers' | 'propagate'>,
  { caller, headers: sent = {} }: OperationContext,
): Record<string, string> {
  const made: Record<string, string> = {};
  for (const given of propagate) {
    const name = given.toLowerCase();
    const value = sent[name];
    if (value !== undefined && !hopHeaders.test(name)) made[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  for (const [name, value] of Object.entries(headers)) {
    const fill = (part: string) => (part === '{tenant}' ? caller.tenant : (caller.subject ?? ''));
    // What a caller is called may hold what no header can.
    made[name.toLowerCase()] = value.replaceAll(/\{(?:tenant|subject)\}/g, (part) => encodeURIComponent(fill(part)));
  }
  return made;
}

/** @throws ProviderError PROVIDER_UNAVAILABLE, PROVIDER_ANSWER_INVALID where the answer is none of GraphQL */
function readAnswer(name: string, { status, headers, body }: ReceivedResponse): SubgraphAnswer {
  const parsed = parsedAnswer(body);
  if (!isData(parsed) || (parsed.data === undefined && !Array.isArray(parsed.errors))) {
    const type = headers['content-type']?.split(';', 1)[0] ?? 'no content type';
    const message = `Subgraph "${name}": expected an answer of GraphQL, JSON with data or errors; got ${type} with status ${status}.`;
    throw new ProviderError(status >= 500 ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_ANSWER_INVALID', message, {
      http: { status },
    });
  }
  return toAnswer(name, parsed);
}

/** One answer of GraphQL as it came, its errors in our words. */
export function toAnswer(name: string, { data, errors }: Readonly<Record<string, unknown>>): SubgraphAnswer {
  const given = Array.isArray(errors) ? (errors as readonly unknown[]) : [];
  return {
    data: isData(data) ? data : null,
    ...(given.length > 0 && { errors: given.map((error) => toError(name, error)) }),
  };
}

function parsedAnswer(body: Buffer): unknown {
  try {
    return parseJson(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The words and the code are for clients; whatever else a subgraph adds (stack traces, queries) is not. */
function toError(subgraph: string, error: unknown): SubgraphError {
  const { message, path, extensions } = isData(error) ? error : {};
  const code = isData(extensions) && typeof extensions.code === 'string' ? extensions.code : undefined;
  const isPath = Array.isArray(path) && path.every((each) => typeof each === 'string' || typeof each === 'number');
  return {
    message: typeof message === 'string' ? message : `Subgraph "${subgraph}" gave an error without a message.`,
    ...(isPath && { path }),
    extensions: { code: 'SUBGRAPH_ERROR', subgraph, ...(code !== undefined && { errorCode: code }) },
  };
}
