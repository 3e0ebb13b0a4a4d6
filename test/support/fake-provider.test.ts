import { afterEach, describe, expect, it } from '@jest/globals';
import { startFakeProvider } from './fake-provider.ts';
import type { FakeProvider } from './fake-provider.ts';

let provider: FakeProvider;
afterEach(() => provider.close());

describe('startFakeProvider', () => {
  it('records method, path, query, headers and body', async () => {
    provider = await startFakeProvider({ 'POST /things': { status: 201, json: { id: 1 } } });
    const response = await fetch(`${provider.origin}/things?a=1&b=%20`, {
      method: 'POST',
      body: 'hällo',
      headers: { 'X-Test': 'y' },
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id: 1 });
    const [request] = await provider.received(1);
    expect(request).toMatchObject({ method: 'POST', path: '/things', query: { a: '1', b: ' ' }, body: 'hällo' });
    expect(request!.headers['x-test']).toBe('y');
  });

  it('uses up a list of answers and repeats the last', async () => {
    provider = await startFakeProvider({ '/x': [{ status: 503 }, { status: 200 }] });
    const statuses = [];
    for (let index = 0; index < 3; index++) statuses.push((await fetch(`${provider.origin}/x`)).status);
    expect(statuses).toEqual([503, 200, 200]);
  });

  it('answers 404 where it has no route', async () => {
    provider = await startFakeProvider({});
    expect((await fetch(`${provider.origin}/nothing`)).status).toBe(404);
  });
});
