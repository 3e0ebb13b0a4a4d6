/** Two connectors that have accounts: one says what the capability says, the other maps what it has. */
import type { Connector } from '../../src/connector/definition.ts';
import type { FakeProvider, Routes } from './fake-provider.ts';

/** Says it as the capability does; a plain list, and a `test`. */
export function plainDirectory(origin: string, rest: Partial<Connector> = {}): Connector {
  return {
    name: 'plain_directory',
    title: 'Plain Directory',
    connection: {
      fields: [{ name: 'key', controlType: 'password', optional: false }],
      baseUri: `${origin}/plain/`,
      authorization: { type: 'api_key', apply: (request, { fields }) => request.headers({ 'x-key': fields.key }) },
    },
    test: (connection) => connection.get('me'),
    actions: {
      list_accounts: {
        readOnly: true,
        list: true,
        capability: 'listAccounts',
        output: [{ name: 'id', optional: false }, { name: 'email' }, { name: 'given_name' }, { name: 'nickname' }],
        execute: (connection) => connection.get('accounts'),
      },
    },
    ...rest,
  };
}

/** Maps its members, which come in pages, and its teams. */
export function mappedDirectory(origin: string): Connector {
  const member = {
    fields: [
      { name: 'number', type: 'integer' as const },
      { name: 'contact', type: 'object' as const, properties: [{ name: 'mail' }] },
      { name: 'full' },
      { name: 'suspended', type: 'boolean' as const },
    ],
  };
  return {
    name: 'mapped_directory',
    title: 'Mapped Directory',
    connection: {
      fields: [{ name: 'key', controlType: 'password', optional: false }],
      baseUri: `${origin}/mapped/`,
      authorization: { type: 'api_key', apply: (request, { fields }) => request.headers({ 'x-key': fields.key }) },
    },
    objects: { member },
    actions: {
      list_members: {
        readOnly: true,
        capability: {
          name: 'listAccounts',
          input: { attributes: 'customAttributes' },
          output: {
            id: 'number',
            email: 'contact.mail',
            givenName: (row: { full: string }) => row.full.split(' ')[0],
            status: (row: { suspended: boolean }) => (row.suspended ? 'SUSPENDED' : 'ACTIVE'),
          },
        },
        input: [{ name: 'attributes', type: 'array', of: 'string' }],
        output: member,
        paginate: { strategy: 'page', sizeParam: 'size', pageSize: 2 },
        execute: (connection, { attributes }) =>
          connection.get('members').params(attributes ? { attributes: attributes.join(',') } : {}),
      },
      add_to_team: {
        capability: {
          name: 'assignEntitlement',
          input: { member: 'account', team: 'resource', role: 'entitlement' },
          output: { assigned: () => true },
        },
        input: [
          { name: 'member', type: 'integer', optional: false },
          { name: 'team', optional: false },
          { name: 'role', optional: false },
          { name: 'entitlement_type' },
          { name: 'resource_type' },
        ],
        output: [{ name: 'url' }],
        execute: (connection, { member: id, team, role }) => connection.put(`teams/${team}/${id}`, { role }),
      },
    },
  };
}

export const directoryRoutes: Routes = {
  'GET /plain/me': (request) => (request.headers['x-key'] === 'good' ? { json: {} } : { status: 401, json: {} }),
  'GET /plain/accounts': {
    json: [
      { id: 'a1', email: 'ada@example.test', given_name: 'Ada', nickname: 'countess' },
      { id: 'a2', email: 7, given_name: null },
      { id: 'a3', given_name: { not: 'a text' } },
    ],
  },
  'GET /mapped/members': ({ query }) => {
    const rows = [1, 2, 3].map((number) => ({
      number,
      contact: { mail: `m${number}@example.test` },
      full: `Member ${number}`,
      suspended: number === 2,
    }));
    const start = (Number(query.page ?? 1) - 1) * Number(query.size ?? 2);
    return { json: rows.slice(start, start + Number(query.size ?? 2)) };
  },
  'PUT /mapped/teams/core/2': { json: { url: 'https://example.test' } },
};

/** What the provider was asked, as `GET /path?query`. */
export function asked(provider: FakeProvider): string[] {
  return provider.requests.map(({ method, url }) => `${method} ${url}`);
}
