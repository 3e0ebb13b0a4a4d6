/**
 * Two gateways on one store take webhooks, and are killed while they do. `WEBHOOK_CRASH=full` runs it at the size that is
 * reported: 1 000 webhooks and 10 kills.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createWebhooks } from '../../src/feed/webhooks.ts';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { feedOf, loggedIds, newest, openWebhookDesk, orders, signed, type TestDesk } from '../support/webhook-shop.ts';

const isFull = process.env['WEBHOOK_CRASH'] === 'full';
const size = isFull ? { webhooks: 1_000, kills: 10 } : { webhooks: 150, kills: 3 };
/** Senders at a time. */
const width = 16;
jest.setTimeout(isFull ? 600_000 : 240_000);

let bundle: string;
let folder: string;
let file: string;
let desk: TestDesk;
let gateways: { worker: Worker; port: number }[];
beforeAll(async () => (bundle = await bundleWorker(new URL('./webhook-worker.ts', import.meta.url))));
afterAll(() => rm(bundle));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webhook-crash-'));
  file = join(folder, 'store.db');
  desk = await openWebhookDesk({ file });
  gateways = await Promise.all([start(0), start(0)]);
});
afterEach(async () => {
  await Promise.all(gateways.map(({ worker }) => worker.kill()));
  await desk.store.close();
  await rm(folder, { recursive: true });
});

async function start(port: number): Promise<{ worker: Worker; port: number }> {
  const worker = new Worker(bundle);
  return { worker, port: await worker.call<number>('open', file, port) };
}

/** SIGKILL, and another process in its place. */
async function killOne(which: number): Promise<void> {
  const { worker, port } = gateways[which]!;
  await worker.kill();
  gateways[which] = await start(port);
}

interface Sent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

let turn = 0;

/** Sends as providers do: again, to whichever gateway, until it is answered 2xx or refused for good. */
async function deliver(
  path: string,
  { body, headers }: Sent,
  signal: AbortSignal,
): Promise<{ status: number; tries: number }> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    const { port } = gateways[(turn += 1) % gateways.length]!;
    const status = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers }).then(
      async (answer) => (await answer.arrayBuffer(), answer.status),
      () => 0,
    );
    if (status >= 200 && status < 500 && status !== 429) return { status, tries };
    // As a provider that backs off; what counts is that it comes again.
    await sleep(20 * Math.min(tries, 10));
  }
}

describe('gateways that are killed while webhooks come', () => {
  it('lose none and keep none twice, and take nothing that is forged or replayed', async () => {
    await createWebhooks(desk).ensure(feedOf('order_made'));
    const { url, secret } = newest(desk.provider);
    const path = new URL(url).pathname;
    const json = { 'content-type': 'application/json' };
    const all: Sent[] = Array.from({ length: size.webhooks }, (_each, index) => {
      const body = orders(index);
      return { body, headers: { ...json, ...signed(secret, body, { id: randomUUID() }) } };
    });
    const over = new AbortController();
    const progress = { next: 0, limit: 0, answered: 0, tries: 0 };
    const statuses = new Set<number>();
    const send = async () => {
      while (progress.next < all.length) {
        if (progress.next >= progress.limit) {
          await sleep(2, undefined, { signal: over.signal });
          continue;
        }
        const answer = await deliver(path, all[progress.next++]!, over.signal);
        statuses.add(answer.status);
        progress.tries += answer.tries;
        progress.answered += 1;
      }
    };
    // Each kill meets some that are under way, and no more begin until there is another process.
    const kill = async () => {
      for (let round = 1; round <= size.kills; round += 1) {
        progress.limit = Math.floor((round * all.length) / (size.kills + 1));
        while (progress.answered < progress.limit - width / 2) await sleep(1, undefined, { signal: over.signal });
        await killOne(round % gateways.length);
      }
      progress.limit = all.length;
    };
    try {
      await Promise.all([...Array.from({ length: width }, send), kill()]);
    } finally {
      over.abort();
    }
    expect([...statuses]).toEqual([200]);
    const before = await loggedIds(desk.store, feedOf('order_made'));
    expect([...before].sort((one, other) => Number(one) - Number(other))).toEqual(
      all.map((_each, index) => String(index)),
    );

    const signal = AbortSignal.timeout(60_000);
    const replayed = await Promise.all(all.slice(0, 5).map((each) => deliver(path, each, signal)));
    expect(replayed.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const forged = await Promise.all(
      Array.from({ length: 10 }, (_each, index) => deliver(path, forge(index, secret), signal)),
    );
    expect(forged.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 401));
    const after = await loggedIds(desk.store, feedOf('order_made'));
    expect(after).toEqual(before);
    if (isFull) {
      process.stdout.write(
        `${all.length} webhooks in ${progress.tries} requests under ${size.kills} kills: 0 lost, 0 duplicated; 10 forged and 5 replayed: ${after.length - before.length} accepted\n`,
      );
    }
  });
});

/** Signed wrongly, in one way or another. */
function forge(index: number, secret: string): Sent {
  const body = orders(`forged-${index}`);
  const own = signed(secret, body, { at: Math.floor(Date.now() / 1000) - (index === 0 ? 400 : 0) });
  const foreign = signed(`whsec_${Buffer.alloc(24, index).toString('base64')}`, body);
  const headers = [own, foreign, {}, { ...own, 'webhook-id': 'x' }, { ...own, 'webhook-timestamp': '1' }];
  return { body, headers: { 'content-type': 'application/json', ...(index === 0 ? own : headers[1 + (index % 4)]) } };
}
