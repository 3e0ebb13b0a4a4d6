/** Reaches a subgraph of somebody else, for callers whose scopes allow it: requests over HTTP, and the transport that it tells of events by. */
import type { Sender } from '../http/send.ts';
import type { SocketGuard } from '../http/socket-guard.ts';
import { requireScope } from '../resolvers/check-scopes.ts';
import { createEventSourceTransport } from './event-source-transport.ts';
import type { ReachSubgraph } from './reach-subgraph.ts';
import { createRemoteSubgraph, headersFor, type RemoteSubgraph } from './remote-subgraph.ts';
import { createRemoteSubscribe } from './remote-subscription.ts';
import type { SubgraphSettings } from './settings.ts';
import { createSocketTransport } from './socket-transport.ts';

export interface RemoteReach extends RemoteSubgraph {
  readonly subscriptions?: SubgraphSettings['subscriptions'];
}

export function createReach(
  remote: RemoteReach,
  { sender, guard }: { readonly sender: Sender; readonly guard: SocketGuard },
): ReachSubgraph {
  const { name, subscriptions } = remote;
  const url = subscriptions?.url ?? remote.url;
  const open =
    subscriptions?.transport === 'graphql-ws'
      ? createSocketTransport({ name, url, guard })
      : createEventSourceTransport({ name, url, sender });
  const ask = createRemoteSubgraph(remote, sender);
  const subscribe = createRemoteSubscribe({ name, open, headersOf: ({ context }) => headersFor(remote, context) });
  return {
    ask: async (request) => {
      requireScope(request.context.caller, request.kind === 'mutation' ? 'write' : 'read', name);
      return ask(request);
    },
    subscribe: async (operation, options) => {
      requireScope(operation.context.caller, 'subscribe', name);
      return subscribe(operation, options);
    },
  };
}
