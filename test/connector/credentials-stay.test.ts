/** Wherever a provider points, the credentials of a connection stay at its own origin (safety X2). */
import { afterAll, beforeAll, beforeEach, describe, it, expect } from '@jest/globals';
import type { Authorization, ConnectionFields } from '../../src/connector/definition.ts';
import { createOpenConnection, type OpenConnection } from '../../src/connector/open-connection.ts';
import { createCallBudget } from '../../src/http/budget.ts';
import { createSender, type Sender } from '../../src/http/send.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';

const canary = 'c4n4ry-0f-th3-c0nn3ct10n';
let provider: FakeProvider;
let elsewhere: FakeProvider;
let sender: Sender;

beforeAll(async () => {
  elsewhere = await startFakeProvider(() => ({ json: {} }));
  provider = await startFakeProvider(({ path, url }) => {
    const status = Number(/^\/redirect\/(\d+)/.exec(path)?.[1]);
    // A hostile provider echoes what it was given into the place where it points.
    const query = url.split('?')[1] ?? '';
    return status ? { status, headers: { location: `${elsewhere.origin}/trap?${query}` } } : { json: {} };
  });
  sender = createSender({ allowedPrivateOrigins: [provider.origin, elsewhere.origin], retries: { maxTries: 1 } });
});
afterAll(async () => {
  await sender.close();
  await provider.close();
  await elsewhere.close();
});

const authorizations: Readonly<Record<string, Authorization>> = {
  'a key in the query': { type: 'api_key', apply: (request) => request.params({ api_key: canary }) },
  'a key nested in the query': { type: 'api_key', apply: (request) => request.params({ auth: { key: [canary] } }) },
  'a key in a raw query': { type: 'api_key', apply: (request) => request.params(`k=${canary}`) },
  'a key in a header of its own': { type: 'api_key', apply: (request) => request.headers({ 'X-Shop': canary }) },
  'a cookie': { type: 'custom', apply: (request) => request.headers({ Cookie: `session=${canary}` }) },
  'a key in the payload': { type: 'custom', apply: (request) => request.payload({ key: canary }) },
  Basic: { type: 'basic' },
  'a bearer token': { type: 'oauth2' },
};
const fields: ConnectionFields = { user: canary, password: canary, access_token: canary };

const ways: Readonly<Record<string, (connection: OpenConnection) => PromiseLike<unknown>>> = {
  'a 302': (connection) => connection.get('redirect/302').followRedirection(),
  'a 307': (connection) => connection.get('redirect/307').followRedirection(),
  'a 308': (connection) => connection.get('redirect/308').followRedirection(),
  'a 303 after a write': (connection) => connection.post('redirect/303', { a: 1 }).followRedirection(),
  'a 302 by default': (connection) => connection.get('redirect/302'),
  'an absolute URL': (connection) => connection.get(`${elsewhere.origin}/trap`),
  'the next page': (connection) => connection.get('list').replaceUrl(`${elsewhere.origin}/trap?page=2`),
};

describe.each(Object.keys(authorizations))('%s', (name) => {
  let connection: OpenConnection;
  beforeEach(() => {
    connection = createOpenConnection({
      connector: {
        name: 'shop',
        connection: { baseUri: `${provider.origin}/`, authorization: authorizations[name]! },
      },
      credentials: { fields: () => fields, merge: async () => {} },
      sender,
      budget: createCallBudget(),
      signal: new AbortController().signal,
    });
  });

  it('goes to its own provider', async () => {
    await connection.get('list');
    expect(carriesCanary(provider.requests.at(-1)!)).toBe(true);
  });

  it.each(Object.keys(ways))('does not follow %s elsewhere', async (way) => {
    const before = elsewhere.requests.length;
    await Promise.resolve(ways[way]!(connection)).catch((error: { code?: string }) => {
      expect(error.code).toBe('PROVIDER_REDIRECT_REFUSED');
    });
    expect(elsewhere.requests.slice(before).filter(carriesCanary)).toEqual([]);
  });
});

function carriesCanary(request: object): boolean {
  const text = JSON.stringify(request);
  return [canary, Buffer.from(`${canary}:${canary}`).toString('base64')].some((secret) => text.includes(secret));
}
