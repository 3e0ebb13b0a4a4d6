/** A poller that is frozen longer than its lease lives (F21): another process takes over, and the first writes nothing more. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { LoggedEvent } from '../../src/storage/feed-log.ts';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { subscribeResuming, type ResumingSubscriber } from '../support/resuming-subscriber.ts';
import { until } from '../support/until.ts';
import { openTestStore, storePlace } from '../support/test-store.ts';

jest.setTimeout(240_000);

interface Sale {
  readonly id: string;
  readonly created_at: string;
  readonly amount: number;
}

let bundle: string;
let folder: string;
let provider: FakeProvider;
let sales: Sale[];
/** The next poll is not answered before this, and then with a sale that no other poll ever sees. */
let held: Promise<void> | undefined;
let heldCount: number;
const workers: Worker[] = [];
const subscribers: ResumingSubscriber[] = [];
beforeAll(async () => (bundle = await bundleWorker(new URL('./feed-gateway-worker.ts', import.meta.url))));
afterAll(() => rm(bundle));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frozen-'));
  sales = [];
  held = undefined;
  heldCount = 0;
  provider = await startFakeProvider(async ({ query }) => {
    if (!held) return { json: { sales: sales.filter(({ created_at }) => created_at >= (query['since'] ?? '')) } };
    const released = held;
    held = undefined;
    heldCount += 1;
    await released;
    return { json: { sales: [...sales, { ...newSale('ghost'), amount: 0 }] } };
  });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  await Promise.all(subscribers.splice(0).map((subscriber) => subscriber.close()));
  await provider.close();
  await rm(folder, { recursive: true });
});

function newSale(id: string): Sale {
  return { id, created_at: new Date().toISOString(), amount: 1 };
}

function sell(count: number): void {
  for (let sold = 0; sold < count; sold += 1) sales.push(newSale(`s${sales.length + 1}`));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startGateway(key: string): Promise<{ readonly worker: Worker; readonly port: number }> {
  const port = await freePort();
  const worker = new Worker(bundle);
  workers.push(worker);
  await worker.call('open', provider.origin, storePlace(join(folder, 'store.db')), key, port);
  return { worker, port };
}

async function ask(port: number, query: string): Promise<any> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ query });
  return (await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body })).json();
}

async function readLog(feed: string): Promise<readonly LoggedEvent[]> {
  const store = await openTestStore(join(folder, 'store.db'));
  try {
    return (await store.feedLog.read(feed, 0)).events;
  } finally {
    await store.close();
  }
}

describe('a process that is frozen while it polls, beyond its lease', () => {
  it('writes nothing when it wakes: another one has taken over, and everybody has every event once', async () => {
    const since = new Date(Date.now() - 1_000).toISOString();
    const key = randomBytes(32).toString('base64');
    const first = await startGateway(key);
    const { data } = await ask(
      first.port,
      `mutation { startFeed(connector: "shop", trigger: "newSale", input: { since: "${since}" }) { id cursor } }`,
    );
    const { id, cursor } = data.startFeed;
    const query = `subscription ($after: String) { shopNewSale(since: "${since}", after: $after) { id cursor node { amount } } }`;
    const subscribe = (port: number): ResumingSubscriber => {
      const subscriber = subscribeResuming(`ws://127.0.0.1:${port}/graphql`, query, cursor);
      subscribers.push(subscriber);
      return subscriber;
    };
    const one = subscribe(first.port);
    sell(3);
    await one.received(3);
    const second = await startGateway(key);
    const other = subscribe(second.port);
    await other.received(3);

    // It waits for its provider, and is in no transaction.
    let release = () => {};
    held = new Promise((resolve) => (release = resolve));
    await until(() => heldCount === 1);
    first.worker.process.kill('SIGSTOP');
    sell(4);
    // Only the other one can have logged these.
    await other.received(7);
    release();
    first.worker.process.kill('SIGCONT');
    await one.received(7);
    sell(3);
    await Promise.all([one.received(10), other.received(10)]);
    expect((await ask(first.port, '{ feeds { id } }')).data.feeds).toEqual([{ id }]);

    const logged = await readLog(id as string);
    const ids = sales.map((sale) => sale.id);
    expect(logged.map(({ place }) => place)).toEqual(ids.map((_, index) => index + 1));
    expect(logged.map((event) => event.id)).toEqual(ids);
    for (const subscriber of [one, other]) expect([subscriber.ids, subscriber.errors]).toEqual([ids, []]);
  });
});
