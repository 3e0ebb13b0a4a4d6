import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resealAll } from '../../src/connection/reseal.ts';
import { ProviderError } from '../../src/errors.ts';
import { feedId } from '../../src/feed/feed.ts';
import { webhookKind, webhookSealedKind } from '../../src/feed/webhook-record.ts';
import { createWebhooks, type Webhooks } from '../../src/feed/webhooks.ts';
import { feedOf, newest, openWebhookDesk, testKeyRing, type TestDesk } from '../support/webhook-shop.ts';

let desk: TestDesk;
let webhooks: Webhooks;
const made = feedOf('order_made');

beforeEach(async () => {
  desk = await openWebhookDesk();
  webhooks = createWebhooks(desk);
});
afterEach(() => desk.store.close());

const unavailable = () => {
  throw new ProviderError('PROVIDER_UNAVAILABLE', 'Shop answered 503.');
};
const statesOf = async () =>
  (await desk.records.list(webhookKind, {})).map(({ value }) => value['state'] as string).sort();

describe('ensuring a webhook', () => {
  it('subscribes once, however often it is asked', async () => {
    expect(await webhooks.ensure(made)).toEqual({ state: 'ACTIVE' });
    expect(await webhooks.ensure(made)).toEqual({ state: 'ACTIVE' });
    expect(desk.provider.asked).toEqual(['subscribe order_made']);
    expect(newest(desk.provider).url).toMatch(/^https:\/\/g\.example\/webhooks\/[\w-]{32}$/);
  });

  it('subscribes once for ten that ask at the same time', async () => {
    await Promise.all(Array.from({ length: 10 }, () => webhooks.ensure(made)));
    expect(desk.provider.asked).toEqual(['subscribe order_made']);
    expect(await webhooks.status(made)).toEqual({ state: 'ACTIVE' });
  });

  it('keeps neither the URL nor the secret in the open', async () => {
    await webhooks.ensure(made);
    const { url, secret } = newest(desk.provider);
    const [record] = await desk.records.list(webhookKind, {});
    const text = JSON.stringify(record);
    expect(text).not.toContain(url.split('/').at(-1));
    expect(text).not.toContain(secret);
  });

  it('gives each feed a URL of its own, and a feed that is made anew another one', async () => {
    await webhooks.ensure(made);
    await webhooks.ensure(feedOf('order_made', { connection: 'bob' }));
    await webhooks.end(made);
    await webhooks.ensure(made);
    expect(desk.provider.asked.filter((each) => each.startsWith('subscribe'))).toHaveLength(3);
    expect(new Set([...desk.provider.subscriptions.values()].map(({ url }) => url)).size).toBe(2);
  });

  it('says why the provider refuses, and asks again when it is time', async () => {
    desk.provider.before = unavailable;
    const refused = { state: 'FAILED', lastError: { code: 'PROVIDER_UNAVAILABLE', message: 'Shop answered 503.' } };
    expect(await webhooks.ensure(made)).toMatchObject(refused);
    await webhooks.sweep();
    expect(desk.provider.asked).toHaveLength(1);
    desk.provider.before = () => {};
    desk.clock += 60_000;
    await webhooks.sweep();
    expect(await webhooks.status(made)).toEqual({ state: 'ACTIVE' });
    expect(await statesOf()).toEqual(['ACTIVE']);
  });

  it('waits longer after each failure, and as long as the provider says', async () => {
    desk.provider.before = unavailable;
    await webhooks.ensure(made);
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const [record] = await desk.records.list(webhookKind, {});
      const retryAt = record!.value['retryAt'] as number;
      waits.push(retryAt - desk.clock);
      desk.clock = retryAt;
      await webhooks.sweep();
    }
    expect(waits).toEqual([7_500, 10_000, 15_000, 25_000, 45_000, 85_000, 155_000, 155_000]);
    desk.provider.before = () => {
      throw new ProviderError('PROVIDER_RATE_LIMITED', 'Wait.', { retryAfterMs: 600_000 });
    };
    desk.clock += 300_000;
    await webhooks.sweep();
    const [record] = await desk.records.list(webhookKind, {});
    expect((record!.value['retryAt'] as number) - desk.clock).toBe(605_000);
  });

  it('begins anew, under another URL, where a process died while it subscribed', async () => {
    let letDie: (reason: Error) => void = () => {};
    desk.provider.before = () => new Promise((_resolve, reject) => (letDie = reject));
    // Whatever it would write is not written: its store is gone.
    const dying = { ...desk, records: { ...desk.records, compareAndSet: () => Promise.reject(new Error('killed')) } };
    const died = createWebhooks(dying)
      .ensure(made)
      .catch(() => 'died');
    while (desk.provider.asked.length === 0) await new Promise(setImmediate);
    letDie(new Error('killed'));
    expect(await died).toBe('died');
    desk.provider.before = () => {};
    expect(await statesOf()).toEqual(['SUBSCRIBING']);
    expect(await webhooks.ensure(made)).toEqual({ state: 'SUBSCRIBING' });
    desk.clock += 31_000;
    expect(await webhooks.ensure(made)).toEqual({ state: 'ACTIVE' });
    expect(await statesOf()).toEqual(['ACTIVE']);
  });

  it('asks the provider nothing for a static webhook', async () => {
    expect(await webhooks.ensure(feedOf('order_static'))).toEqual({ state: 'ACTIVE' });
    expect(await webhooks.end(feedOf('order_static'))).toBe(true);
    expect(await webhooks.status(feedOf('order_static'))).toEqual({ state: 'NONE' });
    expect(desk.provider.asked).toEqual([]);
  });
});

describe('a webhook that expires', () => {
  const leased = feedOf('order_leased');
  const lost = feedOf('order_lost');

  it('is renewed when four fifths of its time are over, and not before', async () => {
    await webhooks.ensure(leased);
    desk.clock += 0.79 * 3_600_000;
    await webhooks.sweep();
    expect(desk.provider.asked).toEqual(['subscribe order_leased']);
    desk.clock += 0.02 * 3_600_000;
    await Promise.all([webhooks.sweep(), webhooks.sweep()]);
    expect(desk.provider.asked).toEqual(['subscribe order_leased', 'refresh order_leased']);
  });

  it('goes on while renewing fails, and says so', async () => {
    await webhooks.ensure(leased);
    desk.provider.before = unavailable;
    desk.clock += 0.81 * 3_600_000;
    await webhooks.sweep();
    expect(await webhooks.status(leased)).toMatchObject({
      state: 'ACTIVE',
      lastError: { code: 'PROVIDER_UNAVAILABLE' },
    });
    desk.provider.before = () => {};
    desk.clock += 60_000;
    await webhooks.sweep();
    expect((await webhooks.status(leased)).lastError).toBeUndefined();
  });

  it('is made anew when the provider has forgotten it', async () => {
    await webhooks.ensure(leased);
    desk.provider.before = (asked) => {
      if (asked.startsWith('refresh')) throw new ProviderError('PROVIDER_NOT_FOUND', 'There is none.');
    };
    desk.clock += 0.81 * 3_600_000;
    await webhooks.sweep();
    expect(desk.provider.asked).toEqual([
      'subscribe order_leased',
      'refresh order_leased',
      'subscribe order_leased',
      'unsubscribe order_leased',
    ]);
    expect(await statesOf()).toEqual(['ACTIVE', 'REPLACED']);
  });

  it('is replaced where it cannot be renewed, the new one before the old one ends', async () => {
    await webhooks.ensure(lost);
    desk.clock += 0.81 * 3_600_000;
    await webhooks.sweep();
    expect(desk.provider.asked).toEqual(['subscribe order_lost', 'subscribe order_lost', 'unsubscribe order_lost']);
    expect(desk.provider.subscriptions.size).toBe(1);
  });

  it('stands while its replacement is refused', async () => {
    await webhooks.ensure(lost);
    desk.provider.before = unavailable;
    desk.clock += 0.81 * 3_600_000;
    await webhooks.sweep();
    expect(await statesOf()).toEqual(['ACTIVE']);
    expect((await webhooks.status(lost)).lastError).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});

describe('ending a webhook', () => {
  it('tells the provider, and forgets it', async () => {
    await webhooks.ensure(made);
    expect(await webhooks.end(made)).toBe(true);
    expect(desk.provider.subscriptions.size).toBe(0);
    expect(await statesOf()).toEqual([]);
  });

  it('tells a provider that fails again, for a day', async () => {
    await webhooks.ensure(made);
    desk.provider.before = unavailable;
    expect(await webhooks.end(made)).toBe(false);
    expect(await statesOf()).toEqual(['ENDING']);
    const [{ expiresAt } = {}] = await desk.records.list(webhookKind, {});
    // PostgreSQL counts from its own now.
    expect(Math.abs(expiresAt! - desk.clock - 24 * 60 * 60_000)).toBeLessThan(60_000);
    desk.provider.before = () => {};
    desk.clock += 60_000;
    await webhooks.sweep();
    expect(desk.provider.subscriptions.size).toBe(0);
    expect(await statesOf()).toEqual([]);
  });

  it('is done when the provider knows of none', async () => {
    await webhooks.ensure(made);
    desk.provider.subscriptions.clear();
    expect(await webhooks.end(made)).toBe(true);
  });

  it('leaves nothing of a subscription that was under way', async () => {
    let answer = () => {};
    desk.provider.before = () => new Promise((resolve) => (answer = resolve));
    const ensured = webhooks.ensure(made);
    while (desk.provider.asked.length === 0) await new Promise(setImmediate);
    await webhooks.end(made);
    desk.provider.before = () => {};
    answer();
    expect(await ensured).toEqual({ state: 'NONE' });
    expect(desk.provider.asked).toEqual(['subscribe order_made', 'unsubscribe order_made']);
    expect(desk.provider.subscriptions.size).toBe(0);
  });

  it('of a connection ends those of its feeds, and no others', async () => {
    await webhooks.ensure(made);
    await webhooks.ensure(feedOf('order_leased'));
    await webhooks.ensure(feedOf('order_made', { connection: 'bob' }));
    await webhooks.ensure(feedOf('order_made', { tenant: 'other' }));
    await webhooks.endWebhooksOf('acme', 'ada');
    expect(desk.provider.subscriptions.size).toBe(2);
    expect(await webhooks.status(feedOf('order_made', { connection: 'bob' }))).toEqual({ state: 'ACTIVE' });
    expect(await webhooks.status(feedOf('order_made', { tenant: 'other' }))).toEqual({ state: 'ACTIVE' });
  });

  it('goes on with the credentials of a connection that was removed meanwhile', async () => {
    await webhooks.ensure(made);
    desk.provider.before = unavailable;
    await webhooks.endWebhooksOf('acme', 'ada');
    desk.removed.add('ada');
    desk.provider.before = () => {};
    desk.clock += 60_000;
    await webhooks.sweep();
    expect(desk.provider.subscriptions.size).toBe(0);
  });

  it('never fails, nor waits for, the removal of a connection', async () => {
    await webhooks.ensure(made);
    const broken = { ...desk, records: { ...desk.records, list: () => Promise.reject(new Error('store')) } };
    await expect(createWebhooks(broken).endWebhooksOf('acme', 'ada')).resolves.toBeUndefined();
  });
});

describe('sealing anew', () => {
  it('covers what a provider gave', async () => {
    await webhooks.ensure(made);
    const both = testKeyRing(2, 1);
    const progress = await resealAll(desk.records, both, { kinds: [webhookSealedKind] });
    expect(progress).toMatchObject({ resealed: 1, failed: [] });
    const rotated = createWebhooks({ ...desk, now: () => desk.clock, keyRing: testKeyRing(2) });
    expect(await rotated.end(made)).toBe(true);
    expect(desk.provider.subscriptions.size).toBe(0);
  });

  it('opens for no other owner, feed or record', async () => {
    await webhooks.ensure(made);
    const [record] = await desk.records.list(webhookKind, {});
    const identityOf = (edit: object, id = 'i') =>
      webhookSealedKind.identityOf({ ...record!, id, value: { ...record!.value, ...edit } }, 'output');
    const own = identityOf({});
    for (const name of ['tenant', 'subject', 'connector', 'feed']) expect(identityOf({ [name]: 'x' })).not.toEqual(own);
    expect(identityOf({ subject: null })).not.toEqual(own);
    expect(identityOf({}, 'j')).not.toEqual(own);
    expect(identityOf({ feed: feedId(made) })).toEqual(own);
  });
});
