import { readFile } from 'node:fs/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { parse } from 'graphql';
import { createConnections } from '../../src/connection/connections.ts';
import { everyScope, type Scopes } from '../../src/connection/scopes.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import { requireScope, withGatewayScopes } from '../../src/resolvers/check-scopes.ts';
import { createExecutor } from '../../src/resolvers/executor.ts';
import { createGatewaySchema } from '../../src/resolvers/gateway-schema.ts';
import { createListCursors } from '../../src/resolvers/list-cursor.ts';
import { crm, reads, writes } from '../support/graph-connectors.ts';
import { ringOf } from '../support/key-ring.ts';

const getCustomers = jest.fn(() => [{ id: 7, full_name: 'Grace' }]);
const createOrder = jest.fn(() => ({ id: 2, customer_id: 7 }));
const people = crm();
const order = {
  key: 'id',
  lookup: 'get_order',
  fields: [
    { name: 'id', type: 'integer' as const },
    { name: 'customer_id', references: 'crm.customer' },
  ],
};
const connectors: Connector[] = [
  {
    ...people,
    actions: {
      ...people.actions,
      get_customers_by_id: { ...people.actions!.get_customers_by_id!, execute: getCustomers },
    },
  },
  {
    name: 'shop',
    objects: { order },
    pickLists: { states: () => [['Open', 'open']] },
    actions: {
      get_order: reads({
        input: [{ name: 'id', type: 'integer', optional: false }],
        output: order,
        execute: (_connection, input) => ({ id: input.id, customer_id: 7 }),
      }),
      create_order: writes({ output: order, execute: createOrder }),
    },
    triggers: { new_order: { output: order } },
  },
];

const sdl = await readFile(new URL('../../schema/gateway.graphql', import.meta.url), 'utf8');
/** What nobody here asks for. */
const nothing = { rooms: {} as never, feeds: {} as never, things: {} as never, research: {} as never };
const graph = buildGraph(connectors, createGatewaySchema(sdl, { connectors, ...nothing }));
const served = createExecutor(graph, createConnections({}), {
  sender: { send: () => Promise.reject(new Error('nothing is sent')), close: async () => {} },
  cursors: createListCursors(ringOf(1)),
  maxFirst: 100,
  triggers: {} as never,
});

async function ask(scopes: Scopes | readonly string[], query: string) {
  const caller = { tenant: 't', subject: 's', scopes: Array.isArray(scopes) ? new Set(scopes) : (scopes as Scopes) };
  const context = { caller, signal: new AbortController().signal, requestId: 'r' };
  const { data, errors = [] } = await served.execute({ document: parse(query), context });
  return {
    data: JSON.parse(JSON.stringify(data)) as unknown,
    errors: errors.map((error) => [error.path?.join('.'), error.extensions.code, error.extensions.scope]),
  };
}

const orderQuery = '{ shopOrder(id: 1) { id } }';

describe('a field of Query', () => {
  it.each<[string, Scopes | readonly string[]]>([
    ['everything', everyScope],
    ['plugboard.read', ['plugboard.read']],
    ['plugboard.read:shop', ['plugboard.read:shop', 'plugboard.write']],
  ])('answers to %s', async (_what, scopes) => {
    expect(await ask(scopes, orderQuery)).toEqual({ data: { shopOrder: { id: '1' } }, errors: [] });
  });

  it.each([
    [[]],
    [['*']],
    [['plugboard.write', 'plugboard.admin', 'plugboard.subscribe', 'plugboard.connect']],
    [['plugboard.read:crm', 'plugboard.read:sho', 'plugboard.read:shop2', 'plugboard.reads', 'connctd.connector']],
  ])('is refused to %j', async (scopes) => {
    const refused = [['shopOrder', 'FORBIDDEN', 'plugboard.read:shop']];
    expect(await ask(scopes, orderQuery)).toEqual({ data: { shopOrder: null }, errors: refused });
  });

  it('that lists choices is reading', async () => {
    const { errors } = await ask(['plugboard.read:crm'], '{ shopStates { value } }');
    expect(errors).toEqual([['shopStates', 'FORBIDDEN', 'plugboard.read:shop']]);
    expect((await ask(['plugboard.read:shop'], '{ shopStates { value } }')).errors).toEqual([]);
  });

  it('is refused alone: its neighbours answer', async () => {
    const query = '{ shopOrder(id: 1) { id } crmCustomersById(ids: [7]) { fullName } connectors { name } }';
    expect(await ask(['plugboard.read:crm'], query)).toEqual({
      data: {
        shopOrder: null,
        crmCustomersById: [{ fullName: 'Grace' }],
        connectors: [{ name: 'crm' }, { name: 'shop' }],
      },
      errors: [['shopOrder', 'FORBIDDEN', 'plugboard.read:shop']],
    });
  });
});

describe('a field of Mutation', () => {
  it('is refused to who may only read, and nothing is written', async () => {
    createOrder.mockClear();
    const { errors } = await ask(['plugboard.read', 'plugboard.write:crm'], 'mutation { shopCreateOrder { id } }');
    expect(errors).toEqual([['shopCreateOrder', 'FORBIDDEN', 'plugboard.write:shop']]);
    expect(createOrder).not.toHaveBeenCalled();
    expect((await ask(['plugboard.write:shop'], 'mutation { shopCreateOrder { id } }')).errors).toEqual([]);
    expect(createOrder).toHaveBeenCalledTimes(1);
  });
});

describe('a join', () => {
  const joined = '{ shopOrder(id: 1) { id customer { id fullName } } }';

  it('reads no row of a connector that the caller may not read', async () => {
    getCustomers.mockClear();
    expect(await ask(['plugboard.read:shop'], joined)).toEqual({
      data: { shopOrder: { id: '1', customer: null } },
      errors: [['shopOrder.customer', 'FORBIDDEN', 'plugboard.read:crm']],
    });
    expect(getCustomers).not.toHaveBeenCalled();
    const both = await ask(['plugboard.read:shop', 'plugboard.read:crm'], joined);
    expect(both).toEqual({ data: { shopOrder: { id: '1', customer: { id: '7', fullName: 'Grace' } } }, errors: [] });
  });

  it('that needs no more than the key reads nothing', async () => {
    const { errors } = await ask(['plugboard.read:shop'], '{ shopOrder(id: 1) { customer { id } } }');
    expect(errors).toEqual([]);
  });

  it('below a mutation is reading', async () => {
    const query = 'mutation { shopCreateOrder { id customer { fullName } } }';
    const { data, errors } = await ask(['plugboard.write'], query);
    expect(data).toEqual({ shopCreateOrder: { id: '2', customer: null } });
    expect(errors).toEqual([['shopCreateOrder.customer', 'FORBIDDEN', 'plugboard.read:crm']]);
  });
});

describe('a field of Subscription', () => {
  it('is refused before its source is asked', async () => {
    const open = () => Promise.reject(new Error('It was asked.'));
    const field = served.schema.getSubscriptionType()!.getFields()['shopNewOrder']!;
    const subscribe = (scopes: Scopes) => () =>
      field.subscribe!(undefined, {}, { caller: { scopes }, open }, undefined as never);
    expect(subscribe(new Set(['plugboard.read', 'plugboard.write']))).toThrow('plugboard.subscribe:shop');
    await expect(subscribe(new Set(['plugboard.subscribe:shop']))()).rejects.toThrow('It was asked.');
  });
});

describe('fields of the gateway itself', () => {
  const resolve = () => 'answered';
  const { Query, Mutation, Subscription, Connector } = withGatewayScopes({
    Query: { connectors: resolve, connections: resolve, registrations: resolve, unheardOf: resolve },
    Mutation: { connect: resolve, registerConnector: resolve, constructor: resolve },
    Subscription: { connectionChanged: { subscribe: resolve, resolve } },
    Connector: { title: resolve },
  });
  type Field = (root: unknown, args: unknown, context: unknown) => unknown;
  const call = (field: unknown, ...scopes: string[]) => {
    try {
      return (field as Field)(undefined, {}, { caller: { scopes: new Set(scopes) } });
    } catch (error) {
      return (error as { details: { scope: string } }).details.scope;
    }
  };

  it('are refused unless a scope of theirs is there, for one connector at least', () => {
    expect(call(Query.connectors)).toBe('answered');
    expect(call(Query.connections, 'plugboard.read')).toBe('plugboard.connect');
    expect(call(Query.connections, 'plugboard.connect:github')).toBe('answered');
    expect(call(Query.registrations, 'plugboard.connect')).toBe('plugboard.admin');
    expect(call(Mutation.connect, 'plugboard.connect')).toBe('answered');
    expect(call(Mutation.registerConnector, 'plugboard.connect')).toBe('plugboard.admin');
    expect(call(Mutation.registerConnector, 'plugboard.admin:github')).toBe('answered');
    expect(call(Connector.title)).toBe('answered');
  });

  it('that nobody entered into the table are for administrators', () => {
    expect(call(Query.unheardOf, 'plugboard.read', 'plugboard.connect')).toBe('plugboard.admin');
    expect(call(Query.unheardOf, 'plugboard.admin')).toBe('answered');
    expect(call(Mutation.constructor, 'plugboard.read')).toBe('plugboard.admin');
  });

  it('of Subscription are checked at the source and at each event', () => {
    const { subscribe, resolve: event } = Subscription.connectionChanged;
    expect([call(subscribe), call(event)]).toEqual(['plugboard.connect', 'plugboard.connect']);
    expect([call(subscribe, 'plugboard.connect'), call(event, 'plugboard.connect')]).toEqual(['answered', 'answered']);
  });
});

describe('requireScope', () => {
  it('names the scope that is missing, and nothing of those that are there', () => {
    expect(() => requireScope({ scopes: new Set(['plugboard.read']) }, 'admin', 'github')).toThrow(
      'This needs the scope plugboard.admin:github, which these credentials do not have.',
    );
  });
});
