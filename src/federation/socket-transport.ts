/** WebSockets to a remote subgraph: graphql-ws speaks the protocol, and addresses are judged as those of all other calls. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ProviderError } from '../errors.ts';
import type { SocketGuard } from '../http/socket-guard.ts';
import type { OpenTransport } from './remote-subscription.ts';

export interface SocketOptions {
  readonly name: string;
  /** `ws:` or `wss:`, or the same as http. */
  readonly url: string;
  readonly guard: SocketGuard;
}

/** Larger messages end their subscription. */
const maxMessageBytes = 4 * 1024 * 1024;
const handshakeTimeoutMs = 10_000;

/** One socket for each subscription, so that one that is slow holds back no other. */
export function createSocketTransport({ name, url, guard }: SocketOptions): OpenTransport {
  const address = new URL(url);
  address.protocol = address.protocol.replace('http', 'ws');
  return async function* open({ query, variables, headers, signal }) {
    const lookup = guard(address);
    const client = createClient({
      url: address.href,
      webSocketImpl: class extends WebSocket {
        constructor(target: string | URL, protocols?: string | string[]) {
          super(target, protocols, {
            headers,
            lookup,
            followRedirects: false,
            maxPayload: maxMessageBytes,
            handshakeTimeout: handshakeTimeoutMs,
            perMessageDeflate: false,
          });
        }
      },
      retryAttempts: 0,
      lazy: true,
      onNonLazyError: () => {},
    });
    const stop = () => client.terminate();
    signal.addEventListener('abort', stop, { once: true });
    try {
      yield* client.iterate({ query, variables: { ...variables } });
    } catch (cause) {
      const reason = Array.isArray(cause)
        ? 'it refused the subscription'
        : 'its socket could not be opened, or was cut';
      throw new ProviderError('PROVIDER_UNREACHABLE', `Subgraph "${name}": ${reason}.`, { cause });
    } finally {
      signal.removeEventListener('abort', stop);
      await client.dispose();
    }
  };
}
