/** Safety A3: two tenants, two subjects each, every root field, and whatever of others one can name in its arguments. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  buildClientSchema,
  getIntrospectionQuery,
  isNonNullType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import {
  documentOf,
  holdsText,
  rootFieldsOf,
  sampleOf,
  type Operation,
  type RootField,
} from '../support/field-matrix.ts';
import { openForgetfulVault, type ForgetfulVault } from '../support/forgetful-vault.ts';
import { ownedRowsConnector, startOwnedRows, type OwnedRows } from '../support/owned-rows.ts';
import { connectSocket, subscribeMessage } from '../support/socket-client.ts';
import {
  fillInForm,
  returnUrl,
  startTenantGateway,
  type Tenant,
  type TenantGateway,
} from '../support/tenant-gateway.ts';
import { until } from '../support/until.ts';

interface Subject {
  readonly tenant: Tenant;
  readonly subject: string;
  /** Stands in everything that is its own: `acme.alice`. */
  readonly name: string;
}

const tenants = ['acme', 'globex'] as const;
/** The same names in both tenants: who forgets the tenant finds the other's. */
const subjects: readonly Subject[] = tenants.flatMap((tenant) =>
  ['alice', 'bob'].map((subject) => ({ tenant, subject, name: `${tenant}.${subject}` })),
);

let provider: OwnedRows;
let gateway: TenantGateway;
let vault: ForgetfulVault;
let schema: GraphQLSchema;

/** The subjects connect `shop`, the tenants `company`; those of `desk` stand in the configuration. */
const connectorNames = ['shop', 'company', 'desk'] as const;

const ask = (query: string, variables: object, who: { readonly tenant: Tenant; readonly subject?: string }) =>
  gateway.ask(query, variables, who);

/** The same, where it has to succeed. */
async function data(query: string, variables: object, who: { readonly tenant: Tenant; readonly subject?: string }) {
  const answer = await ask(query, variables, who);
  expect(answer.errors).toBeUndefined();
  return answer.data;
}

async function register(tenant: Tenant): Promise<void> {
  for (const connector of connectorNames.filter((name) => name !== 'desk')) {
    await data(
      `mutation ($connector: String!, $baseUri: String) {
        registerConnector(connector: $connector, fields: { app: "app" }, endpoints: { baseUri: $baseUri }) { fields } }`,
      { connector, baseUri: `${provider.origin}/${tenant}/` },
      { tenant },
    );
  }
}

/** What others may come to know of a subject, or guess: ids, codes, cursors. Naming them must give nothing. */
interface Known {
  readonly connection: string;
  readonly session: string;
  readonly code: string;
  readonly cursor: string;
  readonly feed: string;
  readonly eventCursor: string;
  readonly parked: string;
  readonly thing: string;
  readonly research: string;
}
const known = new Map<Subject, Known>();

/** The same of a tenant, whose subjects share it. */
interface KnownOfTenant {
  readonly connection: string;
  readonly feed: string;
  readonly eventCursor: string;
  readonly parked: string;
  readonly address: string;
}
const knownOfTenants = new Map<Tenant, KnownOfTenant>();
/** Where the provider sends webhooks, by tenant. */
const webhookUrls = new Map<Tenant, string[]>();
/** Whose a connection is, of all that were ever made. */
const ownersOfConnections = new Map<string, string>();

const createResearch = 'mutation ($name: String) { createResearchContext(input: { name: $name }) { id } }';
const createThing = 'mutation ($thing: ThingInput!) { createThing(thing: $thing) { id } }';
const setThing = `mutation ($thing: ID!, $value: String!) {
  setThingProperty(thing: $thing, component: "lamp", property: "scene", value: $value) { id } }`;
const lampOf = (name: string) => ({
  name: `lamp of ${name}`,
  displayType: 'core.LAMP',
  mainComponentId: 'lamp',
  components: [{ id: 'lamp', componentType: 'core.LAMP', properties: [{ id: 'scene', type: 'STRING' }] }],
});
const connect = `mutation ($connector: String!, $fields: JSON, $owner: ConnectionOwner, $label: String, $returnUrl: String) {
  connect(connector: $connector, fields: $fields, owner: $owner, label: $label, returnUrl: $returnUrl) {
    authorizationUrl connection { id } } }`;
const startFeed =
  'mutation ($connector: String!) { startFeed(connector: $connector, trigger: "new_item") { id oldestCursor } }';
const feedOf = 'query ($id: ID!) { feed(id: $id) { cursor oldestCursor durable connection parked { id } } }';

/** A feed that has told of something, and has something parked. */
async function settleFeed(connector: string, who: { readonly tenant: Tenant; readonly subject?: string }) {
  const { id } = (await data(startFeed, { connector }, who)).startFeed;
  let feed: any;
  await until(async () => {
    feed = (await data(feedOf, { id }, who)).feed;
    return feed.cursor !== feed.oldestCursor && feed.parked.length > 0;
  });
  return { feed: id as string, eventCursor: feed.oldestCursor as string, parked: feed.parked[0].id as string };
}

async function settleTenant(tenant: Tenant): Promise<void> {
  const name = `${tenant}.company`;
  const company = await data(connect, { connector: 'company', fields: { token: name }, owner: 'TENANT' }, { tenant });
  const connection = company.connect.connection.id;
  ownersOfConnections.set(connection, name);
  const create = 'mutation ($connector: String!) { createWebhookAddress(connector: $connector) { id url } }';
  const addresses: { id: string; url: string }[] = [];
  for (const connector of connectorNames) {
    addresses.push((await data(create, { connector }, { tenant })).createWebhookAddress);
  }
  webhookUrls.set(
    tenant,
    addresses.map(({ url }) => url),
  );
  knownOfTenants.set(tenant, { connection, address: addresses[0]!.id, ...(await settleFeed('company', { tenant })) });
}

async function settle(who: Subject): Promise<void> {
  const { name } = who;
  const own = await data(connect, { connector: 'shop', fields: { token: name } }, who);
  const begun = await data(connect, { connector: 'shop', label: 'second', returnUrl }, who);
  const other = await data(connect, { connector: 'shop', label: 'third', returnUrl }, who);
  const back = await fillInForm(begun.connect.authorizationUrl, { token: name });
  const list = await data('{ shopItems(first: 1) { edges { cursor } } }', {}, who);
  const connection = own.connect.connection.id;
  for (const { connect: made } of [own, begun, other]) ownersOfConnections.set(made.connection.id, name);
  known.set(who, {
    connection,
    session: new URL(other.connect.authorizationUrl).searchParams.get('session') ?? '',
    code: back?.searchParams.get('code') ?? '',
    cursor: list.shopItems.edges[0].cursor,
    thing: (await data(createThing, { thing: lampOf(name) }, who)).createThing.id,
    research: (await data(createResearch, { name: `rain of ${name}` }, who)).createResearchContext.id,
    ...(await settleFeed('shop', who)),
  });
  for (const value of Object.values(known.get(who)!)) expect(value).not.toBe('');
}

beforeAll(async () => {
  provider = await startOwnedRows();
  gateway = await startTenantGateway({
    connectors: connectorNames.map((name) => ownedRowsConnector(name, provider.origin)),
    origins: [provider.origin],
    configuration: {
      logLevel: 'error',
      feeds: { minIntervalMs: 100, graceMs: 0 },
      // The operator's connections go by the operator's registrations alone.
      registrations: tenants.map((tenant) => {
        return { connector: 'desk', tenant, fields: { app: 'app' }, baseUri: `${provider.origin}/${tenant}/` };
      }),
      connections: subjects.map(({ tenant, subject, name }) => {
        return { connector: 'desk', tenant, subject, fields: { token: name } };
      }),
    },
    openVault: async (configuration) => (vault = await openForgetfulVault(configuration)).vault,
  });
  for (const tenant of tenants) {
    await register(tenant);
    await settleTenant(tenant);
  }
  for (const who of subjects) await settle(who);
  schema = buildClientSchema((await data(getIntrospectionQuery(), {}, subjects[0]!)) as IntrospectionQuery);
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

/** What must never stand in an answer for `who`. Ids and codes are not among them: errors repeat what one named oneself. */
function foreignMarks(who: Subject): readonly string[] {
  const others = subjects.filter(({ name }) => name !== who.name).map(({ name }) => name);
  const elsewhere = tenants
    .filter((tenant) => tenant !== who.tenant)
    .flatMap((tenant) => [`${tenant}.company`, `at ${tenant}`, `/${tenant}/`]);
  return [...others, ...elsewhere, 'at nobody'];
}

/** Whose connections went through something, by what an answer tells of it. */
function ownersIn(text: string): readonly (string | undefined)[] {
  return [...text.matchAll(/"connectionId":"([^"]+)"/g)].map(([, id]) => ownersOfConnections.get(id!));
}

/** Also the connections of others in what connections went through; nobody names those. */
function marksIn(text: string, who: Subject): readonly string[] {
  const foreign = ownersIn(text).filter((owner) => owner !== who.name && owner !== `${who.tenant}.company`);
  return [...foreignMarks(who).filter((mark) => text.includes(mark)), ...foreign.map((owner) => `change of ${owner}`)];
}

/** Arguments of its own that every variant starts from. */
function ownArguments(who: Subject, field: RootField, operation: Operation): Record<string, unknown> {
  const { connection, feed, thing, research } = known.get(who)!;
  const byName: Readonly<Record<string, unknown>> = {
    connector: 'shop',
    trigger: 'new_item',
    feed,
    // By then they have two.
    ...(operation === 'subscription' && field.name.startsWith('shop') && { connection }),
    ...(operation === 'query' && field.name === 'feed' && { id: feed }),
    ...(operation === 'query' && field.name === 'connection' && { id: connection }),
    ...(operation === 'query' && field.name === 'thing' && { id: thing }),
    ...(operation === 'query' && field.name === 'researchContext' && { id: research }),
  };
  const required = field.args.filter(
    ({ type, name }) => isNonNullType(type) || name === 'first' || (name === 'connection' && name in byName),
  );
  return Object.fromEntries(required.map(({ name, type }) => [name, byName[name] ?? sampleOf(type, '1-1')]));
}

/** The other subject of the tenant, and the one of the same name in the other tenant. */
const isNear = (other: Subject, who: Subject) => (other.tenant === who.tenant) !== (other.subject === who.subject);

/** All four with `ISOLATION=full`; else one, and the others ask for what is their own. */
const namesOthers = ({ name }: Subject) => process.env['ISOLATION'] === 'full' || name === 'acme.alice';

/** Every argument that can hold text, with everything that is known of those near and of the other tenant. */
function foreignVariants(who: Subject, field: RootField, operation: Operation): readonly Record<string, unknown>[] {
  const own = ownArguments(who, field, operation);
  const values = [
    ...subjects.filter((other) => isNear(other, who)).flatMap((other) => Object.values(known.get(other)!)),
    ...tenants.filter((one) => one !== who.tenant).flatMap((other) => Object.values(knownOfTenants.get(other)!)),
  ];
  return field.args
    .filter(holdsText)
    .flatMap(({ name, type }) => values.map((value) => ({ ...own, [name]: sampleOf(type, value) })));
}

interface Found {
  readonly fields: readonly string[];
  asked: number;
  /** Answers with something of others in them. */
  readonly foreign: string[];
  /** Answers that say that the caller may not ask at all: they tell nothing of isolation. */
  readonly forbidden: string[];
  /** Subjects and the fields that gave them something of their own. */
  readonly own: Set<string>;
}

/** Asks all fields of an operation for all subjects. */
async function tryAll(operation: Operation, only?: readonly string[]): Promise<Found> {
  const fields = rootFieldsOf(schema, operation).filter(({ name }) => only?.includes(name) ?? true);
  const found: Found = { fields: fields.map(({ name }) => name), asked: 0, foreign: [], forbidden: [], own: new Set() };
  for (const who of subjects) {
    vault.asks(who);
    const asks = operation === 'subscription' ? await subscriber(who) : asker(who, operation);
    for (const field of fields) {
      const variants = namesOthers(who) ? foreignVariants(who, field, operation) : [];
      // Writing with one's own arguments is what the other tests do; here it would take away what is compared.
      const all = operation === 'mutation' ? variants : [ownArguments(who, field, operation), ...variants];
      const size = operation === 'subscription' ? 32 : 8;
      for (let from = 0; from < all.length; from += size) {
        const batch = all.slice(from, from + size);
        const answers = await asks(field, batch);
        for (const [index, text] of answers.entries()) {
          found.asked += 1;
          const place = `${who.name}: ${field.name}(${JSON.stringify(batch[index])})`;
          const marks = marksIn(text, who);
          if (marks.length > 0) found.foreign.push(`${place} ${marks.join()}`);
          if (text.includes('"FORBIDDEN"')) found.forbidden.push(place);
          // By the time that somebody is told of a connection it may be gone, and its identity with it.
          const isOwn = [who.name, `${who.tenant}.company`].some(
            (name) => text.includes(`of ${name}`) || ownersIn(text).includes(name),
          );
          if (isOwn) found.own.add(`${who.name} ${field.name}`);
        }
      }
      if (operation === 'mutation') await register(who.tenant);
    }
  }
  return found;
}

type Asks = (field: RootField, batch: readonly Readonly<Record<string, unknown>>[]) => Promise<readonly string[]>;

function asker(who: Subject, operation: Operation): Asks {
  return (field, batch) =>
    Promise.all(batch.map(async (values) => (await ask(documentOf(operation, field, values), values, who)).text));
}

/** Events that a subscription is listened to for; one that is let in gets as many of its own. */
const eventsOfEach = 3;

/** Subscribes on a socket of its own, and lets things happen to everybody until each subscription has ended or has heard of it. */
async function subscriber(who: Subject): Promise<Asks> {
  const headers = { authorization: `Bearer ${gateway.keys[who.tenant]}`, 'x-external-subject-id': who.subject };
  const client = await connectSocket(gateway.url(), undefined, { headers });
  let operations = 0;
  return async (field, batch) => {
    const answers = new Map(batch.map(() => [`${(operations += 1)}`, [] as string[]]));
    const waiting = new Set(answers.keys());
    for (const [index, id] of [...answers.keys()].entries()) {
      client.send(subscribeMessage(id, documentOf('subscription', field, batch[index]!), batch[index]));
    }
    const listening = (async () => {
      while (waiting.size > 0) {
        const { id, type, payload } = await client.next();
        if (!answers.has(id)) continue;
        answers.get(id)!.push(JSON.stringify(payload ?? null));
        if (type === 'next' && answers.get(id)!.length < eventsOfEach) continue;
        if (type === 'next' && waiting.has(id)) client.send({ id, type: 'complete' });
        waiting.delete(id);
      }
    })();
    // What is polled happens by itself.
    while (waiting.size > 0 && !field.name.endsWith('NewItem')) await letHappen(field.name);
    await listening;
    return [...answers.values()].map((messages) => messages.join());
  };
}

let happened = 0;

/** Something that the field may tell of, for everybody. */
async function letHappen(field: string): Promise<void> {
  if (field === 'thingChanged') return setThings();
  const connector = connectorNames.find((name) => field.startsWith(name));
  await (connector === undefined ? letConnectionsPass() : sendWebhooks(connector));
}

/** A thing of everybody has another value. */
async function setThings(): Promise<void> {
  for (const who of subjects) {
    const value = `scene ${(happened += 1)} of ${who.name}`;
    await data(setThing, { thing: known.get(who)!.thing, value }, who);
  }
}

/** Webhooks for everybody at the addresses of both tenants. */
async function sendWebhooks(connector: (typeof connectorNames)[number]): Promise<void> {
  const names = [...subjects.map(({ name }) => name), ...tenants.map((tenant) => `${tenant}.company`)];
  const deliveries = names.flatMap((name) =>
    tenants.map((tenant) => {
      const row = () => ({ id: `w${(happened += 1)}`, owner: `row of ${name}`, tenant: `at ${tenant}` });
      const url = webhookUrls.get(tenant)![connectorNames.indexOf(connector)]!;
      return { url, body: JSON.stringify({ for: name, rows: Array.from({ length: eventsOfEach }, row) }) };
    }),
  );
  const headers = { 'content-type': 'application/json' };
  const answers = await Promise.all(deliveries.map(({ url, body }) => fetch(url, { method: 'POST', headers, body })));
  for (const { status } of answers) expect(status).toBe(200);
}

/** A connection of everybody comes and goes. */
async function letConnectionsPass(): Promise<void> {
  for (const who of subjects) {
    const made = await data(connect, { connector: 'shop', label: 'passing', fields: { token: who.name } }, who);
    const { id } = made.connect.connection;
    ownersOfConnections.set(id, who.name);
    await data('mutation ($id: ID!) { disconnect(connection: $id) { id } }', { id }, who);
  }
}

async function stateOf(who: Subject): Promise<unknown> {
  const { connections } = await data('{ connections { id state identity label connector { name } } }', {}, who);
  const { feed } = await data(feedOf, { id: known.get(who)!.feed }, who);
  const { thing } = await data(
    'query ($id: ID!) { thing(id: $id) { name status } }',
    { id: known.get(who)!.thing },
    who,
  );
  const { researchContexts } = await data('{ researchContexts { id name state imports { port } } }', {}, who);
  const addresses = 'query ($connector: String!) { webhookAddresses(connector: $connector) { id createdAt } }';
  const { webhookAddresses } = await data(addresses, { connector: 'shop' }, who);
  const { connection, durable, oldestCursor, parked } = feed;
  return {
    connections: connections.filter(({ label, state }: any) => label === null && state === 'STARTED'),
    feed: { connection, durable, oldestCursor, parked },
    webhookAddresses,
    thing,
    researchContexts: researchContexts.filter(({ name }: any) => name === `rain of ${who.name}`),
  };
}

const readsOf = (connector: string) => ['AllOrders', 'Item', 'Items', 'Owners'].map((name) => `${connector}${name}`);
const eventsOf = (connector: string) => ['NewItem', 'ToldItem'].map((name) => `${connector}${name}`);
const forAll = (fields: readonly string[]) =>
  fields.flatMap((field) => subjects.map(({ name }) => `${name} ${field}`)).sort();

describe('two tenants with two subjects each', () => {
  it('get no row of one another from any field of Query, whatever they name', async () => {
    const { fields, asked, foreign, forbidden, own } = await tryAll('query');
    console.info(`isolation: ${fields.length} fields of Query, asked ${asked} times`);
    expect(foreign).toEqual([]);
    expect(forbidden).toEqual([]);
    expect(asked).toBeGreaterThan(1_000);
    // All of it would mean nothing if nobody were given anything.
    const ofGateway = [
      'connection',
      'connections',
      'feed',
      'feeds',
      'researchContext',
      'researchContexts',
      'thing',
      'things',
    ];
    expect([...own].sort()).toEqual(forAll([...ofGateway, ...connectorNames.flatMap(readsOf)]));
    expect(fields).toEqual(expect.arrayContaining(['connectors', 'connector', 'registrations', 'webhookAddresses']));
  });

  it('change nothing of one another by any field of Mutation, whatever they name', async () => {
    const before = await Promise.all(subjects.map(stateOf));
    const { fields, asked, foreign, forbidden } = await tryAll('mutation');
    console.info(`isolation: ${fields.length} fields of Mutation, asked ${asked} times`);
    expect(foreign).toEqual([]);
    expect(forbidden).toEqual([]);
    expect(fields).toEqual(expect.arrayContaining(['startFeed', 'stopFeed', 'replayParked', 'removeWebhookAddress']));
    expect(asked).toBeGreaterThan(1_000);
    expect(await Promise.all(subjects.map(stateOf))).toEqual(before);
    for (const who of subjects) {
      const rows = await data('{ shopAllOrders { owner } companyAllOrders { owner } }', {}, who);
      expect(rows.shopAllOrders[0].owner).toBe(`row of ${who.name}`);
      expect(rows.companyAllOrders[0].owner).toBe(`row of ${who.tenant}.company`);
      // The code of each is still there for its owner alone: nobody else has used it up.
      const { code } = known.get(who)!;
      const finish = 'mutation ($code: String!) { finishConnection(code: $code) { identity subject } }';
      const { finishConnection } = await data(finish, { code }, who);
      expect(finishConnection).toEqual({ identity: `account of ${who.name}`, subject: who.subject });
    }
  });

  it('hear nothing of one another by any field of Subscription, whatever they name', async () => {
    const { fields, asked, foreign, forbidden, own } = await tryAll('subscription');
    console.info(`isolation: ${fields.length} fields of Subscription, asked ${asked} times`);
    expect(foreign).toEqual([]);
    expect(forbidden).toEqual([]);
    expect([...fields].sort()).toEqual(
      ['connectionChanged', 'thingChanged', ...connectorNames.flatMap(eventsOf)].sort(),
    );
    expect(asked).toBeGreaterThan(300);
    expect([...own].sort()).toEqual(forAll(['connectionChanged', 'thingChanged', ...connectorNames.flatMap(eventsOf)]));
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
    const loginsBefore = provider.logins();
    provider.tickets.clear();
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
    expect(provider.logins() - loginsBefore).toBe(6);
    expect(new Set(provider.tickets.values())).toEqual(
      new Set([...subjects.map(({ name }) => name), 'acme.company', 'globex.company']),
    );
  });
});

describe('the matrix itself', () => {
  // Whoever looks up by id or lists is given the rows of others as if they were its own.
  it.each(['tenant', 'subject'] as const)('finds foreign rows where look-ups forget the %s', async (forgotten) => {
    // What is remembered of connections for a second was read of an honest store, or of the one before; a change ends it.
    await letConnectionsPass();
    vault.forget(forgotten);
    try {
      const { foreign } = await tryAll('query', ['connection', 'connections', 'feed', 'feeds']);
      const found = new Set(foreign.map((place) => /: (\w+)\(/.exec(place)?.[1]));
      expect(found).toEqual(new Set(['connection', 'connections', 'feed', 'feeds']));
    } finally {
      vault.forget(undefined);
    }
  });
});
