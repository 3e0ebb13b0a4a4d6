import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemo } from '../../src/cli/demo.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { visitDemo } from '../support/demo-browser.ts';
import { captureTerminal } from '../support/temporary-project.ts';

let serving: Serving;
let told: string;
beforeAll(async () => {
  const terminal = captureTerminal();
  serving = await startDemo({ port: 0, logLevel: 'silent' }, terminal, { importSource: (file) => import(file) });
  told = terminal.output();
});
afterAll(() => serving.close());

async function ask(query: string, variables: object = {}, subject?: string): Promise<any> {
  const response = await fetch(`${serving.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(subject && { 'x-external-subject-id': subject }) },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

const connect = `mutation ($connector: String!, $fields: JSON, $scopes: [String!]) {
  connect(connector: $connector, fields: $fields, scopes: $scopes) {
    authorizationUrl connection { id state identity subject scopes }
  }
}`;

async function disconnect(id: string, subject: string): Promise<any> {
  return ask(`mutation ($id: ID!) { disconnect(connection: $id) { revoked } }`, { id }, subject);
}

describe('connecting in the demo', () => {
  it('takes an API key', async () => {
    const apiToken = /API token (demo-[\w-]+)/.exec(told)?.[1];
    const { data } = await ask(connect, { connector: 'my_app', fields: { api_token: apiToken } }, 'ann');
    const { id, ...connection } = data.connect.connection;
    expect({ ...data.connect, connection }).toEqual({
      authorizationUrl: null,
      connection: { state: 'STARTED', identity: null, subject: 'ann', scopes: [] },
    });
    const answer = await ask(`{ myAppCustomerById(id: 1, connection: "${id}") { name } }`, {}, 'ann');
    expect(answer).toEqual({ data: { myAppCustomerById: { name: 'Ada Abbott' } } });
    expect((await disconnect(id, 'ann')).data.disconnect).toEqual({ revoked: true });
    // What the operator configured still serves everybody.
    expect((await ask('{ myAppCustomerById(id: 1) { name } }', {}, 'ann')).errors).toBeUndefined();
  });

  it('refuses an API key that the provider refuses, and keeps nothing', async () => {
    const { errors } = await ask(connect, { connector: 'my_app', fields: { api_token: 'wrong' } }, 'ann');
    expect(errors[0].extensions.code).toBe('CONNECTION_TEST_FAILED');
    expect((await ask('{ connections { id } }', {}, 'ann')).data.connections).toEqual([]);
  });

  it('takes a user name and PIN, and acquires a session by them', async () => {
    expect((await ask('{ myLockerItems { name } }', {}, 'bob')).errors[0].extensions.code).toBe('CONNECTION_REQUIRED');
    const fields = { user: 'grace', pin: '1906' };
    const { data } = await ask(connect, { connector: 'my_locker', fields }, 'bob');
    expect(data.connect).toMatchObject({ authorizationUrl: null, connection: { identity: 'Grace Hopper' } });
    const stored = await ask('mutation { myLockerStoreItem(input: { name: "A flag" }) { name } }', {}, 'bob');
    expect(stored.data.myLockerStoreItem).toEqual({ name: 'A flag' });
    const answer = await ask('{ myLockerItems { name } }', {}, 'bob');
    expect(answer.data.myLockerItems.map((item: any) => item.name)).toEqual([
      'A moth, taped to a page',
      'A nanosecond of wire',
      'A flag',
    ]);
    await disconnect(data.connect.connection.id, 'bob');
    expect((await ask('{ myLockerItems { name } }', {}, 'bob')).errors[0].extensions.code).toBe('CONNECTION_REQUIRED');
  });

  it('leads through a code flow, to events that are joined to customers of the shop', async () => {
    const { data } = await ask(connect, { connector: 'my_calendar' }, 'carl');
    expect(data.connect.connection).toMatchObject({ state: 'PENDING', identity: null });
    const end = await visitDemo(data.connect.authorizationUrl, { user: 'ada' });
    expect([end.url.origin, end.status]).toEqual([serving.url, 200]);
    expect(end.html).toContain('Connected as <strong>ada.lovelace@example.com</strong>');
    const answer = await ask('{ myCalendarEvents { nodes { title customer { name } } } }', {}, 'carl');
    expect(answer.data.myCalendarEvents.nodes).toEqual([
      { title: 'Coffee with a customer', customer: { name: 'Ada Abbott' } },
      { title: 'Bernoulli numbers', customer: null },
      { title: 'Price talk', customer: { name: expect.any(String) } },
    ]);
    const other = await ask('{ myCalendarEvents { nodes { title } } }', {}, 'dora');
    expect(other.errors[0].extensions.code).toBe('CONNECTION_REQUIRED');
    expect((await disconnect(data.connect.connection.id, 'carl')).data.disconnect).toEqual({ revoked: true });
  });

  it('ends with the reason when the user does not allow it', async () => {
    const { data } = await ask(connect, { connector: 'my_calendar' }, 'emma');
    const end = await visitDemo(data.connect.authorizationUrl, { user: 'grace', deny: true });
    expect(end.html).toContain('My calendar was not connected');
    const { connection } = (
      await ask(`query ($id: ID!) { connection(id: $id) { state } }`, { id: data.connect.connection.id }, 'emma')
    ).data;
    expect(connection).toEqual({ state: 'ERROR' });
  });

  it('is asked for all that an action needs at once', async () => {
    const create = `mutation { myCalendarCreateEvent(input: { title: "Tea", startsAt: "2025-05-09T15:00:00Z" }) { title } }`;
    const both = `${create.slice(0, -1)} myLockerStoreItem(input: { name: "A flag" }) { name } }`;
    for (const query of [create, both]) {
      const { code, connect: hint } = (await ask(query, {}, 'nora')).errors[0].extensions;
      expect([code, hint.scopes]).toEqual(['CONNECTION_REQUIRED', ['events.read', 'events.write']]);
      expect(new URL(hint.url).searchParams.get('scope')).toBe('events.read events.write');
    }
    // A field beside it that needs less asks for less.
    const { errors } = await ask('{ myCalendarEvents { nodes { title } } }', {}, 'nora');
    expect(errors[0].extensions.connect.scopes).toEqual(['events.read']);
  });

  it('begins with the link that an error names, and asks for more when an action needs more', async () => {
    const refused = await ask('{ myCalendarEvents { totalCount nodes { title } } }');
    const { url } = refused.errors[0].extensions.connect;
    expect(url).toBe(`${serving.url}/connect/my_calendar?scope=events.read`);
    expect((await visitDemo(url, { user: 'grace' })).html).toContain('grace.hopper@example.com');
    const create = `mutation {
      myCalendarCreateEvent(input: { title: "Tea", startsAt: "2025-05-09T15:00:00Z", customerId: "3" }) {
        title startsAt customer { id }
      }
    }`;
    const lacking = (await ask(create)).errors[0].extensions;
    expect(lacking).toMatchObject({ code: 'SCOPE_MISSING', connect: { scopes: ['events.write'] } });
    await visitDemo(lacking.connect.url, { user: 'grace' });
    expect((await ask(create)).data.myCalendarCreateEvent).toEqual({
      title: 'Tea',
      startsAt: '2025-05-09T15:00:00.000Z',
      customer: { id: '3' },
    });
    const { data } = await ask('{ connections(connector: "my_calendar") { identity scopes } }');
    expect(data.connections).toEqual([
      { identity: 'grace.hopper@example.com', scopes: ['events.read', 'events.write'] },
    ]);
  });

  it('shows the form of a connector that asks for fields at the same kind of link', async () => {
    const { html } = await visitDemo(`${serving.url}/connect/my_locker`, { user: 'ada' });
    expect(html).toContain('Connect My locker');
    expect(html).toContain('name="field.pin"');
  });

  it('knows no other connectors', async () => {
    const { status, html } = await visitDemo(`${serving.url}/connect/nothing`, { user: 'ada' });
    expect([status, html.includes('CONNECTOR_UNKNOWN')]).toEqual([404, true]);
  });
});
