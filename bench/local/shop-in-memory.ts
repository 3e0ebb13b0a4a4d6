/** The bench's connector without a provider: its actions give rows that are in memory, as they would come from JSON. */
import { createConnections } from '../../src/connection/connections.ts';
import { createCredentials } from '../../src/connection/configured-connections.ts';
import { everyScope } from '../../src/connection/scopes.ts';
import { createKeyRing } from '../../src/connection/seal.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import { attachResolvers } from '../../src/resolvers/attach-resolvers.ts';
import { createListCursors } from '../../src/resolvers/list-cursor.ts';
import type { OpenedConnection } from '../../src/resolvers/opened-connection.ts';
import { createOperationState, type OperationState } from '../../src/resolvers/operation-state.ts';
import shop from '../connectors/shop/connector.ts';
import { orderRow } from '../order-row.ts';

const orders = JSON.parse(JSON.stringify(Array.from({ length: 50 }, (_, index) => orderRow(index + 1)))) as unknown[];
const customers = orders.map((order) => {
  const { customer_id: id } = order as { readonly customer_id: number };
  return { id, name: `Customer ${id}`, email: `${id}@example.com`, created_at: '2025-01-01T00:00:00Z' };
});

/** The connector with actions that answer at once. */
function inMemory(): Connector {
  const { actions = {} } = shop;
  const answering = (name: string, rows: unknown) => [name, { ...actions[name]!, execute: () => rows }] as const;
  const answers = Object.fromEntries([answering('listOrders', orders), answering('getCustomersByIds', customers)]);
  return { ...shop, actions: { ...actions, ...answers }, triggers: {} };
}

/** The schema with its resolvers, and what each operation begins with. */
export function shopInMemory() {
  const connector = inMemory();
  const graph = buildGraph([connector]);
  const entityActions = attachResolvers(graph, {
    sender: { send: () => Promise.reject(new Error('Nothing is sent.')), close: async () => {} },
    cursors: createListCursors(createKeyRing([{ id: 'k1', key: Buffer.alloc(32, 1) }])),
    maxFirst: 100,
    triggers: {} as never,
  });
  const credentials = createCredentials({ api_token: 'bench' });
  const configured = [{ id: 'c1', connector, tenant: undefined, subject: undefined, credentials }];
  const connections = createConnections({ configured, connectors: new Map([[connector.name, connector]]) });
  const caller = { tenant: 't', subject: 's', scopes: everyScope };
  const { signal } = new AbortController();
  const begin = (): OperationState =>
    createOperationState({ caller, signal: signal, requestId: 'r' }, connections, entityActions);
  /** The customers are there, as after a batch. */
  const rows = new Map(customers.map((row) => [String(row.id), row]));
  const opened = {
    connector,
    subject: 's',
    run: { id: 'c1' },
    requireGranted: () => {},
  } as unknown as OpenedConnection;
  const beginLoaded = (): OperationState => ({
    ...begin(),
    connectionBelow: () => opened,
    loadRow: (_entity, key) => rows.get(String(key)) ?? null,
  });
  return { schema: graph.schema, begin, beginLoaded, orders };
}
