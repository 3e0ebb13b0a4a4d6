/** Mutations whose answer is lost (F20): nothing is written twice, on both stores, on several replicas, whoever dies. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { withPostgres } from '../support/postgres.ts';
import { startGateway, type GatewayAnswer, type RunningGateway } from '../support/start-gateway.ts';
import { startWritingProvider, writingShop, type WritingProvider } from '../support/writing-shop.ts';

/** Mutations whose answer is lost, of each kind; the figure of docs/mutations.md is of 200. */
const lostCount = Number(process.env.LOST_MUTATIONS ?? 40);

let provider: WritingProvider;
let sealingKey: string;
let gateways: RunningGateway[];
beforeEach(async () => {
  provider = await startWritingProvider();
  sealingKey = randomBytes(32).toString('base64');
  gateways = [];
});
afterEach(async () => {
  provider.release();
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await provider.close();
});

async function replica(store: string, maxTries = 1): Promise<RunningGateway> {
  const gateway = await startGateway({
    connectors: [writingShop(provider.origin)],
    origins: [provider.origin],
    configuration: { store, key: sealingKey, logLevel: 'silent' },
    maxTries,
  });
  gateways.push(gateway);
  return gateway;
}

type Ask = Pick<RunningGateway, 'url' | 'ask'>;

const order = ({ ask }: Ask, item: string, key?: string) =>
  ask(`mutation ($item: String!) { shopCreateOrder(input: { item: $item }) { id item } }`, { item }, headers(key));
const pay = ({ ask }: Ask, item: string, key?: string) =>
  ask(`mutation ($item: String!) { shopCreatePayment(input: { item: $item }) { id item } }`, { item }, headers(key));

function headers(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'idempotency-key': key };
}

/** Codes of the errors, or `ok`. */
const outcomeOf = ({ errors }: GatewayAnswer): unknown =>
  errors?.map(({ extensions }) => extensions.code).join() ?? 'ok';

function tally(outcomes: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1;
  return counts;
}

/** Twenty at a time, as clients do. */
async function forEach<T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let start = 0; start < count; start += 20) {
    const indexes = Array.from({ length: Math.min(20, count - start) }, (_, index) => start + index);
    answers.push(...(await Promise.all(indexes.map(ask))));
  }
  return answers;
}

const writtenTwice = (): number => provider.rows.length - new Set(provider.rows.map(({ item }) => item)).size;

const openFolders: string[] = [];
async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mutations-'));
  openFolders.push(folder);
  return join(folder, 'store.db');
}
afterAll(() => Promise.all(openFolders.map((folder) => rm(folder, { recursive: true }))));

function mutationsOn(name: string, newStore: () => Promise<string>): void {
  describe(`mutations whose answer is lost, on ${name}`, () => {
    it(`are never written twice: ${lostCount} of each kind, repeated on another replica`, async () => {
      const store = await newStore();
      const [one, other] = [await replica(store), await replica(store)];
      const lost = async (write: typeof order, kind: string, keyed: boolean) => {
        const first: unknown[] = [];
        const repeated: unknown[] = [];
        await forEach(lostCount, async (index) => {
          const item = `${kind}-${index}`;
          const key = keyed ? randomUUID() : undefined;
          provider.behave(item, 'cut');
          first.push(outcomeOf(await write(one, item, key)));
          if (keyed) repeated.push(outcomeOf(await write(other, item, key)));
        });
        return { first: tally(first), repeated: tally(repeated) };
      };
      const unknown = { OUTCOME_UNKNOWN: lostCount };
      expect(await lost(order, 'order', false)).toEqual({ first: unknown, repeated: {} });
      expect(await lost(order, 'keyed-order', true)).toEqual({ first: unknown, repeated: unknown });
      expect(await lost(pay, 'keyed-payment', true)).toEqual({ first: unknown, repeated: { ok: lostCount } });
      expect([provider.rows.length, writtenTwice()]).toEqual([3 * lostCount, 0]);
    });

    it('are sent again by the gateway itself where the provider takes a key, whether the client gave one or not', async () => {
      const gateway = await replica(await newStore(), 3);
      for (const key of [undefined, randomUUID()]) {
        const item = `again-${key}`;
        provider.behave(item, 'cut');
        expect(outcomeOf(await pay(gateway, item, key))).toBe('ok');
      }
      expect([provider.requests.length, provider.rows.length]).toEqual([4, 2]);
      const keys = provider.requests.map(({ headers: sent }) => sent['idempotency-key']);
      expect([keys[0] === keys[1], keys[2] === keys[3], keys[1] === keys[2]]).toEqual([true, true, false]);
    });
  });

  describe(`a mutation with a key, on ${name}`, () => {
    it('is answered alike on every replica and after a restart, by header and by argument', async () => {
      const store = await newStore();
      const key = randomUUID();
      const first = await order(await replica(store), 'tea', `"${key}"`);
      const byArgument = `mutation { shopCreateOrder(input: { item: "argument" }, idempotencyKey: "a-${key}") { id item } }`;
      const second = await gateways[0]!.ask(byArgument);
      expect([first.data, second.data]).toEqual([
        { shopCreateOrder: { id: 1, item: 'tea' } },
        { shopCreateOrder: { id: 2, item: 'argument' } },
      ]);
      await gateways.pop()!.close();
      const other = await replica(store);
      expect(await order(other, 'tea', key)).toEqual(first);
      expect(await other.ask(byArgument)).toEqual(second);
      const selected = await other.ask(
        'mutation { shopCreateOrder(input: { item: "tea" }) { item } }',
        {},
        { 'idempotency-key': key },
      );
      expect(selected.data).toEqual({ shopCreateOrder: { item: 'tea' } });
      expect(provider.rows).toHaveLength(2);
    });

    it('runs once when two replicas are asked at the same instant: both are given its answer', async () => {
      const store = await newStore();
      const [one, other] = [await replica(store), await replica(store)];
      const key = randomUUID();
      provider.behave('slow', 'wait');
      const answers = [one, other, one].map((gateway) => order(gateway, 'slow', key));
      await provider.received(1);
      provider.release();
      for (const answer of await Promise.all(answers)) {
        expect(answer.data).toEqual({ shopCreateOrder: { id: 1, item: 'slow' } });
      }
      expect(provider.requests).toHaveLength(1);
    });

    it('is answered to a client that had gone before its answer came', async () => {
      const store = await newStore();
      const [one, other] = [await replica(store), await replica(store)];
      const key = randomUUID();
      provider.behave('gone', 'wait');
      const client = new AbortController();
      const gone = fetch(`${one.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers(key) },
        body: JSON.stringify({ query: 'mutation { shopCreateOrder(input: { item: "gone" }) { id item } }' }),
        signal: client.signal,
      });
      await provider.received(1);
      client.abort();
      await expect(gone).rejects.toThrow();
      provider.release();
      expect((await order(other, 'gone', key)).data).toEqual({ shopCreateOrder: { id: 1, item: 'gone' } });
      expect(provider.requests).toHaveLength(1);
    });

    it('is told apart by the response names of an operation with several, and by subjects', async () => {
      const gateway = await replica(await newStore());
      const key = randomUUID();
      const twice = `mutation { a: shopCreateOrder(input: { item: "a" }) { id } b: shopCreateOrder(input: { item: "b" }) { id } }`;
      const first = await gateway.ask(twice, {}, headers(key));
      expect(first.data).toEqual({ a: { id: 1 }, b: { id: 2 } });
      expect(await gateway.ask(twice, {}, headers(key))).toEqual(first);
      const bob = await gateway.ask(twice, {}, { ...headers(key), 'x-external-subject-id': 'bob' });
      expect(bob.data).toEqual({ a: { id: 3 }, b: { id: 4 } });
    });

    it('is refused with another input, and with what is no key, and nothing is sent', async () => {
      const gateway = await replica(await newStore());
      const key = randomUUID();
      await order(gateway, 'tea', key);
      expect(outcomeOf(await order(gateway, 'coffee', key))).toBe('IDEMPOTENCY_KEY_REUSED');
      expect(outcomeOf(await order(gateway, 'coffee', 'a b'))).toBe('IDEMPOTENCY_KEY_INVALID');
      expect(provider.requests).toHaveLength(1);
    });

    it('may be tried again with the same key after the provider refused it', async () => {
      const gateway = await replica(await newStore());
      const key = randomUUID();
      provider.behave('tea', 'refuse');
      expect(outcomeOf(await order(gateway, 'tea', key))).toBe('PROVIDER_INVALID');
      expect(outcomeOf(await order(gateway, 'tea', key))).toBe('ok');
      expect(provider.rows).toHaveLength(1);
    });
  });

  describe(`a process that is killed while it carries a mutation out, on ${name}`, () => {
    let bundle: string;
    const workers: Worker[] = [];
    beforeAll(async () => (bundle = await bundleWorker(new URL('./mutation-worker.ts', import.meta.url))));
    afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.kill())));
    afterAll(() => rm(bundle));

    it('leaves an unknown outcome, and no second write; where the provider takes a key, the same answer', async () => {
      const store = await newStore();
      const worker = new Worker(bundle);
      workers.push(worker);
      const url = await worker.call<string>('open', provider.origin, store, sealingKey);
      const keys = { order: randomUUID(), pay: randomUUID() };
      for (const item of ['killed-order', 'killed-payment']) provider.behave(item, 'wait');
      const send = (field: string, item: string, key: string) =>
        fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers(key) },
          body: JSON.stringify({ query: `mutation { ${field}(input: { item: "${item}" }) { id } }` }),
        }).catch(() => 'cut');
      const cut = [
        send('shopCreateOrder', 'killed-order', keys.order),
        send('shopCreatePayment', 'killed-payment', keys.pay),
      ];
      await provider.received(2);
      await worker.kill();
      expect(await Promise.all(cut)).toEqual(['cut', 'cut']);
      provider.release();

      const other = await replica(store);
      const outcomes = [
        order(other, 'killed-order', keys.order),
        order(other, 'killed-order', keys.order),
        pay(other, 'killed-payment', keys.pay),
      ];
      expect((await Promise.all(outcomes)).map(outcomeOf)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN', 'ok']);
      expect([provider.rows.length, writtenTwice(), provider.requests.length]).toEqual([2, 0, 3]);
    });
  });
}

mutationsOn('the embedded store', newFile);
await withPostgres((postgres) => mutationsOn('PostgreSQL', async () => postgres.url));
