/** The gateway's own fields about static webhooks: one URL that a tenant registers at a provider for all its users. */
import type { Connector } from '../connector/definition.ts';
import { InputError } from '../errors.ts';
import type { StaticAddresses } from '../feed/webhook-address.ts';
import { requireScope } from './check-scopes.ts';
import type { OperationState } from './operation-state.ts';

/** @param findConnector - throws InputError CONNECTOR_UNKNOWN. */
export function createWebhookAddressResolvers(findConnector: (name: string) => Connector, addresses: StaticAddresses) {
  const managed = (name: string, { caller }: OperationState): Connector => {
    const connector = findConnector(name);
    requireScope(caller, 'admin', connector.name);
    return connector;
  };
  return {
    Query: {
      webhookAddresses: async (_root: unknown, { connector }: { connector: string }, state: OperationState) => {
        const found = await addresses.list(state.caller.tenant, managed(connector, state).name);
        return found.map(({ id, createdAt }) => ({ id, createdAt: new Date(createdAt) }));
      },
    },
    Mutation: {
      createWebhookAddress: (_root: unknown, { connector }: { connector: string }, state: OperationState) => {
        const found = managed(connector, state);
        if (found.webhookKeys === undefined) throw withoutStatic(found);
        return addresses.create(state.caller.tenant, found.name);
      },
      removeWebhookAddress: (_root: unknown, { id }: { id: string }, { caller }: OperationState) => {
        requireScope(caller, 'admin');
        return addresses.remove(caller.tenant, id);
      },
    },
  };
}

function withoutStatic({ name, title = name }: Connector): InputError {
  const message = `${title} has no static webhooks: its triggers are subscribed to at the provider one by one, by themselves.`;
  return new InputError('INPUT_INVALID', message, { connector: name });
}
