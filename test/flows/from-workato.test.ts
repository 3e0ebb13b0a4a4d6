/** Seed 003, component by component: its own requests go out, and its own answers come back. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadProject } from '../../src/cli/load-project.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { readResults } from '../../src/testing/read-results.ts';
import { startFakeProvider, type FakeProvider, type Handler } from '../support/fake-provider.ts';
import { runGateway, type RunningGateway } from '../support/running-gateway.ts';
import { createProject } from '../support/temporary-project.ts';

const page = await readFile(new URL('../../docs/from-workato.md', import.meta.url), 'utf8');
const [, source = ''] = /```ts\n(import .+?)```/s.exec(page) ?? [];
const [query = '', subscription = ''] = [...page.matchAll(/```graphql\n(.+?)\n```/gs)].map(([, text]) => text!);
const [, answer = ''] = /```json\n(.+?)```/s.exec(page) ?? [];

/** The envelope that the document shows. */
const envelope = {
  customer: {
    id: 1234,
    name: 'John Smith',
    email: 'john.smith@email.com',
    address: { street: '123 Main St', city: 'Anytown', state: 'CA', zip: '94321', country: 'USA' },
  },
};

let sample: Connector;
beforeAll(async () => {
  const project = await createProject({ 'connectors/my-sample/connector.ts': source });
  const { loaded, warnings } = await (await loadProject({ config: project.config })).loadConnectors();
  expect(warnings).toEqual([]);
  sample = loaded[0]!.connector;
  await project.remove();
});

let provider: FakeProvider;
/** What the provider answers; each test has its own. */
let reply: Handler;
beforeEach(async () => {
  provider = await startFakeProvider((request, response) => reply(request, response));
});
afterEach(() => provider.close());

function serve(connector: Connector = sample): Promise<RunningGateway> {
  const fields = { [connector.name]: connector.connection?.fields ? { api_token: 'xyz' } : {} };
  return runGateway([connector], fields, {
    replayedOrigins: { 'https://api.my-app.com': provider.origin },
    allowedPrivateOrigins: [provider.origin],
  });
}

/** Path and query of what was asked, as the document writes them. */
const asked = () => provider.requests.map(({ method, url }) => `${method} ${decodeURIComponent(url)}`);

/** The first events of a subscription. */
async function events(gateway: RunningGateway, text: string, count: number): Promise<any[]> {
  const headers = { 'content-type': 'application/json' };
  const nodes = [];
  for await (const { data, errors } of readResults(
    `${gateway.url}/graphql/stream`,
    headers,
    JSON.stringify({ query: text }),
  )) {
    expect(errors).toBeUndefined();
    nodes.push((Object.values(data as object)[0] as { node: unknown }).node);
    if (nodes.length === count) break;
  }
  return nodes;
}

describe('connection fields, authorization and test', () => {
  it('ask for the token as the document does, and try it', async () => {
    reply = () => ({ json: { customers: [] } });
    const gateway = await serve();
    const { data } = await gateway.ask(
      '{ connector(name: "my_sample") { connectionFields { name label required hint } } }',
    );
    expect(data.connector.connectionFields).toEqual([
      {
        name: 'api_token',
        label: 'API token',
        required: true,
        hint: 'You can find your MyApp API token under "Account Settings"',
      },
    ]);
    const connect =
      'mutation { connect(connector: "my_sample", fields: { api_token: "abc" }) { connection { state } } }';
    expect((await gateway.ask(connect)).data.connect).toEqual({ connection: { state: 'STARTED' } });
    expect(asked()).toEqual(['GET /v1/customers.json?limit=1&api_token=abc']);
    reply = () => ({ status: 401, json: {} });
    const again = connect.replace('connector: ', 'label: "second", connector: ');
    expect((await gateway.ask(again)).errors?.[0]?.extensions.code).toBe('CONNECTION_TEST_FAILED');
  });
});

describe('an action', () => {
  it('takes its input, peels off the envelope and gives its output', async () => {
    reply = () => ({ json: envelope });
    const gateway = await serve();
    expect(await gateway.ask(query)).toEqual(JSON.parse(answer));
    expect(asked()).toEqual(['GET /v1/customers.json?id=1234&api_token=xyz']);
  });

  it('fails where the input is not of its type, and nothing is sent', async () => {
    reply = () => ({ json: envelope });
    const { errors } = await (await serve()).ask(query.replace('1234', '"one"'));
    expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(asked()).toEqual([]);
  });
});

describe('making requests', () => {
  type Execute = NonNullable<Connector['actions']>[string]['execute'];
  /** What its actions do, written as the document writes it. */
  let execute: Execute;
  const actionOf = (rest: object) => ({
    output: [{ name: 'name' }],
    execute: ((...given) => execute(...given)) as Execute,
    ...rest,
  });
  const plain: Connector = {
    name: 'plain',
    actions: { get_customer: actionOf({ readOnly: true }), write: actionOf({ input: [{ name: 'name' }] }) },
  };
  const read = '{ plainCustomer { name } }';
  const write = 'mutation { plainWrite(input: { name: "John Smith" }) { name } }';

  const url = 'https://api.my-app.com/v1/customers.json';

  it('has the parameters in the address or mixed in, and asks the same', async () => {
    reply = () => ({ json: envelope });
    const gateway = await serve(plain);
    const expected = { data: { plainCustomer: { name: 'John Smith' } } };
    execute = async (connection) => (await connection.get(`${url}?id=1234&api_token=xyz`)).customer;
    expect(await gateway.ask(read)).toEqual(expected);
    execute = async (connection) => (await connection.get(url).params({ id: 1234, api_token: 'xyz' })).customer;
    expect(await gateway.ask(read)).toEqual(expected);
    const request = 'GET /v1/customers.json?id=1234&api_token=xyz';
    expect(asked()).toEqual([request, request]);
  });

  it('sends nothing until the answer is needed, and then once', async () => {
    reply = () => ({ json: envelope });
    let sentBefore: number | undefined;
    execute = async (connection) => {
      const request = connection.get(url);
      request.params({ id: 1234 });
      connection.get('https://api.my-app.com/v1/never.json');
      await new Promise((resolve) => setImmediate(resolve));
      sentBefore = provider.requests.length;
      return { name: [(await request).customer.name, (await request).customer.id].join() };
    };
    expect((await (await serve(plain)).ask(read)).data.plainCustomer.name).toBe('John Smith,1234');
    expect([sentBefore, asked()]).toEqual([0, ['GET /v1/customers.json?id=1234']]);
  });

  /** What is written, and what the provider receives. */
  const written: readonly (readonly [Execute, object])[] = [
    [
      (connection, input) => connection.post(url, { a: 1 }).payload(input).headers({ 'X-Kind': 'new' }),
      {
        body: '{"a":1,"name":"John Smith"}',
        headers: { 'x-kind': 'new', 'content-type': 'application/json' },
      },
    ],
    [
      (connection) => connection.post(url).user('john').password('smith'),
      { headers: { authorization: `Basic ${Buffer.from('john:smith').toString('base64')}` } },
    ],
    [
      (connection, input) => connection.post(url, input).requestFormat('xml', { root: 'customer' }),
      {
        body: expect.stringContaining('<customer><name>John Smith</name></customer>'),
        headers: { 'content-type': expect.stringContaining('xml') },
      },
    ],
    [
      (connection, input) => connection.post(url, input).requestFormat('www_form_urlencoded'),
      { body: 'name=John+Smith', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
    [
      (connection, input) => connection.post(url).multipart(input),
      {
        body: expect.stringContaining('name="name"\r\n\r\nJohn Smith'),
        headers: { 'content-type': expect.stringContaining('multipart/form-data; boundary=') },
      },
    ],
  ];

  it('sends payload, headers, user and password, XML, forms and multipart, and reads XML', async () => {
    reply = () => ({ json: { name: 'done' } });
    const gateway = await serve(plain);
    for (const [way, expected] of written) {
      execute = way;
      expect(await gateway.ask(write)).toEqual({ data: { plainWrite: { name: 'done' } } });
      expect(provider.requests.at(-1)).toMatchObject({ method: 'POST', url: '/v1/customers.json', ...expected });
    }
    const body = '<customer><name>John Smith</name></customer>';
    reply = () => ({ headers: { 'content-type': 'application/xml' }, body });
    execute = async (connection) => {
      const { customer } = await connection.get(url).responseFormat('xml');
      return { name: JSON.stringify(customer) };
    };
    expect((await gateway.ask(read)).data.plainCustomer.name).toContain('John Smith');
  });
});

describe('triggers', () => {
  /** The nth customer, one a minute from 2017-01-02T12:00:00Z on. */
  const customer = (id: number) => ({
    id,
    name: `Customer ${id}`,
    created_at: new Date(Date.UTC(2017, 0, 2, 12, id)).toISOString().replace('.000Z', 'Z'),
  });
  const customers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => customer(from + index));

  it('poll an ascending endpoint at once again while there may be more, and tell of each customer once', async () => {
    // The hundredth comes twice: its own time is where the next poll begins.
    reply = ({ query: { created_since: start, limit } }) => {
      if (limit === '1') return { json: { customers: [customer(1)] } };
      return { json: { customers: start === '2017-01-01T12:00:00Z' ? customers(1, 100) : customers(100, 102) } };
    };
    const told = await events(await serve(), subscription, 102);
    expect(told.map(({ id }) => id)).toEqual(customers(1, 102).map(({ id }) => id));
    expect(asked()).toEqual([
      'GET /v1/customers.json?limit=1&api_token=xyz',
      'GET /v1/customers.json?created_since=2017-01-01T12:00:00Z&order=asc&limit=100&api_token=xyz',
      `GET /v1/customers.json?created_since=${customer(100).created_at}&order=asc&limit=100&api_token=xyz`,
    ]);
  });

  it('page back through a descending endpoint, and tell the oldest first', async () => {
    reply = ({ query: { created_before: before, limit } }) => {
      if (limit === '1') return { json: { customers: [] } };
      const isSecond = before === customer(3).created_at;
      return { json: { customers: isSecond ? customers(1, 2).reverse() : customers(3, 102).reverse() } };
    };
    const text = subscription.replace('Ascending', 'Descending');
    const told = await events(await serve(), text, 102);
    expect(told.map(({ id }) => id)).toEqual(customers(1, 102).map(({ id }) => id));
    const [test, first, second, ...others] = asked();
    expect(test).toBe('GET /v1/customers.json?limit=1&api_token=xyz');
    expect(first).toMatch(
      /^GET \/v1\/customers\.json\?created_since=2017-01-01T12:00:00Z&created_before=\d{4}-[^&]+Z&order=desc&limit=100&api_token=xyz$/,
    );
    expect(second).toBe(
      `GET /v1/customers.json?created_since=2017-01-01T12:00:00Z&created_before=${customer(3).created_at}&order=desc&limit=100&api_token=xyz`,
    );
    expect(others).toEqual([]);
  });

  it('do not start where the test of the connection fails', async () => {
    reply = () => ({ status: 403, json: {} });
    const gateway = await serve();
    const body = JSON.stringify({ query: subscription });
    const results = readResults(`${gateway.url}/graphql/stream`, { 'content-type': 'application/json' }, body);
    const { value } = await results.next();
    expect(value.errors[0].extensions).toMatchObject({ connector: 'my_sample', http: { status: 403 } });
    expect(asked()).toEqual(['GET /v1/customers.json?limit=1&api_token=xyz']);
    await results.return?.();
  });
});

describe('document_id, sort_by and dedup', () => {
  it('are by default the id, and the id with what is sorted by', async () => {
    const { dedup: _dedup, documentId: _id, ...defaults } = sample.triggers!['newCustomerDescending']!;
    const connector = { ...sample, triggers: { newCustomerDescending: defaults } } as Connector;
    const rows = [
      { ID: 2, created_at: '2017-01-03T12:00:00Z', name: 'changed' },
      { ID: 2, created_at: '2017-01-02T12:00:00Z', name: 'first' },
    ];
    reply = ({ query: { limit } }) => ({ json: { customers: limit === '1' ? [] : rows } });
    const told = await events(await serve(connector), subscription.replace('Ascending', 'Descending'), 2);
    expect(told.map(({ name }) => name)).toEqual(['first', 'changed']);
  });
});
