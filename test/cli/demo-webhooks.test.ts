import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startDemoProvider, type DemoProvider } from '../../src/cli/demo-provider.ts';
import { startFakeProvider, type FakeProvider, type RecordedRequest, type Routes } from '../support/fake-provider.ts';

let shop: DemoProvider;
let receiver: FakeProvider;
afterEach(async () => {
  await shop.close();
  await receiver.close();
});

async function start(routes: Routes = { '/hook': { status: 204 } }): Promise<void> {
  receiver = await startFakeProvider(routes);
  shop = await startDemoProvider();
}

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${shop.origin}/v1/${path}?api_token=${shop.apiToken}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const register = async (more: object = {}) =>
  (await ask('POST', 'webhooks.json', { url: `${receiver.origin}/hook`, ...more })).body.webhook;

/** As https://www.standardwebhooks.com says. */
function signatureOf({ headers, body }: RecordedRequest, secret: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

describe('a webhook of the demo provider', () => {
  it('is told of every new customer, signed', async () => {
    await start();
    const { secret } = await register();
    const customer = shop.addCustomer();
    const [delivery] = await receiver.received(1);
    expect(JSON.parse(delivery!.body)).toEqual({
      type: 'customer.created',
      timestamp: customer.created_at,
      data: customer,
    });
    expect(delivery).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'webhook-signature': signatureOf(delivery!, secret) },
    });
    const ageSeconds = Date.now() / 1000 - Number(delivery?.headers['webhook-timestamp']);
    expect(Math.abs(ageSeconds)).toBeLessThan(300);
    await ask('POST', 'customers.json', { name: 'New', email: 'new@example.com' });
    const [, second] = await receiver.received(2);
    expect(second?.headers['webhook-id']).not.toBe(delivery?.headers['webhook-id']);
  });

  it('uses the secret that it is given', async () => {
    await start();
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    expect(await register({ secret })).toMatchObject({ secret });
    shop.addCustomer();
    const [delivery] = await receiver.received(1);
    expect(delivery?.headers['webhook-signature']).toBe(signatureOf(delivery!, secret));
  });

  it('is told again with the same id while it fails', async () => {
    await start({ '/hook': [{ status: 503 }, { status: 500 }, { status: 200 }] });
    await register();
    shop.addCustomer();
    const deliveries = await receiver.received(3);
    expect(new Set(deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(deliveries.map(({ body }) => body)).size).toBe(1);
  });

  it('is forgotten when it answers that it is gone', async () => {
    await start({ '/hook': { status: 410 } });
    await register();
    shop.addCustomer();
    await receiver.received(1);
    while (shop.webhooks().length > 0) await ask('GET', 'webhooks.json');
    expect(receiver.requests).toHaveLength(1);
  });

  it('is told nothing after it was removed', async () => {
    await start({ '/hook': { status: 204 }, '/other': { status: 204 } });
    const { id } = await register();
    await ask('POST', 'webhooks.json', { url: `${receiver.origin}/other` });
    expect(await ask('DELETE', `webhooks/${id}.json`)).toEqual({ status: 204, body: undefined });
    expect((await ask('DELETE', `webhooks/${id}.json`)).status).toBe(404);
    shop.addCustomer();
    await receiver.received(1);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/other']);
  });

  it('ends when its time is over, unless it was given another', async () => {
    await start();
    const short = await register({ expires_in: 0.001 });
    while (shop.webhooks().length > 0) await ask('GET', 'webhooks.json');
    expect(await ask('PUT', `webhooks/${short.id}.json`, { expires_in: 60 })).toMatchObject({ status: 404 });
    const long = await register({ expires_in: 60 });
    const renewed = await ask('PUT', `webhooks/${long.id}.json`, { expires_in: 3600 });
    expect(Date.parse(renewed.body.webhook.expires_at)).toBeGreaterThan(Date.parse(long.expires_at));
    expect(shop.webhooks()).toEqual([renewed.body.webhook]);
  });

  it.each([
    [{}, 'url has to be an http URL of this machine, e.g. http://127.0.0.1:4000/….'],
    [{ url: 'http://192.0.2.1/hook' }, 'url has to be an http URL of this machine, e.g. http://127.0.0.1:4000/….'],
    [
      { url: 'http://127.0.0.1.example.com/' },
      'url has to be an http URL of this machine, e.g. http://127.0.0.1:4000/….',
    ],
    [{ url: 'file:///etc/hosts' }, 'url has to be an http URL of this machine, e.g. http://127.0.0.1:4000/….'],
    [{ url: 'http://127.0.0.1/', secret: 'short' }, 'secret has to be whsec_ and 24 to 64 bytes in base64.'],
    [{ url: 'http://127.0.0.1/', expires_in: -1 }, 'expires_in has to be a number of seconds, 30 days at most.'],
  ])('is refused with %j', async (body, error) => {
    await start();
    expect(await ask('POST', 'webhooks.json', body)).toEqual({ status: 422, body: { error } });
    expect(shop.webhooks()).toEqual([]);
  });
});
