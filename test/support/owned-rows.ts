/** A provider whose every row and event says whose it is, and connectors with every shape of root field that asks it. */
import type { Connector } from '../../src/connector/definition.ts';
import { startFakeProvider, type FakeProvider } from './fake-provider.ts';

export interface OwnedRows extends FakeProvider {
  /** Tickets that the provider knows, by whose they are; emptied to make all of them expire. */
  readonly tickets: Map<string, string>;
  /** How many tickets were got so far. */
  readonly logins: () => number;
}

/** Each row says whose token asked for it, and at which tenant's address (the first part of the path). */
export async function startOwnedRows(): Promise<OwnedRows> {
  const tickets = new Map<string, string>();
  let logins = 0;
  let events = 0;
  const polls = new Map<string, number>();
  const provider = await startFakeProvider((request) => {
    const [, tenant = '', route = '', id = ''] = request.path.split('/');
    if (route === 'login') {
      logins += 1;
      const owner = request.headers['x-token'] as string;
      const ticket = `ticket-${logins}`;
      tickets.set(ticket, owner);
      return { json: { ticket } };
    }
    const owner = tickets.get(request.headers['x-ticket'] as string);
    if (owner === undefined) return { status: 401, json: {} };
    const row = (key: string) => ({ id: key, owner: `row of ${owner}`, tenant: `at ${tenant}`, item_id: key });
    if (route === 'me') return { json: { name: `account of ${owner}` } };
    if (route === 'items' && id !== '') return { json: row(id) };
    if (request.method === 'POST') return { json: row('new') };
    if (route === 'events') {
      const told = [1, 2, 3].map(() => row(`e${(events += 1)}`));
      // Some without an id, which are parked; what the first poll gives is known ground, and is not.
      const { id: _none, ...poison } = row('');
      polls.set(owner, (polls.get(owner) ?? 0) + 1);
      return { json: polls.get(owner)! < 5 ? [{ ...poison, poll: polls.get(owner) }, ...told] : told };
    }
    const page = Number(request.query['page'] ?? 1);
    const rows = [1, 2].map((index) => row(`${page}-${index}`));
    return { json: page > 2 ? [] : rows };
  });
  return { ...provider, tickets, logins: () => logins };
}

const item = {
  key: 'id',
  lookup: 'get_item',
  fields: [{ name: 'id', optional: false }, { name: 'owner' }, { name: 'tenant' }],
} as const;
const order = { fields: [{ name: 'id' }, { name: 'owner' }, { name: 'item_id', references: 'item' }] } as const;

/**
 * One, list, pages, joined, pick list, write; events that are polled, and those of a webhook that all users of a tenant
 * share: `{ for: <token>, rows }`.
 *
 * @param origin - of the provider.
 */
export function ownedRowsConnector(name: string, origin: string): Connector {
  return {
    name,
    title: name,
    registration: { fields: [{ name: 'app' }] },
    connection: {
      fields: [{ name: 'token', optional: false, controlType: 'password' }],
      baseUri: `${origin}/nobody/`,
      authorization: {
        type: 'custom',
        acquire: (connection) => connection.get('login').headers({ 'x-token': connection.fields['token'] }),
        refreshOn: [401],
        apply: (request, { fields }) => void request.headers({ 'x-ticket': fields['ticket'] }),
        identity: async (connection) => (await connection.get('me')).name,
      },
    },
    test: (connection) => connection.get('me'),
    webhookKeys: (_params, _headers, payload) => (payload as { for: string }).for,
    objects: { item, order },
    pickLists: { owners: async (connection) => (await connection.get('list')).map((row: any) => [row.owner, row.id]) },
    actions: {
      get_item: {
        readOnly: true,
        input: [{ name: 'id', optional: false }],
        output: item,
        execute: (connection, { id }) => connection.get(`items/${encodeURIComponent(String(id))}`),
      },
      list_items: {
        readOnly: true,
        list: true,
        output: item,
        paginate: { strategy: 'page', pageSize: 2 },
        execute: (connection) => connection.get('list'),
      },
      all_orders: {
        readOnly: true,
        list: true,
        input: [{ name: 'owner', pickList: 'owners' }],
        output: order,
        execute: (connection) => connection.get('list'),
      },
      create_item: {
        input: [{ name: 'title' }],
        output: item,
        execute: (connection) => connection.post('list', {}),
      },
    },
    triggers: {
      new_item: {
        input: [{ name: 'owner' }],
        output: order,
        intervalMs: 200,
        poll: async (connection) => ({ events: await connection.get('events') }),
        dedup: ({ id }) => id,
      },
      told_item: {
        output: order,
        webhook: {
          key: ({ fields }) => fields['token'],
          verify: () => true,
          notification: ({ payload }) => payload.rows,
        },
        dedup: ({ id }) => id,
      },
    },
  };
}
