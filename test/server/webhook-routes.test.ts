import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { GatewayError } from '../../src/errors.ts';
import type { RunnableTrigger } from '../../src/connector/run-trigger.ts';
import { feedId, type FeedKey } from '../../src/feed/feed.ts';
import type { Acceptance, IntakeDesk, WebhookFailure } from '../../src/feed/intake-desk.ts';
import { createPollSignals, pollSignalKind } from '../../src/feed/poll-signal.ts';
import { createStaticAddresses } from '../../src/feed/webhook-address.ts';
import { createWebhookIntake, type WebhookIntake } from '../../src/feed/webhook-intake.ts';
import { createWebhooks, type Webhooks } from '../../src/feed/webhooks.ts';
import { fixedGraph } from '../../src/server/graph-source.ts';
import { createHttpServer, type HttpServer } from '../../src/server/http-server.ts';
import { smallGraph } from '../support/small-graph.ts';
import {
  createShopProvider,
  feedOf,
  loggedIds,
  newest,
  openWebhookDesk,
  orders,
  signed,
  staticSecret,
  type ShopProvider,
  type Subscribed,
  type TestDesk,
} from '../support/webhook-shop.ts';

const made = feedOf('order_made');
const json = { 'content-type': 'application/json' };

let folder: string;
let provider: ShopProvider;
let desk: TestDesk;
let webhooks: Webhooks;
let intake: WebhookIntake;
let accepted: Acceptance[];
let failures: WebhookFailure[];
let polled: string[];
/** Addresses that were looked for and found. */
let found: string[];
let server: HttpServer & { readonly url: string };
/** What looking an address up waits for. */
let hold: (() => Promise<void>) | undefined;
let log = '';

beforeAll(async () => {
  const logger = pino({ level: 'trace' }, { write: (line: string) => void (log += line) });
  const find: WebhookIntake['find'] = async (token) => {
    await hold?.();
    const door = await intake.find(token);
    if (door) found.push(door.id);
    return door;
  };
  const graphs = fixedGraph(smallGraph());
  const made = await createHttpServer({ graphs, logger, port: 0, explorer: false, webhooks: { find } });
  server = { ...made, ...(await made.listen()) };
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webhooks-'));
  provider = createShopProvider();
  await open();
});
afterEach(async () => {
  await desk.store.close();
  await rm(folder, { recursive: true });
});

/** Takes webhooks on the store of the file, which may hold what was kept before. */
async function open(edit: (desk: IntakeDesk) => IntakeDesk = (same) => same): Promise<void> {
  desk = await openWebhookDesk({ file: join(folder, 'store.db'), provider });
  webhooks = createWebhooks(desk);
  accepted = [];
  failures = [];
  polled = [];
  found = [];
  const signals = createPollSignals({ records: desk.records, pollSoon: (feed) => void polled.push(feed) });
  intake = createWebhookIntake(
    edit({
      ...desk,
      log: desk.store.feedLog,
      signals,
      onAccepted: (acceptance) => void accepted.push(acceptance),
      onFailure: (failure) => void failures.push(failure),
      subscribingWaitMs: 400,
    }),
  );
}

/** The gateway ends, and another one takes over. */
async function restart(edit?: (desk: IntakeDesk) => IntakeDesk): Promise<void> {
  await desk.store.close();
  await open(edit);
}

/** What the server serves instead of the URL that providers know. */
function here(url: string): string {
  return `${server.url}${new URL(url).pathname}`;
}

function send(
  url: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  more: RequestInit = {},
): Promise<Response> {
  return fetch(here(url), { method: 'POST', body, headers, ...more });
}

/** Subscribes and gives what the provider knows. */
async function subscribed(key = made) {
  await webhooks.ensure(key);
  return newest(provider);
}

/** Subscribes at a provider that does something before it answers. */
async function subscribing(key: FeedKey, before: (made: Subscribed) => Promise<void>): Promise<void> {
  const trigger = desk.triggerOf('shop', key.trigger);
  const asking: RunnableTrigger = {
    ...trigger,
    subscribe: async (...given) => {
      const subscription = await trigger.subscribe!(...given);
      await before(newest(provider));
      return subscription;
    },
  };
  const open: TestDesk['open'] = async (...given) => ({ ...(await desk.open(...given))!, trigger: asking });
  await createWebhooks({ ...desk, open }).ensure(key);
}

describe('a webhook that is signed', () => {
  it('is answered 2xx when its events are in the log', async () => {
    const { url, secret } = await subscribed();
    const body = orders(1, 2);
    const answer = await send(url, body, { ...json, ...signed(secret, body) });
    expect({ status: answer.status, body: await answer.text() }).toEqual({ status: 200, body: '' });
    expect(await loggedIds(desk.store, made)).toEqual(['1', '2']);
    expect(accepted).toEqual([{ feed: feedId(made), isKnown: false, logged: 2, parked: 0 }]);
  });

  it('is kept though nobody asks what came of it', async () => {
    await restart(({ onAccepted: _accepted, onFailure: _failure, ...quiet }) => quiet);
    const { url, secret } = await subscribed();
    expect((await send(url, orders(1), { ...json, ...signed(secret, orders(1)) })).status).toBe(200);
    expect((await send(url, orders(2), json)).status).toBe(401);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it('parks what cannot be an event, and takes the rest', async () => {
    const { url, secret } = await subscribed();
    const body = orders(1, null, 3);
    expect((await send(url, body, { ...json, ...signed(secret, body) })).status).toBe(200);
    expect(await loggedIds(desk.store, made)).toEqual(['1', '3']);
    expect(await desk.store.feedLog.parked(feedId(made))).toMatchObject([{ code: 'EVENT_ID_MISSING' }]);
  });

  it.each([
    ['JSON with a charset', 'application/json; charset=utf-8'],
    ['JSON of a provider of its own kind', 'application/vnd.shop+json'],
    ['JSON that is called text', 'text/plain'],
  ])('may be %s', async (_name, type) => {
    const { url, secret } = await subscribed();
    const body = orders(1);
    expect((await send(url, body, { 'content-type': type, ...signed(secret, body) })).status).toBe(200);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it('may be of no type at all', async () => {
    const { url, secret } = await subscribed();
    const body = Buffer.from(orders(1));
    expect((await send(url, body, signed(secret, body))).status).toBe(200);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it.each([
    ['a type that nobody reads', 'image/png', Buffer.from(orders(1))],
    ['bytes that are no text', 'application/json', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['half a JSON', 'application/json', Buffer.from('{"orders":[')],
  ])('is answered 400 when it is %s', async (_name, type, body) => {
    const { url, secret } = await subscribed();
    const answer = await send(url, body, { 'content-type': type, ...signed(secret, body) });
    expect({ status: answer.status, body: await answer.text() }).toEqual({ status: 400, body: '' });
    expect(failures).toMatchObject([{ code: 'WEBHOOK_INVALID' }]);
    expect(await loggedIds(desk.store, made)).toEqual([]);
  });
});

describe('a webhook that is not the provider’s', () => {
  const body = orders(666);
  const forgeries: readonly (readonly [string, (secret: string) => Record<string, string>])[] = [
    ['without signature', () => ({})],
    ['signed with another secret', () => signed(staticSecret, body)],
    ['signed over another body', (secret) => signed(secret, orders(1))],
    ['of ten minutes ago', (secret) => signed(secret, body, { at: Math.floor(Date.now() / 1000) - 600 })],
    ['of ten minutes ahead', (secret) => signed(secret, body, { at: Math.floor(Date.now() / 1000) + 600 })],
    [
      'with the timestamp made new',
      (secret) => ({ ...signed(secret, body, { at: 1 }), 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) }),
    ],
    ['with another id', (secret) => ({ ...signed(secret, body), 'webhook-id': 'other' })],
    ['with an empty signature', (secret) => ({ ...signed(secret, body), 'webhook-signature': '' })],
    [
      'with half a signature',
      (secret) => ({
        ...signed(secret, body),
        'webhook-signature': signed(secret, body)['webhook-signature']!.slice(0, 20),
      }),
    ],
    [
      'with the signature of another version',
      (secret) => ({
        ...signed(secret, body),
        'webhook-signature': signed(secret, body)['webhook-signature']!.replace('v1', 'v9'),
      }),
    ],
  ];

  it.each(forgeries)('is refused without a word: %s', async (_name, headersOf) => {
    const { url, secret } = await subscribed();
    const answer = await send(url, body, { ...json, ...headersOf(secret) });
    expect({ status: answer.status, body: await answer.text() }).toEqual({ status: 401, body: '' });
    expect(await loggedIds(desk.store, made)).toEqual([]);
    expect(accepted).toEqual([]);
  });

  it('is refused before its body is read', async () => {
    const { url } = await subscribed();
    expect((await send(url, Buffer.from([0xff]), { 'content-type': 'image/png' })).status).toBe(401);
  });

  it('is refused with the signature of another feed', async () => {
    const { url } = await subscribed();
    const other = await subscribed(feedOf('order_made', { connection: 'bob' }));
    expect((await send(url, body, { ...json, ...signed(other.secret, body) })).status).toBe(401);
  });
});

describe('a webhook that was received before', () => {
  it('is answered 2xx, so that the provider rests, and writes nothing', async () => {
    const { url, secret } = await subscribed();
    const body = orders(1);
    const headers = { ...json, ...signed(secret, body) };
    expect((await send(url, body, headers)).status).toBe(200);
    expect((await send(url, body, headers)).status).toBe(200);
    await restart();
    expect((await send(url, body, headers)).status).toBe(200);
    expect(accepted).toEqual([{ feed: feedId(made), isKnown: true, logged: 0, parked: 0 }]);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it('brings nothing twice when the provider signs the same events anew', async () => {
    const { url, secret } = await subscribed();
    const body = orders(1);
    await send(url, body, { ...json, ...signed(secret, body) });
    await send(url, orders(1, 2), { ...json, ...signed(secret, orders(1, 2)) });
    expect(accepted.map(({ logged }) => logged)).toEqual([1, 1]);
    expect(await loggedIds(desk.store, made)).toEqual(['1', '2']);
  });

  it('is written once by ten requests at the same time', async () => {
    const { url, secret } = await subscribed();
    const body = orders(1);
    const headers = { ...json, ...signed(secret, body) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(url, body, headers)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(accepted.filter(({ isKnown }) => !isKnown)).toHaveLength(1);
  });
});

describe('a URL', () => {
  const unknown = '/webhooks/0123456789abcdefghijklmnopqrstuv';

  it('that is unknown is answered as any path that nobody serves', async () => {
    const bare = async (path: string, init?: RequestInit) => {
      const { status, headers, ...answer } = await fetch(`${server.url}${path}`, init);
      void answer;
      const kept = [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
      return { status, headers: kept };
    };
    for (const init of [
      { method: 'POST', body: orders(1), headers: json },
      {},
      { method: 'HEAD' },
      { method: 'PUT' },
    ]) {
      expect(await bare(unknown, init)).toEqual(await bare('/nothing/here', init));
    }
    const { errors } = (await (await fetch(`${server.url}${unknown}`)).json()) as { errors: [{ message: string }] };
    expect(errors[0].message).toBe('Nothing is served here. GraphQL is at /graphql.');
  });

  it('never stands in the log', async () => {
    const { url, secret } = await subscribed();
    const token = url.split('/').at(-1)!;
    await send(url, orders(1), { ...json, ...signed(secret, orders(1)) });
    await send(url, orders(1), json);
    await fetch(`${server.url}${unknown}`, { method: 'POST' });
    expect(log).not.toContain(token);
    expect(log).not.toContain(unknown);
    expect(failures.map((failure) => JSON.stringify(failure)).join()).not.toContain(token);
  });

  it('is gone while nobody subscribes, and for good a feed that is made anew has another', async () => {
    const { url, secret } = await subscribed();
    provider.before = () => {
      throw new GatewayError('PROVIDER_UNAVAILABLE', 'Shop answered 503.');
    };
    await webhooks.end(made);
    const body = orders(1);
    expect((await send(url, body, { ...json, ...signed(secret, body) })).status).toBe(410);
    provider.before = () => {};
    desk.clock += 60_000;
    await webhooks.sweep();
    expect((await send(url, body, { ...json, ...signed(secret, body) })).status).toBe(404);
    const again = await subscribed();
    expect(again.url).not.toBe(url);
    expect((await send(again.url, body, { ...json, ...signed(again.secret, body) })).status).toBe(200);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it('that another replaced still takes what was on its way', async () => {
    const lost = feedOf('order_lost');
    const { url, secret } = await subscribed(lost);
    desk.clock += 0.9 * 3_600_000;
    await webhooks.sweep();
    expect(newest(provider).url).not.toBe(url);
    expect((await send(url, orders(1), { ...json, ...signed(secret, orders(1)) })).status).toBe(200);
    expect(await loggedIds(desk.store, lost)).toEqual(['1']);
  });

  it('takes what comes before the provider has answered the subscribing', async () => {
    let delivery: Promise<Response> | undefined;
    await subscribing(made, async ({ url, secret }) => {
      delivery = send(url, orders(1), { ...json, ...signed(secret, orders(1)) });
      // It is there, and waits to be told how it is signed.
      while (found.length === 0) await new Promise(setImmediate);
    });
    expect((await delivery!).status).toBe(200);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it('asks a provider to send again that waits for its first webhook before it answers', async () => {
    let status = 0;
    await subscribing(made, async ({ url, secret }) => {
      status = (await send(url, orders(1), { ...json, ...signed(secret, orders(1)) })).status;
    });
    expect(status).toBe(503);
  });
});

describe('a body', () => {
  it('of 1 MiB is taken, and a larger one is not', async () => {
    const { url, secret } = await subscribed();
    const padded = (bytes: number) => {
      const text = JSON.stringify({ orders: [{ id: 1 }], padding: '' });
      return text.replace('"padding":""', `"padding":"${'x'.repeat(bytes - text.length)}"`);
    };
    const whole = padded(1024 * 1024);
    expect(whole).toHaveLength(1024 * 1024);
    expect((await send(url, whole, { ...json, ...signed(secret, whole) })).status).toBe(200);
    const large = padded(5_000_000);
    expect((await send(url, large, { ...json, ...signed(secret, large) })).status).toBe(413);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it('that is compressed is not read', async () => {
    const { url, secret } = await subscribed();
    const body = gzipSync(orders(1));
    const answer = await send(url, body, { ...json, 'content-encoding': 'gzip', ...signed(secret, body) });
    expect({ status: answer.status, accepts: answer.headers.get('accept-encoding') }).toEqual({
      status: 415,
      accepts: 'identity',
    });
  });

  it('is waited for by 32 requests of one address at most', async () => {
    const { url, secret } = await subscribed();
    const { hostname, port, pathname } = new URL(here(url));
    // More than there are places: what is asked below may hold one when one of these comes.
    const open = Array.from({ length: 40 }, () => {
      const begun = request({ hostname, port, path: pathname, method: 'POST', headers: { 'content-length': '10' } });
      begun.on('error', () => {});
      begun.write('{');
      return begun;
    });
    const ask = async () => (await send(url, orders(1), { ...json, ...signed(secret, orders(1)) })).status;
    // They are under way once the server has seen their heads.
    let status = await ask();
    while (status === 200) status = await ask();
    expect(status).toBe(429);
    for (const each of open) each.destroy();
    while (status === 429) status = await ask();
    expect(status).toBe(200);
  });

  it('gives its place back when whoever sends it leaves before its address was looked up', async () => {
    const { url, secret } = await subscribed();
    const waiting: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    hold = () => (waiting.push(url), held);
    const { hostname, port, pathname } = new URL(here(url));
    const leaving = Array.from({ length: 32 }, () => {
      const begun = request({ hostname, port, path: pathname, method: 'POST', headers: { 'content-length': '10' } });
      begun.on('error', () => {});
      begun.write('{');
      return begun;
    });
    while (waiting.length < 32) await nextTurn();
    for (const each of leaving) each.destroy();
    // What the server answers afterwards it answers when it knows that they have left.
    for (let trip = 0; trip < 3; trip += 1) await (await fetch(`${server.url}/nothing-here`)).text();
    hold = undefined;
    release();
    const body = orders(1);
    expect((await send(url, body, { ...json, ...signed(secret, body) })).status).toBe(200);
  });
});

describe('a handshake', () => {
  it('is answered, unsigned, by GET and by POST', async () => {
    const { url } = await subscribed();
    const meta = await fetch(`${here(url)}?hub.mode=subscribe&hub.challenge=c4ll`);
    expect([meta.status, await meta.text(), meta.headers.get('content-type')]).toEqual([
      200,
      'c4ll',
      'text/plain; charset=utf-8',
    ]);
    const slack = await send(url, JSON.stringify({ type: 'url_verification', challenge: '<b>hi</b>' }), json);
    expect([slack.status, await slack.text()]).toEqual([200, '<b>hi</b>']);
    expect(slack.headers.get('content-security-policy')).toContain('sandbox');
    expect(slack.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await loggedIds(desk.store, made)).toEqual([]);
  });

  it('is answered while the provider waits for it before it answers the subscribing', async () => {
    let challenged = '';
    await subscribing(made, async ({ url }) => {
      challenged = await (await fetch(`${here(url)}?hub.challenge=early`)).text();
    });
    expect(challenged).toBe('early');
  });

  it('by HEAD only says that the URL is there; a plain GET is not taken', async () => {
    const { url } = await subscribed();
    expect((await fetch(here(url), { method: 'HEAD' })).status).toBe(200);
    const got = await fetch(here(url));
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('a store that fails', () => {
  it('makes the provider send again, and nothing is lost', async () => {
    let isFull = true;
    await restart((given) => ({
      ...given,
      log: {
        ...given.log,
        append: (...page) =>
          isFull ? Promise.reject(new GatewayError('STORE_FULL', 'The disk is full.')) : given.log.append(...page),
      },
    }));
    const { url, secret } = await subscribed();
    const headers = { ...json, ...signed(secret, orders(1)) };
    const answer = await send(url, orders(1), headers);
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([503, '5', '']);
    isFull = false;
    expect((await send(url, orders(1), headers)).status).toBe(200);
    expect(await loggedIds(desk.store, made)).toEqual(['1']);
  });

  it('is no unknown URL', async () => {
    let isDown = false;
    await restart((given) => ({
      ...given,
      records: {
        ...given.records,
        get: (...record) =>
          isDown ? Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'It is down.')) : given.records.get(...record),
      },
    }));
    const { url, secret } = await subscribed();
    isDown = true;
    expect((await send(url, orders(1), { ...json, ...signed(secret, orders(1)) })).status).toBe(503);
  });
});

describe('a webhook of a trigger that is polled too', () => {
  const changed = feedOf('order_changed');

  it('brings no event but a poll, which is due until somebody begins it', async () => {
    const { url, secret } = await subscribed(changed);
    for (let count = 0; count < 20; count += 1) {
      const body = orders(count);
      expect((await send(url, body, { ...json, ...signed(secret, body) })).status).toBe(200);
    }
    expect(await loggedIds(desk.store, changed)).toEqual([]);
    expect(polled).toEqual([feedId(changed)]);
    await restart();
    expect((await desk.records.list(pollSignalKind, {})).map(({ id }) => id)).toEqual([feedId(changed)]);
  });

  it('brings none when it says nothing', async () => {
    const { url, secret } = await subscribed(changed);
    const body = '{"isTest":true}';
    expect((await send(url, body, { ...json, ...signed(secret, body) })).status).toBe(200);
    expect(polled).toEqual([]);
  });
});

describe('a static webhook', () => {
  const ada = feedOf('order_static');
  const bob = feedOf('order_static', { connection: 'bob', subject: 'bob' });
  const bodyFor = (account: string) => JSON.stringify({ account, orders: [{ id: 1 }] });
  const addresses = () => createStaticAddresses(desk.records, () => 'https://g.example/');
  const address = () => addresses().create('acme', 'shop');

  it('goes to the feeds of its key, and to no others', async () => {
    const { url } = await address();
    await webhooks.ensure(ada);
    await webhooks.ensure(bob);
    await webhooks.ensure({ ...ada, tenant: 'other' });
    const body = bodyFor('account of ada');
    const answer = await send(url, body, { ...json, 'x-topic': 'orders', ...signed(staticSecret, body) });
    expect([answer.status, await answer.json(), answer.headers.get('x-topic')]).toEqual([
      202,
      { account: 'account of ada' },
      'orders',
    ]);
    expect(await loggedIds(desk.store, ada)).toEqual(['1']);
    expect(await loggedIds(desk.store, bob)).toEqual([]);
    expect(await loggedIds(desk.store, { ...ada, tenant: 'other' })).toEqual([]);
  });

  it('is refused when it is not signed, and ignored while nobody listens', async () => {
    const { url } = await address();
    const body = bodyFor('account of ada');
    expect((await send(url, body, { ...json, ...signed(staticSecret, body) })).status).toBe(200);
    await webhooks.ensure(ada);
    expect((await send(url, body, json)).status).toBe(401);
    expect(await loggedIds(desk.store, ada)).toEqual([]);
  });

  it('answers the handshake of a URL that was just registered', async () => {
    const { url } = await address();
    expect(await (await fetch(`${here(url)}?hub.challenge=c`)).text()).toBe('c');
  });

  it('has a URL until it is removed by its tenant', async () => {
    const { url, id } = await address();
    expect(url).toMatch(/^https:\/\/g\.example\/webhooks\/[\w-]{32}$/);
    expect((await addresses().list('acme', 'shop')).map((each) => each.id)).toEqual([id]);
    expect(await addresses().remove('other', id)).toBe(false);
    expect(await addresses().remove('acme', id)).toBe(true);
    expect((await send(url, '{}', json)).status).toBe(404);
  });
});
