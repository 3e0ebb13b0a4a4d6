import { describe, expect, it } from '@jest/globals';
import { emptyAnswer } from '../../src/connector/added-credentials.ts';
import { WriteKeys } from '../../src/connector/write-keys.ts';
import { Request, type Method } from '../../src/http/request.ts';

const place = { header: 'Idempotency-Key' };

function keysOf(writes: WriteKeys, requests: readonly (readonly [Method, string])[]): (string | undefined)[] {
  return requests.map(([method, url]) => {
    const request = new Request(method, url, emptyAnswer);
    writes.put(request);
    return request.parts.headers?.['idempotency-key'];
  });
}

describe('the keys of the writing requests of one call', () => {
  it('are UUIDs, one for each writing request, and none for what reads', () => {
    const keys = keysOf(new WriteKeys(place, 'base'), [
      ['GET', 'orders'],
      ['POST', 'orders'],
      ['POST', 'orders'],
      ['DELETE', 'orders'],
    ]);
    expect(keys[0]).toBeUndefined();
    expect(new Set(keys.slice(1)).size).toBe(3);
    for (const key of keys.slice(1)) {
      expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    }
  });

  it('are the same when the call is made again, whatever order its requests go out in, and others for another base', () => {
    const requests = [
      ['POST', 'a?at=1'],
      ['PUT', 'b'],
    ] as const;
    const writes = new WriteKeys(place, 'base');
    const first = keysOf(writes, requests);
    writes.restart();
    expect(keysOf(writes, [requests[1], ['POST', 'a?at=2']])).toEqual([first[1], first[0]]);
    expect(keysOf(new WriteKeys(place, 'base'), requests)).toEqual(first);
    expect(keysOf(new WriteKeys(place, 'other'), requests)).not.toEqual(first);
  });

  it('leave a key that the connector put there itself', () => {
    const request = new Request('POST', 'orders', emptyAnswer).headers({ 'idempotency-key': 'own' });
    new WriteKeys(place, 'base').put(request);
    expect(request.parts.headers).toEqual({ 'idempotency-key': 'own' });
  });

  it('are put where a function puts them, also into a request that counts as sent', async () => {
    const request = new Request('POST', 'orders', async (sent) => {
      new WriteKeys((open, key) => open.payload({ reference: key }), 'base').put(sent);
      return { status: 200, headers: {}, body: sent.parts.payload, url: '' };
    });
    expect(await request.payload({ item: 'tea' })).toEqual({
      item: 'tea',
      reference: expect.stringMatching(/^.{36}$/),
    });
  });
});
