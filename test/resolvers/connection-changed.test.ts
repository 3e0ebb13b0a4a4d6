import { describe, expect, it } from '@jest/globals';
import type { createStoredConnections } from '../../src/connection/stored-connections.ts';
import type { ConnectionRooms } from '../../src/resolvers/connection-resolvers.ts';
import { atRest, until } from '../support/recording-sink.ts';
import { ada, bob, subscribableShop } from '../support/subscribable-shop.ts';

const query = `subscription ($after: String) {
  connectionChanged(after: $after) { id cursor occurredAt connection { id subject } change { connectionId connector from to } }
}`;
const subjects: Readonly<Record<string, string | null>> = { 'c-ada': 'ada', 'c-bob': 'bob', 'c-tenant': null };

/** Connections as the store would give them: `c-ada`, `c-bob` and the tenant's `c-tenant`. */
const stored = {
  find: async ({ tenant, subject }: Parameters<ConnectionRooms['stored']['find']>[0], id: string) => {
    const owner = subjects[id];
    if (owner === undefined || tenant !== 'acme' || (owner !== null && owner !== subject)) return undefined;
    return { id, value: { tenant, subject: owner, connector: 'shop' } };
  },
} as unknown as ReturnType<typeof createStoredConnections>;

function change(connection: string, tenant = 'acme') {
  return { tenant, subject: subjects[connection] ?? null, connection, from: null, to: 'PENDING' as const };
}

const told = (results: readonly any[]): string[] =>
  results.map(({ data }) => data.connectionChanged.change.connectionId);

describe('connectionChanged', () => {
  it('tells what happened to a connection of the subject, and the connection as it is', async () => {
    const shop = subscribableShop({ stored });
    const { results } = await shop.subscribe(ada, query);
    await shop.changed({ ...change('c-ada'), from: 'STARTED', to: 'REAUTH_REQUIRED' });
    await shop.changed({ ...change('c-gone'), subject: 'ada', from: 'STARTED', to: 'DELETED' });
    await until(() => results().length === 2);
    expect(results().map(({ data }) => data.connectionChanged)).toEqual([
      {
        id: expect.any(String),
        cursor: expect.any(String),
        occurredAt: '1970-01-01T00:00:01.000Z',
        connection: { id: 'c-ada', subject: 'ada' },
        change: { connectionId: 'c-ada', connector: 'shop', from: 'STARTED', to: 'REAUTH_REQUIRED' },
      },
      {
        id: expect.any(String),
        cursor: expect.any(String),
        occurredAt: '1970-01-01T00:00:01.000Z',
        connection: null,
        change: { connectionId: 'c-gone', connector: 'shop', from: 'STARTED', to: null },
      },
    ]);
  });

  it.each<[string, readonly string[] | undefined, readonly string[]]>([
    ['everything', undefined, ['c-ada', 'c-tenant']],
    ['plugboard.connect', ['plugboard.connect'], ['c-ada']],
    ['plugboard.connect:shop', ['plugboard.connect:shop'], ['c-ada']],
    ['plugboard.admin', ['plugboard.admin'], ['c-tenant']],
    ['both', ['plugboard.connect', 'plugboard.admin:shop'], ['c-ada', 'c-tenant']],
    ['plugboard.connect:crm', ['plugboard.connect:crm'], []],
  ])('shows who may do %s only what is theirs to manage', async (_what, scopes, expected) => {
    const shop = subscribableShop({ stored });
    const { results } = await shop.subscribe(scopes ? { ...ada, scopes: new Set(scopes) } : ada, query);
    const everything = await shop.subscribe(ada, query);
    await shop.changed(change('c-bob'));
    await shop.changed(change('c-ada'));
    await shop.changed(change('c-ada', 'other'));
    await shop.changed(change('c-tenant'));
    await until(() => everything.results().length === 2);
    await atRest();
    expect(told(results())).toEqual(expected);
  });

  it('shows a caller without a subject nothing of any subject', async () => {
    const shop = subscribableShop({ stored });
    const { results } = await shop.subscribe({ ...ada, subject: undefined }, query);
    await shop.changed(change('c-ada'));
    await shop.changed(change('c-tenant'));
    await until(() => results().length === 1);
    expect(told(results())).toEqual(['c-tenant']);
  });

  it('goes on behind a cursor, also for another subject of the tenant, who sees its own', async () => {
    const shop = subscribableShop({ stored });
    const first = await shop.subscribe(ada, query);
    await shop.changed(change('c-ada'));
    await until(() => first.results().length === 1);
    const [after] = first.sink.cursors;
    await shop.changed(change('c-bob'));
    await shop.changed(change('c-ada'));
    const again = await shop.subscribe(ada, query, { variables: { after } });
    const other = await shop.subscribe(bob, query, { variables: { after } });
    await until(() => again.results().length === 1 && other.results().length === 1);
    expect([told(again.results()), told(other.results())]).toEqual([['c-ada'], ['c-bob']]);
    const foreign = await shop.subscribe({ ...ada, tenant: 'other' }, query, { variables: { after } });
    expect(foreign.refused.errors[0].extensions.code).toBe('CURSOR_INVALID');
  });

  it('tells of one connector where one is named', async () => {
    const shop = subscribableShop({ stored });
    const named = 'subscription { connectionChanged(connector: "shop") { change { connectionId } } }';
    const { results } = await shop.subscribe(ada, named);
    await shop.changed(change('c-ada'));
    await until(() => results().length === 1);
    const unknown = 'subscription { connectionChanged(connector: "shopp") { id } }';
    expect((await shop.subscribe(ada, unknown)).refused.errors[0].extensions.code).toBe('CONNECTOR_UNKNOWN');
    const caller = { ...ada, scopes: new Set(['plugboard.connect:crm']) };
    expect((await shop.subscribe(caller, named)).refused.errors[0].extensions.scope).toBe('plugboard.connect:shop');
  });

  it('is refused without a scope for connections', async () => {
    const shop = subscribableShop({ stored });
    const { refused } = await shop.subscribe({ ...ada, scopes: new Set(['plugboard.subscribe']) }, query);
    expect(refused.errors[0].extensions).toMatchObject({ code: 'FORBIDDEN', scope: 'plugboard.connect' });
  });
});
