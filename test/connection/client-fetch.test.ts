/** Our outbound client as the fetch of OAuth libraries. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClientFetch, tokenSenderOptions } from '../../src/connection/client-fetch.ts';
import { createSender, type OutgoingRequest, type Sender } from '../../src/http/send.ts';
import { startFakeProvider, type FakeProvider, type Handler } from '../support/fake-provider.ts';
import { errorOf } from '../support/sending.ts';

let provider: FakeProvider;
let sender: Sender;
let answer: Handler;
let outgoing: OutgoingRequest[];

beforeEach(async () => {
  answer = () => ({ json: { ok: true } });
  provider = await startFakeProvider((request, response) => answer(request, response));
  const real = createSender({ ...tokenSenderOptions, allowedPrivateOrigins: [provider.origin] });
  outgoing = [];
  sender = {
    send: (request, context) => {
      outgoing.push(request);
      return real.send(request, context);
    },
    close: () => real.close(),
  };
});
afterEach(async () => {
  await sender.close();
  await provider.close();
});

const post = (path = '/token', timeoutMs?: number) =>
  createClientFetch(sender, { connector: 'shop', timeoutMs })(`${provider.origin}${path}`, {
    method: 'POST',
    headers: { Authorization: 'Basic x' },
    body: new URLSearchParams({ a: 'b' }),
  });

describe('a token request', () => {
  it('goes out once, as a form, and gives a Response', async () => {
    const response = await post();
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
    expect(provider.requests.at(-1)).toMatchObject({ method: 'POST', body: 'a=b' });
    expect(outgoing).toHaveLength(1);
    expect(outgoing[0]).toMatchObject({ repeatable: false, redirects: 'none', headers: { authorization: 'Basic x' } });
  });

  it.each([502, 503, 504])('is not repeated after %d', async (status) => {
    answer = () => ({ status });
    expect((await post()).status).toBe(status);
    expect(provider.requests).toHaveLength(1);
  });

  it('follows no redirect: the credentials stay where they were sent', async () => {
    answer = () => ({ status: 307, headers: { location: `${provider.origin}/elsewhere` } });
    expect((await post()).status).toBe(307);
    expect(provider.requests).toHaveLength(1);
  });

  it('is given up after its time, which is told', async () => {
    answer = () => new Promise(() => {});
    const error = await errorOf(post('/token', 50));
    expect(error.code).toBe('PROVIDER_TIMEOUT');
    expect(error.message).toBe(
      `${provider.origin} did not answer shop within 50 ms. What was asked may have been done.`,
    );
  });

  it('takes an answer of 1 MiB at most', async () => {
    answer = () => ({ body: 'x'.repeat(1024 * 1024 + 1) });
    expect((await errorOf(post())).code).toBe('PROVIDER_ANSWER_TOO_LARGE');
  });

  it('goes to no address that the operator has not allowed', async () => {
    const fetch = createClientFetch(sender, { connector: 'shop' });
    for (const url of [
      'http://127.0.0.1:1/token',
      'https://169.254.169.254/token',
      'https://auth.example.com:8443/t',
    ]) {
      expect((await errorOf(fetch(url, { method: 'POST' }))).code).toBe('ADDRESS_REFUSED');
    }
  });
});
