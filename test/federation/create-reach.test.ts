import { describe, expect, it } from '@jest/globals';
import { createReach } from '../../src/federation/create-reach.ts';
import type { OutgoingRequest, Sender } from '../../src/http/send.ts';

const sent: OutgoingRequest[] = [];
const sender: Sender = {
  send: (request) => {
    sent.push(request);
    const body = Buffer.from('{"data":{"a":1}}');
    return Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body, url: request.url });
  },
  close: () => Promise.resolve(),
};
const reach = createReach(
  { name: 'reviews', url: 'https://reviews.example.com/graphql' },
  { sender, guard: () => () => {} },
);
const contextOf = (...scopes: string[]) => ({
  caller: { tenant: 't', subject: undefined, scopes: new Set(scopes) },
  signal: new AbortController().signal,
  requestId: 'r',
});
const ask = (kind: 'query' | 'mutation', scope: string) =>
  reach.ask({ operation: '{ a }', kind, variables: {}, context: contextOf(scope) });

describe('a subgraph of somebody else', () => {
  it('is read and written for callers whose scopes allow it alone', async () => {
    expect(await ask('query', 'plugboard.read')).toEqual({ data: { a: 1 } });
    expect(await ask('query', 'plugboard.read:reviews')).toEqual({ data: { a: 1 } });
    expect(await ask('mutation', 'plugboard.write')).toEqual({ data: { a: 1 } });
    const before = sent.length;
    await expect(ask('query', 'plugboard.write')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(ask('query', 'plugboard.read:users')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(ask('mutation', 'plugboard.read')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(sent).toHaveLength(before);
  });

  it('tells of events to callers whose scopes allow it alone', async () => {
    const operation = {
      document: { kind: 'Document', definitions: [] } as never,
      context: contextOf('plugboard.read'),
    };
    const options = { eventTimeoutMs: 1, finish: (result: object) => result };
    await expect(reach.subscribe(operation, options)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
