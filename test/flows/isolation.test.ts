/** Safety A3: two tenants, two subjects each, every root field, and whatever of others one can name in its arguments. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  buildClientSchema,
  getIntrospectionQuery,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import type { Connector } from '../../src/connector/definition.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import {
  fillInForm,
  returnUrl,
  startTenantGateway,
  type Tenant,
  type TenantAnswer,
  type TenantGateway,
} from '../support/tenant-gateway.ts';

interface Subject {
  readonly tenant: Tenant;
  readonly subject: string;
  /** Stands in everything that is its own: `acme.alice`. */
  readonly name: string;
}

/** The same names in both tenants: who forgets the tenant finds the other's. */
const subjects: readonly Subject[] = (['acme', 'globex'] as const).flatMap((tenant) =>
  ['alice', 'bob'].map((subject) => ({ tenant, subject, name: `${tenant}.${subject}` })),
);

let provider: FakeProvider;
let gateway: TenantGateway;
let schema: GraphQLSchema;
/** Tickets that the provider knows, by whose they are; emptied to make all of them expire. */
const tickets = new Map<string, string>();
let logins = 0;

/** A provider whose every row says whose token asked for it, and at which tenant's address. */
async function startProvider(): Promise<FakeProvider> {
  return startFakeProvider((request) => {
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
    const page = Number(request.query['page'] ?? 1);
    const rows = [1, 2].map((index) => row(`${page}-${index}`));
    return { json: page > 2 ? [] : rows };
  });
}

const item = {
  key: 'id',
  lookup: 'get_item',
  fields: [{ name: 'id', optional: false }, { name: 'owner' }, { name: 'tenant' }],
} as const;
const order = { fields: [{ name: 'id' }, { name: 'owner' }, { name: 'item_id', references: 'item' }] } as const;

/** The subjects connect `shop`, the tenants `company`; those of `desk` stand in the configuration. */
const connectorNames = ['shop', 'company', 'desk'] as const;

/** Every shape of root field: one, list, pages, joined, pick list, write. */
function connectorNamed(name: (typeof connectorNames)[number]): Connector {
  return {
    name,
    title: name,
    registration: { fields: [{ name: 'app' }] },
    connection: {
      fields: [{ name: 'token', optional: false, controlType: 'password' }],
      baseUri: `${provider.origin}/nobody/`,
      authorization: {
        type: 'custom',
        acquire: (connection) => connection.get('login').headers({ 'x-token': connection.fields['token'] }),
        refreshOn: [401],
        apply: (request, { fields }) => void request.headers({ 'x-ticket': fields['ticket'] }),
        identity: async (connection) => (await connection.get('me')).name,
      },
    },
    test: (connection) => connection.get('me'),
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
  };
}

const ask = (query: string, variables: object, who: Pick<Subject, 'tenant' | 'subject'>) =>
  gateway.ask(query, variables, who);

async function register(tenant: Tenant): Promise<void> {
  for (const connector of connectorNames.filter((name) => name !== 'desk')) {
    const { errors } = await gateway.ask(
      `mutation ($connector: String!, $baseUri: String) {
        registerConnector(connector: $connector, fields: { app: "app" }, endpoints: { baseUri: $baseUri }) { fields } }`,
      { connector, baseUri: `${provider.origin}/${tenant}/` },
      { tenant },
    );
    expect(errors).toBeUndefined();
  }
}

/** What others may come to know of a subject, or guess: ids, codes, cursors. Naming them must give nothing. */
interface Known {
  readonly connection: string;
  readonly companyConnection: string;
  readonly session: string;
  readonly code: string;
  readonly cursor: string;
}
const known = new Map<Subject, Known>();

const connect = `mutation ($connector: String!, $fields: JSON, $owner: ConnectionOwner, $label: String, $returnUrl: String) {
  connect(connector: $connector, fields: $fields, owner: $owner, label: $label, returnUrl: $returnUrl) {
    authorizationUrl connection { id } } }`;

async function settle(who: Subject): Promise<void> {
  const { tenant, name } = who;
  const company = await gateway.ask(
    connect,
    { connector: 'company', fields: { token: `${tenant}.company` }, owner: 'TENANT', label: null },
    { tenant },
  );
  const own = await ask(connect, { connector: 'shop', fields: { token: name } }, who);
  expect(own.errors).toBeUndefined();
  const begun = await ask(connect, { connector: 'shop', label: 'second', returnUrl }, who);
  const other = await ask(connect, { connector: 'shop', label: 'third', returnUrl }, who);
  const back = await fillInForm(begun.data.connect.authorizationUrl, { token: name });
  const list = await ask('{ shopItems(first: 1) { edges { cursor } } }', {}, who);
  const companies = await gateway.ask('{ connections(connector: "company") { id } }', {}, { tenant });
  expect(company.errors?.[0]?.extensions.code ?? 'CONNECTION_EXISTS').toBe('CONNECTION_EXISTS');
  known.set(who, {
    connection: own.data.connect.connection.id,
    companyConnection: companies.data.connections[0].id,
    session: new URL(other.data.connect.authorizationUrl).searchParams.get('session') ?? '',
    code: back?.searchParams.get('code') ?? '',
    cursor: list.data.shopItems.edges[0].cursor,
  });
  for (const value of Object.values(known.get(who)!)) expect(value).not.toBe('');
}

beforeAll(async () => {
  provider = await startProvider();
  gateway = await startTenantGateway({
    connectors: connectorNames.map(connectorNamed),
    origins: [provider.origin],
    configuration: {
      // The operator's connections go by the operator's registrations alone.
      registrations: (['acme', 'globex'] as const).map((tenant) => {
        return { connector: 'desk', tenant, fields: { app: 'app' }, baseUri: `${provider.origin}/${tenant}/` };
      }),
      connections: subjects.map(({ tenant, subject, name }) => {
        return { connector: 'desk', tenant, subject, fields: { token: name } };
      }),
    },
  });
  for (const tenant of ['acme', 'globex'] as const) await register(tenant);
  for (const who of subjects) await settle(who);
  const { data } = await gateway.ask(getIntrospectionQuery(), {}, subjects[0]);
  schema = buildClientSchema(data as IntrospectionQuery);
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

/** What must never stand in an answer for `who`. Ids and codes are not among them: errors repeat what one named oneself. */
function foreignMarks(who: Subject): readonly string[] {
  const others = subjects.filter(({ name }) => name !== who.name).map(({ name }) => name);
  const tenants = (['acme', 'globex'] as const).filter((tenant) => tenant !== who.tenant);
  const elsewhere = tenants.flatMap((tenant) => [`${tenant}.company`, `at ${tenant}`, `/${tenant}/`]);
  return [...others, ...elsewhere, 'at nobody'];
}

function marksIn(answer: TenantAnswer, who: Subject): readonly string[] {
  return foreignMarks(who).filter((mark) => answer.text.includes(mark));
}

/** Everything that can be selected, three levels deep, with no arguments but those of the root. */
function selectionOf(type: GraphQLOutputType, depth = 4): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).flatMap((field) => {
    const isLeaf = !isObjectType(getNamedType(field.type));
    if (isLeaf) return [field.name];
    return depth > 1 ? [`${field.name}${selectionOf(field.type, depth - 1)}`] : [];
  });
  return ` { ${fields.length > 0 ? fields.join(' ') : '__typename'} }`;
}

/** A value of the type that says nothing about anybody; `text` stands wherever text can. */
function sample(type: GraphQLInputType, text: string): unknown {
  if (isNonNullType(type)) return sample(type.ofType, text);
  if (isListType(type)) return [sample(type.ofType, text)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, sample(field.type, text)]));
  }
  const byName: Readonly<Record<string, unknown>> = { Int: 1, Float: 1, Boolean: true, JSON: { token: text } };
  return byName[type.name] ?? text;
}

const holdsText = (argument: GraphQLArgument) => JSON.stringify(sample(argument.type, 'TEXT')).includes('TEXT');

/** Arguments of our own that every variant starts from. */
function ownArguments(field: GraphQLField<unknown, unknown>): Record<string, unknown> {
  const required = field.args.filter(({ type, name }) => isNonNullType(type) || name === 'first');
  return Object.fromEntries(
    required.map(({ name, type }) => [name, name === 'connector' ? 'shop' : sample(type, '1-1')]),
  );
}

async function askField(
  who: Subject,
  operation: 'query' | 'mutation',
  field: GraphQLField<unknown, unknown>,
  values: Readonly<Record<string, unknown>>,
): Promise<TenantAnswer> {
  const given = field.args.filter(({ name }) => Object.hasOwn(values, name));
  const variables = given.map(({ name, type }) => `$${name}: ${String(type)}`);
  const passed = given.map(({ name }) => `${name}: $${name}`);
  const inParentheses = (parts: readonly string[]) => (parts.length > 0 ? `(${parts.join(', ')})` : '');
  const query = `${operation} ${inParentheses(variables)} { ${field.name}${inParentheses(passed)}${selectionOf(field.type)} }`;
  return ask(query, values, who);
}

/** Every argument that can hold text, with everything that is known of every other subject. */
function foreignVariants(who: Subject, field: GraphQLField<unknown, unknown>): readonly Record<string, unknown>[] {
  const own = ownArguments(field);
  const values = subjects
    .filter((other) => other.name !== who.name)
    .flatMap((other) => {
      const { companyConnection, ...rest } = known.get(other)!;
      // The company account of the own tenant is one's own.
      return [...Object.values(rest), ...(other.tenant === who.tenant ? [] : [companyConnection])];
    });
  return field.args
    .filter(holdsText)
    .flatMap(({ name, type }) => values.map((value) => ({ ...own, [name]: sample(type, value) })));
}

async function tryAll(operation: 'query' | 'mutation', root: 'Query' | 'Mutation') {
  const fields = Object.values((schema.getType(root) as { getFields(): object } | undefined)?.getFields() ?? {});
  const counts = { fields: fields.length, asked: 0, foreign: [] as string[], ownRows: new Set<string>() };
  for (const field of fields as GraphQLField<unknown, unknown>[]) {
    for (const who of subjects) {
      const variants = foreignVariants(who, field);
      // Writing with one's own arguments is what the other tests do; here it would take away what is compared.
      const all = operation === 'query' ? [ownArguments(field), ...variants] : variants;
      for (let from = 0; from < all.length; from += 8) {
        const batch = all.slice(from, from + 8);
        const answers = await Promise.all(batch.map((values) => askField(who, operation, field, values)));
        for (const [index, answer] of answers.entries()) {
          counts.asked += 1;
          const marks = marksIn(answer, who);
          if (marks.length > 0)
            counts.foreign.push(`${who.name}: ${field.name}(${JSON.stringify(batch[index])}) ${marks.join()}`);
          if (answer.text.includes(`of ${who.name}`)) counts.ownRows.add(`${who.name} ${field.name}`);
        }
      }
      if (operation === 'mutation') await register(who.tenant);
    }
  }
  return counts;
}

async function connectionsOf(who: Subject): Promise<unknown> {
  const { data } = await ask('{ connections { id state identity label connector { name } } }', {}, who);
  return data.connections.filter(({ label, state }: any) => label === null && state === 'STARTED');
}

const readsOf = (connector: string) => ['AllOrders', 'Item', 'Items', 'Owners'].map((name) => `${connector}${name}`);

describe('two tenants with two subjects each', () => {
  it('get no row of one another from any field of Query, whatever they name', async () => {
    const { fields, asked, foreign, ownRows } = await tryAll('query', 'Query');
    console.info(`isolation: ${fields} fields of Query, asked ${asked} times`);
    expect(foreign).toEqual([]);
    expect(fields).toBeGreaterThanOrEqual(17);
    expect(asked).toBeGreaterThan(1_000);
    // All of it would mean nothing if nobody were given anything.
    const answering = ['connections', ...['shop', 'desk'].flatMap((name) => readsOf(name))];
    const expected = answering.flatMap((field) => subjects.map(({ name }) => `${name} ${field}`));
    expect([...ownRows].sort()).toEqual(expected.sort());
  });

  it('change nothing of one another by any field of Mutation, whatever they name', async () => {
    const before = await Promise.all(subjects.map(connectionsOf));
    const { fields, asked, foreign } = await tryAll('mutation', 'Mutation');
    console.info(`isolation: ${fields} fields of Mutation, asked ${asked} times`);
    expect(foreign).toEqual([]);
    expect(fields).toBeGreaterThanOrEqual(10);
    expect(asked).toBeGreaterThan(1_000);
    expect(await Promise.all(subjects.map(connectionsOf))).toEqual(before);
    for (const who of subjects) {
      const { data } = await ask('{ shopAllOrders { owner } companyAllOrders { owner } }', {}, who);
      expect(data.shopAllOrders[0].owner).toBe(`row of ${who.name}`);
      expect(data.companyAllOrders[0].owner).toBe(`row of ${who.tenant}.company`);
      // The code of each is still there for its owner alone: nobody else has used it up.
      const { code } = known.get(who)!;
      const finish = 'mutation ($code: String!) { finishConnection(code: $code) { identity subject } }';
      const finished = await ask(finish, { code }, who);
      expect(finished.data?.finishConnection).toEqual({ identity: `account of ${who.name}`, subject: who.subject });
    }
  });

  it('cannot go on in a list of one another', async () => {
    const list = 'query ($after: String) { shopItems(first: 1, after: $after) { nodes { owner } } }';
    for (const who of subjects) {
      for (const other of subjects) {
        const { connection } = known.get(who)!;
        const own = list.replace('first: 1', `first: 1, connection: "${connection}"`);
        const { data, errors } = await ask(own, { after: known.get(other)!.cursor }, who);
        if (who === other) expect(data.shopItems.nodes).toEqual([{ owner: `row of ${who.name}` }]);
        else expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['CURSOR_FOREIGN']);
      }
    }
  });

  it('stay apart when all ask at once, with joins, and all credentials end at once', async () => {
    const loginsBefore = logins;
    tickets.clear();
    const asked = Array.from({ length: 80 }, (_, index) => subjects[index % subjects.length]!);
    const answers = await Promise.all(
      asked.map((who) =>
        ask(
          `query ($connection: ID) {
            mine: shopAllOrders(connection: $connection) { owner item { owner tenant } }
            one: shopItem(id: "1-1", connection: $connection) { owner tenant }
            ours: companyAllOrders { owner item { owner tenant } } }`,
          { connection: known.get(who)!.connection },
          who,
        ),
      ),
    );
    for (const [index, answer] of answers.entries()) {
      const who = asked[index]!;
      expect(answer.errors).toBeUndefined();
      const row = (owner: string) => ({ owner: `row of ${owner}`, tenant: `at ${who.tenant}` });
      const joined = (owner: string) => [1, 2].map(() => ({ owner: `row of ${owner}`, item: row(owner) }));
      expect(answer.data).toEqual({
        mine: joined(who.name),
        one: row(who.name),
        ours: joined(`${who.tenant}.company`),
      });
    }
    // One for each connection that was in use: each is shared by its users, and by nobody else.
    expect(logins - loginsBefore).toBe(6);
    expect(new Set(tickets.values())).toEqual(
      new Set([...subjects.map(({ name }) => name), 'acme.company', 'globex.company']),
    );
  });
});
