import { afterEach, describe, expect, it } from '@jest/globals';
import myApp from '../../../connectors/my-app/connector.ts';
import { callConnector, type ConnectorCaller } from '../../support/connector-call.ts';
import { exercises } from './exercises.ts';

let caller: ConnectorCaller;
let close: () => Promise<void>;
afterEach(async () => {
  await caller.close();
  await close();
});

async function connect(fields?: Readonly<Record<string, unknown>>): Promise<ConnectorCaller> {
  const provider = await exercises.startProvider();
  close = provider.close;
  caller = callConnector(myApp, fields ?? provider.fields, provider.senderOptions);
  return caller;
}

const created = (name: string) => ({ name, email: `${name}@example.com` });

describe('the sample connector', () => {
  it('tests its connection with the token as a parameter', async () => {
    const { connection } = await connect();
    await expect(myApp.test?.(connection)).resolves.toMatchObject({ total: 119 });
  });

  it('fails its test with a wrong token', async () => {
    const { connection } = await connect({ api_token: 'wrong' });
    await expect(myApp.test?.(connection)).rejects.toMatchObject({ code: 'PROVIDER_UNAUTHORIZED' });
  });

  it('fails for an archived customer', async () => {
    const connection = await connect();
    await expect(connection.rows('getCustomerById', { id: 13 })).rejects.toMatchObject({
      code: 'PROVIDER_NOT_FOUND',
      details: { errorCode: 'my_app.not_found', http: { status: 410 } },
    });
  });
});

describe('the ascending trigger of seed 003', () => {
  it('goes through all customers by the time of the last one, and comes to an end', async () => {
    const connection = await connect();
    const input = { created_since: new Date('2025-01-01') };
    const first = await connection.poll('newCustomer', input);
    expect(first).toMatchObject({ canPollMore: true, nextPoll: first.events.at(-1).created_at });
    const second = await connection.poll('newCustomer', input, first.nextPoll);
    expect(second.canPollMore).toBe(false);
    const ids = [...first.events, ...second.events].map((event) => event.id);
    // The time of the last one is asked for again: `dedup` is there for the one that comes twice.
    expect(ids).toHaveLength(120);
    expect(new Set(ids.map((id) => myApp.triggers?.newCustomer?.dedup?.({ id }))).size).toBe(119);
  });

  it('sees a customer that was created after the last poll', async () => {
    const connection = await connect();
    const before = await connection.poll('newCustomer', { created_since: new Date() });
    expect(before.events).toEqual([]);
    const [made] = await connection.rows('createCustomer', created('ann'));
    const after = await connection.poll('newCustomer', {}, before.nextPoll);
    expect(after.events).toEqual([made]);
  });
});

describe('the descending trigger of seed 003', () => {
  it('pages back from now to the start, the newest first', async () => {
    const connection = await connect();
    const input = { created_since: new Date('2025-01-01') };
    const first = await connection.poll('newCustomerDescending', input);
    expect(first.events).toHaveLength(100);
    expect(first.nextPage).toBe(first.events.at(-1).created_at);
    const second = await connection.poll('newCustomerDescending', input, first.nextPage);
    expect(second).toMatchObject({ nextPage: undefined });
    // A page begins with the time at which the one before it ended, so that no customer of that time is left out.
    expect(second.events[0]).toEqual(first.events.at(-1));
    const ids = [...first.events, ...second.events.slice(1)].map((event) => event.id);
    expect(ids).toEqual(Array.from({ length: 120 }, (_, index) => 120 - index).filter((id) => id !== 13));
  });

  it('tells versions of a customer apart', () => {
    const { documentId, sortBy, dedup } = myApp.triggers?.newCustomerDescending ?? {};
    const event = { id: 7, created_at: '2025-01-01T00:00:00Z' };
    expect([documentId?.(event), sortBy?.(event), dedup?.(event)]).toEqual([
      7,
      '2025-01-01T00:00:00Z',
      '7@2025-01-01T00:00:00Z',
    ]);
  });
});
