/** Asks a server of Lumos for its `info`, once. */
import type { Connector } from '../../connector/definition.ts';
import { DefinitionError, GatewayError, ProviderError } from '../../errors.ts';
import type { Capability } from '../../connector/capability.ts';
import { parseJson } from '../../http/parse-json.ts';
import type { ReceivedResponse, Sender } from '../../http/send.ts';
import { lumosConnector, type LumosServer } from './lumos-connector.ts';

/**
 * @throws DefinitionError IMPORT_FAILED where it cannot be asked, IMPORT_INVALID where its answer is none; `isAway` tells
 *   whether it may be there later.
 */
export async function readLumosServer(
  server: LumosServer,
  sender: Sender,
  capabilities: readonly Capability[],
  signal?: AbortSignal,
): Promise<Connector> {
  return lumosConnector(server, await askInfo(server, sender, signal), capabilities);
}

/** Whether a server only did not answer, or said that it cannot just now: nobody has to mend what is configured. */
export function isAway(error: unknown): boolean {
  return error instanceof DefinitionError && error.cause instanceof ProviderError;
}

async function askInfo(server: LumosServer, sender: Sender, signal: AbortSignal | undefined): Promise<unknown> {
  const url = new URL('info', server.url.endsWith('/') ? server.url : `${server.url}/`);
  try {
    const posted = await send(sender, server, url, 'POST', signal);
    // Some serve it as what it is, something to read.
    const answer =
      posted.status === 404 || posted.status === 405 ? await send(sender, server, url, 'GET', signal) : posted;
    if (answer.status !== 200) {
      const message = `expected 200 from ${url.origin}${url.pathname}; got ${answer.status}.`;
      const isPassing = answer.status >= 500 || answer.status === 408 || answer.status === 429;
      throw failed(server, message, isPassing ? new ProviderError('PROVIDER_UNAVAILABLE', message) : undefined);
    }
    return parseJson(answer.body.toString('utf8'));
  } catch (cause) {
    if (cause instanceof DefinitionError) throw cause;
    const reason = cause instanceof GatewayError ? cause.message : 'Its answer is no JSON.';
    throw failed(server, `expected the \`info\` of a server of Lumos. ${reason}`, cause);
  }
}

function send(
  sender: Sender,
  { name }: LumosServer,
  url: URL,
  method: 'GET' | 'POST',
  signal: AbortSignal | undefined,
): Promise<ReceivedResponse> {
  const json = { accept: 'application/json', 'content-type': 'application/json' };
  return sender.send(
    {
      method,
      url,
      headers: method === 'POST' ? json : { accept: 'application/json' },
      ...(method === 'POST' && { body: '{}' }),
      repeatable: true,
      credentials: { headers: new Set(), params: new Set() },
      redirects: 'same-origin',
      declaredOrigin: url.origin,
    },
    { connector: name, budget: { spend: () => {} }, ...(signal && { signal }) },
  );
}

function failed({ name }: LumosServer, message: string, cause?: unknown): DefinitionError {
  return new DefinitionError([{ code: 'IMPORT_FAILED', path: `imports.lumos.${name}`, message }], { cause });
}
