import { afterEach, describe, expect, it } from '@jest/globals';
import { createDemoCustomers, createDemoOrders } from '../../src/cli/demo-data.ts';
import { startDemoProvider, type DemoProvider, type DemoProviderOptions } from '../../src/cli/demo-provider.ts';

let demo: DemoProvider | undefined;
afterEach(async () => {
  await demo?.close();
  demo = undefined;
});

async function start(
  options?: DemoProviderOptions,
): Promise<(path: string, init?: RequestInit) => Promise<{ status: number; body: any }>> {
  const provider = await startDemoProvider(options);
  demo = provider;
  return async (path, init) => {
    const token = path.includes('api_token') ? '' : `${path.includes('?') ? '&' : '?'}api_token=${provider.apiToken}`;
    const response = await fetch(`${provider.origin}/v1/${path}${token}`, init);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
}

describe('the data of the demo', () => {
  it('is the same at every start', () => {
    expect(createDemoCustomers()).toEqual(createDemoCustomers());
    expect(createDemoCustomers()).toHaveLength(120);
    expect(createDemoOrders()).toHaveLength(300);
    expect(createDemoCustomers()[0]).toEqual({
      id: 1,
      name: 'Ada Abbott',
      email: 'ada.abbott.1@example.com',
      address: { street: '1 Main St', city: 'Anytown', state: 'CA', zip: '94321', country: 'USA' },
      created_at: '2025-01-06T08:15:00.000Z',
    });
  });

  it('has customers of different times, the oldest first, and names of their own', () => {
    const customers = createDemoCustomers();
    const times = customers.map(({ created_at }) => created_at);
    expect(times).toEqual([...new Set(times)].sort());
    expect(new Set(customers.map(({ email }) => email)).size).toBe(120);
    expect(new Set(customers.map(({ name }) => name)).size).toBeGreaterThan(100);
  });

  it('has orders of customers that are archived and deleted', () => {
    const ids = createDemoOrders().map(({ customer_id }) => customer_id);
    expect(ids).toContain(13);
    expect(ids.filter((id) => id === 9_999)).toHaveLength(5);
  });
});

describe('the demo provider', () => {
  it('answers 401 without its token', async () => {
    const ask = await start();
    const refused = { status: 401, body: { error: 'The parameter api_token is missing or wrong.' } };
    expect(await ask('customers.json?api_token=')).toEqual(refused);
    expect(await ask(`customers.json?api_token=${'x'.repeat(29)}`)).toEqual(refused);
  });

  it('gives one customer in an envelope', async () => {
    const ask = await start();
    expect(await ask('customers.json?id=1')).toEqual({ status: 200, body: { customer: createDemoCustomers()[0] } });
  });

  it('gives the customers of several ids, and leaves out those that it has not', async () => {
    const ask = await start();
    const { body } = await ask('customers.json?ids=3,9999,13,1');
    expect(body.customers.map(({ id }: { id: number }) => id)).toEqual([1, 3]);
  });

  it('pages, and says how many there are', async () => {
    const ask = await start();
    const { body } = await ask('customers.json?limit=50&page=3');
    expect(body.total).toBe(119);
    expect(body.customers).toHaveLength(19);
    expect(body.customers.at(-1).id).toBe(120);
  });

  it('lists what was created since and before, in either order', async () => {
    const ask = await start();
    const [, second, third, fourth] = createDemoCustomers();
    const between = `customers.json?created_since=${second?.created_at}&created_before=${fourth?.created_at}`;
    expect((await ask(`${between}&order=asc`)).body.customers).toEqual([second, third, fourth]);
    expect((await ask(`${between}&order=desc`)).body.customers).toEqual([fourth, third, second]);
  });

  it('keeps a customer that was created, as the latest', async () => {
    const ask = await start();
    const body = JSON.stringify({ name: 'New One', email: 'new.one@example.com', address: { city: 'Lyon' } });
    const made = await ask('customers.json', { method: 'POST', body });
    expect(made).toMatchObject({ status: 201, body: { customer: { id: expect.any(Number), name: 'New One' } } });
    const polled = await ask(`customers.json?created_since=${made.body.customer.created_at}`);
    expect(polled.body.customers).toEqual([made.body.customer]);
    expect((await ask('customers.json', { method: 'POST', body })).status).toBe(409);
  });

  it.each([
    ['customers.json?id=13', 410, 'Customer 13 is archived.'],
    ['customers.json?id=9999', 404, 'There is no customer 9999.'],
    ['customers.json?id=one', 400, 'id has to be a whole number.'],
    ['customers.json?ids=1,,2', 400, 'ids has to be a whole number.'],
    ['customers.json?limit=101', 400, 'limit has to be between 1 and 100.'],
    ['customers.json?page=0', 400, 'page has to be 1 or more.'],
    ['customers.json?order=up', 400, 'order has to be asc or desc.'],
    ['customers.json?created_since=soon', 400, 'created_since has to be a time as in RFC 3339.'],
    ['orders.json?id=301', 404, 'There is no order 301.'],
    ['__proto__', 404, 'There is no such path.'],
    ['customers/1.json', 404, 'There is no such path.'],
    ['webhooks/1.json', 405, 'This path takes PUT and DELETE.'],
  ])('answers GET %s with %i', async (path, status, error) => {
    const ask = await start();
    expect(await ask(path)).toEqual({ status, body: { error } });
  });

  it.each([
    ['{', 400, 'The body has to be a JSON object.'],
    ['[]', 400, 'The body has to be a JSON object.'],
    ['{}', 422, 'name has to be a text.'],
    ['{"name":"N","email":"none"}', 422, 'email has to be an e-mail address.'],
    ['{"name":"N","email":"n@example.com","address":{"zip":1}}', 422, 'address.zip has to be a text.'],
  ])('refuses to create a customer of %s', async (body, status, error) => {
    const ask = await start();
    expect(await ask('customers.json', { method: 'POST', body })).toEqual({ status, body: { error } });
  });

  it('lets customers come by themselves, each later than the one before', async () => {
    const ask = await start();
    const [first, second] = [demo!.addCustomer(), demo!.addCustomer()];
    // By the time, so that they are none of those that came before a restart.
    expect(first.id).toBeGreaterThan(1_000_000);
    expect(second.id).toBeGreaterThan(first.id);
    expect(Date.parse(second.created_at)).toBeGreaterThan(Date.parse(first.created_at));
    const { body } = await ask(`customers.json?created_since=${first.created_at}`);
    expect(body.customers).toEqual([first, second]);
  });

  it('lets one come every so often, when it is asked to', async () => {
    const ask = await start({ newCustomerEveryMs: 1 });
    for (;;) {
      const { body } = await ask('customers.json?limit=1');
      if (body.total > 121) break;
    }
  });

  it('takes no other method', async () => {
    const ask = await start();
    expect(await ask('customers.json', { method: 'DELETE' })).toEqual({
      status: 405,
      body: { error: 'This path takes GET and POST.' },
    });
  });

  it('listens on this machine only', async () => {
    await expect(startDemoProvider({ host: '0.0.0.0' })).rejects.toThrow(
      'ADDRESS_NOT_ALLOWED: demo provider: expected a loopback address (127.0.0.1, ::1, localhost), since it is for demonstration only; got "0.0.0.0".',
    );
  });

  it('says which address is taken', async () => {
    await start();
    const port = Number(new URL(demo?.origin ?? '').port);
    await expect(startDemoProvider({ port })).rejects.toThrow(
      `ADDRESS_IN_USE: demo provider: expected an address that is free; got 127.0.0.1:${port} (EADDRINUSE).`,
    );
  });
});
