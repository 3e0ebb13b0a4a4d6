/** A connection as the code of a connector sees it. */
import { GatewayError, ProviderError } from '../errors.ts';
import { createCallBudget } from '../http/budget.ts';
import { Request, resolveRequests, type Dispatch } from '../http/request.ts';
import {
  authorizationOf,
  createAcquireDispatch,
  createDispatch,
  type ConnectorCall,
  type Credentials,
} from './authorize.ts';
import type { ConnectionFields, Connector, OpenConnection } from './definition.ts';
import { untilAborted } from './until-aborted.ts';

export type { OpenConnection } from './definition.ts';

/** Opens a connection for one call; making it costs nothing and sends nothing. */
export function createOpenConnection(call: ConnectorCall): OpenConnection {
  return openWith(
    call,
    createDispatch(call, () => acquireCredentials(call)),
  );
}

/** New credentials may take as long as a token endpoint may (design §6), whoever of the waiting calls has gone. */
const acquireTimeMs = 30_000;
const maxAcquireRequests = 10;

/**
 * A connection for code that gets credentials (`acquire`, `refresh`): its requests carry none, are at most ten, and end
 * after 30 s whoever asked for them has gone.
 */
export function createAcquireConnection(call: Omit<ConnectorCall, 'signal' | 'budget'>): OpenConnection {
  const own: ConnectorCall = {
    ...call,
    signal: AbortSignal.timeout(acquireTimeMs),
    budget: createCallBudget({ maxRequests: maxAcquireRequests, title: call.connector.title ?? call.connector.name }),
  };
  return openWith(own, createAcquireDispatch(own));
}

/** Calls `acquire` of a `custom` authorization, on a connection without `apply`. */
async function acquireCredentials(call: ConnectorCall): Promise<Readonly<Record<string, unknown>>> {
  const authorization = authorizationOf(call.connector, call.credentials.fields());
  if (authorization.type !== 'custom' || !authorization.acquire) return {};
  const { acquire } = authorization;
  const connection = createAcquireConnection(call);
  // Others wait for these credentials too, so that an acquire that never ends would end this connection for good.
  const acquired = await untilAborted(
    (async () => resolveRequests(await acquire(connection)))(),
    connection.signal,
    () => acquireTimeout(call.connector),
    acquireGraceMs,
  );
  if (typeof acquired === 'object' && acquired !== null && !Array.isArray(acquired)) {
    return acquired as Record<string, unknown>;
  }
  throw new GatewayError(
    'CONNECTOR_ERROR',
    `${call.connector.title ?? call.connector.name}: acquire must give an object of connection fields; got ${Array.isArray(acquired) ? 'a list' : acquired === null ? 'null' : typeof acquired}.`,
    { connector: call.connector.name },
  );
}

const acquireGraceMs = 50;

function acquireTimeout({ name, title = name }: Connector): ProviderError {
  const message = `${title}: acquire gave no credentials within ${acquireTimeMs} ms.`;
  return new ProviderError('PROVIDER_TIMEOUT', message, { connector: name });
}

function openWith(call: ConnectorCall, dispatch: Dispatch): OpenConnection {
  const { connector } = call;
  const connection: OpenConnection = Object.assign(new OpenFields(call.credentials), {
    get: (url) => new Request('GET', url, dispatch),
    head: (url) => new Request('HEAD', url, dispatch),
    options: (url) => new Request('OPTIONS', url, dispatch),
    post: (url, payload) => new Request('POST', url, dispatch, payload),
    put: (url, payload) => new Request('PUT', url, dispatch, payload),
    patch: (url, payload) => new Request('PATCH', url, dispatch, payload),
    delete: (url, payload) => new Request('DELETE', url, dispatch, payload),
    copy: (url, payload) => new Request('COPY', url, dispatch, payload),
    move: (url, payload) => new Request('MOVE', url, dispatch, payload),
    request: (method, url, payload) => new Request(method, url, dispatch, payload),
    call: (method: string, ...args: unknown[]) => methodOf(connector, method)(connection, ...args),
    parallel: (requests) => Promise.all(requests),
    error: (message, code = 'error') => {
      throw new ProviderError('CONNECTOR_ERROR', message, {
        connector: connector.name,
        errorCode: `${connector.name}.${code}`,
      });
    },
    signal: call.signal,
  } satisfies Omit<OpenConnection, 'fields'>);
  return connection;
}

/** A class, because an object literal with an accessor gets a hidden class of its own, which outlives the call. */
class OpenFields {
  readonly #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  get fields(): ConnectionFields {
    return this.#credentials.fields();
  }
}

function methodOf(connector: ConnectorCall['connector'], name: string): (...args: any[]) => unknown {
  const methods = connector.methods ?? {};
  if (Object.hasOwn(methods, name)) return methods[name]!;
  const known = Object.keys(methods).join(', ') || 'none';
  throw new GatewayError(
    'CONNECTOR_ERROR',
    `${connector.title ?? connector.name}: call(${JSON.stringify(name)}) names no method of the connector; it has ${known}.`,
    { connector: connector.name },
  );
}
