import { afterEach, describe, expect, it } from '@jest/globals';
import myApp from '../../connectors/my-app/connector.ts';
import { startDemoProvider, type DemoProvider } from '../../src/cli/demo-provider.ts';
import type { SentEvent } from '../../src/http/send.ts';
import { runGateway, type RunningGateway } from '../support/running-gateway.ts';

let demo: DemoProvider;
let sent: SentEvent[];
afterEach(() => demo.close());

/** The sample connector over the demo provider; `sent` has every request that went out. */
async function serve(): Promise<RunningGateway> {
  demo = await startDemoProvider();
  sent = [];
  const senderOptions = {
    replayedOrigins: { 'https://api.my-app.com': demo.origin },
    allowedPrivateOrigins: [demo.origin],
    observe: (event: SentEvent) => void sent.push(event),
  };
  return runGateway([myApp], { my_app: { api_token: demo.apiToken } }, senderOptions);
}

describe('the sample connector, through the whole gateway', () => {
  it('joins 50 orders to their customers by two requests', async () => {
    const gateway = await serve();
    const answer = await gateway.ask(`{
      myAppOrders(first: 50) { totalCount nodes { number total currency customer { id name address { city } } } }
    }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data.myAppOrders.totalCount).toBe(300);
    expect(answer.data.myAppOrders.nodes).toHaveLength(50);
    expect(answer.data.myAppOrders.nodes[0]).toEqual({
      number: 'A-1001',
      total: '4.95',
      currency: 'EUR',
      customer: { id: '1', name: 'Ada Abbott', address: { city: 'Anytown' } },
    });
    expect(sent).toHaveLength(2);
  });

  it('gives null for a customer that is archived or deleted, and the order all the same', async () => {
    const gateway = await serve();
    const answer = await gateway.ask(`{
      deleted: myAppOrder(id: 60) { number customerId customer { name } }
      archived: myAppOrders(customerId: 13) { nodes { customerId customer { name } } }
    }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data.deleted).toEqual({ number: 'A-1060', customerId: '9999', customer: null });
    expect(answer.data.archived.nodes.length).toBeGreaterThan(0);
    for (const node of answer.data.archived.nodes) expect(node).toEqual({ customerId: '13', customer: null });
  });

  it('fails one field and answers the one beside it', async () => {
    const gateway = await serve();
    const answer = await gateway.ask(`{
      archived: myAppCustomerById(id: 13) { name }
      good: myAppCustomerById(id: 1) { name createdAt }
    }`);
    expect(answer.data).toEqual({
      archived: null,
      good: { name: 'Ada Abbott', createdAt: expect.stringContaining('2025-01-06T08:15:00') },
    });
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors?.[0]).toMatchObject({
      path: ['archived'],
      extensions: { code: 'PROVIDER_NOT_FOUND', errorCode: 'my_app.not_found', http: { status: 410 } },
    });
  });

  it('lists all customers page by page, each once', async () => {
    const gateway = await serve();
    const query = `query ($after: String) {
      myAppCustomers(first: 50, after: $after) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } }
    }`;
    const ids: string[] = [];
    let after: string | null = null;
    do {
      const answer = await gateway.ask(query, { after });
      const { nodes, pageInfo } = answer.data.myAppCustomers;
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      ids.push(...nodes.map((node: { id: string }) => node.id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(ids).toHaveLength(119);
    expect(new Set(ids).size).toBe(119);
    expect(sent).toHaveLength(3);
  });

  it('creates a customer once, and reads it then', async () => {
    const gateway = await serve();
    const created = await gateway.ask(`mutation {
      myAppCreateCustomer(input: { name: "New One", email: "new.one@example.com", address: { city: "Lyon" } }) { id name }
    }`);
    expect(created).toEqual({ data: { myAppCreateCustomer: { id: expect.any(String), name: 'New One' } } });
    const { id } = created.data.myAppCreateCustomer;
    const read = await gateway.ask(`{ myAppCustomerById(id: ${id}) { name address { city street } } }`);
    expect(read.data.myAppCustomerById).toEqual({ name: 'New One', address: { city: 'Lyon', street: '' } });
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('never shows the token: not in a log, an answer or an error', async () => {
    const gateway = await serve();
    const answer = await gateway.ask('{ myAppCustomerById(id: 13) { name } }');
    expect(answer.errors).toHaveLength(1);
    const shown = [JSON.stringify(answer), gateway.log(), JSON.stringify(sent)].join('\n');
    expect(shown).not.toContain(demo.apiToken);
  });

  it('says what is wrong with an input before anything is sent', async () => {
    const gateway = await serve();
    const answer = await gateway.ask('{ myAppCustomerById(id: "one") { name } }');
    expect(answer.errors?.[0]).toMatchObject({
      message: 'id: expected an integer; got a string that is none.',
      extensions: { code: 'INPUT_INVALID' },
    });
    expect(sent).toEqual([]);
  });
});
